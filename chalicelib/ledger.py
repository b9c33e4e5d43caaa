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
