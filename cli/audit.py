"""Everything that happened in one drain, as data for a view: states with input and output, tasks with their statuses.

Pure: `cli.commands.show.read_audit` asks AWS. A view (text here, a page elsewhere) needs nothing but an Audit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.common.history import json_value
from chalicelib.common.ledger import Record
from cli.changes import Change, Known, step
from cli.executions import Event, Execution
from cli.states import FAILED


@dataclass(frozen=True, slots=True)
class Visit:
    """One time that the machine was in a state."""

    name: str
    type: str
    """`Task`, `Choice`, `Wait`, ..."""
    entered_at: datetime
    exited_at: datetime | None = None
    """None where the machine still is in it, or ended there (a Fail, a stop from outside)."""
    input: str = ""
    """JSON."""
    output: str = ""
    """JSON; empty where it was not left."""
    assigned: str = ""
    """JSON of the variables that it assigned, by name; empty where it assigned none."""
    errors: tuple[str, ...] = ()
    """What its attempts were answered with, before the one that did."""


@dataclass(frozen=True, slots=True)
class Span:
    """A while in which a task showed one status, as the looks saw it."""

    status: str
    begins_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskHistory:
    """One task through the drain."""

    arn: str
    name: str
    """Its service or family; `task` where ECS has forgotten it."""
    spans: tuple[Span, ...]

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return self.arn.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One drain, whole."""

    instance_id: str
    execution: Execution
    record: Record | None
    """What the ledger says; None where it was never planned, or 90 days are over."""
    visits: tuple[Visit, ...]
    tasks: tuple[TaskHistory, ...]
    changes: tuple[Change, ...]
    """What a person who followed it was told."""
    known: Known = field(default_factory=Known)
    """What is known at the end of these events."""
    events: int = 0
    """How many events the history has; AWS allows 25,000."""

    @property
    def executed(self) -> frozenset[str]:
        """The names of the states that the machine was in."""
        return frozenset(visit.name for visit in self.visits)

    @property
    def state(self) -> Mapping[str, Any]:
        """The last whole state of the machine: drain, look, deadline, outcome."""
        return self.known.variables


def make_audit(
    execution: Execution,
    events: Sequence[Event],
    *,
    instance_id: str,
    record: Record | None,
    names: Mapping[str, str],
) -> Audit:
    """Return the audit of an execution; `names`: what tasks are called, by ARN."""
    known, changes = Known(), list[Change]()
    for event in events:
        known, more = step(known, event)
        changes += more
    return Audit(
        instance_id=instance_id,
        execution=execution,
        record=record,
        visits=visits_of(events),
        tasks=tasks_of(changes, names),
        changes=tuple(changes),
        known=known,
        events=len(events),
    )


def visits_of(events: Iterable[Event]) -> tuple[Visit, ...]:
    """Pair each state's entry with its exit, along the chain of events that led from the one to the other."""
    by_id = {event.id: event for event in events}
    visits: dict[int, Visit] = {}
    for event in by_id.values():
        if event.type.endswith("StateEntered"):
            kind = event.type.removesuffix("StateEntered")
            visits[event.id] = Visit(
                str(event.state), kind, event.at, input=str(event.details.get("input", ""))
            )
        elif event.type.endswith("StateExited"):
            entry = _entry_of(event, by_id, visits, event.state)
            output, assigned = str(event.details.get("output", "")), _assigned(event)
            visits[entry] = replace(visits[entry], exited_at=event.at, output=output, assigned=assigned)
        elif event.type in FAILED:
            entry = _entry_of(event, by_id, visits)
            error = f"{event.details.get('error', event.type)}: {event.details.get('cause', '')}".rstrip(": ")
            visits[entry] = replace(visits[entry], errors=(*visits[entry].errors, error))
    return tuple(visits[number] for number in sorted(visits))


def _assigned(event: Event) -> str:
    """Return the variables that a state assigned as one JSON text; empty where it assigned none."""
    assigned = event.details.get("assignedVariables")
    return json.dumps({name: json_value(text) for name, text in assigned.items()}) if assigned else ""


def _entry_of(
    event: Event, by_id: Mapping[int, Event], visits: Mapping[int, Visit], name: str | None = None
) -> int:
    """Return the entry that an event goes back to; by name, since the nearest may be of a state within a Map."""
    previous = by_id[event.previous_id]
    while previous.id not in visits or (name is not None and visits[previous.id].name != name):
        previous = by_id[previous.previous_id]
    return previous.id


def tasks_of(changes: Iterable[Change], names: Mapping[str, str]) -> tuple[TaskHistory, ...]:
    """Return each task's statuses in time, in the order in which tasks were first seen, then by name."""
    spans: dict[str, list[Span]] = {}
    for change in changes:
        if change.kind == "task":
            own = spans.setdefault(str(change.facts["task"]), [])
            if own:
                own[-1] = replace(own[-1], ends_at=change.at)
            own.append(Span(str(change.facts["to"]), change.at))
    tasks = [TaskHistory(arn, names.get(arn, "task"), tuple(own)) for arn, own in spans.items()]
    return tuple(sorted(tasks, key=lambda task: (task.spans[0].begins_at, task.name)))


def object_in(text: str) -> dict[str, Any]:
    """Return the JSON object in a text; an empty one where there is none."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
