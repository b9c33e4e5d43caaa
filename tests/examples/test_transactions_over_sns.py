"""Transactions over SNS: what the subscribed queue receives."""

from __future__ import annotations

import json

from embedded_aws.clients import client
from examples.laboratory import Laboratory

EXAMPLE = "transactions_over_sns"


def test_the_subscribed_queue_receives_the_transaction_with_its_source(lab: Laboratory) -> None:
    run = lab.run({"TransactionId": "t-1", "Type": "REFUND"})
    assert run.path == ["Is the transaction complete?", "Publish it", "Published"]
    [message] = client("sqs").receive_message(
        QueueUrl=lab.resources.queues["Transactions"], MessageAttributeNames=["All"]
    )["Messages"]
    assert json.loads(message["Body"]) == {
        "TransactionId": "t-1",
        "Type": "REFUND",
        "Source": "transactions-over-sns",
    }
    assert message["MessageAttributes"]["Type"]["StringValue"] == "REFUND"


def test_an_incomplete_transaction_is_refused_and_nothing_is_published(lab: Laboratory) -> None:
    run = lab.run({"TransactionId": "t-1", "Type": 7})
    assert run.path == ["Is the transaction complete?", "Incomplete"]
    assert lab.resources.effects() == {}
