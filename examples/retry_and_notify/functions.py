"""A bank that is busy at first and slow afterwards; how much of each, the input says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


class ServiceBusy(Exception):  # noqa: N818  # the machine's Retry reads better without "Error"
    """The bank can't answer now; the machine tries again."""


def ask_for_the_rate(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Return the rate; raises ServiceBusy on the first attempts."""
    _be_busy(event)
    return {"rate": "1.0837"}


def book_the_transfer(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Return when the transfer was booked; raises ServiceBusy on the first attempts."""
    _be_busy(event)
    return {"booked_at": event["now"]}


def look_at_the_transfer(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return whether the transfer is done, or else late, and words for people; the time is the machine's."""
    under_way = datetime.fromisoformat(event["now"]) - datetime.fromisoformat(event["booked_at"])
    done = under_way >= timedelta(seconds=event["takes_seconds"])
    late = not done and under_way >= timedelta(seconds=event["reasonable_seconds"])
    words = (
        f"{under_way.total_seconds():.0f} s under way, {event['reasonable_seconds']} s would be reasonable"
    )
    return {"done": done, "late": late, "words": words}


def _be_busy(event: dict[str, Any]) -> None:
    if event["attempt"] < event["failures"]:
        raise ServiceBusy(f"attempt {event['attempt'] + 1}: the bank is busy")
