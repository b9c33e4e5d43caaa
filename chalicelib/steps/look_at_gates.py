"""A look at the gates, as the function `look` takes it until DRAINING may be set: read, decide, write, ask.

Kept apart from the drain's own look, which it precedes. The same facts come out of it, so that one Choice, one Wait,
one heartbeat, one explanation and one deadline of the state machine serve both.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.model import TaskKind, instant
from chalicelib.common.telemetry import logger
from chalicelib.common.timers import Timers
from chalicelib.explain import BlockerKind, group, one_line
from chalicelib.gates import Decision, GateMemory, Holder, Rules, Seen, decide_gates
from chalicelib.gates.deciding import wanted_slots
from chalicelib.gates.gate_memory import closed_names, kept, kinds_told
from chalicelib.gates.leases import Lease, expiry, full, needs_renewal, taken
from chalicelib.gates.leases import Wanted as Slot
from chalicelib.gateways import leases, sign_offs, waiting
from chalicelib.gateways.gates import Question, read_gates, without_the_dead
from chalicelib.gateways.sign_offs import Asking
from chalicelib.look.awaiting import wait_of
from chalicelib.look.decide import Look, gone, what_to_explain
from chalicelib.look.memory import Memory
from chalicelib.look.pace import grown
from chalicelib.plan.drain import Drain
from chalicelib.policy import OnClosedGates
from chalicelib.policy.deadline import gates_forced_at
from chalicelib.policy.settings import Settings

Event = Mapping[str, Any]

LEASES_OUTLAST_DEADLINE = timedelta(minutes=30)
"""For the tasks' stop timeouts, and for retries of the closing calls."""

SOON = timedelta(seconds=1)
"""Until the look that confirms a slot, or sees who was faster."""


@dataclass(frozen=True, slots=True)
class _Now:
    """What one look at the gates is about."""

    drain: Drain
    timers: Timers
    memory: Memory
    gates: GateMemory
    at: datetime
    table: str
    topic: str
    explained: int
    """How often it was explained."""
    told: frozenset[str]
    """The kinds of blockers that the last explanation named."""

    @classmethod
    def from_event(cls, event: Event) -> _Now:
        return cls(
            drain=Drain.from_state(event["drain"]),
            timers=Timers.from_state(event),
            memory=Memory.from_state(event["memory"]),
            gates=GateMemory.from_state(event["gates"]),
            at=instant(event["now"]),
            table=event["ledger"],
            topic=event["topic"],
            explained=event["explanation"]["times"],
            told=kinds_told(event["explanation"]),
        )

    @property
    def rules(self) -> Rules:
        policy, deadline = self.drain.policy, self.timers.deadline_at
        is_forced = policy.on_closed_gates is OnClosedGates.DRAIN
        return Rules(
            instance_id=self.drain.instance_id,
            execution=self.drain.execution,
            cluster=self.drain.cluster or "",
            zone=self.gates.zone,
            budget=policy.max_concurrent_drains,
            deadline_at=deadline,
            forced_at=gates_forced_at(self.timers.started_at, deadline) if is_forced else None,
            leases_end_at=deadline + LEASES_OUTLAST_DEADLINE,
        )

    @property
    def question(self) -> Question:
        return Question(
            table=self.table,
            containers=self.drain.containers,
            mode=self.drain.policy.gates,
            rules=self.rules,
            at=self.at,
            reach=Settings.from_environment(os.environ).at(self.drain.execution).reach,
        )

    @property
    def asking(self) -> Asking:
        return Asking(
            table=self.table,
            topic=self.topic,
            drain=self.drain.name,
            instance_id=self.drain.instance_id,
            cluster=self.rules.cluster.rsplit("/", 1)[-1],
            deadline_at=self.timers.deadline_at,
            row=self.drain.row,
        )


def look_at_gates(event: Event) -> dict[str, Any]:
    """Look once at the gates, take or give back slots, ask tasks to sign off, and say what is still closed."""
    now = _Now.from_event(event)
    seen, known = read_gates(now.question, now.gates)
    decision = _decide(now, seen, known)
    is_written = leases.write_leases(now.table, decision.writes)
    untold = sign_offs.ask(now.asking, decision.asks, now.at)
    if untold:
        logger.error(
            "the topic is gone, so nobody heard who is asked to sign off", extra={"tasks": list(untold)}
        )
    is_open = decision.is_open and is_written
    gates = _remembered(now, seen, decision, is_open=is_open)
    facts = _facts(now, seen, decision, _memory(now, seen, gates, is_open=is_open), is_open=is_open)
    waits = "told" in event and not decision.writes and not facts.may_drain
    logger.info(facts.summary, extra={"instance": now.drain.instance_id, "open": facts.may_drain})
    return {
        **facts.to_state(),
        "gates": gates.to_state(),
        "polls": True,
        **(_wait_for_events(now, seen, gates, facts.wait) if waits else {}),
    }


def _wait_for_events(now: _Now, seen: Seen, gates: GateMemory, wait: timedelta) -> dict[str, Any]:
    """Return what "Wait for events" stores: a task that runs, or its answer, ends the wait before the next look is due.

    Queues, slots and the rest are of no event; they are looked at when the wait is over.
    """
    row = waiting.read_waiting(now.table, now.drain.row) if now.drain.waits_on else None
    if row is None or row.execution != now.drain.execution:
        return {}
    members = {name for names in gates.members.values() for name in names}
    services = members | {service.declared.service for service in seen.services}
    return wait_of(row, now.at + wait, services=services, status="ACTIVE")


def _decide(now: _Now, seen: Seen, known: GateMemory) -> Decision:
    """Decide; where a slot is waited for, decide again without those that dead executions hold."""
    decision = decide_gates(seen, known, now.rules)
    waits_for = full(seen.leases, wanted_slots(seen, now.rules), now.rules.holder(now.at), now.at)
    if decision.is_open or not any(each.holders for each in waits_for):
        return decision
    alive = without_the_dead(seen, waits_for)
    return decision if alive is seen else decide_gates(alive, known, now.rules)


def _facts(now: _Now, seen: Seen, decision: Decision, memory: Memory, *, is_open: bool) -> Look:
    """Return the facts of this look, with the wait in the memory too, from which the next wait grows."""
    wait = _wait(now, memory, decision)
    return Look(
        at=now.at,
        drained=seen.is_gone,
        heartbeat_due=now.timers.is_heartbeat_due(now.at),
        explain=_to_explain(now, memory, decision),
        holding=seen.unstopped,
        kinds=dict.fromkeys(TaskKind, 0),
        wait=wait,
        summary=_gone(memory) if seen.is_gone else _summary(decision, is_open=is_open),
        memory=replace(memory, wait=wait),
        may_drain=is_open and not seen.is_gone,
        set_by_another=seen.is_draining,
        gates_closed=not is_open,
    )


def _remembered(now: _Now, seen: Seen, decision: Decision, *, is_open: bool) -> GateMemory:
    return replace(
        decision.memory,
        is_passed=is_open,
        zone=now.gates.zone,
        closed=closed_names(decision.blockers),
        blockers=kept(decision.blockers),
        unstopped=seen.unstopped,
    )


def _memory(now: _Now, seen: Seen, gates: GateMemory, *, is_open: bool) -> Memory:
    """Return the drain's memory: begun anew where DRAINING is set now, for nothing of the drain was seen before."""
    looks = now.memory.looks + 1
    if seen.is_gone:
        return replace(now.memory, looks=looks, is_gone=True, lost=max(now.gates.unstopped, seen.unstopped))
    if is_open:
        return replace(Memory.at_start(now.at), looks=looks)
    has_changed = gates.closed != now.gates.closed
    return replace(now.memory, looks=looks, changed_at=now.at if has_changed else now.memory.changed_at)


def _to_explain(now: _Now, memory: Memory, decision: Decision) -> str:
    """Return whether somebody is to be told: at once when gates are closed, then as in a drain that is stuck.

    A refusal is told at once too: it waits for a person, and its reason is news.
    """
    if decision.is_open or not decision.blockers:
        return "no"
    refused = BlockerKind.SIGN_OFF_REFUSED
    if not now.explained or (refused not in now.told and any(b.kind is refused for b in decision.blockers)):
        return "gates-closed"
    return what_to_explain(memory, now.drain.policy, now.timers, now.at)


def _wait(now: _Now, memory: Memory, decision: Decision) -> timedelta:
    """Return the wait before the next look: never past an instant that matters."""
    if decision.writes:
        return SOON
    timers, forced_at = now.timers, now.rules.forced_at
    due_at = [timers.deadline_at, timers.heartbeat_due_at, forced_at, *decision.due_at]
    waits = [at - now.at for at in due_at if at is not None and at > now.at]
    shortest = min([grown(memory, now.drain.policy, now.at), *waits])
    return max(SOON, timedelta(seconds=-(-shortest // timedelta(seconds=1))))


def _summary(decision: Decision, *, is_open: bool) -> str:
    if is_open and decision.blockers:
        return f"closed gates were passed over: {one_line(group(decision.blockers))}"
    if is_open:
        return "the gates are open"
    if not decision.blockers:
        return "the gates are nearly open: slots are being taken"
    return f"gates are closed: {one_line(group(decision.blockers))}"


def _gone(memory: Memory) -> str:
    # Where only a drain budget was asked for, nobody counted the tasks.
    return gone(memory.lost) if memory.lost else "the instance is gone, and its gates had not opened"


def keep_slots(event: Event) -> dict[str, Any]:
    """Renew the slots of a drain whose gates were passed, when it is time to; returns `$look.gates`."""
    gates, at = GateMemory.from_state(event["gates"]), instant(event["now"])
    if not gates.slots or not needs_renewal(gates.slots_until, at):
        return dict(event["gates"])
    drain, timers = Drain.from_state(event["drain"]), Timers.from_state(event)
    me = Holder(drain.instance_id, drain.execution, expiry(at, timers.deadline_at + LEASES_OUTLAST_DEADLINE))
    lost = leases.renew(event["ledger"], tuple(slot.pk for slot in gates.slots), me)
    if lost:
        logger.warning("slots were lost, and are taken again", extra={"slots": list(lost)})
        if not _take_again(event["ledger"], lost, me, at):
            return dict(event["gates"])  # the next look tries again
    return replace(gates, slots_until=me.until).to_state()


def _take_again(table: str, keys: tuple[str, ...], me: Holder, at: datetime) -> bool:
    """Take slots back beyond their number: the instance is DRAINING, and others must see it.

    Returns False where another drain wrote one of the leases meanwhile.
    """
    kept = leases.read_kept(table, keys, ())
    known = {key: kept.leases.get(key, Lease(key)) for key in keys}
    return leases.write_leases(table, taken(known, [Slot(key, slots=1) for key in keys], me, at))
