"""A call with room for what it calls maps no memory again and again, and is else the call that it was."""

from __future__ import annotations

import resource
from collections.abc import Callable

import pytest

from embedded_aws.room import roomy

DEEP, TIMES = 400, 300


def descend(frames: int) -> int:
    """Return how many calls deep it went."""
    return 1 + descend(frames - 1) if frames else 0


def often() -> int:
    """Go down and come back many times, as one request after the other does."""
    return sum(descend(DEEP) for _ in range(TIMES))


def faults_of(function: Callable[[], int]) -> int:
    """Return how many pages the kernel had to give while the function ran."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    assert function() == DEEP * TIMES
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_deep_calls_find_their_memory_still_there() -> None:
    """CPython unmaps a piece of a thread's stack as soon as the first call in it returns, and maps it at the next."""
    assert faults_of(roomy(often)) * 10 < faults_of(often)


def test_it_takes_and_gives_and_raises_what_the_function_does() -> None:
    """Nobody who calls sees a difference."""

    def divided(number: int, *, by: int) -> float:
        """Say so."""
        return number / by

    assert roomy(divided)(3, by=2) == 1.5
    assert (roomy(divided).__name__, roomy(divided).__doc__) == ("divided", "Say so.")
    with pytest.raises(ZeroDivisionError):
        roomy(divided)(3, by=0)
