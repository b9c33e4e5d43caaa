"""Ctrl-C while something must be undone: it ends the trying, never the cleaning up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ENDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a command: Ctrl-C, `kill`, and the terminal that is closed."""


STILL_AT_IT = "Still cleaning up; this goes on to its end. `doctor --first-run --clean-up` does it again."
Tell = Callable[[str], None]


@contextmanager
def interruptible(tell: Tell) -> Iterator[None]:
    """Let `kill` and a closed terminal end the block as Ctrl-C does: by KeyboardInterrupt, so that `finally` runs.

    What follows the first signal is only answered: it must not end what the first has begun to undo.
    """
    was_sent = False

    def interrupt(*_: Any) -> None:
        nonlocal was_sent
        if was_sent:
            tell(STILL_AT_IT)
            return
        was_sent = True
        raise KeyboardInterrupt

    with _handled(interrupt):
        yield


@contextmanager
def uninterrupted(tell: Tell) -> Iterator[None]:
    """Run the block to its end, whatever the signals; each is answered with a sentence."""
    with _handled(lambda *_: tell(STILL_AT_IT)):
        yield


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
