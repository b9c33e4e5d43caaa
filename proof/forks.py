"""Runs work in a fork of this process, which has all that was built before, and gives back what came of it."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable
from typing import TypeVar

Came = TypeVar("Came")


class ForkFailed(RuntimeError):  # noqa: N818  # reads as the sentence that it carries
    """The work raised, or its process ended without an answer; the message is the traceback."""


def in_a_fork(work: Callable[[], Came]) -> Came:
    """Return what the work returns, which it does in a fork; for processes of one thread. Raises ForkFailed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    if not said:
        raise ForkFailed("the process ended without an answer")
    came, trouble = pickle.loads(said)  # noqa: S301  # from our own child
    if trouble:
        raise ForkFailed(trouble)
    return came  # type: ignore[no-any-return]  # what the child pickled


def _answer(work: Callable[[], object], writing: int) -> None:
    try:
        said = (work(), "")
    except BaseException:
        said = (None, traceback.format_exc())
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(pickle.dumps(said))
    os._exit(0)
