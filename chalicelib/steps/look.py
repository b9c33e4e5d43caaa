"""One look for "Look": at the gates, and behind them at the tasks: what the events told, or what ECS shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.common.errors import DrainerError
from chalicelib.common.model import Task, instant
from chalicelib.common.packing import unpack
from chalicelib.common.telemetry import logger
from chalicelib.common.timers import Timers
from chalicelib.explain.reading import tasks_that_may_be_protected
from chalicelib.gateways import ecs, waiting
from chalicelib.gateways.observe import observe, with_instances
from chalicelib.look import awaiting
from chalicelib.look.awaiting import Reading, Told
from chalicelib.look.decide import Look, decide, holding_of, holds_the_drain, news
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation, remember
from chalicelib.plan.drain import Drain
from chalicelib.steps.look_at_gates import keep_slots, look_at_gates
from chalicelib.wake.row import NOTHING, Waiting

TOO_MANY = "so many that ECS is asked for them, at growing intervals, and no event is waited for"


def look(event: Mapping[str, Any]) -> dict[str, Any]:
    """Look once, at the gates until they are passed and at the tasks from then on, and say what holds the drain."""
    if not event["gates"]["is_passed"]:
        return look_at_gates(event)
    return {**look_at_tasks(event), "gates": keep_slots(event)}


def look_at_tasks(event: Mapping[str, Any]) -> dict[str, Any]:
    """Look once and say what holds the drain, what is due, and which events end the wait for more.

    Raises what every gateway does: the machine's Retry and its loop see to it.
    """
    drain, timers, at = Drain.from_state(event["drain"]), Timers.from_state(event), instant(event["now"])
    before = Memory.from_state(event["memory"]).with_asked(unpack(event["stopped"]))
    told = Told.from_state(event.get("told") or {})
    # The machine of the release before waits for no event, and would leave a row behind.
    row = _row(event["ledger"], drain, before, told) if "told" in event else None
    reading = awaiting.what_to_read(before, row, told, at)
    if reading is Reading.NOTHING and row is not None:
        seen = awaiting.as_told(before, row, told, at)
    else:
        seen = _read(drain, before, at, reading, waits=row is not None)
    facts = decide(remember(before, seen), seen, drain.policy, timers, observes=drain.observes)
    if facts.is_followed_by_deeds(timers.deadline_at) and before.looks > 0:
        seen = _as_it_is_now(seen, drain, before, reading, waits=row is not None)
        facts = decide(remember(before, seen), seen, drain.policy, timers, observes=drain.observes)
    holding = holding_of(seen, facts.memory, drain.policy)
    lost = bool(awaiting.unannounced(before, seen, row)) or told.is_denied
    troubles = awaiting.new_troubles(before, row, told, facts.memory.groups.values())
    memory = replace(
        awaiting.with_wait(facts.memory, seen, was_read=reading is not Reading.NOTHING),
        awaited=awaiting.awaited((each for each in holding if each.arn in facts.memory.tasks), facts.memory),
        polls=facts.memory.polls or lost,
        troubles=(*facts.memory.troubles, *troubles),
    )
    is_blocked = bool(troubles or seen.immovable_services) or _is_protected(drain, before, holding, reading)
    explain = news(facts, lost=lost, blocked=is_blocked)
    facts = replace(facts, memory=memory, explain=explain, summary=_summary(facts, memory, row))
    said = {"instance": drain.instance_id, "look": memory.looks, "kinds": facts.kinds}
    logger.info(facts.summary, extra=said)
    wait = awaiting.wait_of_drain(memory, row, awaiting.next_due(memory, drain.policy, timers, at))
    return {**facts.to_state(), **wait, "unheard": told.cause if told.is_denied else None}


def _summary(facts: Look, memory: Memory, row: Waiting | None) -> str:
    """Return what holds the drain, and where they are too many to wait for by events, that they are."""
    is_too_much = row is not None and awaiting.is_too_much_to_store(memory)
    return f"{facts.summary}; {TOO_MANY}" if is_too_much else facts.summary


def _row(table: str, drain: Drain, memory: Memory, told: Told) -> Waiting | None:
    """Return the row of a drain that waits for events; None for one that polls, whose row is made and never read.

    The machine made it with the ledger entry. What is known of it by then, or was told, isn't read: an event that has
    come since is counted in the row, so that the wait can't be stored and the next look reads it.
    """
    if drain.waits_on is None:
        return None
    known = Waiting(instance=drain.waits_on, execution=drain.execution, cluster=drain.cluster or NOTHING)
    if memory.looks == 0:
        return known
    if told.is_of_look(memory.looks):
        return replace(known, events=told.events, looks=memory.looks)
    if memory.listed_at is None:
        return waiting.open_row(
            table,
            known.instance,
            execution=known.execution,
            cluster=known.cluster,
            expires_at=drain.expires_at,
        )
    row = waiting.read_waiting(table, drain.waits_on)
    return row if row and row.execution == drain.execution else None


def _read(drain: Drain, before: Memory, at: datetime, reading: Reading, *, waits: bool) -> Observation:
    holds = partial(holds_the_drain, memory=before, policy=drain.policy, at=at)
    seen = observe(drain.containers, before, at, holds, asks_early=waits or drain.is_watch)
    if reading is Reading.INSTANCE and seen.instances is None:
        seen = with_instances(seen, drain.containers)
    return replace(seen, trusts_ends=drain.is_watch)


def _as_it_is_now(
    seen: Observation, drain: Drain, before: Memory, reading: Reading, *, waits: bool
) -> Observation:
    """Return what ECS shows of tasks and instance, before a deed: events may be late, and tell of neither.

    The agent may be back; somebody may have set the instance ACTIVE, and then its tasks are theirs.
    """
    if reading is Reading.NOTHING:
        return _read(drain, before, seen.at, Reading.INSTANCE, waits=waits)
    return seen if seen.instances is not None else with_instances(seen, drain.containers)


def _is_protected(drain: Drain, before: Memory, holding: Iterable[Task], reading: Reading) -> bool:
    """Whether tasks protect themselves from scale-in: asked once, of what is still there at the first safety look."""
    if reading is not Reading.INSTANCE or before.safety_wait != awaiting.FIRST_SAFETY_LOOK:
        return False
    try:
        staying = [task for task in holding if task.desired_status == "RUNNING"]
        maybe = tasks_that_may_be_protected(staying, ())
        return any(ecs.protections(cluster, maybe) for cluster in drain.containers)
    except DrainerError as error:
        logger.warning(f"task protection was not read, so that it is not told yet: {error}")
        return False
