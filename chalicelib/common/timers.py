"""The instants that a drain acts on, as the state machine carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.model import instant


@dataclass(frozen=True, slots=True)
class Timers:
    """When a drain began, when it ends, and what is due when."""

    started_at: datetime
    deadline_at: datetime
    heartbeat_due_at: datetime | None = None
    """None where there is no lifecycle action to keep alive."""
    heartbeat_every: timedelta = timedelta(0)
    explained_until: datetime | None = None
    """Until when the last explanation stands: explanations are repeated at growing intervals."""
    warned: bool = False
    """Whether it was said already that the deadline is near."""
    retries: int = 0
    """How often this look was tried in vain: AWS throttles, or has troubles of its own."""

    def is_heartbeat_due(self, at: datetime) -> bool:
        """Whether the hook's timer is to be set anew by now."""
        return self.heartbeat_due_at is not None and self.heartbeat_due_at <= at

    def next_heartbeat_after(self, at: datetime) -> datetime | None:
        """Return when a heartbeat is due after the look at this instant, which sees to one that is due by then."""
        due_at = self.heartbeat_due_at
        return at + self.heartbeat_every if due_at is not None and due_at <= at else due_at

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Timers:
        """Read them from the input of the Look state."""
        until = state["explanation"]["until"]
        return cls(
            started_at=instant(state["drain"]["started_at"]),
            deadline_at=instant(state["deadline"]["at"]),
            heartbeat_due_at=_heartbeat_due(
                state["heartbeat"]["recorded_at"], state["drain"]["heartbeat_seconds"]
            ),
            heartbeat_every=timedelta(seconds=state["drain"]["heartbeat_seconds"]),
            explained_until=until and instant(until),
            warned=state["explanation"]["warned"],
            retries=state.get("retries", 0),
        )


NEAR_AT_MOST = timedelta(minutes=15)


def near_the_deadline(timers: Timers) -> datetime:
    """Return the instant from which the deadline is near: a fifth of the drain's time before it, or 15 minutes."""
    return timers.deadline_at - min(NEAR_AT_MOST, (timers.deadline_at - timers.started_at) / 5)


def earlier(first: datetime, *others: datetime) -> datetime:
    """Return the earliest of these instants: what is due only ever moves forward."""
    return min(first, *others)


def _heartbeat_due(recorded_at: str | None, interval_seconds: int) -> datetime | None:
    return None if recorded_at is None else instant(recorded_at) + timedelta(seconds=interval_seconds)
