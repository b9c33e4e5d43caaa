"""Whether the rest of the cluster has room for all that a fleet's instances hold. Pure.

All of the fleet becomes DRAINING at once, so that no task moves from one doomed instance to the next. ECS then
moves tasks of all of them: what finds no room stays where it is, spread over many instances, none of which gets
empty. So there must be room for everything before the first is touched (docs/decisions/fleets.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Service
from chalicelib.explain import Circumstances
from chalicelib.explain.placement import best_elsewhere, best_of, with_replacement
from chalicelib.explain.providers import ample_for, of_providers
from chalicelib.explain.words import count, some


@dataclass(frozen=True, slots=True)
class Cramped:
    """A service whose tasks don't all fit on what is left of the cluster."""

    service: str
    tasks: int
    """How many of its tasks find no place."""
    of: int
    """How many of its tasks are on the fleet."""
    closest: str
    """What the instance that comes closest lacks, in a sentence; or that there is none."""

    def __str__(self) -> str:
        return f"{count(self.tasks, 'task')} of the {self.of} of {self.service}: {self.closest}"


def room_for(world: Circumstances, doomed: Sequence[ContainerInstance]) -> tuple[Cramped, ...]:
    """Say which services' tasks find no place outside the fleet, placing them one after another.

    `world.others` are the instances that stay. Daemons and standalone tasks aren't placed anew. The largest tasks
    come first, each to where it fits with most CPU left: an answer of no room is near the truth, though ECS, with
    its own order, might place one task more or less.
    """
    homes = {one.arn: one for one in doomed}
    found: list[Cramped] = []
    for service in sorted(world.services.values(), key=lambda one: _size(world, one), reverse=True):
        leaving = [
            task for task in service.tasks if task.container_instance_arn in homes and not _is_over(task)
        ]
        if service.is_daemon or not leaving or ample_for(world, service):
            continue
        left_over, world = _place_all(
            world, service.name, [homes[task.container_instance_arn] for task in leaving]
        )
        if left_over:
            found.append(Cramped(service.name, left_over, len(leaving), _closest(world, service.name)))
    return tuple(found)


def _size(world: Circumstances, service: Service) -> tuple[int, int, str]:
    needs = world.definition_of(service.task_definition_arn)
    return needs.memory, needs.cpu, service.name


def _is_over(task: Task) -> bool:
    return task.last_status == "STOPPED" or task.desired_status == "STOPPED"


def _place_all(
    world: Circumstances, name: str, homes: Sequence[ContainerInstance]
) -> tuple[int, Circumstances]:
    """Place one task for each home that one leaves; return how many found none, and the world after."""
    left_over = 0
    for home in homes:
        placed = _place(replace(world, instance=home), name)
        left_over, world = (left_over + 1, world) if placed is None else (left_over, placed)
    return left_over, world


def _place(world: Circumstances, name: str) -> Circumstances | None:
    service = world.services[name]
    place = best_of(world, service)
    return None if place is None else with_replacement(world, service, place)


def _closest(world: Circumstances, name: str) -> str:
    service = world.services[name]
    best = best_elsewhere(world, service)
    if best is None:
        return f"no other ACTIVE instance{of_providers(world, service)} is left"
    lacks = some([shortfall.text for shortfall in best.shortfalls]) or "others were placed there first"
    return f"on {best.instance.ec2_instance_id}, which comes closest, {lacks}"
