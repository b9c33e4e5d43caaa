"""AWS's six cron fields: minutes, hours, day of month, month, day of week, year.

Source: EventBridge user guide, "Cron expressions": days of the week count from 1 (Sunday), one of the two day
fields is `?`. `L`, `W` and `#` are refused rather than guessed.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
LONGEST_GAP_DAYS = 366 * 4 + 1
"""The 29th of February comes after four years at the latest (but for 2100)."""


def next_time(fields: str, after: datetime) -> datetime:
    """Return the next minute after an instant that fits; raises ValueError for what is no such expression."""
    allowed = _parsed(fields)
    at = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    last = at + timedelta(days=LONGEST_GAP_DAYS)
    while at < last:
        minute, hour, *date = _read(at)
        if any(value not in allowed[field] for field, value in enumerate(date, start=2)):
            at = (at + timedelta(days=1)).replace(hour=0, minute=0)
        elif hour not in allowed[1]:
            at = (at + timedelta(hours=1)).replace(minute=0)
        elif minute not in allowed[0]:
            at += timedelta(minutes=1)
        else:
            return at
    raise ValueError(f"never: cron({fields})")


def _read(at: datetime) -> tuple[int, ...]:
    return at.minute, at.hour, at.day, at.month, at.isoweekday() % 7 + 1, at.year


def _parsed(fields: str) -> list[set[int]]:
    parts = fields.split()
    if len(parts) != len(RANGES) or "?" not in (parts[2], parts[4]):
        raise ValueError(f"six fields, one of the days `?`: cron({fields})")
    return [_values(part, low, high) for part, (low, high) in zip(parts, RANGES, strict=True)]


def _values(part: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for piece in _numbered(part).split(","):
        found = re.fullmatch(r"(\*|\?|(\d+)(?:-(\d+))?)(?:/(\d+))?", piece)
        if not found:
            raise ValueError(f"not understood in a cron expression: {part}")
        first = int(found[2]) if found[2] else low
        last = int(found[3]) if found[3] else high if found[4] or not found[2] else first
        values.update(range(first, last + 1, int(found[4] or 1)))
    return values


def _numbered(part: str) -> str:
    numbers = {name: number for names in (MONTHS, WEEKDAYS) for number, name in enumerate(names, start=1)}
    return re.sub(r"[A-Za-z]{3}", lambda name: str(numbers.get(name[0].upper(), name[0])), part)
