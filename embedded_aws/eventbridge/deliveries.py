"""A delivery to one target: tried, tried again with a growing wait, then put into the dead-letter queue.

Source: EventBridge user guide, "Retry policy" and "Using dead-letter queues": 185 attempts in 24 hours unless the
target says less; a missing permission or target is not tried again. How long EventBridge waits between attempts
is not documented: here it doubles from one second to eight minutes, which spends 185 attempts in a day.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from embedded_aws import aws
from embedded_aws.eventbridge.inputs import input_of
from embedded_aws.eventbridge.state import Delivery, Event, events_state
from embedded_aws.eventbridge.targets import Address, UndeliverableError, hand_over

LATENCY_SECONDS = 0.2
"""From event to target: half of all take less than 150 ms, 1 in 100 more than 390 ms, as measured in 2023."""
MOST_ATTEMPTS = 185
OLDEST_SECONDS = 24 * 60 * 60
LONGEST_WAIT_SECONDS = 480


@dataclass
class Undelivered:
    """An event on its way to a target."""

    rule: Any
    target: dict[str, Any]
    event: Event
    body: str
    booked_at: datetime
    retries: int = 0

    @property
    def address(self) -> Address:
        """Where it goes."""
        group = (self.target.get("SqsParameters") or {}).get("MessageGroupId")
        return Address(self.target["Arn"], self.rule.arn, self.target.get("RoleArn"), group)

    @property
    def record(self) -> Delivery:
        """What the log of deliveries says of it."""
        return Delivery(aws.now(), self.rule.arn, self.target["Arn"], self.event)


def deliver(rule: Any, target: dict[str, Any], event: Event) -> None:
    """Book the delivery of an event, as many times and as late as mishaps will have it."""
    state = events_state()
    mishap = next((each for each in state.mishaps if each.strikes(event)), None)
    copies, apart, late = (mishap.copies, mishap.apart_seconds, mishap.late_seconds) if mishap else (1, 0, 0)
    delays = state.ecs.delays() if event["source"] == "aws.ecs" else [LATENCY_SECONDS]
    for delay in delays:
        for copy in range(copies):
            one = Undelivered(rule, target, event, input_of(target, event, rule), aws.now())
            _book(one, delay + late + copy * apart)


def _book(one: Undelivered, seconds: float) -> None:
    aws.later(seconds, lambda: _try(one), f"deliver {one.event['detail-type']} to {one.target['Arn']}")


def _try(one: Undelivered) -> None:
    try:
        hand_over(one.address, one.body)
    except UndeliverableError as error:
        _try_again(one, error)
    else:
        events_state().delivered.append(one.record)


def _try_again(one: Undelivered, error: UndeliverableError) -> None:
    policy = one.target.get("RetryPolicy") or {}
    wait = float(min(2**one.retries, LONGEST_WAIT_SECONDS))
    age = (aws.now() - one.booked_at).total_seconds() + wait
    if not error.again:
        _give_up(one, error, None)
    elif one.retries >= policy.get("MaximumRetryAttempts", MOST_ATTEMPTS):
        _give_up(one, error, "MaximumRetryAttempts")
    elif age > policy.get("MaximumEventAgeInSeconds", OLDEST_SECONDS):
        _give_up(one, error, "MaximumEventAgeInSeconds")
    else:
        one.retries += 1
        _book(one, wait)


def _give_up(one: Undelivered, error: UndeliverableError, exhausted: str | None) -> None:
    queue_arn = (one.target.get("DeadLetterConfig") or {}).get("Arn")
    attributes = {
        "RULE_ARN": one.rule.arn,
        "TARGET_ARN": one.target["Arn"],
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": error.message,
        "EXHAUSTED_RETRY_CONDITION": exhausted,
        "RETRY_ATTEMPTS": str(one.retries),
    }
    if queue_arn is None or not _to_dead_letter_queue(one, queue_arn, attributes):
        events_state().dropped.append(one.record)


def _to_dead_letter_queue(one: Undelivered, queue_arn: str, attributes: dict[str, str | None]) -> bool:
    stated = {name: value for name, value in attributes.items() if value is not None}
    try:
        hand_over(Address(queue_arn, one.rule.arn, attributes=stated), json.dumps(one.event))
    except UndeliverableError:
        return False
    return True
