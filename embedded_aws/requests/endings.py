"""How the process of a function may end before its handler does, and the time that it spends waiting for AWS.

An invocation takes no virtual time, but for what it waits in vain: a call that hangs costs the caller's own time-out,
and once the function's time is up, Lambda ends it wherever it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """Why a process ended."""

    CRASH = "crash"
    TIME_OUT = "time-out"


class ProcessEnded(BaseException):  # no `except Exception` of a handler may outlive it
    """Ends an in-process function where it stands."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(str(ending))
        self.ending = ending


@dataclass
class Spending:
    """The seconds that an invocation has, and those that it has spent."""

    has: float
    spent: float = 0


_spending: ContextVar[Spending | None] = ContextVar("an invocation's time", default=None)


@contextmanager
def timed(seconds: float) -> Iterator[Spending]:
    """Give what runs in the block so many seconds."""
    spending = Spending(seconds)
    token = _spending.set(spending)
    try:
        yield spending
    finally:
        _spending.reset(token)


def is_timed() -> bool:
    """Say whether an in-process function runs in this thread."""
    return _spending.get() is not None


def spent() -> float:
    """Return the seconds that the in-process function has waited so far; 0 where none runs."""
    spending = _spending.get()
    return spending.spent if spending else 0.0


def spend(seconds: float) -> None:
    """Count what an in-process function waits, if one runs; raises ProcessEnded once it has no time left."""
    spending = _spending.get()
    if spending is None:
        return
    spending.spent += seconds
    if spending.spent >= spending.has:
        raise ProcessEnded(Ending.TIME_OUT)
