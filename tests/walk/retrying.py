"""Which retrier or catcher takes an error, and how long a retrier waits: developer guide, "Handling errors"."""

from __future__ import annotations

from typing import Any

from tests.walk.evaluating import Failure


def matches(names: list[str], error: str) -> bool:
    """Say whether an ErrorEquals takes an error: States.ALL takes all but States.Runtime, which nothing takes;
    States.TaskFailed all of these but States.Timeout."""
    if error == "States.Runtime":
        return False
    return (
        error in names
        or "States.ALL" in names
        or ("States.TaskFailed" in names and error != "States.Timeout")
    )


def delay_before_retry(
    retriers: list[dict[str, Any]], failure: Failure, tries: dict[int, int]
) -> float | None:
    """Return the seconds before the next try, None where there is none: the first retrier that matches decides."""
    for number, retrier in enumerate(retriers):
        if matches(retrier["ErrorEquals"], failure.error):
            made = tries.get(number, 0)
            if made >= retrier.get("MaxAttempts", 3):
                return None
            tries[number] = made + 1
            delay = float(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** made)
            return min(delay, float(retrier.get("MaxDelaySeconds", delay)))
    return None
