"""Decide from one look's memory what the state machine should know. Pure: no AWS, no clock.

The machine asks the questions in its Choice states, in this order: is the instance drained, did somebody set it
ACTIVE again, is its agent lost, has the deadline passed, is a heartbeat due, are there tasks to stop, is there
something to explain? This module gives the facts that those questions compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.carried import Carried, state_of
from chalicelib.common.model import Task, TaskKind
from chalicelib.common.packing import pack
from chalicelib.common.timers import Timers, near_the_deadline
from chalicelib.explain.words import count
from chalicelib.look.memory import MOST_REMEMBERED, Memory
from chalicelib.look.observation import Observation
from chalicelib.look.pace import next_wait
from chalicelib.policy import Daemons, DrainPolicy, Standalone

SETTLE = timedelta(seconds=10)
"""ECS reads are eventually consistent: an empty listing right after DRAINING proves nothing before so long."""

DAEMON_MARGIN = timedelta(seconds=30)
"""What daemon tasks get beyond their own stop timeout: ECS notices, and the agent reports, within seconds."""

EVENTS_LOST = "events-lost"
BLOCKED = "blocked"
NEWS = (BLOCKED, EVENTS_LOST)
"""What is explained at once: ECS says that a service can't place or deploy; events were lost."""

NAMED_IN_SUMMARY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Carried):
    """The facts of one look, at the tasks or before that at the gates, as the Choice state after it compares them."""

    at: datetime
    drained: bool
    taken_back: bool = False
    agent_lost: bool = False
    heartbeat_due: bool
    stop_now: tuple[str, ...] = ()
    explain: str
    """`no`, `stuck`, `near-deadline` or what is news."""
    holding: int
    """How many tasks hold the drain."""
    kinds: Mapping[str, int]
    wait: timedelta
    summary: str
    memory: Memory
    may_drain: bool = False
    """Whether the gates are open, so that DRAINING may be set."""
    set_by_another: bool = False
    """Whether it is set already, while gates are closed."""
    gates_closed: bool = False

    def is_followed_by_deeds(self, deadline_at: datetime) -> bool:
        """Whether the machine will stop tasks or let the instance go, though tasks are left on it."""
        return bool(self.stop_now) or self.agent_lost or self.at >= deadline_at

    def to_state(self) -> dict[str, Any]:
        """Return the JSON that the state machine keeps as `$look`."""
        return {**state_of(self), "stop_now": pack(self.stop_now), "tasks_to_stop": len(self.stop_now)}


def decide(
    memory: Memory, seen: Observation, policy: DrainPolicy, timers: Timers, *, observes: bool = False
) -> Look:
    """Return the facts of this look; `memory` has taken the observation in already.

    `observes`: ECS sets DRAINING itself, in its own time, so that an ACTIVE instance was not taken back.
    """
    holding = holding_of(seen, memory, policy)
    wait = next_wait(memory, holding, policy, timers, seen.at)
    return Look(
        at=seen.at,
        drained=is_drained(holding, seen, memory.started_at),
        taken_back=is_active(seen) and not observes,
        agent_lost=_has_lasted(memory.disconnected_at, policy.dead_agent_after, seen.at),
        heartbeat_due=timers.is_heartbeat_due(seen.at),
        stop_now=tuple(
            task.arn
            for task in seen.unstopped
            if task.arn in memory.tasks and is_to_be_stopped(task, memory, policy, seen.at)
        ),
        explain=what_to_explain(memory, policy, timers, seen.at),
        holding=len(holding) + _unseen(memory, seen),
        kinds=count_kinds(holding, memory),
        wait=wait,
        summary=summary(holding, seen.unstopped, memory, policy, _unseen(memory, seen)),
        memory=replace(memory, wait=wait),
    )


def holding_of(seen: Observation, memory: Memory, policy: DrainPolicy) -> tuple[Task, ...]:
    """Return the tasks that hold the drain, of those that a look saw."""
    return tuple(task for task in seen.unstopped if holds_the_drain(task, memory, policy, seen.at))


def is_drained(holding: tuple[Task, ...], seen: Observation, draining_at: datetime) -> bool:
    """Whether a full listing, taken long enough after DRAINING was set, shows nothing that holds the drain."""
    if seen.is_gone:
        return True
    is_empty = not holding and seen.is_full and seen.at - draining_at >= SETTLE
    return is_empty and not is_active(seen) and not seen.counts_more


def is_active(seen: Observation) -> bool:
    """Whether ECS may place tasks on a container instance: it is not DRAINING yet, or no longer."""
    return any(instance.status == "ACTIVE" for instance in seen.instances or ())


def holds_the_drain(task: Task, memory: Memory, policy: DrainPolicy, at: datetime) -> bool:
    """Whether an unstopped task is waited for.

    Not `runningTasksCount`: it drops a task at DEACTIVATING, while its target still gets traffic
    (https://github.com/aws/aws-cdk/issues/13506).
    """
    kind = task.kind(memory.daemon_services)
    if kind is TaskKind.STANDALONE:
        return policy.standalone_tasks.action is not Standalone.IGNORE
    if kind is TaskKind.DAEMON:
        if policy.daemons is Daemons.IGNORE:
            return False
        patience = (memory.daemon_stop or timedelta(0)) + DAEMON_MARGIN
        return not _has_lasted(memory.daemons_alone_at, patience, at)
    return True


def is_to_be_stopped(task: Task, memory: Memory, policy: DrainPolicy, at: datetime) -> bool:
    """Whether the policy wants StopTask for this standalone task now, and it was not called yet."""
    standalone = policy.standalone_tasks
    if task.kind(memory.daemon_services) is not TaskKind.STANDALONE or task.arn in memory.stop_asked:
        return False
    if task.desired_status == "STOPPED" or standalone.action not in (Standalone.STOP, Standalone.STOP_AFTER):
        return False
    return at - memory.started_at >= (standalone.after or timedelta(0))


def what_to_explain(memory: Memory, policy: DrainPolicy, timers: Timers, at: datetime) -> str:
    """Return `near-deadline` once when little time is left, `stuck` when nothing moved for long, else `no`."""
    if not timers.warned and at >= near_the_deadline(timers):
        return "near-deadline"
    is_told = timers.explained_until is not None and at < timers.explained_until
    return "stuck" if at - memory.changed_at >= policy.stuck_after and not is_told else "no"


def news(facts: Look, *, lost: bool, blocked: bool) -> str:
    """Return what is explained at once: lost events, a service's trouble, and what is foreseen to hold the drain."""
    if facts.explain != "no" or not facts.holding:
        return facts.explain
    return EVENTS_LOST if lost else BLOCKED if blocked else "no"


def count_kinds(holding: tuple[Task, ...], memory: Memory) -> dict[str, int]:
    """Count the tasks that hold the drain by kind."""
    kinds = [task.kind(memory.daemon_services) for task in holding]
    return {kind.value: kinds.count(kind) for kind in TaskKind}


def _unseen(memory: Memory, seen: Observation) -> int:
    """Return how many tasks more the last listing named than are followed; a full look has just counted them."""
    return 0 if seen.is_full else memory.more


def summary(
    holding: tuple[Task, ...],
    unstopped: tuple[Task, ...],
    memory: Memory,
    policy: DrainPolicy,
    unseen: int = 0,
) -> str:
    """Say in a sentence what holds the drain: `2 tasks hold the drain: web 0a1b2c3d DEACTIVATING, ...`.

    Where nothing does: what is left on the instance all the same, or went with it. `unseen`: of those that hold it,
    how many more the last listing named than this look asked for.
    """
    if memory.is_gone:
        return gone(memory.lost)
    if not holding:
        lost = [f"{_not_stopped(memory.lost)} went with a container instance that is gone"]
        left = [*left_behind(unstopped, memory, policy), *(lost if memory.lost else [])]
        return "; ".join(["no task holds the drain", *left])
    named = ", ".join(
        f"{name_of(task)} {task.id[:8]} {task.last_status}" for task in holding[:NAMED_IN_SUMMARY]
    )
    number = len(holding) + unseen
    more = f" and {number - NAMED_IN_SUMMARY} more" if number > NAMED_IN_SUMMARY else ""
    verb = "1 task holds" if number == 1 else f"{number} tasks hold"
    part = f"; {MOST_REMEMBERED:,} are followed at a time" if memory.more else ""
    return f"{verb} the drain: {named}{more}{part}"


def gone(lost: int) -> str:
    """Say that the instance is gone, and how many tasks with it that nobody saw STOPPED."""
    if not lost:
        return "the instance is gone, and no task with it"
    return f"the instance is gone, and {_not_stopped(lost)} went with it"


def _not_stopped(number: int) -> str:
    return f"{count(number, 'task')} that {'was' if number == 1 else 'were'} not STOPPED at the last look"


def left_behind(unstopped: tuple[Task, ...], memory: Memory, policy: DrainPolicy) -> list[str]:
    """Return a clause for each kind of task that is not waited for: how many are left, and why."""
    kinds = count_kinds(unstopped, memory)
    is_overdue = policy.daemons is not Daemons.IGNORE
    reasons = {
        TaskKind.STANDALONE: "as the policy says",
        TaskKind.DAEMON: "past the time to stop" if is_overdue else "as the policy says",
    }
    return [
        f"{count(kinds[kind], f'{kind} task')} {'is' if kinds[kind] == 1 else 'are'} left, {reason}"
        for kind, reason in reasons.items()
        if kinds[kind]
    ]


def name_of(task: Task) -> str:
    """Return the service's name, or the family of a standalone task."""
    return task.service_name or task.group.removeprefix("family:") or "task"


def _has_lasted(since: datetime | None, at_least: timedelta, at: datetime) -> bool:
    return since is not None and at - since >= at_least
