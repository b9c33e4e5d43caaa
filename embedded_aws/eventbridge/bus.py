"""The bus: events of AWS services and of PutEvents, matched by moto's patterns, handed to the targets of rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.events.models import EventsBackend, Rule, events_backends

from embedded_aws import aws
from embedded_aws.aws import ACCOUNT_ID, REGION
from embedded_aws.eventbridge.deliveries import deliver
from embedded_aws.eventbridge.schedules import put_rule_on_schedule
from embedded_aws.eventbridge.state import Event, events_state


def install() -> None:
    """Make moto's EventBridge deliver events, and fire the rules that have a schedule."""
    Rule.send_to_targets = _send_to_targets
    EventsBackend.put_rule = put_rule_on_schedule


def emit(
    source: str,
    detail_type: str,
    detail: dict[str, Any],
    resources: Sequence[str] = (),
    at: datetime | None = None,
) -> Event:
    """Put an event of an AWS service on the default bus; returns it. `at`: when it happened, now by default."""
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT_ID,
        "time": _written(at or aws.now()),
        "region": REGION,
        "resources": list(resources),
        "detail": json.loads(json.dumps(detail)),
    }
    events_state().emitted.append(event)
    for rule in list(events_backends[ACCOUNT_ID][REGION].event_buses["default"].rules.values()):
        _offer(rule, event)
    return event


def _send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
    """Take an event of PutEvents from moto, one call a rule, in moto's own form."""
    del transform_input
    happened = original_event["time"]
    if not isinstance(happened, datetime):
        happened = datetime.fromtimestamp(float(happened), UTC)
    event = {name: value for name, value in original_event.items() if name != "ingestion-time"}
    _offer(self, event | {"time": _written(happened)})


def _offer(rule: Any, event: Event) -> None:
    # A rule with a schedule has no pattern, and moto would match that with everything.
    if (
        rule.state == "ENABLED"
        and rule.event_pattern.get_pattern()
        and rule.event_pattern.matches_event(event)
    ):
        for target in list(rule.targets):
            deliver(rule, target, event)


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
