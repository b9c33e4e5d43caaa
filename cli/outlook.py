"""What a forecast becomes under a policy, whether the rest of the cluster has room, and how long at least. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.common.model import Task, TaskKind
from chalicelib.explain import BlockerKind, Circumstances, Fate, Forecast, Outcome
from chalicelib.explain.words import count
from chalicelib.policy import DrainPolicy, Standalone

NOTHING = timedelta(0)


def under_policy(told: Forecast, world: Circumstances, policy: DrainPolicy) -> Forecast:
    """Return the forecast with standalone tasks faring as the policy says; by itself it takes them to be waited for."""
    if policy.standalone_tasks.action is Standalone.WAIT:
        return told
    standalone = {
        task.id: task for task in world.tasks if task.kind(world.daemon_services) is TaskKind.STANDALONE
    }
    fates = (
        _standalone_fate(fate, standalone[fate.task_id], world, policy) if _waits(fate, standalone) else fate
        for fate in told.fates
    )
    blockers = (blocker for blocker in told.blockers if blocker.kind is not BlockerKind.STANDALONE)
    return replace(told, fates=tuple(fates), blockers=tuple(blockers))


def _waits(fate: Fate, standalone: dict[str, Task]) -> bool:
    return fate.task_id in standalone and fate.outcome is Outcome.WAITS


def _standalone_fate(fate: Fate, task: Task, world: Circumstances, policy: DrainPolicy) -> Fate:
    choice = policy.standalone_tasks
    if choice.action is Standalone.IGNORE:
        why = "standalone_tasks is `ignore`: nobody waits for it, and it is killed with the instance"
        return replace(fate, outcome=Outcome.STOPS, why=why, remedy="", at_least=NOTHING, allow=NOTHING)
    patience = choice.after or NOTHING
    why = f"a standalone task; standalone_tasks is `{choice}`, so StopTask is called unless it ends before"
    allow = patience + world.definition_of(task.task_definition_arn).stop_timeout
    return replace(fate, outcome=Outcome.STOPS, why=why, remedy="", at_least=NOTHING, allow=allow)


@dataclass(frozen=True, slots=True)
class Room:
    """What the rest of a cluster has left, and what the tasks that must move ask for."""

    places: int
    """Other container instances that take tasks: ACTIVE, with a connected agent."""
    cpu_left: int
    memory_left: int
    cpu_needed: int
    memory_needed: int
    moving: int
    """Tasks of services that replace them."""
    without_place: int
    """Of those, the tasks for whose replacement no instance was found; a deadlock is another matter."""

    def __str__(self) -> str:
        if not self.moving:
            return "no task needs room elsewhere"
        verb = "takes" if self.places == 1 else "take"
        there = f"{count(self.places, 'other container instance')} {verb} tasks"
        left = f"{self.cpu_left:,} CPU units and {self.memory_left:,} MiB are left there"
        verb = "asks" if self.moving == 1 else "ask"
        needed = (
            f"{count(self.moving, 'task')} to move {verb} for {self.cpu_needed:,} and {self.memory_needed:,}"
        )
        missing = f"; no place for {self.without_place} of them" if self.without_place else ""
        return f"{there}; {left}, {needed}{missing}"


def room_for(world: Circumstances, told: Forecast) -> Room:
    """Return what is left in the rest of the cluster for the tasks that must move, placed one after another."""
    places = [one for one in world.others if one.takes_tasks]
    fates = {fate.task_id: fate for fate in told.fates}
    moving = [task for task in world.tasks if _must_move(task, world, fates)]
    needs = [world.definition_of(task.task_definition_arn) for task in moving]
    deadlocked = {
        held for blocker in told.blockers if blocker.kind is BlockerKind.DEADLOCK for held in blocker.tasks
    }
    stranded = (Outcome.BLOCKED, Outcome.STOPS)
    homeless = [task for task in moving if fates[task.id].outcome in stranded and task.id not in deadlocked]
    return Room(
        places=len(places),
        cpu_left=sum(one.cpu for one in places),
        memory_left=sum(one.memory for one in places),
        cpu_needed=sum(one.cpu for one in needs),
        memory_needed=sum(one.memory for one in needs),
        moving=len(moving),
        without_place=len(homeless),
    )


def _must_move(task: Task, world: Circumstances, fates: dict[str, Fate]) -> bool:
    fate = fates.get(task.id)
    kind = task.kind(world.daemon_services)
    return kind is TaskKind.SERVICE and fate is not None and fate.outcome is not Outcome.LEAVING


def time_needed(forecasts: Iterable[Forecast]) -> tuple[timedelta, timedelta]:
    """Return the least time until all is STOPPED, and the time to allow for stop timeouts too."""
    told = list(forecasts)
    return max((one.at_least for one in told), default=NOTHING), max(
        (one.allow for one in told), default=NOTHING
    )
