"""What a virtual clock has to do, and when: booked actions in order, and the threads that sleep."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

LOG = logging.getLogger(__name__)


@dataclass(order=True)
class Timer:
    """An action booked on a clock: ordered by when it is due, then by when it was booked."""

    due: datetime
    order: int
    action: Callable[[], object] = field(compare=False)
    label: str = field(compare=False, default="")
    cancelled: bool = field(compare=False, default=False)

    def cancel(self) -> None:
        """Take the booking back; harmless once the action has run."""
        self.cancelled = True

    def perform(self, forgiving: bool) -> None:
        """Run the action; what it raises is logged if `forgiving`, else raised."""
        try:
            self.action()
        except Exception:
            if not forgiving:
                raise
            LOG.exception("an action booked on the clock failed: %s", self.label)


class Agenda:
    """The booked timers; not locked: the clock does that."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._orders = itertools.count()

    def book(self, due: datetime, action: Callable[[], object], label: str) -> Timer:
        """Add an action, behind those booked earlier for the same instant."""
        timer = Timer(due, next(self._orders), action, label)
        heapq.heappush(self._heap, timer)
        return timer

    def take(self, end: datetime | None) -> Timer | None:
        """Take out the timer whose turn it is, if it is due by `end` (None: whenever it is due)."""
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        if not self._heap or (end is not None and self._heap[0].due > end):
            return None
        return heapq.heappop(self._heap)

    def clear(self) -> None:
        """Forget every booking."""
        self._heap.clear()


class Signal(threading.Event):
    """An event that counts how often any of its kind was set: while none is, no sleeper need be asked."""

    sets = 0

    def set(self) -> None:
        """Set the event, and then count."""
        super().set()
        Signal.sets += 1


class Sleeper:
    """A thread at rest until its alarm or its interruption gives it the turn."""

    def __init__(self, interrupted: threading.Event | None) -> None:
        self.alarm: Timer | None = None
        self.turn = threading.Lock()
        self.turn.acquire()
        self.woken_early = False
        self.forgotten = False
        self.is_interrupted = interrupted.is_set if interrupted is not None else bool
        """Tells whether what the thread waits for has happened before its alarm; `bool()` is False."""
