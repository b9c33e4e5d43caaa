"""A history folded into changes: each is told once, and what stays the same isn't told at all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cli.changes import Change, Known, step
from cli.executions import Event
from cli.exit_codes import ExitCode
from tests.builders import START, after, task_arn


def an_event(number: int, kind: str, seconds: float = 0, **details: Any) -> Event:
    """Return an event; values that aren't text are written as JSON, as Step Functions does."""
    written = {key: value if isinstance(value, str) else json.dumps(value) for key, value in details.items()}
    return Event(number, kind, after(seconds=seconds), written, number - 1)


def left(state: str, seconds: float = 0, kind: str = "Task", **assigned: Any) -> Event:
    """Return the event of leaving a state that assigned these variables: each is JSON within the event."""
    variables = {name: json.dumps(value) for name, value in assigned.items()}
    details = {"name": state, "output": "{}", "assignedVariables": variables}
    return Event(int(seconds) + 10, f"{kind}StateExited", after(seconds=seconds), details, int(seconds) + 9)


def a_look(seconds: float, tasks: dict[str, str]) -> Event:
    """Return the end of a look that saw these tasks."""
    return left(
        "Look", seconds, look={"summary": f"{len(tasks)} tasks hold the drain", "memory": {"tasks": tasks}}
    )


def told(*events: Event) -> tuple[Known, list[Change]]:
    """Fold events from the beginning."""
    known, changes = Known(), list[Change]()
    for event in events:
        known, more = step(known, event)
        changes += more
    return known, changes


def test_a_task_is_told_when_it_appears_moves_and_is_gone() -> None:
    one, two = task_arn(1), task_arn(2)
    known, changes = told(
        a_look(0, {one: "RUNNING", two: "RUNNING"}),
        a_look(5, {one: "RUNNING", two: "RUNNING"}),
        a_look(10, {one: "DEACTIVATING", two: "RUNNING"}),
        a_look(20, {two: "RUNNING"}),
    )
    assert [(change.facts["task"], change.text) for change in changes] == [
        (one, "RUNNING"),
        (two, "RUNNING"),
        (one, "RUNNING -> DEACTIVATING"),
        (one, "DEACTIVATING -> STOPPED"),
    ]
    assert known.since == {two: after(seconds=0)}, "since when it shows what it shows"


def test_an_explanation_is_told_once_however_often_it_is_given() -> None:
    _, changes = told(
        left("Explain what holds the drain", 600, explanation={"text": "* deadlock"}),
        left("Explain what holds the drain", 1200, explanation={"text": "* deadlock"}),
        left("Explain at the deadline", 1800, explanation={"text": "* no CPU"}),
    )
    assert [change.text for change in changes] == [
        "this holds the drain:\n* deadlock",
        "this holds the drain:\n* no CPU",
    ]


def test_the_plan_tells_deadline_and_notices() -> None:
    known, changes = told(
        left(
            "Plan the drain",
            verdict="drain",
            deadline={"at": "2026-03-02T11:00:00Z", "action": "keep"},
            drain={"notices": ["a typo was passed over."]},
        )
    )
    assert [change.text for change in changes] == [
        "deadline 2026-03-02T11:00:00Z (in 1 h), then keep",
        "a typo was passed over.",
    ]
    assert known.deadline_at == START + timedelta(hours=1)


def test_what_an_expression_refuses_was_not_done() -> None:
    """ECS answers 200 and names what it refused; only the expression of the state's output says so."""
    refused: dict[str, Any] = {
        "error": "States.QueryEvaluationError",
        "cause": "RefusedByEcs: [{'Reason': 'MISSING_VERSION'}]",
    }
    known, changes = told(
        an_event(1, "MapStateEntered", name="Set DRAINING"),
        an_event(2, "TaskStateEntered", name="Update the container instances"),
        an_event(3, "TaskSucceeded"),
        an_event(4, "EvaluationFailed", **refused),
        an_event(5, "MapIterationFailed"),
        an_event(6, "MapStateFailed", **refused),
        left("Set DRAINING", 1, "Map", again="drain"),
    )
    assert [(change.kind, change.text) for change in changes] == [
        (
            "error",
            "Update the container instances got States.QueryEvaluationError: RefusedByEcs: "
            "[{'Reason': 'MISSING_VERSION'}]; it is tried again or recorded",
        )
    ]
    assert known.variables["again"] == "drain"


def test_bookkeeping_is_no_news_and_an_unknown_step_is() -> None:
    """A state that the command doesn't know (a newer machine) is told by its name rather than hidden."""
    _, changes = told(
        left("Open the ledger entry"),
        left("Record a heartbeat"),
        left("Publish the start"),
        left("What does the look say?", kind="Choice"),
        left("Count the slots"),
        left("Count the slots", 5),
    )
    assert [change.text for change in changes] == ["Count the slots"], (
        "once, though it comes in every turn of a loop"
    )


def test_the_closing_notice_knows_what_followed() -> None:
    output = {
        "outcome": {"name": "drained"},
        "drain": {"instance_id": "i-1"},
        "notice": {"subject": "ecs-drainer: i-1 drained, and ACTIVE again: every task was STOPPED"},
    }
    _, changes = told(
        an_event(1, "ExecutionStarted", input={}), an_event(2, "ExecutionSucceeded", 90, output=output)
    )
    assert changes[-1].text == "drained, and ACTIVE again: every task was STOPPED; took 1 min 30 s"


ENDINGS = [
    ("drained", "ExecutionSucceeded", {"output": {"outcome": {"name": "drained"}}}, "drained", ExitCode.OK),
    (
        "nothing there",
        "ExecutionSucceeded",
        {"output": {"outcome": {"name": "nothing-to-drain"}}},
        "nothing-to-drain",
        ExitCode.OK,
    ),
    (
        "out of time",
        "ExecutionSucceeded",
        {"output": {"outcome": {"name": "deadline"}}},
        "deadline",
        ExitCode.NOT_DRAINED,
    ),
    (
        "taken back",
        "ExecutionSucceeded",
        {"output": {"outcome": {"name": "taken-back"}}},
        "taken-back",
        ExitCode.NOT_DRAINED,
    ),
    (
        "another was first",
        "ExecutionSucceeded",
        {"output": {"outcome": {"name": "drain"}}},
        "already-open",
        ExitCode.NOT_DRAINED,
    ),
    (
        "a bug",
        "ExecutionFailed",
        {"error": "States.Runtime", "cause": "no such path"},
        "failed",
        ExitCode.FAILED,
    ),
    ("176,400 s", "ExecutionTimedOut", {}, "timed-out", ExitCode.FAILED),
    ("somebody stopped it", "ExecutionAborted", {}, "aborted", ExitCode.FAILED),
    (
        "cancelled",
        "ExecutionAborted",
        {"error": "Cancelled", "cause": "by jane"},
        "cancelled",
        ExitCode.NOT_DRAINED,
    ),
    (
        "taken over",
        "ExecutionAborted",
        {"error": "TakenOver", "cause": "by b"},
        "taken-over",
        ExitCode.NOT_DRAINED,
    ),
]


@pytest.mark.parametrize(
    ("story", "kind", "details", "outcome", "code"), ENDINGS, ids=[row[0] for row in ENDINGS]
)
def test_every_ending(story: str, kind: str, details: dict[str, Any], outcome: str, code: ExitCode) -> None:
    known, changes = told(an_event(1, "ExecutionStarted", input={}), an_event(2, kind, 90, **details))
    assert known.outcome == outcome, story
    assert known.exit_code is code
    assert [change.kind for change in changes] == ["begun", "ended"]


def test_a_failed_call_says_the_functions_own_sentence() -> None:
    cause = {"errorMessage": "DescribeTasks was answered with ThrottlingException", "errorType": "Throttled"}
    known, changes = told(
        an_event(1, "TaskStateEntered", name="Look", input={}),
        an_event(2, "TaskFailed", error="Throttled", cause=cause),
    )
    assert known.state == "Look"
    assert changes[0].text == (
        "Look got Throttled: DescribeTasks was answered with ThrottlingException; it is tried again or recorded"
    )


def test_data_that_aws_cut_short_is_passed_over() -> None:
    """Step Functions keeps 256 KiB of a state's data in a history and cuts the rest."""
    cut = Event(1, "TaskStateExited", START, {"name": "Look", "output": '{"look": {"memo'})
    assert told(cut) == (Known(last_id=1), [])
