"""Turns an execution's history into what changed, one sentence a change; nothing is told twice. Pure.

`step` folds one event into what is known of the drain and says what it changed. A look that shows what the one
before showed changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.common.duration import in_words
from chalicelib.common.history import json_value, message_of, state_after
from chalicelib.common.model import instant, stamp
from chalicelib.common.packing import unpack_tasks
from chalicelib.common.wording import one_line
from chalicelib.explain.words import clip
from chalicelib.policy.deadline import action_then
from chalicelib.tell.notice import ENDINGS
from cli.executions import Event
from cli.exit_codes import ExitCode
from cli.states import FAILED, FOUND, QUIET, TOLD

ENTRY_IS_TAKEN = "DynamoDb.TransactionCanceledException"
"""What the conditional write of the ledger entry is answered with, where another execution holds it."""

LONGEST_CAUSE = 300
"""Characters of a cause in a sentence: Step Functions puts whole states into some; programs get all of it."""
WAIT_FOR_EVENTS = "Wait for events"  # its time-outs are ordinary, and its failures cost no more than the wait

WELL_ENDED = frozenset({"drained", "nothing-to-drain", "already-done", "returned", "terminated"})
NOT_ADMITTED = {
    "already-over": "the lifecycle action was over before",
    "not-admitted": "nobody opted in to this trigger",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed."""

    at: datetime
    kind: str
    """A word for programs: `draining`, `task`, `explanation`, `ended`, ..."""
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same for programs."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a drain from the events so far."""

    last_id: int = 0
    started_at: datetime | None = None
    deadline_at: datetime | None = None
    on_deadline: str = ""
    tasks: Mapping[str, str] = field(default_factory=dict)
    """The last status of every task that isn't STOPPED, by ARN."""
    since: Mapping[str, datetime] = field(default_factory=dict)
    """When a look first showed that status."""
    summary: str = ""
    explanation: str = ""
    state: str = ""
    """The state that the machine is in."""
    is_failing: bool = False
    """Whether the last try of that state failed: one that is left so did not do what its name says."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """The machine's variables."""
    steps: frozenset[str] = frozenset()
    """States that this module doesn't know, told by their names."""
    outcome: str | None = None
    """How it ended: an outcome of the machine, `failed`, `timed-out`, `cancelled` or `taken-over`; None while open."""

    @property
    def exit_code(self) -> ExitCode:
        """What the end means to a script."""
        if self.outcome in ("failed", "timed-out", "aborted"):
            return ExitCode.FAILED
        return ExitCode.OK if self.outcome is None or self.outcome in WELL_ENDED else ExitCode.NOT_DRAINED


def step(known: Known, event: Event) -> tuple[Known, tuple[Change, ...]]:
    """Return what is known after one more event, and what it changed."""
    known = replace(known, last_id=event.id)
    if event.type.startswith("Execution"):
        return _of_execution(known, event)
    if event.type.endswith("StateEntered") and event.state:
        return replace(known, state=event.state, is_failing=False), ()
    if event.type.endswith("StateExited") and event.state:
        return _of_state(known, event)
    if event.type in FAILED:
        told = () if known.state == WAIT_FOR_EVENTS else (_failed_call(known, event),)
        return replace(known, is_failing=True), told
    return replace(known, is_failing=known.is_failing and not event.type.endswith("Succeeded")), ()


def _of_execution(known: Known, event: Event) -> tuple[Known, tuple[Change, ...]]:
    if event.type == "ExecutionStarted":
        request = _data(event, "input")
        who, why = request.get("who") or request.get("trigger") or "manual", request.get("reason")
        text = f"a drain begins, asked for by {who}{f': {why}' if why else ''}"
        return replace(known, started_at=event.at), (
            Change(event.at, "begun", text, {"who": who, "reason": why}),
        )
    if event.type == "ExecutionSucceeded":
        return _succeeded(known, event)
    error, cause = str(event.details.get("error", "")), str(event.details.get("cause", ""))
    outcome = {"Cancelled": "cancelled", "TakenOver": "taken-over"}.get(
        error, ENDED_BADLY.get(event.type, "failed")
    )
    said = clip(
        one_line(f"{error}: {cause}" if outcome in ("failed", "timed-out", "aborted") else cause),
        LONGEST_CAUSE,
    )
    text = f"the drain {PROSE.get(outcome, outcome)}: {said.strip(': ') or 'no cause was given'}"
    facts = {"outcome": outcome, "error": error, "cause": cause}
    return replace(known, outcome=outcome), (Change(event.at, "ended", text, facts),)


ENDED_BADLY = {"ExecutionFailed": "failed", "ExecutionTimedOut": "timed-out", "ExecutionAborted": "aborted"}
PROSE = {
    "timed-out": "timed out",
    "taken-over": "is taken over",
    "cancelled": "is cancelled",
    "aborted": "was stopped",
}


def _succeeded(known: Known, event: Event) -> tuple[Known, tuple[Change, ...]]:
    output = _data(event, "output")
    outcome = str(output.get("outcome", {}).get("name", "ended"))
    if outcome == "drain":  # the plan's verdict still: another execution had the ledger entry
        other = output.get("open", {}).get("Item", {}).get("execution", {}).get("S", "another drain")
        text = f"the instance is being drained already, by {other.rsplit(':', 1)[-1]}"
        return replace(known, outcome="already-open"), (
            Change(event.at, "ended", text, {"outcome": "already-open"}),
        )
    took = f"; took {in_words(event.at - known.started_at)}" if known.started_at else ""
    text = f"{ending(output, outcome)}{took}"
    return replace(known, outcome=outcome), (Change(event.at, "ended", text, {"outcome": outcome}),)


def ending(output: Mapping[str, Any], outcome: str) -> str:
    """Return how the drain ended in the words of its closing notice, which know what followed it."""
    subject = str(output.get("notice", {}).get("subject", ""))
    told = subject.partition(f"{output.get('drain', {}).get('instance_id')} ")[2]
    return told or NOT_ADMITTED.get(outcome) or ENDINGS.get(outcome, outcome)


def _of_state(known: Known, event: Event) -> tuple[Known, tuple[Change, ...]]:
    name, before = event.state or "", _outcome(known)
    known = replace(known, variables=state_after(known.variables, event.details))
    if (now := _outcome(known)) != before and now in FOUND:
        return known, (Change(event.at, *FOUND[now]),)
    if name in READERS:
        return READERS[name](known, event, known.variables)
    if known.is_failing:
        return known, ()
    if name in TOLD:
        return known, (Change(event.at, *TOLD[name]),)
    if event.type != "TaskStateExited" or name in QUIET or name in known.steps:
        return known, ()
    return replace(known, steps=known.steps | {name}), (Change(event.at, "step", name),)


def _outcome(known: Known) -> str:
    return str((known.variables.get("outcome") or {}).get("name", ""))


def _planned(known: Known, event: Event, output: Mapping[str, Any]) -> tuple[Known, tuple[Change, ...]]:
    deadline = output.get("deadline", {})
    at = instant(deadline["at"]) if deadline.get("at") else None
    known = replace(known, deadline_at=at)
    if output.get("verdict") != "drain" or at is None:
        return known, ()
    known = replace(known, on_deadline=action_then(output))
    text = f"deadline {stamp(at)} (in {in_words(at - event.at)}), then {known.on_deadline}"
    facts = {"deadline_at": stamp(at), "on_deadline": known.on_deadline}
    notices = (Change(event.at, "notice", notice) for notice in output.get("drain", {}).get("notices", []))
    return known, (Change(event.at, "planned", text, facts), *notices)


def _looked(known: Known, event: Event, output: Mapping[str, Any]) -> tuple[Known, tuple[Change, ...]]:
    look = output.get("look", {})
    tasks: Mapping[str, str] = unpack_tasks(look.get("memory", {}).get("tasks", {}))
    changes = tuple(_task_changes(known, tasks, event.at))
    since = {
        arn: known.since.get(arn, event.at) if known.tasks.get(arn) == status else event.at
        for arn, status in tasks.items()
    }
    return replace(known, tasks=tasks, since=since, summary=look.get("summary", "")), changes


def _task_changes(known: Known, tasks: Mapping[str, str], at: datetime) -> Iterator[Change]:
    for arn in sorted(known.tasks.keys() | tasks.keys()):
        before, after = known.tasks.get(arn), tasks.get(arn, "STOPPED")
        if before != after:
            arrow = f"{before} -> {after}" if before else after
            yield Change(at, "task", arrow, {"task": arn, "from": before, "to": after})


def _explained(known: Known, event: Event, output: Mapping[str, Any]) -> tuple[Known, tuple[Change, ...]]:
    text = str((output.get("explanation") or {}).get("text", ""))
    if not text or text == known.explanation:
        return known, ()
    return replace(known, explanation=text), (
        Change(event.at, "explanation", f"this holds the drain:\n{text}"),
    )


def _stopped(known: Known, event: Event, output: Mapping[str, Any]) -> tuple[Known, tuple[Change, ...]]:
    asked = output.get("stopped", {}).get("asked", [])
    text = f"StopTask was called: {', '.join(arn.rsplit('/', 1)[-1][:8] for arn in asked)}"
    return known, (Change(event.at, "stop-task", text, {"tasks": asked}),) if asked else ()


def _reactivated(known: Known, event: Event, _output: Mapping[str, Any]) -> tuple[Known, tuple[Change, ...]]:
    if known.is_failing:
        return known, ()
    asked = ", as was asked" if _outcome(known) == "drained" else ""
    return known, (Change(event.at, "active", f"the container instance is set ACTIVE again{asked}"),)


READERS: dict[str, Callable[[Known, Event, Mapping[str, Any]], tuple[Known, tuple[Change, ...]]]] = {
    "Plan the drain": _planned,
    "Look": _looked,
    "Explain": _explained,
    "Stop tasks": _stopped,
    "Set ACTIVE again": _reactivated,
    "Explain what holds the drain": _explained,
    "Explain at the deadline": _explained,
    "Stop the standalone tasks": _stopped,
    "Stop every task that is left": _stopped,
}
"""What the end of a state brings, from the machine's variables; the release before had two states of some."""


def _failed_call(known: Known, event: Event) -> Change:
    error, cause = event.details.get("error", "an error"), str(event.details.get("cause", ""))
    if error == ENTRY_IS_TAKEN:
        return Change(
            event.at, "open", "another drain of this instance is open: the one that knows more goes on"
        )
    said = f": {clip(one_line(message_of(cause)), LONGEST_CAUSE)}" if cause else ""
    text = f"{known.state or 'a call'} got {error}{said}; it is tried again or recorded"
    return Change(event.at, "error", text, {"state": known.state, "error": error, "cause": cause})


def _data(event: Event, name: str) -> dict[str, Any]:
    """Return the JSON object in an event's data; an empty one where AWS left it out."""
    data = json_value(event.details.get(name))
    return data if isinstance(data, dict) else {}
