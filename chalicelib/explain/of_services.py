"""Why a service's task doesn't leave: the next step of the scheduler, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.common.model import short
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
from chalicelib.explain.new_instances import behind_stopping, new_instance, provisioning_since
from chalicelib.explain.of_tasks import is_leaving
from chalicelib.explain.placement import Match
from chalicelib.explain.providers import ample_for, candidates, growing, of_providers
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
    elif (behind := behind_stopping(case)) is not None:
        yield behind
    elif standing.can_start_first or provisioning_since(case.service.tasks):
        yield from placement_blockers(case)
    else:
        yield from unhealthy_blockers(case)


def deadlock(case: Case) -> Blocker:
    """Return the blocker of a service whose percents leave no room, with the rounding shown."""
    minimum, maximum = percents_of(case.service)
    desired, best = case.service.desired, case.best_place
    has_place = (best is not None and best.fits) or ample_for(case.world, case.service) is not None
    return case.blocker(
        BlockerKind.DEADLOCK,
        f"{count(desired, 'task')} desired; minimum healthy {minimum} % rounds up to {desired}, "
        f"maximum {maximum} % rounds down to {desired}: ECS may neither stop one first nor start one first",
        remedies.widen_percents(case.world, case.service, has_place=has_place),
    )


def placement_blockers(case: Case) -> Iterator[Blocker]:
    """Yield why a replacement that must start first finds no place."""
    best = case.best_place
    if ample_for(case.world, case.service) is not None or (best is not None and best.fits):
        return
    lack = f"a replacement must start first, and {_empty(case) if best is None else _closest(case, best)}"
    yield new_instance(case, lack) or _launch_type(case, lack) or _no_place(case, best, lack)


def _no_place(case: Case, best: Match | None, lack: str) -> Blocker:
    if best is not None:
        return _no_room(case, best, lack)
    return _provider_empty(case, lack) if case.world.shares_of(case.service) else _no_instance(case)


def _empty(case: Case) -> str:
    others = sum(one.takes_tasks for one in case.world.others)
    elsewhere = f": {count(others, 'other')} of the cluster may not take it" if others else ""
    return f"no other instance{of_providers(case.world, case.service)} takes tasks{elsewhere}"


def _closest(case: Case, best: Match) -> str:
    number = len(candidates(case.world, case.service))
    closest = "the only other instance" if number == 1 else f"the closest of {number} other instances"
    lacks = "; ".join(shortfall.text for shortfall in best.shortfalls)
    whose = of_providers(case.world, case.service)
    return f"{closest}{whose}, {best.instance.ec2_instance_id}, can't take it: {lacks}"


def _provider_empty(case: Case, lack: str) -> Blocker:
    world, service = case.world, case.service
    there = sorted(
        {one.capacity_provider for one in world.others if one.takes_tasks and one.capacity_provider}
    )
    more = remedies.more_room_for(world, service)
    wider = f", or {remedies.use_providers(world, service, there)}" if there else ""
    return case.blocker(BlockerKind.PROVIDER_EMPTY, f"{lack}{_not_scaling(case)}", f"{more}{wider}")


def _not_scaling(case: Case) -> str:
    off = [one.name for one in growing(case.world, case.service) if not one.manages_scaling]
    return f"; managed scaling of {' and '.join(off)} is off, so that ECS launches none" if off else ""


def _launch_type(case: Case, lack: str) -> Blocker | None:
    """Return the blocker of a service without a strategy beside a provider that would scale for one, or None."""
    world, service = case.world, case.service
    own = world.providers.get(world.instance.capacity_provider)
    if world.shares_of(service) or own is None or not own.manages_scaling:
        return None
    kind = service.launch_type or "EC2"
    return case.blocker(
        BlockerKind.LAUNCH_TYPE,
        f"{lack}; managed scaling of capacity provider {own.name} launches instances only for services with a "
        f"strategy, and this one has launch type {kind}",
        f"{remedies.more_room(world)}, or {remedies.use_providers(world, service, [own.name])}",
    )


def _no_room(case: Case, best: Match, lack: str) -> Blocker:
    kind = min((shortfall.kind for shortfall in best.shortfalls), key=lambda kind: kind.importance)
    return case.blocker(kind, f"{lack}{_not_scaling(case)}", _room_remedy(case, kind))


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
    definition = short(case.service.task_definition_arn) or "its task definition"
    more = remedies.more_room_for(case.world, case.service)
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
