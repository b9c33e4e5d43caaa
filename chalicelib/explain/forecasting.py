"""What a drain would do, told before anything is touched: which tasks move, stay or block, and how long.

Times are ECS's own minimum: health time, then deregistration delay, then what the containers need to stop.
Pulling images and starting containers come on top and can't be known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.common.model import Task, TaskKind
from chalicelib.common.services import Service
from chalicelib.explain.arithmetic import bounds_of, can_never_move, health_time, percents_of
from chalicelib.explain.blocker import Blocker, in_order
from chalicelib.explain.case import Case
from chalicelib.explain.circumstances import Circumstances
from chalicelib.explain.of_instance import instance_blockers
from chalicelib.explain.of_services import deadlock, placement_blockers
from chalicelib.explain.of_tasks import (
    deregistration_delay,
    is_leaving,
    leaving_blocker,
    protected_blocker,
    standalone_blocker,
)
from chalicelib.explain.placement import best_of, with_replacement
from chalicelib.explain.providers import ample_for
from chalicelib.explain.words import name_of


class Outcome(StrEnum):
    """What becomes of one task."""

    MOVES = "moves"
    """Its replacement runs elsewhere, then it stops; or the other way round where the percents allow."""
    STOPS = "stops"
    """It stops, and no other instance has room for its replacement: the service stays one short."""
    LEAVING = "leaving"
    """It has been told to stop already."""
    WAITS = "waits"
    """The drain waits for its own end, for the end of its protection, or for a new instance for its replacement."""
    BLOCKED = "blocked"
    """It will not leave until somebody acts."""
    LAST = "last"
    """A daemon: it leaves after all others."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What would become of one task."""

    task_id: str
    subject: str
    outcome: Outcome
    why: str
    remedy: str = ""
    at_least: timedelta | None = None
    """The shortest time until it is STOPPED if its containers stop at once; None where nobody can tell."""
    allow: timedelta | None = None
    """The same, with its containers taking their whole stop timeout."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a drain of an instance would do."""

    instance_id: str
    fates: tuple[Fate, ...]
    blockers: tuple[Blocker, ...]
    """What would hold the drain as things stand."""

    @property
    def at_least(self) -> timedelta:
        """The shortest time the drain can take, as far as times are known."""
        return max((fate.at_least for fate in self.fates if fate.at_least is not None), default=timedelta(0))

    @property
    def allow(self) -> timedelta:
        """The time that a deadline should leave for what is known, stop timeouts included."""
        others = (fate.allow for fate in self.fates if fate.outcome is not Outcome.LAST)
        daemons = (fate.allow for fate in self.fates if fate.outcome is Outcome.LAST)
        return _longest(others) + _longest(daemons)

    @property
    def is_blocked(self) -> bool:
        """Whether the drain can't end by itself."""
        return any(fate.outcome is Outcome.BLOCKED for fate in self.fates)

    @property
    def is_open_ended(self) -> bool:
        """Whether some task's end can't be told."""
        return any(fate.at_least is None for fate in self.fates)

    def count(self, outcome: Outcome) -> int:
        """Return how many tasks have an outcome."""
        return sum(fate.outcome is outcome for fate in self.fates)


def _longest(times: Iterable[timedelta | None]) -> timedelta:
    return max((time for time in times if time is not None), default=timedelta(0))


def forecast(circumstances: Circumstances, at: datetime) -> Forecast:
    """Return what draining the instance now would do; replacements are placed one after another."""
    world, fates = circumstances, list[Fate]()
    blockers = list(instance_blockers(circumstances, at))
    for task in sorted(circumstances.tasks, key=lambda task: (task.service_name or "", task.id)):
        if not task.is_stopped:
            fate, causes, world = _fate(world, task, at)
            fates.append(fate)
            blockers += causes
    return Forecast(circumstances.instance.ec2_instance_id, tuple(fates), in_order(blockers))


Told = tuple[Fate, tuple[Blocker, ...], Circumstances]
"""A task's fate, what causes it where that is a blocker, and the world as it is after the task has moved."""


def _fate(world: Circumstances, task: Task, at: datetime) -> Told:
    kind = task.kind(world.daemon_services)
    if is_leaving(task):
        return _because(world, task, Outcome.LEAVING, leaving_blocker(world, task, at), at)
    if kind is TaskKind.DAEMON:
        stop = world.definition_of(task.task_definition_arn).stop_timeout
        return Fate(task.id, name_of(task), Outcome.LAST, "a daemon", "", timedelta(0), stop), (), world
    if kind is TaskKind.STANDALONE:
        return _because(world, task, Outcome.WAITS, standalone_blocker(world, task, at), at)
    if task.arn in world.protections:
        return _because(world, task, Outcome.WAITS, protected_blocker(world, task, at), at)
    service = world.service_of(task)
    if service is None:
        return Fate(task.id, name_of(task), Outcome.WAITS, "its service couldn't be described"), (), world
    return _of_service(Case(world, service, (task,), at))


def _because(world: Circumstances, task: Task, outcome: Outcome, cause: Blocker, at: datetime) -> Told:
    ends_in = None if cause.ends_at is None else max(cause.ends_at - at, timedelta(0))
    fate = Fate(task.id, name_of(task), outcome, cause.reason, cause.remedy, ends_in, ends_in)
    return fate, (cause,), world


def _of_service(case: Case) -> Told:
    world, service, (task,) = case.world, case.service, case.held
    bounds = bounds_of(service.desired, *percents_of(service))
    place, ample = best_of(world, service), ample_for(world, service)
    order = "it may stop first" if service.desired > bounds.fewest else "the replacement starts first"
    if can_never_move(service):
        return _because(world, task, Outcome.BLOCKED, deadlock(case), case.at)
    if ample is not None:
        why = f"its replacement starts on {ample}, which has room for it; {order}"
        return _timed(case, Outcome.MOVES, why), (), world
    if place is not None:
        why = f"its replacement fits on {place.ec2_instance_id}; {order}"
        return _timed(case, Outcome.MOVES, why), (), with_replacement(world, service, place)
    if service.running > bounds.fewest:
        why = "it may stop first, but no other instance has room: the service stays one short"
        return _timed(case, Outcome.STOPS, why), (), _after_stop(world, service)
    cause = next(placement_blockers(case))
    outcome = Outcome.WAITS if cause.kind.resolves_itself else Outcome.BLOCKED
    return _because(world, task, outcome, cause, case.at)


def _after_stop(world: Circumstances, service: Service) -> Circumstances:
    shorter = replace(service, running=service.running - 1)
    return replace(world, services={**world.services, service.name: shorter})


def _timed(case: Case, outcome: Outcome, why: str) -> Fate:
    (task,) = case.held
    at_least, allow = shortest_times(case.world, case.service, task)
    return Fate(task.id, name_of(task), outcome, why, at_least=at_least, allow=allow)


def shortest_times(world: Circumstances, service: Service, task: Task) -> tuple[timedelta, timedelta]:
    """Return the least time until a service's tasks here are STOPPED, without and with their stop timeouts.

    Tasks move in rounds of as many as lie between the bounds. Each round waits for health, the first one only
    where replacements must start first. Stopping tasks count against the maximum: where that is the desired
    count, a round begins only when the tasks of the one before are gone.
    """
    here = [other for other in world.tasks if other.service_name == service.name and not other.is_stopped]
    bounds = bounds_of(service.desired, *percents_of(service))
    rounds = -(-len(here) // max(1, bounds.room))
    waits_for_health = rounds if service.desired <= bounds.fewest else rounds - 1
    exits = rounds if bounds.most <= service.desired else 1
    at_least = waits_for_health * health_time(world, service) + exits * deregistration_delay(world, task)
    return at_least, at_least + exits * world.definition_of(task.task_definition_arn).stop_timeout
