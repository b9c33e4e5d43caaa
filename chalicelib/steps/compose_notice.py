"""Writes notices for state machines of the release before, which publish them themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.common.model import instant
from chalicelib.fleet import notice as fleet_notice
from chalicelib.steps.tell import measure
from chalicelib.tell import notice

Event = Mapping[str, Any]


def compose_notice(event: Event) -> dict[str, Any]:
    """Write what is told of a drain or a fleet of the release before, which publishes it itself."""
    if event["occasion"] == "fleet-ended":
        return _of_fleet(event)
    state, at = event["state"], instant(event["now"])
    if event["occasion"] == "already-draining":
        return notice.compose_declined(state, event["execution"], at).to_state()
    measure(event["occasion"], state, at)
    return notice.compose(event["occasion"], state, event["execution"], at).to_state()


def _of_fleet(event: Event) -> dict[str, Any]:
    state = event["state"]
    told = fleet_notice.compose(state, event["execution"], instant(event["now"]))
    return {**told.to_state(), "outcome": fleet_notice.outcome_of(state["results"]), "summary": told.subject}
