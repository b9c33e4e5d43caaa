"""Environments of the interpreter: what ends one ends all that waits within it, and hushes it.

moto evaluates a Task, a Map's items and a Parallel's branches in frames of the execution's environment. A frame
whose time is up, or whose execution was stopped, must leave no trace in the history: on AWS nothing follows
`TaskTimedOut`, `ExecutionAborted` or `ExecutionSucceeded` from what they ended.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any

from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.eval.program_state import ProgramTimedOut

from embedded_aws.agenda import Signal
from embedded_aws.aws import current

_make, _stop, _time_out, _fail = (
    Environment.__init__,
    Environment.set_stop,
    Environment.set_timed_out,
    Environment.set_error,
)


def install() -> None:
    """Give environments an end that lasts, for `rest` to wait for."""
    EventHistoryContext.is_silent = False
    Environment.__init__ = _init
    Environment.set_stop = _set_stop
    Environment.set_timed_out = _set_timed_out
    Environment.set_error = _set_error


class _Latch(Signal):
    """moto sets and clears its event in one breath, which only a thread that waits on it can notice."""

    def clear(self) -> None:
        """Stay set: an environment that has ended never runs again."""


class _Either(Signal):
    """Set when one of two events is."""

    def __init__(self, one: threading.Event, other: threading.Event) -> None:
        super().__init__()
        self._events = (one, other)

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)


def rest(env: Any, seconds: float, awaited: threading.Event | None = None) -> bool:
    """Wait for virtual `seconds` (math.inf: for ever), the end of `env`, or `awaited`; True: the time came."""
    ended = env.program_state_event
    return current().clock.sleep(seconds, _Either(ended, awaited) if awaited else ended)


def identifier(env: Any, purpose: str) -> str:
    """Return a UUID that is new at this point of the execution, and the same one in each run.

    It hangs on the order in which executions began, not on their names: those hold ids that AWS makes up.
    """
    numbers: dict[str, int] = current().part("order of executions", dict)
    execution = env.states.context_object.context_object_data["Execution"]["Id"]
    number = numbers.setdefault(execution, len(numbers))
    events = len(env.event_manager._history_event_list)
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{purpose} {number} {events}"))


def silence(env: Any) -> None:
    """Keep the frame out of the history from here on."""
    env.event_history_context.is_silent = True


def time_out(frame: Any) -> None:
    """End a frame whose TimeoutSeconds have passed, and all that runs within it."""
    if frame.is_running():
        silence(frame)
        frame.set_timed_out()


def has_timed_out(env: Any) -> bool:
    """Tell whether the environment ended because its time was up."""
    return isinstance(env.program_state(), ProgramTimedOut)


def stop_within(env: Any) -> None:
    """End every frame within the environment, not the environment itself."""
    for frame in list(env._frames):
        silence(frame)
        frame.set_stop(stop_date=current().clock.now(), cause=None, error=None)


def _init(env: Any, *arguments: Any, **named: Any) -> None:
    _make(env, *arguments, **named)
    env.program_state_event = _Latch()


def _set_stop(env: Any, stop_date: Any, cause: str | None, error: str | None) -> None:
    _silence_within(env)
    _stop(env, stop_date, cause, error)


def _set_timed_out(env: Any) -> None:
    _silence_within(env)
    _time_out(env)


def _set_error(env: Any, error: Any) -> None:
    _silence_within(env)
    _fail(env, error)


def _silence_within(env: Any) -> None:
    for frame in env._frames:
        silence(frame)
