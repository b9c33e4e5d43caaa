"""What a function is given of a batch of messages, and what it says of them.

Source: Lambda developer guide, "Using Lambda with Amazon SQS" (the event) and "Implementing partial batch responses"
(which answers count as a success of all, and which as a failure of all).
"""

from __future__ import annotations

import base64
from typing import Any

from embedded_aws.awslambda.bootstrap import Outcome

FIFO_ATTRIBUTES = {
    "SequenceNumber": "sequence_number",
    "MessageGroupId": "group_id",
    "MessageDeduplicationId": "deduplication_id",
}


def event_of(messages: list[Any], queue: Any) -> dict[str, Any]:
    """Return the event for moto's messages of a queue."""
    return {"Records": [_record(message, queue) for message in messages]}


def failed_ids(outcome: Outcome, ids: set[str], *, reports: bool) -> set[str]:
    """Return the ids of the messages that the function did not get done; `reports`: whether it says which."""
    if outcome.error:
        return ids
    if not reports or not outcome.answer:
        return set()
    if not isinstance(outcome.answer, dict):
        return ids
    try:
        failed = {item["itemIdentifier"] for item in outcome.answer.get("batchItemFailures") or []}
    except (TypeError, KeyError):
        return ids
    return failed if failed <= ids else ids  # an empty, null or unknown id fails the whole batch


def _record(message: Any, queue: Any) -> dict[str, Any]:
    record = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": _attributes(message),
        "messageAttributes": {name: _given(it) for name, it in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }
    if message.message_attributes:
        record["md5OfMessageAttributes"] = message.attribute_md5
    return record


def _attributes(message: Any) -> dict[str, str]:
    own = {name: getattr(message, attribute) for name, attribute in FIFO_ATTRIBUTES.items()}
    return {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": str(message.sender_id),
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        **{name: str(value) for name, value in own.items() if value is not None},
    }


def _given(attribute: dict[str, Any]) -> dict[str, Any]:
    """Write a message attribute as Lambda does: in lower camel case, and binary values in base64."""
    value = {"stringListValues": [], "binaryListValues": [], "dataType": attribute["DataType"]}
    if attribute.get("BinaryValue") is not None:
        return {"binaryValue": base64.b64encode(attribute["BinaryValue"]).decode(), **value}
    return {"stringValue": attribute.get("StringValue"), **value}
