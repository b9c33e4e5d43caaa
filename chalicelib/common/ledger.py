"""What the ledger says of an instance, a drain and a fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Drained:
    """Container instances of one cluster that a drain set DRAINING."""

    cluster: str
    container_instances: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of an instance."""

    execution: str | None = None
    """The ARN of the execution that drains it, or None where no drain is open."""
    last_outcome: str | None = None
    last_ended_at: datetime | None = None
    failures: int = 0
    """How many drains failed in a row."""
    heartbeat_at: datetime | None = None
    """When the last drain recorded its last heartbeat, or the lifecycle action began."""
    heartbeat_every: timedelta = timedelta(0)
    """How long from one heartbeat to the next; less than the hook's heartbeat timeout by half of it, or ten minutes."""
    knew_lifecycle_action: bool = False
    """Whether the open drain, or else the last one, was to answer a lifecycle action."""
    destination: str | None = None
    """Where Auto Scaling sent the instance at its last drain: `EC2`, `WarmPool`, `AutoScalingGroup`."""
    drained: tuple[Drained, ...] = ()
    """The container instances that drains set DRAINING, and that nobody is known to have set ACTIVE since."""

    @property
    def awaits_return(self) -> bool:
        """Whether we drained it on its way into the warm pool, so that it must be ACTIVE when it comes back."""
        return self.destination == "WarmPool" and bool(self.drained)


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


@dataclass(frozen=True, slots=True)
class FleetEntry:
    """What the ledger says of a fleet."""

    status: str
    """`open`, `cancelled`, `failed`, or the outcome with which it ended."""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """How each instance ended, by EC2 id; empty while the fleet is open."""

    @property
    def is_open(self) -> bool:
        """Whether the ledger knows of no end."""
        return self.status == "open"
