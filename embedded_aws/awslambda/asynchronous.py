"""Asynchronous invocation: Lambda's own queue, its two retries, and what becomes of an event that fails.

Source: Lambda developer guide, "Invoking a Lambda function asynchronously" and "How Lambda handles errors and
retries": a function error is retried after about one and then two minutes; a throttled event is kept up to
the maximum age (six hours unless configured), with a back-off from one second to five minutes. "Capturing records of
Lambda asynchronous invocations": the function's own role sends the record to its destination, so that role needs
`sqs:SendMessage` (or what the destination asks for).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import uuid4

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends

from embedded_aws import aws
from embedded_aws.awslambda.bootstrap import Outcome
from embedded_aws.awslambda.invoking import TooManyRequestsError, run
from embedded_aws.clients import client
from embedded_aws.requests import acting_as

RETRY_SECONDS = (60.0, 120.0)
THROTTLED_SECONDS = (1.0, 300.0)
MAXIMUM_AGE_SECONDS = 6 * 60 * 60


class OnFailure(StrEnum):
    """Why Lambda gave an event up."""

    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"


@dataclass
class QueuedEvent:
    """An event on its way to a function, and how often it was tried."""

    region: str
    account: str
    function_name: str
    event: Any
    request_id: str
    queued_at: datetime
    tries: int = 0
    throttles: int = 0
    last: Outcome | None = None

    def age_after(self, seconds: float) -> float:
        """How old the event will be, in seconds, so much later."""
        return (aws.now() - self.queued_at).total_seconds() + seconds


def accept(function: Any, payload: str) -> str:
    """Take an event into the queue of the function; returns the request id it will run under."""
    queued = QueuedEvent(
        region=function.region,
        account=function.account_id,
        function_name=function.function_name,
        event=json.loads(payload or "{}"),
        request_id=str(uuid4()),
        queued_at=aws.now(),
    )
    _book(queued, 0)
    return queued.request_id


def invoke_config(function: Any) -> dict[str, Any]:
    """Return the function's EventInvokeConfig, empty where it has none."""
    return dict(function.event_invoke_config[-1].config) if function.event_invoke_config else {}


def _book(queued: QueuedEvent, seconds: float) -> None:
    label = f"invoke {queued.function_name} asynchronously"
    aws.later(seconds, lambda: aws.current().clock.spawn(partial(_attempt, queued), label), label)


def _attempt(queued: QueuedEvent) -> None:
    try:
        function = lambda_backends[queued.account][queued.region].get_function(queued.function_name, None)
    except UnknownFunctionException:
        return  # deleted meanwhile: its events are gone with it
    try:
        queued.last = run(function, queued.event, queued.request_id)
    except TooManyRequestsError:
        _wait_for_room(queued, function)
        return
    queued.tries += 1
    if queued.last.error:
        _try_again(queued, function)
    else:
        report(function, queued, None)


def _try_again(queued: QueuedEvent, function: Any) -> None:
    allowed = invoke_config(function).get("MaximumRetryAttempts", len(RETRY_SECONDS))
    if queued.tries > allowed:
        report(function, queued, OnFailure.RETRIES_EXHAUSTED)
    else:
        _book_unless_too_old(queued, function, RETRY_SECONDS[queued.tries - 1])


def _wait_for_room(queued: QueuedEvent, function: Any) -> None:
    first, longest = THROTTLED_SECONDS
    seconds = min(longest, first * 2**queued.throttles)
    queued.throttles += 1
    _book_unless_too_old(queued, function, seconds)


def _book_unless_too_old(queued: QueuedEvent, function: Any, seconds: float) -> None:
    oldest = invoke_config(function).get("MaximumEventAgeInSeconds", MAXIMUM_AGE_SECONDS)
    if queued.age_after(seconds) > oldest:
        report(function, queued, OnFailure.EVENT_AGE_EXCEEDED)
    else:
        _book(queued, seconds)


def report(function: Any, queued: QueuedEvent, failure: OnFailure | None) -> None:
    """Send the record of a finished event to the destination that the function names for it, if any."""
    side = "OnFailure" if failure else "OnSuccess"
    arn = invoke_config(function).get("DestinationConfig", {}).get(side, {}).get("Destination")
    if arn:
        with acting_as(function.role, function.function_name):
            _send(arn, _record(function, queued, failure), side)


def _record(function: Any, queued: QueuedEvent, failure: OnFailure | None) -> dict[str, Any]:
    record = {
        "version": "1.0",
        "timestamp": aws.stamp(aws.now()),
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
        # Lambda asks for no URL: `sqs:SendMessage` is all that it wants of the role.
        url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
        client("sqs", region).send_message(QueueUrl=url, MessageBody=body)
    elif service == "sns":
        client("sns", region).publish(TopicArn=arn, Message=body)
    elif service == "lambda":
        client("lambda", region).invoke(FunctionName=arn, InvocationType="Event", Payload=body)
    else:
        detail_type = f"Lambda Function Invocation Result - {'Success' if side == 'OnSuccess' else 'Failure'}"
        entry = {"Source": "lambda", "DetailType": detail_type, "Detail": body, "EventBusName": arn}
        client("events", region).put_events(Entries=[entry])
