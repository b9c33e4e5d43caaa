"""What a drain remembers of its gates from one look to the next, as the state machine carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.common.model import instant, stamp


@dataclass(frozen=True, slots=True)
class QueueRun:
    """How a queue's count moved over the looks so far."""

    total: int
    """Visible, in flight and delayed messages at the last look."""
    first_total: int
    since: datetime
    """When it was counted first: the trend is told from there."""
    empty_since: datetime | None = None
    empty_looks: int = 0

    def counted(self, total: int, at: datetime) -> QueueRun:
        """Return the run after one more look."""
        if total:
            return replace(self, total=total, empty_since=None, empty_looks=0)
        return replace(self, total=0, empty_since=self.empty_since or at, empty_looks=self.empty_looks + 1)

    def to_state(self) -> dict[str, Any]:
        """Return its JSON."""
        return {
            "total": self.total,
            "first_total": self.first_total,
            "since": stamp(self.since),
            "empty_since": self.empty_since and stamp(self.empty_since),
            "empty_looks": self.empty_looks,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> QueueRun:
        """Read what `to_state` wrote."""
        empty = state["empty_since"]
        return cls(
            total=state["total"],
            first_total=state["first_total"],
            since=instant(state["since"]),
            empty_since=empty and instant(empty),
            empty_looks=state["empty_looks"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GateMemory:
    """What the looks so far have seen of the gates."""

    is_passed: bool = False
    """Whether DRAINING may be, or was, set; from then on only the slots are looked after."""
    zone: str | None = None
    """The Availability Zone of the instance, for its budget."""
    slots: tuple[str, ...] = ()
    """Keys of the leases in which this drain holds a slot."""
    slots_until: datetime | None = None
    queues: Mapping[str, QueueRun] = field(default_factory=dict)
    """By queue, as its tag names it."""
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The services of each quorum group, as they were found last."""
    members_at: datetime | None = None
    closed: tuple[str, ...] = ()
    """What was closed at the last look, so that a change is noticed."""
    blockers: tuple[Mapping[str, Any], ...] = ()
    """The same for the explanation, as JSON."""
    unstopped: int = 0
    """How many tasks the last look saw on the instance: as many are lost where it goes before its gates open."""

    def to_state(self, instance_id: str) -> dict[str, Any]:
        """Return the JSON that the state machine carries; it frees the slots by `slots` when the drain ends."""
        return {
            "is_passed": self.is_passed,
            "zone": self.zone,
            "slots": [{"pk": key, "instance_id": instance_id} for key in self.slots],
            "slots_until": self.slots_until and stamp(self.slots_until),
            "queues": {queue: run.to_state() for queue, run in self.queues.items()},
            "members": {group: list(names) for group, names in self.members.items()},
            "members_at": self.members_at and stamp(self.members_at),
            "closed": list(self.closed),
            "blockers": [dict(each) for each in self.blockers],
            "unstopped": self.unstopped,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> GateMemory:
        """Read what `to_state` wrote."""
        until, members_at = state["slots_until"], state["members_at"]
        return cls(
            is_passed=state["is_passed"],
            zone=state["zone"],
            slots=tuple(slot["pk"] for slot in state["slots"]),
            slots_until=until and instant(until),
            queues={queue: QueueRun.from_state(run) for queue, run in state["queues"].items()},
            members={group: tuple(names) for group, names in state["members"].items()},
            members_at=members_at and instant(members_at),
            closed=tuple(state["closed"]),
            blockers=tuple(state["blockers"]),
            unstopped=state.get("unstopped", 0),  # a drain that began before this was counted has none
        )
