"""Time across a page: from an instant to a place, with the ticks of its scale. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.common.duration import in_short

SCALE = 1000.0
"""Units across: the page stretches them to its width."""
STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
)
MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, or a tick of the scale."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that a page shows."""

    begins_at: datetime
    ends_at: datetime

    def x(self, at: datetime) -> float:
        """Return the place of an instant, 0 to SCALE; of one outside, the nearer end."""
        whole = max((self.ends_at - self.begins_at).total_seconds(), 1.0)
        return round(min(max((at - self.begins_at).total_seconds() / whole, 0.0), 1.0) * SCALE, 1)

    def since(self, at: datetime) -> str:
        """Return how long after the beginning an instant is, as people write it in a tag."""
        return in_short(at - self.begins_at)

    def ticks(self) -> tuple[Mark, ...]:
        """Return the ticks of the scale."""
        whole, found = self.ends_at - self.begins_at, list[Mark]()
        step = next((step for step in STEPS if whole / step <= MOST_TICKS), STEPS[-1])
        at = self.begins_at
        while at <= self.ends_at:
            found.append(Mark(self.x(at), self.since(at) if at > self.begins_at else "0"))
            at += step
        return tuple(found)
