"""Asynchronous invocation: Lambda's own queue, its two retries, and what becomes of an event that fails.

Source: Lambda developer guide, "Invoking a Lambda function asynchronously" and "How Lambda handles errors and
retries": a function error is retried after about one and then two minutes; a throttled event is kept up to
the maximum age (six hours unless configured), with a back-off from one second to five minutes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends

from embedded_aws import aws
from embedded_aws.awslambda.destinations import OnFailure, report
from embedded_aws.awslambda.invoking import TooManyRequestsError, run
from embedded_aws.awslambda.outcome import Outcome

RETRY_SECONDS = (60.0, 120.0)
THROTTLED_SECONDS = (1.0, 300.0)
MAXIMUM_AGE_SECONDS = 6 * 60 * 60


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
        return (aws.current().clock.now() - self.queued_at).total_seconds() + seconds


def accept(function: Any, payload: str) -> str:
    """Take an event into the queue of the function; returns the request id it will run under."""
    queued = QueuedEvent(
        region=function.region,
        account=function.account_id,
        function_name=function.function_name,
        event=json.loads(payload or "{}"),
        request_id=str(uuid4()),
        queued_at=aws.current().clock.now(),
    )
    _book(queued, 0)
    return queued.request_id


def invoke_config(function: Any) -> dict[str, Any]:
    """Return the function's EventInvokeConfig, empty where it has none."""
    return dict(function.event_invoke_config[-1].config) if function.event_invoke_config else {}


def _book(queued: QueuedEvent, seconds: float) -> None:
    clock, label = aws.current().clock, f"invoke {queued.function_name} asynchronously"

    def begin() -> None:
        clock.spawn(partial(_attempt, queued), label)

    clock.call_later(seconds, begin, label)


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
