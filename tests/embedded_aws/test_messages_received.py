"""Who receives a message from SQS gets a copy of it, and each receipt handle that it ever had names it."""

from __future__ import annotations

import copy

from moto.sqs.models import Message, sqs_backends

from embedded_aws.aws import ACCOUNT_ID, REGION, embedded_aws
from embedded_aws.clients import client


def test_what_is_received_shares_nothing_that_changes() -> None:
    """moto takes attributes that weren't asked for out of the copy."""
    with embedded_aws():
        message = Message("1", "body", {"SequenceNumber": "7"})
        message.message_attributes = {"kind": {"DataType": "String", "StringValue": "a"}}
        message.mark_received(30)
        twin = copy.deepcopy(message)
        assert type(twin) is Message
        assert twin.__dict__ == message.__dict__
        twin.message_attributes["kind"]["StringValue"] = "b"
        twin.system_attributes.clear()
        twin.mark_received(30)
        assert message.message_attributes["kind"]["StringValue"] == "a"
        assert message.system_attributes == {"SequenceNumber": "7"}
        assert len(message._old_receipt_handles) == 1


def test_an_earlier_receipt_handle_deletes_it_as_well() -> None:
    """Received again once it is visible again, a message has another handle; both are its own."""
    with embedded_aws() as aws:
        sqs = client("sqs")
        url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
        for body in ("a", "b"):
            sqs.send_message(QueueUrl=url, MessageBody=body)
        first, _ = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
        aws.clock.advance(31)
        again, _ = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
        assert (first["Body"], first["ReceiptHandle"]) != (again["Body"], again["ReceiptHandle"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
        left = [each.body for each in sqs_backends[ACCOUNT_ID][REGION].queues["q"]._messages]
        assert left == ["b"]
