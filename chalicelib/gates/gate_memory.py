"""What a drain remembers of its gates from one look to the next, as the state machine carries it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.common.carried import Carried
from chalicelib.explain.blocker import Blocker
from chalicelib.explain.words import clip

BLOCKERS_KEPT = 20
LONGEST_TEXT = 500
"""Characters of a text: the state's 256 KiB are for the drain's memory."""


@dataclass(frozen=True, slots=True)
class QueueRun(Carried):
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


@dataclass(frozen=True, slots=True)
class Slot(Carried):
    """A slot that this drain holds, as the machine frees it when the drain ends."""

    pk: str
    """The key of the lease."""
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateMemory(Carried):
    """What the looks so far have seen of the gates."""

    is_passed: bool = False
    """Whether DRAINING may be, or was, set; from then on only the slots are looked after."""
    zone: str | None = None
    """The Availability Zone of the instance, for its budget."""
    slots: tuple[Slot, ...] = ()
    slots_until: datetime | None = None
    queues: Mapping[str, QueueRun] = field(default_factory=dict)
    """By queue, as its tag names it."""
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The services of each quorum group, as they were found last."""
    members_at: datetime | None = None
    closed: tuple[str, ...] = ()
    """What was closed at the last look, so that a change is noticed."""
    blockers: tuple[Blocker, ...] = ()
    """The same for the explanation."""
    unstopped: int = 0
    """How many tasks the last look saw on the instance: as many are lost where it goes before its gates open."""


def closed_names(blockers: Iterable[Blocker]) -> tuple[str, ...]:
    """Return what is closed, without the numbers that change at each look."""
    return tuple(f"{each.kind.value}: {clip(each.subject, LONGEST_TEXT)}" for each in blockers)[
        :BLOCKERS_KEPT
    ]


def kept(blockers: tuple[Blocker, ...]) -> tuple[Blocker, ...]:
    """Return the most important blockers, as long as the machine's state has room for."""
    return tuple(
        replace(
            each,
            subject=clip(each.subject, LONGEST_TEXT),
            reason=clip(each.reason, LONGEST_TEXT),
            remedy=clip(each.remedy, LONGEST_TEXT),
            tasks=each.tasks[:BLOCKERS_KEPT],
        )
        for each in blockers[:BLOCKERS_KEPT]
    )


def kinds_told(explanation: Mapping[str, Any]) -> frozenset[str]:
    """Return the kinds of blockers that an explanation names, given `$explanation`; none before the first."""
    blockers = explanation["blockers"]
    return frozenset(group["kind"] for group in blockers["groups"]) if blockers else frozenset()
