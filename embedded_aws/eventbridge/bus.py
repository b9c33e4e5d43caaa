"""The bus: events of AWS services and of PutEvents, matched by moto's patterns, handed to the targets of rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from moto.events.models import EventPattern, EventsBackend, Rule, events_backends

from embedded_aws.aws import ACCOUNT_ID, REGION
from embedded_aws.eventbridge.deliveries import deliver
from embedded_aws.eventbridge.schedules import put_rule_on_schedule
from embedded_aws.eventbridge.state import Event, happened, written


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
    event = happened(source, detail_type, detail, resources, at)
    flat = EventPattern._flatten_dict(event)
    for rule in list(events_backends[ACCOUNT_ID][REGION].event_buses["default"].rules.values()):
        _offer(rule, event, flat)
    return event


def _send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
    """Take an event of PutEvents from moto, one call a rule, in moto's own form."""
    del transform_input
    at = original_event["time"]
    if not isinstance(at, datetime):
        at = datetime.fromtimestamp(float(at), UTC)
    event = {name: value for name, value in original_event.items() if name != "ingestion-time"}
    event |= {"time": written(at)}
    _offer(self, event, EventPattern._flatten_dict(json.loads(json.dumps(event))))


def _offer(rule: Any, event: Event, flat: dict[str, Any]) -> None:
    """Deliver an event that matches; `flat`: as moto's patterns take it, which would flatten it for each rule anew."""
    pattern = rule.event_pattern.get_pattern()
    # A rule with a schedule has no pattern, and moto would match that with everything.
    if rule.state == "ENABLED" and pattern and rule.event_pattern._does_event_match(flat, pattern):
        for target in list(rule.targets):
            deliver(rule, target, event)
