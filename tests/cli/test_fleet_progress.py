"""How a fleet stands, from its history: that of today's machine, and that of the release before."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.executions import Event
from cli.fleets.progress import Progress, advance

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
DRAIN = {"instance_id": "i-1", "name": "i-1-fleet-1", "container_instance": "web/1"}
PLAN = {
    "verdict": "drain",
    "fleet": {"name": "fleet-1", "max_concurrent": 5, "notices": ["a notice"]},
    "to_set_draining": [{"cluster": "web", "container_instances": ["web/1"]}],
    "drains": [DRAIN],
    "room": "there is room",
}
RESULT = {"instance_id": "i-1", "drain": "i-1-fleet-1", "outcome": "drained"}
NOTICE = {"notice": {"outcome": "drained"}}
TODAY: list[tuple[str, str, dict[str, Any]]] = [
    (
        "TaskStateExited",
        "Plan the fleet",
        {"output": "{}", "assignedVariables": {name: json.dumps(value) for name, value in PLAN.items()}},
    ),
    ("TaskStateEntered", "Drain the instance", {"input": json.dumps(DRAIN)}),
    ("SucceedStateExited", "Seen to", {"output": json.dumps(RESULT)}),
    ("ExecutionSucceeded", "", {"output": json.dumps(NOTICE)}),
]
BEFORE: list[tuple[str, str, dict[str, Any]]] = [
    ("TaskStateExited", "Plan the fleet", {"output": json.dumps(PLAN)}),
    ("TaskStateEntered", "Drain the instance", {"input": json.dumps({"drain": DRAIN, "fleet": {}})}),
    ("PassStateExited", "Tell how it ended", {"output": json.dumps(RESULT)}),
    ("ExecutionSucceeded", "", {"output": json.dumps(NOTICE)}),
]


@pytest.mark.parametrize("history", [TODAY, BEFORE], ids=["today", "the release before"])
def test_a_fleet_from_its_plan_to_its_end(history: list[tuple[str, str, dict[str, Any]]]) -> None:
    progress, seen = Progress("fleet-1"), []
    for number, (kind, state, details) in enumerate(history, start=1):
        progress = advance(progress, Event(number, kind, AT, {"name": state, **details}))
        seen.append((progress.status, progress.seats["i-1"].state))
    assert seen == [("open", "waiting"), ("open", "draining"), ("open", "drained"), ("drained", "drained")]
    assert progress.seats["i-1"].set_draining
    assert (progress.max_concurrent, progress.notices) == (5, ("a notice",))
    assert progress.why == "there is room"
