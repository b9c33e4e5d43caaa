"""What the events of an execution's history mean for its drain, and the lines they are worth. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from chalicelib.explain.words import clip
from chalicelib.history import state_after
from simulator.demo.scene import Drain, Entry

Event = dict[str, Any]

LONGEST_CAUSE = 300
"""Characters: the causes of `States.Runtime` carry the whole state."""
WAIT = "Wait before the next look"
FOR_EVENTS = "Wait for events"
DRAINING = "the container instance is set DRAINING: ECS places nothing more on it"
FOUND = {
    "taken-back": "somebody set the container instance ACTIVE again",
    "agent-lost": "the ECS agent stays disconnected",
    "deadline": "the deadline is reached with tasks left",
}
"""What is said when a Choice finds an outcome."""
FAILURES = {"TaskFailed", "TaskTimedOut", "LambdaFunctionFailed", "MapStateFailed"}
SUCCESSES = {"TaskSucceeded", "LambdaFunctionSucceeded", "MapStateSucceeded"}


def take_history(drain: Drain, event: Event) -> Iterator[Entry]:
    """Put one event of GetExecutionHistory into the drain; yields what it is worth telling."""
    kind = event["type"]
    if kind.endswith("StateEntered"):
        _entered(drain, event)
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
    is_news = trouble != drain.trouble and "error" in details and drain.state != FOR_EVENTS
    drain.trouble = trouble
    if is_news:
        yield Entry(event["timestamp"], trouble, "bad", drain.instance_id)


def _entered(drain: Drain, event: Event) -> None:
    drain.transitions += 1
    drain.trouble = ""
    drain.state = event["stateEnteredEventDetails"]["name"]
    if drain.state == WAIT:
        drain.wait_ends_at = event["timestamp"] + timedelta(seconds=drain.wait_seconds)
    else:
        drain.wait_ends_at = None


def _exited(drain: Drain, event: Event) -> Iterator[Entry]:
    details = event["stateExitedEventDetails"]
    name, before = details["name"], drain.variables
    drain.variables = state_after(before, details)
    found = _outcome(drain.variables)
    if found != _outcome(before):
        yield from _found(drain, event, found)
    if name in TAKERS: dict[str, Callable[[Drain, Event], Iterator[Entry]]] = {
    "Set DRAINING": _set_draining,
    "Look": _looked,
    "Record a heartbeat": _heartbeat,
    "Explain": _explained,
    "Complete the lifecycle action": _completed,
}
