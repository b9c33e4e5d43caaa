"""Audits to draw: made by hand for what must be exact, small for what must be quick."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.audit import Audit, make_audit
from cli.executions import Event, Execution

BEGAN_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ARN = "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:i-0123456789abcdef0-manual-20260302T100000Z"
NASTY = "<script>alert(1)</script> & \"quoted\" 'too'"


def task_arn(number: int) -> str:
    return f"arn:aws:ecs:eu-west-1:123456789012:task/web/{number:032x}"


class History:
    """Writes a history event by event, as Step Functions would."""

    def __init__(self, reason: str = "kernel update") -> None:
        self.events: list[Event] = []
        self.at = BEGAN_AT
        self.left = json.dumps({"instance_id": "i-0123456789abcdef0"})
        self.state: dict[str, Any] = {"instance_id": "i-0123456789abcdef0", "who": "jane", "reason": reason}
        self._add("ExecutionStarted", input=json.dumps(self.state))

    def _add(self, kind: str, **details: Any) -> None:
        number = len(self.events) + 1
        self.events.append(Event(number, kind, self.at, details, number - 1))

    def visit(self, name: str, kind: str = "Task", seconds: float = 0, **changed: Any) -> History:
        """Go through a state that changes these fields."""
        self._add(f"{kind}StateEntered", name=name, input=self.left)
        self.left = "{}"
        self.at += timedelta(seconds=seconds)
        self.state = {**self.state, **changed}
        assigned = {key: json.dumps(value) for key, value in changed.items()}
        self._add(f"{kind}StateExited", name=name, output="{}", assignedVariables=assigned)
        return self

    def look(self, tasks: dict[int, str]) -> History:
        """Look, and see these tasks by number."""
        seen = {task_arn(number): status for number, status in tasks.items()}
        look = {"summary": f"{len(seen)} tasks hold the drain", "memory": {"tasks": seen, "looks": 1}}
        self.visit("Look", look=look)
        return self.visit("What is due?", "Choice")

    def end(self, outcome: str = "drained") -> History:
        """Succeed."""
        self.state = {**self.state, "outcome": {"name": outcome}}
        self._add("ExecutionSucceeded", output=json.dumps(self.state))
        return self


def drained(tasks: int = 3, reason: str = "kernel update", names: str = "web") -> Audit:
    """Return the audit of a drain whose tasks stop one after the other, ten seconds apart."""
    told = History(reason)
    deadline = {"at": "2026-03-02T11:00:00Z", "action": "continue"}
    told.visit("Plan the drain", verdict="drain", deadline=deadline, drain={"who": "jane", "notices": []})
    told.visit("What does the plan say?", "Choice").visit("Set DRAINING", "Map")
    for gone in range(tasks + 1):
        told.look({number: "STOPPING" if number == gone else "RUNNING" for number in range(gone, tasks)})
        told.visit("Wait before the next look", "Wait", seconds=10)
    told.visit("What is owed to Auto Scaling?", "Choice", outcome={"name": "drained"})
    told.visit("Done", "Succeed").end()
    return audit_of(told, {task_arn(number): f"{names}-{number // 22}" for number in range(tasks)})


def audit_of(told: History, names: dict[str, str] | None = None) -> Audit:
    last = told.events[-1]
    is_over = last.type.startswith("Execution") and len(told.events) > 1
    execution = Execution(ARN, "SUCCEEDED" if is_over else "RUNNING", BEGAN_AT, told.at if is_over else None)
    return make_audit(
        execution,
        told.events,
        instance_id="i-0123456789abcdef0",
        record=None,
        names=names or {},
    )
