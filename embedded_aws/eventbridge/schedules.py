"""Rules with a schedule: `rate(5 minutes)` and `cron(0 8 ? * MON-FRI *)`, fired on the virtual clock.

Source: EventBridge user guide, "Creating a rule that runs on a schedule": a rate begins when the rule is made;
cron is in UTC, to the minute. "Cron expressions": minutes, hours, day of month, month, day of week, year; days of the
week count from 1 (Sunday), one of the two day fields is `?`. `L`, `W` and `#` are refused rather than guessed.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from moto.events.models import EventsBackend, events_backends

from embedded_aws import aws
from embedded_aws.eventbridge.deliveries import deliver
from embedded_aws.eventbridge.state import events_state, happened
from embedded_aws.requests import AwsError

_moto_put_rule = EventsBackend.put_rule

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
LONGEST_GAP_DAYS = 366 * 4 + 1
"""The 29th of February comes after four years at the latest (but for 2100)."""
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
    event = happened("aws.events", "Scheduled Event", {}, [rule.arn])
    for target in list(rule.targets):
        deliver(rule, target, event)


def next_time(fields: str, after: datetime) -> datetime:
    """Return the next minute after an instant that fits; raises ValueError for what is no such expression."""
    allowed = _parsed(fields)
    at = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    last = at + timedelta(days=LONGEST_GAP_DAYS)
    while at < last:
        minute, hour, *date = _read(at)
        if any(value not in allowed[field] for field, value in enumerate(date, start=2)):
            at = (at + timedelta(days=1)).replace(hour=0, minute=0)
        elif hour not in allowed[1]:
            at = (at + timedelta(hours=1)).replace(minute=0)
        elif minute not in allowed[0]:
            at += timedelta(minutes=1)
        else:
            return at
    raise ValueError(f"never: cron({fields})")


def _read(at: datetime) -> tuple[int, ...]:
    return at.minute, at.hour, at.day, at.month, at.isoweekday() % 7 + 1, at.year


def _parsed(fields: str) -> list[set[int]]:
    parts = fields.split()
    if len(parts) != len(RANGES) or "?" not in (parts[2], parts[4]):
        raise ValueError(f"six fields, one of the days `?`: cron({fields})")
    return [_values(part, low, high) for part, (low, high) in zip(parts, RANGES, strict=True)]


def _values(part: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for piece in _numbered(part).split(","):
        found = re.fullmatch(r"(\*|\?|(\d+)(?:-(\d+))?)(?:/(\d+))?", piece)
        if not found:
            raise ValueError(f"not understood in a cron expression: {part}")
        first = int(found[2]) if found[2] else low
        last = int(found[3]) if found[3] else high if found[4] or not found[2] else first
        values.update(range(first, last + 1, int(found[4] or 1)))
    return values


def _numbered(part: str) -> str:
    numbers = {name: number for names in (MONTHS, WEEKDAYS) for number, name in enumerate(names, start=1)}
    return re.sub(r"[A-Za-z]{3}", lambda name: str(numbers.get(name[0].upper(), name[0])), part)
