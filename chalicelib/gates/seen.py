"""What one look at the gates saw: the stateful services, their groups, queues, answers and leases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.gates.declared import Declared
from chalicelib.gates.leases import Lease


@dataclass(frozen=True, slots=True)
class Counts:
    """What SQS says of a queue; the numbers are approximate."""

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0

    @property
    def total(self) -> int:
        """All messages that somebody has to handle."""
        return self.visible + self.in_flight + self.delayed


class Answer(StrEnum):
    """Where a task's sign-off stands."""

    ASKED = "asked"
    SIGNED = "signed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SignOff:
    """What the ledger says of one task's sign-off."""

    task: str
    answer: Answer
    answer_by: datetime
    asked_by: str = ""
    """The name of the drain that asked."""
    reason: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class StatefulService:
    """A stateful service with tasks on the instance."""

    declared: Declared
    tasks: tuple[str, ...]
    """The ids of its tasks here that ECS hasn't told to stop."""
    healthy_elsewhere: int = 0
    """Its tasks that are RUNNING and healthy on other container instances that take tasks."""

    @property
    def key(self) -> str:
        """The service among all clusters': `cluster|name`."""
        return f"{self.declared.cluster}|{self.declared.service}"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Another instance with tasks of the group that is DRAINING, or whose agent is gone."""

    instance_id: str
    tasks: int
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """A quorum group, across services and instances."""

    name: str
    max_unavailable: int
    desired: int
    """Of all its services together."""
    here: int
    """Its tasks on the instance."""
    healthy_elsewhere: int
    leaving: tuple[Leaving, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that the gates are decided from."""

    at: datetime
    services: tuple[StatefulService, ...] = ()
    groups: tuple[Group, ...] = ()
    queues: Mapping[str, Counts | str] = field(default_factory=dict)
    """By queue; a sentence where it can't be read."""
    sign_offs: Mapping[str, SignOff] = field(default_factory=dict)
    """By task id; tasks that were never asked are absent."""
    leases: Mapping[str, Lease] = field(default_factory=dict)
    """By key; leases that nobody ever took are absent."""
    is_draining: bool = False
    """Whether somebody has set the instance DRAINING already: then nothing can be held back any more."""
    is_gone: bool = False
    """Whether no cluster knows the instance any more."""
    unstopped: int = 0
    """How many tasks are on the instance, stateful or not."""
