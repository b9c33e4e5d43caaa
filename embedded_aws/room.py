"""Room for Python's frames: a function that is called with a large piece of stack, for all it calls in its turn.

CPython keeps a thread's frames in pieces of 16 KiB, maps another when a call does not fit, and unmaps it when that call
returns. A request goes some hundred frames deep (botocore, moto, and back into a function), so there is always an edge
that calls go over and back, thousands of times: two system calls and a page fault each, a sixth of the CPU of a long
rehearsal. A frame that asks for much gets a piece of its size, whose rest serves what is called below it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

SLOTS = 40_000
"""Of 8 bytes, which the frame asks for and never uses: CPython maps the next power of two, 512 KiB; some 190 stay."""

Given = ParamSpec("Given")
Result = TypeVar("Result")


def roomy(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Return the function, which runs with room for the frames of some thousand calls."""

    @wraps(function)
    def call(*arguments: Given.args, **named: Given.kwargs) -> Result:
        return function(*arguments, **named)

    call.__code__ = call.__code__.replace(co_stacksize=SLOTS)  # type: ignore[attr-defined]  # a plain function
    return call
