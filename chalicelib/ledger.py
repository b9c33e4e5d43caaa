"""What the ledger says of an instance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of an instance."""

    execution: str | None = None
    """The ARN of the execution that drains it, or None where no drain is open."""
    last_outcome: str | None = None
    last_ended_at: datetime | None = None
    failures: int = 0
    """How many drains failed in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One drain, open or past, as the ledger keeps it for 90 days."""

    name: str
    """Of its execution."""
    instance_id: str
    execution: str
    """The ARN of its execution."""
    status: str
    """`open`, `taken-over`, `cancelled`, `failed`, or the outcome with which it ended."""
    trigger: str
    who: str
    reason: str
    started_at: datetime
    deadline_at: datetime | None = None
    ended_at: datetime | None = None
    summary: str = ""
    """What held it at the end."""
    looks: int = 0
    forced_stops: tuple[str, ...] = ()
    """ARNs of the tasks for which StopTask was called."""
    taken_over_by: str | None = None
    """The ARN of the execution that went on with it."""

    @property
    def is_open(self) -> bool:
        """Whether the ledger knows of no end."""
        return self.status == "open"
