"""Why a service's task doesn't leave: the next step of the scheduler, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.explain import remedies
from chalicelib.explain.arithmetic import OWN_CONTROLLERS, health_time, percents_of
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.case import Case
from chalicelib.explain.deployments import (
    SETTLES_WITHIN,
    deployment_blockers,
    event_blockers,
    unhealthy_blockers,
)
from chalicelib.explain.of_tasks import is_leaving
from chalicelib.explain.placement import Match
from chalicelib.explain.words import count, spell


def service_blockers(case: Case) -> list[Blocker]:
    """Return what keeps a service's tasks on the instance; nothing only where all are protected.

    The scheduler takes a task away by stopping first or by starting a replacement first. If neither step is
    open now, the bounds, the cluster's room or the replacements' health are the cause.
    """
    found = [*deployment_blockers(case), *hard_blockers(case)]
    kinds = {blocker.kind for blocker in found}
    found += [blocker for blocker in event_blockers(case) if blocker.kind not in kinds]
    if found or all(task.arn in case.world.protections for task in case.held):
        return found
    if _waits_for_its_controller(case):
        return [_own_controller(case)]
    return [_unexplained(case) if _should_have_moved(case) else _moving(case)]


def hard_blockers(case: Case) -> Iterator[Blocker]:
    """Yield what forbids the scheduler's next step, from counts and resources alone."""
    standing = case.standing
    if case.is_deadlocked:
        yield deadlock(case)
    elif standing.can_stop_first:
        return
    elif standing.can_start_first:
        yield from placement_blockers(case)
    else:
        yield from unhealthy_blockers(case)


def deadlock(case: Case) -> Blocker:
    """Return the blocker of a service whose percents leave no room, with the rounding shown."""
    minimum, maximum = percents_of(case.service)
    desired, best = case.service.desired, case.best_place
    return case.blocker(
        BlockerKind.DEADLOCK,
        f"{count(desired, 'task')} desired; minimum healthy {minimum} % rounds up to {desired}, "
        f"maximum {maximum} % rounds down to {desired}: ECS may neither stop one first nor start one first",
        remedies.widen_percents(case.world, case.service, has_place=best is not None and best.fits),
    )


def placement_blockers(case: Case) -> Iterator[Blocker]:
    """Yield why a replacement that must start first finds no place."""
    best = case.best_place
    if best is None:
        yield _no_instance(case)
    elif not best.fits:
        yield _no_room(case, best)


def _no_room(case: Case, best: Match) -> Blocker:
    kind = min((shortfall.kind for shortfall in best.shortfalls), key=lambda kind: kind.importance)
    candidates = sum(instance.takes_tasks for instance in case.world.others)
    closest = "the only other instance" if candidates == 1 else f"the closest of {candidates} other instances"
    lacks = "; ".join(shortfall.text for shortfall in best.shortfalls)
    where = f"{closest}, {best.instance.ec2_instance_id}"
    reason = f"a replacement must start first, and {where}, can't take it: {lacks}"
    return case.blocker(kind, reason, _room_remedy(case, kind))


def _no_instance(case: Case) -> Blocker:
    statuses = [instance.status for instance in case.world.others]
    kind = BlockerKind.ALL_DRAINING if set(statuses) == {"DRAINING"} else BlockerKind.NO_OTHER_INSTANCE
    remedy = remedies.more_room(case.world)
    if not statuses:
        reason = f"this is the only container instance of cluster {case.world.cluster}"
    elif kind is BlockerKind.ALL_DRAINING:
        reason = f"{count(len(statuses), 'other instance')}, all DRAINING: nothing can be placed anywhere"
        remedy = f"{remedy}; {remedies.LAUNCH_FIRST}"
    else:
        lost = statuses.count("ACTIVE")
        reason = f"of {count(len(statuses), 'other instance')} {lost} ACTIVE, with the agent disconnected"
    return case.blocker(kind, f"a replacement must start first; {reason}", remedy)


def _room_remedy(case: Case, kind: BlockerKind) -> str:
    definition = case.service.task_definition_arn.rsplit("/", 1)[-1] or "its task definition"
    more = remedies.more_room(case.world)
    ways = {
        BlockerKind.NO_CPU: f"{more}, or lower the CPU that {definition} reserves",
        BlockerKind.NO_MEMORY: f"{more}, or lower the memory that {definition} reserves",
        BlockerKind.NO_GPU: f"{more} with GPUs",
        BlockerKind.NO_PORT: f"{more}, or let {definition} use a dynamic host port (0)",
        BlockerKind.DISTINCT_INSTANCE: f"{more}, or {_stop_first(case)}",
        BlockerKind.MEMBER_OF: f"{more} that satisfies the constraint, or change the constraint",
        BlockerKind.MISSING_ATTRIBUTE: f"{more} that has it (aws ecs put-attributes for a custom one)",
        BlockerKind.ZONE_PINNED: f"{more} in {case.world.instance.availability_zone}",
    }
    return ways[kind]


def _stop_first(case: Case) -> str:
    if case.service.controller in OWN_CONTROLLERS:
        return remedies.stop_task_of_service(case.world, case.held[0].id)
    return remedies.stop_first(case.world, case.service)


def _waits_for_its_controller(case: Case) -> bool:
    service = case.service
    return service.controller in OWN_CONTROLLERS and service.running + service.pending <= service.desired


def _own_controller(case: Case) -> Blocker:
    service = case.service
    return case.blocker(
        BlockerKind.FIXED_PERCENTS,
        f"{service.running} of {count(service.desired, 'desired task')} run and no replacement has started; "
        f"deployments belong to {service.controller}, so ECS drains with 100 and 200 percent",
        f"finish or roll back the deployment in {service.controller}, or "
        + remedies.stop_task_of_service(case.world, case.held[0].id),
    )


def _should_have_moved(case: Case) -> bool:
    """Whether ECS had time to begin a move that nothing forbids, and hasn't."""
    began_at, service = case.world.drain_began_at, case.service
    if began_at is None or case.at - began_at < SETTLES_WITHIN or service.desired == 0:
        return False
    return service.pending == 0 and service.running <= service.desired and not _has_lately_moved(case)


def _has_lately_moved(case: Case) -> bool:
    """Whether a task of the service started within ten minutes, or one on the instance is on its way out."""
    here = (task for task in case.world.tasks if task.service_name == case.service.name)
    starts = (task.created_at for task in case.service.tasks if task.created_at is not None)
    return any(map(is_leaving, here)) or any(case.at - start < SETTLES_WITHIN for start in starts)


def _unexplained(case: Case) -> Blocker:
    return case.blocker(
        BlockerKind.UNEXPLAINED,
        f"{_next_step(case)}; yet nothing began in {spell(case.at - (case.world.drain_began_at or case.at))}",
        f"see {remedies.describe_events(case.world, case.service)}, or "
        + remedies.stop_task_of_service(case.world, case.held[0].id),
    )


def _moving(case: Case) -> Blocker:
    events = remedies.describe_events(case.world, case.service)
    return case.blocker(BlockerKind.MOVING, _next_step(case), f"{remedies.NOTHING}; if it stays so, {events}")


def _next_step(case: Case) -> str:
    standing = case.standing
    numbers = f"{standing.running} running, {standing.pending} pending, {case.service.desired} desired"
    if standing.can_stop_first:
        return f"ECS may stop a task now ({numbers}, at least {standing.bounds.fewest} must be healthy)"
    soonest = spell(health_time(case.world, case.service))
    replacement = "a replacement starts first" if standing.can_start_first else "a replacement has started"
    return f"{replacement} and counts as healthy {soonest} after RUNNING at the earliest ({numbers})"
