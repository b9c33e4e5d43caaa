"""Drains that the release before began: its machine, in JSONPath, kept its whole state in each state's output.

They end with the definition that they began with, while the command is new; and past ones are shown for 90 days.
`histories/of-the-release-before.json` was recorded on the embedded AWS: a service that can't move holds the drain, is
explained twice, and has its task stopped at the deadline. Each event says what it changed of the state; calls that went
right are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.common.history import state_after
from cli import standing
from cli.audit import Audit, make_audit
from cli.audit_text import record, render
from cli.changes import Change, Known, step
from cli.executions import Event, Execution
from cli.exit_codes import ExitCode
from cli.page import render as page
from tests.builders import START, after

HISTORY = Path(__file__).parent / "histories" / "of-the-release-before.json"
INSTANCE = "i-20b746ce8dafa214f"
EXECUTION = f"arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:{INSTANCE}-db558872"


def events() -> Iterator[Event]:
    """Yield the events with their outputs whole, as GetExecutionHistory has them."""
    state: dict[str, Any] = {}
    for number, row in enumerate(json.loads(HISTORY.read_text(encoding="utf-8")), start=1):
        details = {"name": row["name"]} if "name" in row else {}
        if "input" in row:
            state = row["input"]
            details["input"] = json.dumps(state)
        if "changed" in row:
            kept = {name: value for name, value in state.items() if name not in row.get("gone", [])}
            state = kept | row["changed"]
            details["output"] = json.dumps(state)
        elif "output" in row:
            details["output"] = json.dumps(row["output"])
        elif row["type"].endswith("StateEntered"):
            details["input"] = json.dumps(state)
        yield Event(number, row["type"], after(seconds=row["seconds"]), details, row["previous"])


@pytest.fixture(name="old", scope="module")
def of_the_release_before() -> list[Event]:
    return list(events())


def followed(history: list[Event]) -> tuple[Known, list[Change]]:
    known, changes = Known(), list[Change]()
    for event in history:
        known, more = step(known, event)
        changes += more
    return known, changes


def audited(history: list[Event], *, is_over: bool) -> Audit:
    execution = Execution(
        arn=EXECUTION,
        status="SUCCEEDED" if is_over else "RUNNING",
        started_at=START,
        ended_at=history[-1].at if is_over else None,
    )
    return make_audit(execution, history, instance_id=INSTANCE, record=None, names={})


def test_an_old_drain_that_is_followed_tells_what_the_new_one_would(old: list[Event]) -> None:
    known, changes = followed(old)
    assert [(int((change.at - START).total_seconds()), change.kind) for change in changes] == [
        (0, "begun"),
        (0, "planned"),
        (0, "draining"),
        (0, "task"),
        (80, "explanation"),
        (180, "stop-task"),
        (220, "task"),
        (260, "task"),
        (300, "task"),
        (300, "completed"),
        (300, "ended"),
    ]
    assert "step" not in {change.kind for change in changes}, (
        "no state of it is told as one that nobody knows"
    )
    assert [change.text for change in changes if change.kind == "task"] == [
        "RUNNING",
        "RUNNING -> DEACTIVATING",
        "DEACTIVATING -> DEPROVISIONING",
        "DEPROVISIONING -> STOPPED",
    ]
    assert changes[-1].text == "drained: every task is STOPPED; took 5 min"
    assert (known.outcome, known.exit_code) == ("drained", ExitCode.OK)


def test_an_old_drain_that_is_open_stands_as_its_last_look_saw_it(old: list[Event]) -> None:
    """`status` and `explain` in mid-drain: between two looks the whole state is that of the last output."""
    seen = [event for event in old if event.at <= after(seconds=100)]
    state: Any = {}
    for event in seen:
        if event.type.endswith("StateExited"):
            state = state_after(state, event.details)
    lines = standing.text(EXECUTION, state, after(seconds=100)).splitlines()
    assert lines[0].startswith(f"{INSTANCE}: at the look ")
    assert lines[0].endswith(" ago, 1 task holds the drain: web d6f7b197 RUNNING")
    assert "stop-tasks" in lines[2]
    assert any("leave no room to move a task" in line for line in lines)
    assert standing.facts(state)["on_deadline"] == "stop-tasks"
    assert followed(seen)[0].variables == state


def test_what_a_map_of_it_left_is_not_taken_for_its_state(old: list[Event]) -> None:
    """The states within "Set DRAINING" put out what ECS answered."""
    asked = (event for event in old if event.details.get("name") == "Did ECS refuse?")
    (within,) = (event for event in asked if event.type.endswith("Exited"))
    state = {"drain": {"instance_id": INSTANCE}}
    assert state_after(state, within.details) == state


@pytest.mark.parametrize("with_data", [False, True])
def test_an_old_drain_is_shown_state_by_state(old: list[Event], with_data: bool) -> None:
    audit = audited(old, is_over=True)
    assert all(visit.exited_at for visit in audit.visits)
    text = render(audit, with_data=with_data)
    assert "Explain what holds the drain" in text
    assert "Stop every task that is left" in text
    assert "+03:40 DEACTIVATING  +04:20 DEPROVISIONING  +05:00 STOPPED" in " ".join(text.split("\n"))
    assert "9 looks" in text
    states = record(audit, with_data=True)["states"]
    looks = [each["output"]["look"]["memory"]["looks"] for each in states if each["name"] == "Look"]
    assert looks == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert not any(each["assigned"] for each in states), "it had no variables"


@pytest.mark.parametrize("seconds", [0, 100, 299, 300])
def test_an_old_drain_has_its_page_at_any_moment(old: list[Event], seconds: int) -> None:
    seen = [event for event in old if event.at <= after(seconds=seconds)]
    written = page(audited(seen, is_over=seconds == 300), after(seconds=seconds) + timedelta(seconds=1))
    assert "Plan the drain" in written
    assert INSTANCE in written
    assert "Executed, and not in the picture" in written, "its machine had other states"


def test_output_that_aws_cut_or_left_out_changes_nothing(old: list[Event]) -> None:
    """AWS cuts what is longer than 256 KiB, and leaves data out for who may not read it."""
    known, _ = followed(old[:40])
    for details in ({"name": "Look", "output": '{"drain": {"insta'}, {"name": "Look"}):
        after_it, changes = step(known, Event(41, "TaskStateExited", after(seconds=90), details, 40))
        assert (after_it.variables, changes) == (known.variables, ())
