"""What the events of an execution's history mean for its drain, and the lines they are worth. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.history import message_of, state_after
from chalicelib.common.model import instant
from chalicelib.explain.words import clip
from stories.demo.scene import WAITS_FOR_EVENTS, Drain, Entry, minutes

Event = dict[str, Any]

LONGEST_CAUSE = 300
"""Characters: the causes of `States.Runtime` carry the whole state."""
WAIT = "Wait before the next look"
DRAINING = "the container instance is set DRAINING: ECS places nothing more on it"
FOUND = {
    "taken-back": "somebody set the container instance ACTIVE again",
    "agent-lost": "the ECS agent stays disconnected",
    "deadline": "the deadline is reached with tasks left",
}
"""What is said when a Choice finds an outcome."""
FAILURES = {"TaskFailed", "TaskTimedOut", "LambdaFunctionFailed", "EvaluationFailed", "MapStateFailed"}
SUCCESSES = {"TaskSucceeded", "LambdaFunctionSucceeded", "MapStateSucceeded"}


def take_history(drain: Drain, event: Event) -> Iterator[Entry]:
    """Put one event of GetExecutionHistory into the drain; yields what it is worth telling."""
    kind = event["type"]
    if kind.endswith("StateEntered"):
        yield from _entered(drain, event)
    elif kind.endswith("StateExited"):
        # A state that is left by a Catch did not do what its name says.
        yield from () if drain.trouble else _exited(drain, event)
    elif kind in FAILURES:
        yield from _failed(drain, event)
    elif kind in SUCCESSES:
        drain.trouble = ""
    elif kind.startswith("Execution") and kind != "ExecutionStarted":
        yield _ended(drain, event)


def _failed(drain: Drain, event: Event) -> Iterator[Entry]:
    """Tell of an error once, however often the machine meets it in its retries."""
    details: Event = next((event[key] for key in event if key.endswith("FailedEventDetails")), {})
    trouble = f"«{drain.state}» meets {details.get('error', 'an error')}"
    is_news = trouble != drain.trouble and "error" in details and drain.state != WAITS_FOR_EVENTS
    drain.trouble = trouble
    if is_news:
        yield Entry(event["timestamp"], trouble, "bad", drain.instance_id)


def _entered(drain: Drain, event: Event) -> Iterator[Entry]:
    drain.transitions += 1
    drain.trouble = ""
    drain.state = event["stateEnteredEventDetails"]["name"]
    drain.wait_ends_at = _wait_ends_at(drain, event["timestamp"])
    if drain.state == WAITS_FOR_EVENTS and not drain.waits_for_events:
        drain.waits_for_events = True
        yield Entry(event["timestamp"], _waits(drain), "drain", drain.instance_id)


def _waits(drain: Drain) -> str:
    at = minutes(drain.wait_ends_at - drain.began_at) if drain.wait_ends_at else "its deadline"
    return f"the drain waits for events of ECS; without any it looks again at {at}"


def _wait_ends_at(drain: Drain, now: datetime) -> datetime | None:
    if drain.state == WAIT:
        return now + timedelta(seconds=drain.wait_seconds)
    return drain.next_look_at if drain.state == WAITS_FOR_EVENTS else None


def _exited(drain: Drain, event: Event) -> Iterator[Entry]:
    details = event["stateExitedEventDetails"]
    name, before = details["name"], drain.variables
    drain.variables = state_after(before, details)
    found = _outcome(drain.variables)
    if found != _outcome(before):
        yield from _found(drain, event, found)
    if name in TAKERS:
        yield from TAKERS[name](drain, event)


def _outcome(state: Mapping[str, Any]) -> str:
    return str((state.get("outcome") or {}).get("name", ""))


def _found(drain: Drain, event: Event, outcome: str) -> Iterator[Entry]:
    if outcome in FOUND:
        yield Entry(event["timestamp"], FOUND[outcome], "drain", drain.instance_id)
    elif outcome == "drained":
        seen = len(drain.variables["look"]["memory"]["stopped"])
        said = f"a look finds all {seen} tasks STOPPED: the instance is drained"
        yield Entry(event["timestamp"], said, "good", drain.instance_id)


def _set_draining(drain: Drain, event: Event) -> Iterator[Entry]:
    drain.draining_at = event["timestamp"]
    yield Entry(event["timestamp"], DRAINING, "drain", drain.instance_id)


def _looked(drain: Drain, event: Event) -> Iterator[Entry]:
    look = drain.variables["look"]
    drain.looks.append(event["timestamp"])
    drain.wait_seconds, drain.summary = look["wait_seconds"], look["summary"]
    drain.next_look_at = instant(look["next_at"]) if "next_at" in look else None
    yield from ()


def _heartbeat(drain: Drain, event: Event) -> Iterator[Entry]:
    drain.heartbeats.append(event["timestamp"])
    said = "a heartbeat is recorded: the hook's timeout starts anew"
    yield Entry(event["timestamp"], said, "drain", drain.instance_id)


def _explained(drain: Drain, event: Event) -> Iterator[Entry]:
    text = drain.variables["explanation"]["text"]
    if text and text != drain.explanation:
        drain.explanation = text
        drain.explained_at = drain.explained_at or event["timestamp"]
        yield Entry(event["timestamp"], f"this holds the drain:\n{text}", "held", drain.instance_id)


def _completed(drain: Drain, event: Event) -> Iterator[Entry]:
    drain.continued_at = event["timestamp"]
    result = "ABANDON" if _outcome(drain.variables) == "abandoned" else "CONTINUE"
    said = f"the lifecycle action is completed with {result}"
    yield Entry(event["timestamp"], said, "good", drain.instance_id)


def _ended(drain: Drain, event: Event) -> Entry:
    if event["type"] == "ExecutionSucceeded":
        drain.status = "SUCCEEDED"
        output = json.loads(event["executionSucceededEventDetails"]["output"])
        drain.outcome = output.get("outcome", {}).get("name", "")
        return Entry(event["timestamp"], f"the drain ends: {drain.outcome}", "drain", drain.instance_id)
    drain.status = event["type"].removeprefix("Execution").upper()
    details = event.get("executionFailedEventDetails") or event.get("executionAbortedEventDetails") or {}
    parts = (str(details.get("error", "")), message_of(str(details.get("cause", ""))))
    drain.cause = clip(": ".join(part for part in parts if part), LONGEST_CAUSE)
    return Entry(
        event["timestamp"], f"the drain ends as {drain.status}: {drain.cause}", "bad", drain.instance_id
    )


TAKERS: dict[str, Callable[[Drain, Event], Iterator[Entry]]] = {
    "Set DRAINING": _set_draining,
    "Look": _looked,
    "Record a heartbeat": _heartbeat,
    "Explain": _explained,
    "Complete the lifecycle action": _completed,
}
