"""Durations at the edges: read from what people write in tags and requests, written back in words.

>>> parse_duration("1h30m") == parse_duration("PT1H30M") == parse_duration(5400)
True
>>> in_words(parse_duration("5400"))
'1 h 30 min'
"""

from __future__ import annotations

import re
from datetime import timedelta

from chalicelib.common.wording import shown

EXPECTED = "a duration such as 90s, 15m, 1h30m, 2d, PT15M or a whole number of seconds"

LONGEST = timedelta(days=366)
"""A Wait state waits a year at most: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html"""

# Digits are bounded: Python refuses to read thousands of them, with a sentence of its own.
_PLAIN = re.compile(r"\d{1,9}", re.ASCII)
_UNITS = re.compile(
    r"(?:(?P<days>\d{1,9}) ?d)? ?(?:(?P<hours>\d{1,9}) ?h)? ?"
    r"(?:(?P<minutes>\d{1,9}) ?(?:min|m))? ?(?:(?P<seconds>\d{1,9}) ?s)?",
    re.ASCII,
)
_ISO_8601 = re.compile(
    r"p(?:(?P<days>\d{1,9})d)?(?:t(?:(?P<hours>\d{1,9})h)?(?:(?P<minutes>\d{1,9})m)?(?:(?P<seconds>\d{1,9})s)?)?",
    re.ASCII,
)


def parse_duration(value: object) -> timedelta:
    """Return the duration that a person or a program wrote; whole seconds, from 0 to 366 days.

    Raises ValueError with a sentence that names the value and the expected forms.
    """
    try:
        duration = _duration(value)
    except OverflowError:
        duration = None
    if duration is None:
        raise ValueError(f"{shown(value)} is not {EXPECTED}")
    if not timedelta(0) <= duration <= LONGEST:
        raise ValueError(
            f"{shown(value)} is out of range: expected {EXPECTED}, from 0 to {LONGEST.days} days"
        )
    return duration


def in_words(duration: timedelta) -> str:
    """Return a duration as people read it: `1 h 30 min`, `45 s`, `2 d`; fractions of a second are dropped."""
    seconds = int(duration.total_seconds())
    if seconds < 0:
        return f"minus {in_words(-duration)}"
    return " ".join(f"{count} {unit}" for count, unit in _parts(seconds, "d", "h", "min", "s")) or "0 s"


def in_short(duration: timedelta) -> str:
    """Return a duration as people write it in a tag: `1h30m`, `45s`, `2d`; `parse_duration` reads it back."""
    parts = _parts(int(duration.total_seconds()), "d", "h", "m", "s")
    return "".join(f"{count}{unit}" for count, unit in parts) or "0s"


def whole_seconds(duration: timedelta) -> int:
    """Return a duration as the state machine carries it: whole seconds, rounded down."""
    return int(duration.total_seconds())


def _duration(value: object) -> timedelta | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return timedelta(seconds=int(value))
    return _written(value.strip().lower()) if isinstance(value, str) else None


def _written(text: str) -> timedelta | None:
    if _PLAIN.fullmatch(text):
        return timedelta(seconds=int(text))
    match = _UNITS.fullmatch(text) or _ISO_8601.fullmatch(text)
    given = {unit: int(digits) for unit, digits in match.groupdict().items() if digits} if match else {}
    return timedelta(**given) if given else None


def _parts(seconds: int, *units: str) -> list[tuple[int, str]]:
    """Split whole seconds into days, hours, minutes and seconds under the given names, without the zeros."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return [
        (count, unit) for count, unit in zip((days, hours, minutes, seconds), units, strict=True) if count
    ]
