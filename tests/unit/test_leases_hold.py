"""Whatever drains, failures and expiries come in whatever order: a quorum group never loses too many instances.

The ledger is a dictionary with DynamoDB's conditional writes, ECS shows which instances are DRAINING, and every look
of a drain is taken apart into reading and writing, so that any other drain's step may come in between.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.gates import (
    Decision,
    GateMemory,
    Group,
    Lease,
    Leaving,
    Rules,
    Seen,
    StatefulService,
    decide_gates,
    declare,
)
from chalicelib.gates.leases import LASTS, Holder, expiry, needs_renewal, quorum_key
from chalicelib.policy import DrainBudget
from tests.builders import START

INSTANCES = tuple(f"i-{number}" for number in range(5))
KEY = quorum_key("store")


class Drain:
    """An execution, as far as its gates go."""

    def __init__(self, instance: str, number: int, deadline_at: datetime) -> None:
        self.instance = instance
        self.rules = Rules(
            instance_id=instance,
            execution=f"arn:aws:states:eu-west-1:123456789012:execution:m:{instance}-{number}",
            cluster="web",
            zone=None,
            budget=DrainBudget(),
            deadline_at=deadline_at,
            leases_end_at=deadline_at + timedelta(minutes=30),
        )
        self.memory = GateMemory()
        self.read: tuple[Seen, Decision] | None = None
        self.may_drain = False


class QuorumUnderStress(RuleBasedStateMachine):
    """Five instances with a member each; at most `allowed` may leave."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.allowed = 1
        self.items: dict[str, Lease] = {}
        self.drains: dict[str, Drain] = {}
        self.draining: set[str] = set()
        """Instances that ECS shows as DRAINING, whether or not their drain still lives."""
        self.recovering: list[datetime] = []
        """When replacements of members that left are healthy."""
        self.started = 0

    @rule(allowed=st.integers(1, 2))
    @precondition(lambda self: self.started == 0)
    def declare(self, allowed: int) -> None:
        self.allowed = allowed

    @rule(instances=st.sets(st.sampled_from(INSTANCES), min_size=1), minutes=st.integers(5, 180))
    def begin(self, instances: set[str], minutes: int) -> None:
        """Drains start; of an instance whose earlier drain died it is a takeover."""
        for instance in sorted(instances - set(self.drains)):
            self.started += 1
            drain = Drain(instance, self.started, self.now + timedelta(minutes=minutes))
            self.drains[instance] = drain
            if instance in self.draining:
                drain.may_drain = True  # nothing can be held back any more

    @rule(data=st.data())
    @precondition(lambda self: self.waiting)
    def reads(self, data: Any) -> None:
        """A look reads and decides."""
        drain = data.draw(st.sampled_from(self.waiting))
        seen = self.seen_by(drain)
        drain.read = (seen, decide_gates(seen, drain.memory, drain.rules))

    @rule(data=st.data())
    @precondition(lambda self: any(drain.read for drain in self.drains.values()))
    def writes(self, data: Any) -> None:
        """The same look writes what it decided, if nobody wrote meanwhile."""
        drain = data.draw(st.sampled_from([each for each in self.drains.values() if each.read]))
        self.write_of(drain)

    @rule(data=st.data(), rounds=st.integers(1, 3))
    @precondition(lambda self: self.waiting)
    def all_look_at_once(self, data: Any, rounds: int) -> None:
        """Every drain reads before any writes; those whose gates open set DRAINING."""
        for _ in range(rounds):
            for drain in self.waiting:
                seen = self.seen_by(drain)
                drain.read = (seen, decide_gates(seen, drain.memory, drain.rules))
            for drain in data.draw(st.permutations([each for each in self.drains.values() if each.read])):
                self.write_of(drain)
            self.draining |= {each.instance for each in self.drains.values() if each.may_drain}

    @rule(data=st.data())
    @precondition(lambda self: any(drain.may_drain for drain in self.drains.values()))
    def sets_draining(self, data: Any) -> None:
        drain = data.draw(st.sampled_from([each for each in self.drains.values() if each.may_drain]))
        self.draining.add(drain.instance)

    @rule(data=st.data())
    @precondition(lambda self: self.draining)
    def instance_is_drained(self, data: Any) -> None:
        """Its last task is STOPPED and it goes; a drain that lives frees its slot. The replacement needs a while."""
        instance = data.draw(st.sampled_from(sorted(self.draining)))
        self.draining.discard(instance)
        self.recovering.append(self.now + timedelta(seconds=90))
        drain = self.drains.pop(instance, None)
        if drain:
            self.free(drain)

    @rule(data=st.data())
    @precondition(lambda self: self.drains)
    def dies(self, data: Any) -> None:
        """The execution is aborted: it frees nothing, and an instance that is DRAINING stays so."""
        self.drains.pop(data.draw(st.sampled_from(sorted(self.drains))))

    @rule(data=st.data())
    @precondition(lambda self: self.drains)
    def fails(self, data: Any) -> None:
        """The execution fails: it frees its slot, and an instance that is DRAINING stays so."""
        self.free(self.drains.pop(data.draw(st.sampled_from(sorted(self.drains)))))

    @rule(seconds=st.sampled_from([1, 10, 60, 600]))
    def time_passes(self, seconds: int) -> None:
        """Living drains look at least every quarter of an hour, and renew their slots."""
        self.now += timedelta(seconds=seconds)
        for drain in self.drains.values():
            holder = self.items.get(KEY, Lease(KEY)).holders.get(drain.instance)
            is_mine = holder is not None and holder.execution == drain.rules.execution
            if is_mine and holder and drain.may_drain and needs_renewal(holder.until, self.now):
                lease = self.items[KEY]
                renewed = replace(holder, until=expiry(self.now, drain.rules.leases_end_at))
                self.write((replace(lease, holders={**lease.holders, drain.instance: renewed}),))

    @rule(hours=st.integers(1, 3))
    @precondition(lambda self: not self.drains)
    def hours_pass(self, hours: int) -> None:
        """Leases of the dead run out."""
        self.now += timedelta(hours=hours)

    @invariant()
    def never_too_many_leave(self) -> None:
        assert len(self.draining) <= self.allowed

    @invariant()
    def never_too_few_are_healthy(self) -> None:
        assert len(INSTANCES) - len(self.draining) - self.still_recovering >= len(INSTANCES) - self.allowed

    @invariant()
    def no_lease_outlives_its_expiry(self) -> None:
        for lease in self.items.values():
            assert all(holder.until > self.now for holder in lease.living(self.now))
            assert all(holder.until - self.now <= LASTS for holder in lease.living(self.now))

    @property
    def waiting(self) -> list[Drain]:
        return [each for each in self.drains.values() if not each.may_drain and each.read is None]

    @property
    def still_recovering(self) -> int:
        return sum(healthy_at > self.now for healthy_at in self.recovering)

    def seen_by(self, drain: Drain) -> Seen:
        others = self.draining - {drain.instance}
        group = Group(
            "store",
            self.allowed,
            desired=len(INSTANCES),
            here=1,
            healthy_elsewhere=len(INSTANCES) - 1 - len(others) - self.still_recovering,
            leaving=tuple(Leaving(each, 1, "DRAINING") for each in sorted(others)),
        )
        tags = {"ecs-drainer:quorum-group": "store", "ecs-drainer:max-unavailable": str(self.allowed)}
        service = StatefulService(declare("store", "web", tags), ("task",))
        return Seen(at=self.now, services=(service,), groups=(group,), leases=dict(self.items))

    def write(self, leases: tuple[Lease, ...]) -> bool:
        """Write all or none, each on the condition that its version is still the one that was read."""
        if any(self.items.get(each.key, Lease(each.key)).version != each.version for each in leases):
            return False
        for each in leases:
            self.items[each.key] = replace(each, version=each.version + 1)
        return True

    def write_of(self, drain: Drain) -> None:
        assert drain.read
        (_, decision), drain.read = drain.read, None
        is_written = self.write(decision.writes)
        drain.memory = decision.memory
        drain.may_drain = decision.is_open and is_written

    def free(self, drain: Drain) -> None:
        """What the state machine's "Free a slot" does: REMOVE on the condition that the slot is still this drain's."""
        for key, lease in list(self.items.items()):
            holder: Holder | None = lease.holders.get(drain.instance)
            if holder and holder.execution == drain.rules.execution:
                left = {name: each for name, each in lease.holders.items() if name != drain.instance}
                self.items[key] = replace(lease, holders=left, version=lease.version + 1)


TestQuorumUnderStress = QuorumUnderStress.TestCase
TestQuorumUnderStress.settings = settings(
    max_examples=150, stateful_step_count=40, derandomize=True, deadline=None
)
