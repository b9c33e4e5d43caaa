"""Rules with a schedule: `rate(5 minutes)` and `cron(0 8 ? * MON-FRI *)`, fired on the virtual clock.

Source: EventBridge user guide, "Creating a rule that runs on a schedule": a rate begins when the rule is made;
cron is in UTC, to the minute.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from moto.events.models import EventsBackend, events_backends

from embedded_aws import aws
from embedded_aws.eventbridge.cron import next_time
from embedded_aws.eventbridge.deliveries import deliver
from embedded_aws.eventbridge.state import events_state
from embedded_aws.requests import AwsError

_moto_put_rule = EventsBackend.put_rule

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


def put_rule_on_schedule(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Put a rule, as moto does, and book its next event."""
    _check(kwargs.get("scheduled_expression"))
    rule = _moto_put_rule(self, name, *args, **kwargs)
    schedules = events_state().schedules
    expression, timer = schedules.get(rule.arn, (None, None))
    if rule.scheduled_expression != expression:
        if timer:
            timer.cancel()
            del schedules[rule.arn]
        if rule.scheduled_expression:
            _book(rule)
    return rule


def next_event(expression: str, after: datetime) -> datetime:
    """Return when a schedule fires next; raises ValueError for what is none."""
    rate = RATE.fullmatch(expression)
    if rate:
        return after + timedelta(**{f"{rate[2]}s": int(rate[1])})
    if expression.startswith("cron("):
        return next_time(expression[5:-1], after)
    raise ValueError(f"neither rate(…) nor cron(…): {expression}")


def _check(expression: str | None) -> None:
    try:
        if expression:
            next_event(expression, aws.now())
    except ValueError as error:
        message = f"Parameter ScheduleExpression is not valid. {error}"
        raise AwsError("ValidationException", message) from error


def _book(rule: Any) -> None:
    clock, expression = aws.current().clock, rule.scheduled_expression
    fire = partial(_fire, rule.arn, (rule.account_id, rule.region_name, rule.name))
    timer = clock.call_at(next_event(expression, clock.now()), fire, f"schedule {rule.name}")
    events_state().schedules[rule.arn] = (expression, timer)


def _fire(arn: str, place: tuple[str, str, str]) -> None:
    account, region, name = place
    del events_state().schedules[arn]
    rule = events_backends[account][region].event_buses["default"].rules.get(name)
    if rule is None or not rule.scheduled_expression:
        return
    _book(rule)
    if rule.state != "ENABLED":
        return
    now = aws.now()
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": [rule.arn],
        "detail": {},
    }
    events_state().emitted.append(event)
    for target in list(rule.targets):
        deliver(rule, target, event)
