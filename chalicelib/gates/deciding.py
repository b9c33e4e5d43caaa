"""Decide from one look whether the gates are open, and what is to be done until they are. Pure.

In this order, so that nothing is held or asked earlier than it must be: everything that concerns others (tags that
can't be read, health of groups, standbys); then, order by order, queues; then the slots, all of them or none; then,
with the slots held since an earlier look, the sign-offs. A slot is taken in one look and the group looked at once
more in the next: a drain that ended in between may have left the group short.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.explain.blocker import Blocker, BlockerKind, in_order
from chalicelib.explain.words import some
from chalicelib.gates import queues, signing
from chalicelib.gates.gate_memory import GateMemory, Slot
from chalicelib.gates.leases import (
    Holder,
    Lease,
    Wanted,
    budget_key,
    expiry,
    freed,
    full,
    is_held,
    quorum_key,
    taken,
)
from chalicelib.gates.quorum import full_blocker, short_blocker, standby_blockers, wanted_of
from chalicelib.gates.seen import Answer, Counts, Seen, StatefulService
from chalicelib.gates.signing import Ask
from chalicelib.policy import DrainBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Whose gates these are, and until when they may stay closed."""

    instance_id: str
    execution: str
    """The ARN of the execution."""
    cluster: str
    zone: str | None
    budget: DrainBudget
    deadline_at: datetime
    forced_at: datetime | None = None
    """When DRAINING is set whatever the gates say; None: never."""
    leases_end_at: datetime

    @property
    def drain(self) -> str:
        """The execution's name."""
        return self.execution.rsplit(":", 1)[-1]

    def holder(self, at: datetime) -> Holder:
        """Return this drain as the holder of a slot."""
        return Holder(self.instance_id, self.execution, expiry(at, self.leases_end_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one look at the gates comes to."""

    is_open: bool
    blockers: tuple[Blocker, ...] = ()
    """What keeps them closed, or was passed over where they were forced."""
    writes: tuple[Lease, ...] = ()
    """Leases to write, all or none."""
    asks: tuple[Ask, ...] = ()
    memory: GateMemory
    due_at: tuple[datetime, ...] = field(default=())
    """Instants at which another look may find more."""


def wanted_slots(seen: Seen, rules: Rules) -> tuple[Wanted, ...]:
    """Return every slot that this instance needs before it may drain."""
    found = [wanted_of(group) for group in seen.groups]
    if rules.budget.cluster is not None:
        found.append(Wanted(budget_key(rules.cluster), rules.budget.cluster))
    if rules.budget.zone is not None and rules.zone is not None:
        found.append(Wanted(budget_key(rules.cluster, rules.zone), rules.budget.zone))
    return tuple(found)


def decide_gates(seen: Seen, memory: GateMemory, rules: Rules) -> Decision:
    """Return whether DRAINING may be set now, what keeps it from being set, and what is to be written and asked."""
    look = _Look(seen, _counted(seen, memory), rules, wanted_slots(seen, rules))
    if seen.is_draining or (rules.forced_at and seen.at >= rules.forced_at):
        return look.forced()
    if others := look.of_others():
        return look.closed(others, writes=look.given_back())
    if not look.holds_slots:
        if full_slots := look.of_slots():
            return look.closed(full_slots, writes=look.given_back())
        return look.closed([], writes=look.slots_taken(), holds=True)
    if turns := _of_turns(seen, look.memory, with_sign_offs=True):
        return look.closed(turns, asks=_asks(seen, look.memory, rules), holds=True)
    return look.opened()


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the gates, with what each verdict needs of it."""

    seen: Seen
    memory: GateMemory
    rules: Rules
    wanted: tuple[Wanted, ...]

    @property
    def me(self) -> Holder:
        return self.rules.holder(self.seen.at)

    @property
    def holds_slots(self) -> bool:
        leases = (self.seen.leases.get(one.key, Lease(one.key)) for one in self.wanted)
        return all(is_held(lease, self.me, self.seen.at) for lease in leases)

    def of_others(self) -> list[Blocker]:
        """Return what is to be so before a slot is taken; a slot held is given back while it isn't."""
        return _before_slots(self.seen, self.memory, self.rules)

    def of_slots(self) -> list[Blocker]:
        """Return the slots that others hold."""
        groups = {quorum_key(group.name): group for group in self.seen.groups}
        taken_up = full(self.seen.leases, self.wanted, self.me, self.seen.at)
        return [full_blocker(each, groups.get(each.wanted.key)) for each in taken_up]

    def slots_taken(self) -> tuple[Lease, ...]:
        return taken(self.seen.leases, self.wanted, self.me, self.seen.at)

    def given_back(self) -> tuple[Lease, ...]:
        """Return the leases without our slots; while our tasks are signing off their group counts on them."""
        if any(each.asked_by == self.rules.drain for each in self.seen.sign_offs.values()):
            return ()
        return freed(tuple(self.seen.leases.values()), self.me, self.seen.at)

    def closed(
        self,
        blockers: list[Blocker],
        *,
        writes: tuple[Lease, ...] = (),
        asks: tuple[Ask, ...] = (),
        holds: bool = False,
    ) -> Decision:
        """Return that DRAINING must wait; `holds`: the slots are ours from now on."""
        return Decision(
            is_open=False,
            blockers=in_order(blockers),
            writes=writes,
            asks=asks,
            memory=self._remembered(holds=holds or (self.holds_slots and not writes), is_passed=False),
            due_at=_due(self.seen, self.memory, asks),
        )

    def opened(self) -> Decision:
        memory = self._remembered(holds=True, is_passed=True)
        return Decision(is_open=True, memory=memory, due_at=_due(self.seen, self.memory, ()))

    def forced(self) -> Decision:
        """Return the decision where nothing can be held back: slots are taken beyond their number."""
        closed_by = self.of_others() or (
            _of_turns(self.seen, self.memory, with_sign_offs=True) if self.holds_slots else self.of_slots()
        )
        until = self.me.until if self.wanted else None
        memory = replace(self._remembered(holds=True, is_passed=True), slots_until=until)
        return Decision(is_open=True, blockers=in_order(closed_by), writes=self.slots_taken(), memory=memory)

    def _remembered(self, *, holds: bool, is_passed: bool) -> GateMemory:
        """Return the memory; slots that were taken in an earlier look keep their end."""
        until = self.memory.slots_until if self.holds_slots else self.me.until
        return replace(
            self.memory,
            is_passed=is_passed,
            slots=_slots(self.wanted, self.rules) if holds else (),
            slots_until=until if holds else None,
        )


def _slots(wanted: tuple[Wanted, ...], rules: Rules) -> tuple[Slot, ...]:
    return tuple(Slot(one.key, rules.instance_id) for one in wanted)


def _counted(seen: Seen, memory: GateMemory) -> GateMemory:
    runs = {
        queue: queues.run_of(memory.queues.get(queue), counts, seen.at)
        for queue, counts in seen.queues.items()
        if isinstance(counts, Counts)
    }
    return replace(memory, queues=runs)


def _before_slots(seen: Seen, memory: GateMemory, rules: Rules) -> list[Blocker]:
    unreadable = [_unreadable(service) for service in seen.services if service.declared.refusals]
    short = []
    for group in seen.groups:
        lease = seen.leases.get(quorum_key(group.name), Lease(quorum_key(group.name)))
        short.append(short_blocker(group, lease.others(rules.instance_id, seen.at)))
    found = [*unreadable, *(each for each in short if each), *standby_blockers(seen)]
    return found or _of_turns(seen, memory, with_sign_offs=False)


def _unreadable(service: StatefulService) -> Blocker:
    name = service.declared.service
    return Blocker(
        BlockerKind.GATE_UNREADABLE,
        f"service {name}",
        some(service.declared.refusals),
        f"correct or remove the tag: aws ecs untag-resource --resource-arn {service.declared.arn} --tag-keys <key>",
        service.tasks,
    )


def _of_turns(seen: Seen, memory: GateMemory, *, with_sign_offs: bool) -> list[Blocker]:
    """Return what the lowest order whose gates are closed waits for, and which services wait for that.

    Without sign-offs (they need the slots) the turns end before the first service that has to sign off.
    """
    for order in sorted({service.declared.order for service in seen.services}):
        level = [service for service in seen.services if service.declared.order == order]
        closed = [blocker for service in level if (blocker := _of_queue(service, seen, memory))]
        if with_sign_offs and not closed:
            known = dict(seen.sign_offs)
            closed = [each for service in level for each in signing.blockers(service, known, seen.at)]
        if closed:
            return [*closed, *_waiting(seen.services, order)]
        if not with_sign_offs and any(service.declared.sign_off for service in level):
            return []
    return []


def _of_queue(service: StatefulService, seen: Seen, memory: GateMemory) -> Blocker | None:
    name, queue = service.declared.service, service.declared.queue
    if queue is None:
        return None
    counts = seen.queues.get(queue, "it was not counted")
    if isinstance(counts, str):
        return queues.unreadable(name, queue, counts)
    return (
        None
        if _has_signed(service, seen)
        else queues.blocker(name, queue, counts, memory.queues[queue], seen.at)
    )


def _has_signed(service: StatefulService, seen: Seen) -> bool:
    """Whether a consumer that signs off has done so: it no longer takes messages, so its queue no longer matters."""
    signed = {task for task, each in seen.sign_offs.items() if each.answer is Answer.SIGNED}
    return service.declared.sign_off is not None and set(service.tasks) <= signed


def _waiting(services: Iterable[StatefulService], order: int) -> list[Blocker]:
    later = [service for service in services if service.declared.order > order]
    return [
        Blocker(
            BlockerKind.NOT_ITS_TURN,
            f"service {service.declared.service}",
            f"its order is {service.declared.order}, and the gates of order {order} are closed",
            "nothing to do: its turn comes by itself",
            service.tasks,
        )
        for service in later
        if service.declared.queue or service.declared.sign_off
    ]


def _asks(seen: Seen, memory: GateMemory, rules: Rules) -> tuple[Ask, ...]:
    """Return whom to ask now: the services of the lowest order whose gates are closed, once their queues are empty."""
    for order in sorted({service.declared.order for service in seen.services}):
        level = [service for service in seen.services if service.declared.order == order]
        if any(_of_queue(service, seen, memory) for service in level):
            return ()
        known = dict(seen.sign_offs)
        if any(True for service in level for _ in signing.blockers(service, known, seen.at)):
            found = (
                signing.asks(service, known, rules.drain, seen.at, rules.deadline_at) for service in level
            )
            return tuple(ask for some_asks in found for ask in some_asks)
    return ()


def _due(seen: Seen, memory: GateMemory, asked: tuple[Ask, ...]) -> tuple[datetime, ...]:
    settled = [run.empty_since + queues.CONSISTENT_AFTER for run in memory.queues.values() if run.empty_since]
    answers = [each.answer_by for each in seen.sign_offs.values() if each.answer is Answer.ASKED]
    return tuple(at for at in [*settled, *answers, *(ask.answer_by for ask in asked)] if at > seen.at)
