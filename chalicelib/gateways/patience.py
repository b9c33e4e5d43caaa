"""Lets a function that reads a large account go at ECS's pace, in the time that it has.

ECS answers 100 resource reads at once and then 20 a second, and nothing under a function tries again: what is throttled
is tried again from its beginning. What takes more than a hundred reads would never come to its end. So whoever has read
much already waits for more; whoever has just begun gives way at once, and comes back when the state machine says so.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from chalicelib.common.errors import Throttled

MUCH = 50
"""Answers after which it is worth more to wait than to begin again."""
PAUSE_SECONDS = 1.0
"""In which ECS has 20 more."""
LONGEST_SECONDS = 40.0
"""Of the 58 s that planning and explaining have: the rest is for what is made of the answers."""


@dataclass
class Patience:
    """What one function has read, and how long it has waited for more."""

    has: float
    sleep: Callable[[float], object]
    answers: int = 0
    waited: float = 0
    began: float = field(default_factory=time.time)

    def wait(self) -> bool:
        """Wait until ECS has more reads; returns False where that isn't worth it, or there is no time."""
        spent = max(self.waited, time.time() - self.began)
        if self.answers < MUCH or spent + PAUSE_SECONDS > self.has:
            return False
        self.waited += PAUSE_SECONDS
        self.sleep(PAUSE_SECONDS)
        return True


_patience: ContextVar[Patience | None] = ContextVar("a function's patience", default=None)


@contextmanager
def patient(
    seconds: float = LONGEST_SECONDS, sleep: Callable[[float], object] | None = None
) -> Iterator[Patience]:
    """Let what reads in the block wait so many seconds in all for reads that are throttled; `sleep` is how."""
    patience = Patience(seconds, sleep or time.sleep)
    token = _patience.set(patience)
    try:
        yield patience
    finally:
        _patience.reset(token)


def asked(operation: Callable[..., dict[str, Any]], **parameters: Any) -> dict[str, Any]:
    """Return AWS's answer to a read, waited for where the caller is patient. Raises what the operation does."""
    patience = _patience.get()
    while True:
        try:
            answer = operation(**parameters)
        except Throttled:
            if patience is None or not patience.wait():
                raise
            continue
        if patience is not None:
            patience.answers += 1
        return answer
