"""Ctrl-C while something must be undone: it ends the trying, never the cleaning up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ENDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a command: Ctrl-C, `kill`, and the terminal that is closed."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let `kill` and a closed terminal end the block as Ctrl-C does: by KeyboardInterrupt, so that `finally` runs."""
    with _handled(_interrupt):
        yield


@contextmanager
def uninterrupted(tell: Callable[[str], None]) -> Iterator[None]:
    """Run the block to its end, whatever the signals; each is answered with a sentence."""

    def still_at_it(*_: Any) -> None:
        tell("Still cleaning up; this goes on to its end. `doctor --first-run --clean-up` does it again.")

    with _handled(still_at_it):
        yield


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@contextmanager
def _handled(handler: Callable[..., None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only there may Python set handlers
        yield
        return
    before = {each: signal.signal(each, handler) for each in ENDS}
    try:
        yield
    finally:
        for each, former in before.items():
            signal.signal(each, former)
