"""The bus: events of AWS services and of PutEvents, matched by moto's patterns, handed to the targets of rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from moto.events.models import EventsBackend, Rule, events_backends

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
    for rule in list(events_backends[ACCOUNT_ID][REGION].event_buses["default"].rules.values()):
        _offer(rule, event)
    return event


def _send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
    """Take an event of PutEvents from moto, one call a rule, in moto's own form."""
    del transform_input
    at = original_event["time"]
    if not isinstance(at, datetime):
        at = datetime.fromtimestamp(float(at), UTC)
    event = {name: value for name, value in original_event.items() if name != "ingestion-time"}
    _offer(self, event | {"time": written(at)})


def _offer(rule: Any, event: Event) -> None:
    # A rule with a schedule has no pattern, and moto would match that with everything.
    if (
        rule.state == "ENABLED"
        and rule.event_pattern.get_pattern()
        and rule.event_pattern.matches_event(event)
    ):
        for target in list(rule.targets):
            deliver(rule, target, event)
