"""What the command asks of Step Functions: executions, their histories, and to stop one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.common.history import state_after
from chalicelib.gateways.aws import all_pages, client, translated

LISTED_AT_MOST = 1_000
EVENTS_A_PAGE = 100
"""A drain's events carry its state: more of them a page would make a page large, not fewer calls."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of an execution's history."""

    id: int
    type: str
    """`TaskStateExited`, `ExecutionSucceeded`, ..."""
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    """What AWS says of it, under whichever name AWS gives the details of its type."""
    previous_id: int = 0

    @property
    def state(self) -> str | None:
        """The name of the state that was entered or exited, for events that say so."""
        return self.details.get("name") if "State" in self.type else None


@dataclass(frozen=True, slots=True)
class Execution:
    """What DescribeExecution says."""

    arn: str
    status: str
    """`RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`."""
    started_at: datetime
    ended_at: datetime | None = None
    input: str = ""
    output: str = ""
    error: str = ""
    cause: str = ""

    @property
    def name(self) -> str:
        """The execution's name, which is the drain's."""
        return self.arn.rsplit(":", 1)[-1]


def describe(arn: str) -> Execution | None:
    """Return an execution, or None where Step Functions knows none: it forgets closed ones after 90 days."""
    sfn = client("stepfunctions")
    with translated():
        try:
            answer = sfn.describe_execution(executionArn=arn)
        except sfn.exceptions.ExecutionDoesNotExist:
            return None
    return Execution(
        arn=answer["executionArn"],
        status=answer["status"],
        started_at=answer["startDate"],
        ended_at=answer.get("stopDate"),
        input=answer.get("input", ""),
        output=answer.get("output", ""),
        error=answer.get("error", ""),
        cause=answer.get("cause", ""),
    )


def running(state_machine: str) -> list[str]:
    """Return the ARNs of the executions that run, newest first."""
    listed = all_pages(
        client("stepfunctions").list_executions,
        "executions",
        stateMachineArn=state_machine,
        statusFilter="RUNNING",
    )
    return [str(one["executionArn"]) for one in listed]


def latest_named(state_machine: str, prefix: str) -> str | None:
    """Return the ARN of the latest execution, open or closed, whose name begins so; of the newest thousand."""
    with translated():
        answer = client("stepfunctions").list_executions(
            stateMachineArn=state_machine, maxResults=LISTED_AT_MOST
        )
    arns = (str(one["executionArn"]) for one in answer["executions"])
    return next((arn for arn in arns if arn.rsplit(":", 1)[-1].startswith(prefix)), None)


def history_after(arn: str, last_id: int = 0, most: int | None = None) -> list[Event]:
    """Return the events after one, oldest first; of more than `most`, the newest.

    Read backwards, so that following a drain of days costs one page a time, not all of them.
    """
    found: list[Event] = []
    following: dict[str, Any] = {}
    while True:
        with translated():
            page = client("stepfunctions").get_execution_history(
                executionArn=arn, reverseOrder=True, maxResults=EVENTS_A_PAGE, **following
            )
        events = [_event(item) for item in page["events"]]
        found += [event for event in events if event.id > last_id]
        is_all = len(found) < len(events) or any(event.id <= last_id + 1 for event in events)
        if is_all or not page.get("nextToken") or (most is not None and len(found) >= most):
            return sorted(found, key=lambda event: event.id)
        following = {"nextToken": page["nextToken"]}


def latest_state(arn: str) -> dict[str, Any]:
    """Return a drain's whole state, what it knows now; {} before its plan."""
    state: Mapping[str, Any] = {}
    for event in history_after(arn):
        if event.type.endswith("StateExited"):
            state = state_after(state, event.details)
    return dict(state) if "drain" in state else {}


def stop(arn: str, error: str, cause: str) -> None:
    """Stop an execution; one that has ended already stays as it is."""
    with translated():
        client("stepfunctions").stop_execution(executionArn=arn, error=error, cause=cause)


def definition(state_machine: str) -> str | None:
    """Return the machine's definition as it is deployed, or None where there is no such machine."""
    sfn = client("stepfunctions")
    with translated():
        try:
            return str(sfn.describe_state_machine(stateMachineArn=state_machine)["definition"])
        except sfn.exceptions.StateMachineDoesNotExist:
            return None


def _event(item: Mapping[str, Any]) -> Event:
    details: Mapping[str, Any] = next(
        (value for key, value in item.items() if key.endswith("EventDetails")), {}
    )
    return Event(item["id"], item["type"], item["timestamp"], details, item.get("previousEventId", 0))
