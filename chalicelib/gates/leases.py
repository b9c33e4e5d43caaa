"""Slots of quorum groups and drain budgets, as leases: who holds one, until when, and whether another may. Pure.

A lease is one item of the ledger with a holder for each instance that drains. It is read, decided on here, and
written on the condition that nobody wrote it meanwhile; all the leases that a drain needs are written in one
transaction, so that two drains never wait for each other with half of their slots. A holder is counted until its
expiry and not a second longer: a dead execution can't hold a quorum for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib.common.model import short

LASTS = timedelta(hours=1)
"""Longer than any pause between two looks of a living drain: the longest wait is 15 minutes, and a throttled look
is tried for half an hour."""

RENEWED_BEFORE = timedelta(minutes=40)
"""A lease with less than this left is renewed at the next look."""


@dataclass(frozen=True, slots=True)
class Holder:
    """An instance that holds a slot."""

    instance_id: str
    execution: str
    """The ARN of the execution that drains it."""
    until: datetime
    tasks: int = 0
    """How many tasks of the group it had when it took the slot: the group may be so many short meanwhile."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The slots of one group as the ledger has them."""

    key: str
    holders: Mapping[str, Holder] = field(default_factory=dict)
    """By EC2 instance id."""
    version: int = 0
    """0: no item was written yet."""

    def living(self, at: datetime) -> tuple[Holder, ...]:
        """Return the holders whose time is not over, oldest instance id first."""
        return tuple(holder for _, holder in sorted(self.holders.items()) if holder.until > at)

    def others(self, instance_id: str, at: datetime) -> tuple[Holder, ...]:
        """Return the living holders but this instance."""
        return tuple(holder for holder in self.living(at) if holder.instance_id != instance_id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A slot that a drain needs."""

    key: str
    slots: int
    """How many instances may hold one at once."""
    tasks: int = 0
    leaving: frozenset[str] = frozenset()
    """Other instances of the group that are leaving, whether or not they hold a slot."""


@dataclass(frozen=True, slots=True)
class Full:
    """A slot that can't be had, and who has it."""

    wanted: Wanted
    holders: tuple[Holder, ...]


def quorum_key(group: str) -> str:
    """Return the key of a quorum group's lease."""
    return f"lease#quorum#{group}"


def budget_key(cluster: str, zone: str | None = None) -> str:
    """Return the key of a cluster's drain budget, or of its part in one Availability Zone."""
    name = short(cluster)
    return f"lease#budget#{name}" if zone is None else f"lease#budget#{name}#{zone}"


def is_held(lease: Lease, me: Holder, at: datetime) -> bool:
    """Whether this instance's slot is this execution's, and not over."""
    mine = lease.holders.get(me.instance_id)
    return mine is not None and mine.execution == me.execution and mine.until > at


def full(leases: Mapping[str, Lease], wanted: Iterable[Wanted], me: Holder, at: datetime) -> tuple[Full, ...]:
    """Return which of these slots are all taken by other instances."""
    return tuple(each for one in wanted if (each := _full(leases.get(one.key, Lease(one.key)), one, me, at)))


def _full(lease: Lease, wanted: Wanted, me: Holder, at: datetime) -> Full | None:
    others = lease.others(me.instance_id, at)
    taken = {holder.instance_id for holder in others} | (wanted.leaving - {me.instance_id})
    return Full(wanted, others) if len(taken) >= wanted.slots else None


def taken(
    leases: Mapping[str, Lease], wanted: Iterable[Wanted], me: Holder, at: datetime
) -> tuple[Lease, ...]:
    """Return the leases to write so that this instance holds a slot in each; holders whose time is over drop out.

    Whether there is room was asked before (`full`); an earlier drain of the same instance is taken over.
    """
    return tuple(
        _with(leases.get(one.key, Lease(one.key)), replace(me, tasks=one.tasks), at) for one in wanted
    )


def _with(lease: Lease, me: Holder, at: datetime) -> Lease:
    holders = {holder.instance_id: holder for holder in lease.living(at)}
    return replace(lease, holders={**holders, me.instance_id: me})


def freed(leases: Sequence[Lease], me: Holder, at: datetime) -> tuple[Lease, ...]:
    """Return the leases to write so that this execution holds no slot in them; those of others stay."""
    return tuple(
        replace(lease, holders={h.instance_id: h for h in lease.living(at) if h.execution != me.execution})
        for lease in leases
        if any(h.execution == me.execution for h in lease.holders.values())
    )


def without(lease: Lease, executions: Iterable[str]) -> Lease:
    """Return the lease without the holders whose execution ended without freeing its slot."""
    gone = set(executions)
    return replace(lease, holders={k: h for k, h in lease.holders.items() if h.execution not in gone})


def expiry(at: datetime, latest: datetime) -> datetime:
    """Return until when a slot is taken at this instant; never longer than the drain itself may last."""
    return max(min(at + LASTS, latest), at)


def needs_renewal(until: datetime | None, at: datetime) -> bool:
    """Whether slots that are held until then are to be prolonged now."""
    return until is None or until - at < RENEWED_BEFORE
