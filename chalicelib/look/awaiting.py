"""What a look has to read, and what is waited for after it: events shorten the wait, the clock bounds it. Pure.

A drain of one container instance has a row in the ledger, which the function `wake` writes ECS's events into: it takes
STOPPED tasks out, counts, and answers the token when an event matters. So most looks need not ask ECS again. Where
there is no row, or events don't come, a drain polls; where they may have been lost, a safety look finds what none told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from chalicelib.common.carried import Carried
from chalicelib.common.model import ContainerInstance, Task, TaskKind, stamp
from chalicelib.common.timers import Timers, earlier, near_the_deadline
from chalicelib.look.decide import DAEMON_MARGIN
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation
from chalicelib.look.pace import LOOKS_AT_ANY_PACE
from chalicelib.policy import DrainPolicy, Standalone
from chalicelib.wake import EMPTIED
from chalicelib.wake.row import AGENT_CONNECTED, AGENT_DISCONNECTED, NOTHING, Waiting

FIRST_SAFETY_LOOK = timedelta(minutes=3)
LONGEST_SAFETY_WAIT = timedelta(minutes=15)
EVENTS_TAKE = timedelta(seconds=60)
"""How late an event may be before it counts as lost: EventBridge delivers within seconds, and retries for longer."""
DENIED = re.compile("AccessDenied|not authorized")
"""How every service's answer says that a role lacks a grant."""
MOST_AWAITED_BYTES = 85_000
"""Of a state's 256 KiB: a thousand tasks of a cluster with a short name. The row, an item of DynamoDB, may have 400 KB:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
JSON_AROUND = 3
NOT_STOPPING = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING")


AS_KEPT: dict[str, Any] = {"sort_keys": True, "separators": (",", ":")}
"""How `wake` writes a trouble into a row."""


class Reading(Enum):
    """What a look asks ECS."""

    NOTHING = auto()
    """What the row and the memory say is enough."""
    TASKS = auto()
    """The remembered tasks, and all of them once none is waited for."""
    INSTANCE = auto()
    """The tasks, and the container instance as well."""


@dataclass(frozen=True, slots=True)
class Told(Carried):
    """Why the wait ended, as `wake` told it; by the clock it ends untold."""

    why: str = ""
    """`emptied`, `instance`, `service`; `raced` where an event came before the wait began; `refused` by DynamoDB."""
    instance: Mapping[str, Any] | None = None
    stopped_at: datetime | None = None
    services: tuple[Mapping[str, str], ...] = ()
    cause: str = ""
    """Why the wait could not be stored, where it was refused."""
    events: int = 0
    """How many events the row had counted by then."""
    looks: int = 0
    """The number of the look after which the row's tasks were stored."""

    @property
    def is_denied(self) -> bool:
        """Whether the machine may not store its token, which no later try changes."""
        return self.why == "refused" and bool(DENIED.search(self.cause))

    def is_of_look(self, number: int) -> bool:
        """Whether it says all that the row would: no task is left of those that were stored after this look."""
        return self.why == EMPTIED and self.looks == number

    @property
    def is_empty(self) -> bool:
        """Whether ECS counts no task on the instance, and has it DRAINING still, under an agent that is there.

        An instance that was stopped takes its tasks with it: only their descriptions tell that from a drain.
        """
        seen = self.instance or {}
        is_there = seen.get("status") == "DRAINING" and bool(seen.get("agent_connected"))
        return is_there and not seen["running"] and not seen["pending"]


def what_to_read(memory: Memory, row: Waiting | None, told: Told, at: datetime) -> Reading:
    """Return what a look has to read, given the row as it is now and why the wait ended."""
    if row is None or memory.polls or memory.listed_at is None or told.why == "raced":
        return Reading.TASKS
    if told.why == "instance":
        return Reading.INSTANCE
    if told.why == EMPTIED:
        is_all = set(memory.tasks) <= memory.awaited - row.tasks and not memory.more
        return Reading.NOTHING if told.is_empty and is_all else Reading.TASKS
    if told.why != "service" and row.looks != memory.looks:
        return Reading.TASKS  # the last wait could not be stored, so that the row tells of an earlier one
    if memory.next_read_at is None or at >= memory.next_read_at:
        return Reading.INSTANCE  # who sets it ACTIVE again makes no event of which AWS's guide tells
    return Reading.NOTHING if memory.awaited & row.tasks else Reading.TASKS


def as_told(memory: Memory, row: Waiting, told: Told, at: datetime) -> Observation:
    """Return what the events say, where nothing was read: the awaited tasks that are out of the row are STOPPED."""
    is_empty = told.why == EMPTIED
    stopped = memory.awaited if is_empty else memory.awaited - row.tasks
    seen = told.instance if is_empty else None
    return Observation(
        at=at,
        tasks=tuple(_task(arn, memory, arn in stopped, told.stopped_at) for arn in sorted(memory.tasks)),
        is_full=is_empty,
        instances=(_instance(seen),) if seen else None,
        agents_connected=memory.disconnected_at is None,
    )


def _task(arn: str, memory: Memory, is_stopped: bool, stopped_at: datetime | None) -> Task:
    status = "STOPPED" if is_stopped else memory.tasks[arn]
    return Task(
        arn,
        status,
        "RUNNING" if status in NOT_STOPPING else "STOPPED",
        memory.groups.get(arn, ""),
        stopped_at=stopped_at if is_stopped else None,
    )


def _instance(seen: Mapping[str, Any]) -> ContainerInstance:
    return ContainerInstance(
        seen["arn"],
        cluster=seen["cluster"],
        status=seen["status"],
        agent_connected=seen["agent_connected"],
    )


def unannounced(before: Memory, seen: Observation, row: Waiting | None) -> tuple[str, ...]:
    """Return the ARNs of tasks that are STOPPED for longer than events take, and that none has said are."""
    if row is None or before.polls or row.looks != before.looks:
        return ()
    return tuple(
        task.arn
        for task in seen.tasks
        if task.arn in row.tasks and task.stopped_at and seen.at - task.stopped_at > EVENTS_TAKE
    )


def new_troubles(
    memory: Memory, row: Waiting | None, told: Told, groups: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return what ECS said of services on the instance, placements and deployments that fail, and was not told yet.

    `groups`: of the tasks that this look saw. Before the first one a row hears of every service of the cluster.
    """
    heard = set(row.troubles if row else ()) | {json.dumps(each, **AS_KEPT) for each in told.services}
    here = {_service(group) for group in (*groups, *memory.groups.values())}
    concerned = {text for text in heard if json.loads(text)["service"] in here}
    return tuple(sorted(concerned - set(memory.troubles)))


def with_wait(memory: Memory, seen: Observation, *, was_read: bool) -> Memory:
    """Return the memory with the safety look after this one: waits double while nothing changes."""
    if not was_read and memory.next_read_at and memory.next_read_at > seen.at:
        return memory
    grown = (
        memory.safety_wait * 2 if memory.safety_wait and memory.changed_at != seen.at else FIRST_SAFETY_LOOK
    )
    wait = min(grown, LONGEST_SAFETY_WAIT)
    return replace(memory, safety_wait=wait, next_read_at=seen.at + wait)


def next_due(memory: Memory, policy: DrainPolicy, timers: Timers, at: datetime) -> datetime:
    """Return when the next look is due if no event comes before; heartbeats are the machine's own."""
    due = [
        memory.next_read_at,
        _plus(memory.started_at, _stop_after(policy)),
        _plus(memory.daemons_alone_at, (memory.daemon_stop or timedelta(0)) + DAEMON_MARGIN),
        _plus(memory.disconnected_at, policy.dead_agent_after),
        timers.explained_until or memory.changed_at + policy.stuck_after,
        None if timers.warned else near_the_deadline(timers),
    ]
    return earlier(timers.deadline_at, *(each for each in due if each is not None and each > at))


def _stop_after(policy: DrainPolicy) -> timedelta | None:
    standalone = policy.standalone_tasks
    return standalone.after if standalone.action is Standalone.STOP_AFTER else None


def _plus(at: datetime | None, wait: timedelta | None) -> datetime | None:
    return None if at is None or wait is None else at + wait


def awaited(holding: Iterable[Task], memory: Memory) -> frozenset[str]:
    """Return the ARNs of the tasks to wait for: daemons only once they are alone, for they are stopped last."""
    kinds = {task.arn: task.kind(memory.daemon_services) for task in holding}
    others = frozenset(arn for arn, kind in kinds.items() if kind is not TaskKind.DAEMON)
    return others or frozenset(kinds)


def is_too_much_to_store(memory: Memory) -> bool:
    """Whether the ARNs of the awaited tasks are more than the machine should carry; then ECS is asked instead."""
    return sum(len(arn) + JSON_AROUND for arn in memory.awaited) > MOST_AWAITED_BYTES


def wait_of_drain(memory: Memory, row: Waiting | None, next_at: datetime) -> dict[str, Any]:
    """Return what "Wait for events" stores for a drain behind its gates."""
    is_too_much = is_too_much_to_store(memory)
    return wait_of(
        row,
        next_at,
        tasks=() if is_too_much else memory.awaited,
        services=(name for group in memory.groups.values() if (name := _service(group))),
        status="DRAINING",
        agent=AGENT_CONNECTED if memory.disconnected_at is None else AGENT_DISCONNECTED,
        polls=memory.polls or not memory.awaited or is_too_much or memory.looks >= LOOKS_AT_ANY_PACE,
    )


def wait_of(
    row: Waiting | None,
    next_at: datetime,
    *,
    tasks: Iterable[str] = (NOTHING,),
    services: Iterable[str],
    status: str,
    agent: str = AGENT_CONNECTED,
    polls: bool = False,
) -> dict[str, Any]:
    """Return what "Wait for events" stores, as `$look` carries it, and whether the drain polls instead.

    `status`, `agent`: of the container instance, as they are now: another one is news.
    """
    return {
        "next_at": stamp(next_at),
        "polls": row is None or polls,
        "await": {
            "events": row.events if row else 0,
            "tasks": sorted(tasks),
            "services": [NOTHING, *sorted(set(services))],
            "status": status,
            "agent": agent,
        },
    }


def _service(group: str) -> str:
    prefix, _, name = group.partition(":")
    return name if prefix == "service" else ""
