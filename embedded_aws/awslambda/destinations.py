"""On-failure and on-success destinations: the record that Lambda makes of an asynchronous invocation.

Source: Lambda developer guide, "Capturing records of Lambda asynchronous invocations". The function's own
role sends it, so that role needs `sqs:SendMessage` (or what the destination asks for).
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from embedded_aws import aws
from embedded_aws.clients import client
from embedded_aws.requests import acting_as

if TYPE_CHECKING:
    from embedded_aws.awslambda.asynchronous import QueuedEvent


class OnFailure(StrEnum):
    """Why Lambda gave an event up."""

    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"


def report(function: Any, queued: QueuedEvent, failure: OnFailure | None) -> None:
    """Send the record of a finished event to the destination that the function names for it, if any."""
    configured = function.event_invoke_config[-1].config if function.event_invoke_config else {}
    side = "OnFailure" if failure else "OnSuccess"
    arn = configured.get("DestinationConfig", {}).get(side, {}).get("Destination")
    if arn:
        with acting_as(function.role, function.function_name):
            _send(arn, _record(function, queued, failure), side)


def _record(function: Any, queued: QueuedEvent, failure: OnFailure | None) -> dict[str, Any]:
    now = aws.current().clock.now()
    record = {
        "version": "1.0",
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": queued.request_id,
            "functionArn": f"{function.function_arn}:$LATEST",
            "condition": str(failure or "Success"),
            "approximateInvokeCount": queued.tries,
        },
        "requestPayload": queued.event,
    }
    if queued.last is not None:
        context = {"statusCode": 200, "executedVersion": "$LATEST"}
        failed = {"functionError": "Unhandled"} if queued.last.error else {}
        record |= {"responseContext": context | failed, "responsePayload": queued.last.answer}
    return record


def _send(arn: str, record: dict[str, Any], side: str) -> None:
    service, region, account, name = arn.split(":")[2:6]
    body = json.dumps(record)
    if service == "sqs":
        queue = client("sqs", region).get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
        client("sqs", region).send_message(QueueUrl=queue["QueueUrl"], MessageBody=body)
    elif service == "sns":
        client("sns", region).publish(TopicArn=arn, Message=body)
    elif service == "lambda":
        client("lambda", region).invoke(FunctionName=arn, InvocationType="Event", Payload=body)
    else:
        detail_type = f"Lambda Function Invocation Result - {'Success' if side == 'OnSuccess' else 'Failure'}"
        entry = {"Source": "lambda", "DetailType": detail_type, "Detail": body, "EventBusName": arn}
        client("events", region).put_events(Entries=[entry])
