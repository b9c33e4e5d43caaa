"""Which threads of the embedded AWS are at work: virtual time may pass only when none is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Workload:
    """Counts the threads at work; `changed` is the clock's lock, notified when the last comes to rest."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._count = 0
        self._own = threading.local()

    @property
    def is_idle(self) -> bool:
        """Whether no thread is at work."""
        return self._count == 0

    @property
    def is_own_thread_busy(self) -> bool:
        """Whether the calling thread counts as at work."""
        return self._depth > 0

    def begin(self) -> None:
        """Count one more piece of work."""
        with self.changed:
            self._count += 1

    def end(self) -> None:
        """Count one piece of work less."""
        with self.changed:
            self._count -= 1
            if self._count == 0:
                self.changed.notify_all()

    @contextmanager
    def busy(self, begun: bool = False) -> Iterator[None]:
        """Count the calling thread as at work, once however deeply nested; `begun`: it was counted for it."""
        outermost = not self.is_own_thread_busy
        if outermost and not begun:
            self.begin()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if outermost:
                self.end()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Don't count the calling thread for as long as the block lasts."""
        depth, self._depth = self._depth, 0
        if depth:
            self.end()
        try:
            yield
        finally:
            self._depth = depth
            if depth:
                self.begin()

    def wait_for_idle(self, patience_seconds: float | None) -> None:
        """Wait until no thread is at work; raises RuntimeError after `patience_seconds` of real time."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.is_idle, patience_seconds):
                raise RuntimeError(
                    f"{self._count} busy thread(s) never came to rest: {threading.enumerate()}"
                )

    @property
    def _depth(self) -> int:
        return getattr(self._own, "depth", 0)

    @_depth.setter
    def _depth(self, depth: int) -> None:
        self._own.depth = depth
