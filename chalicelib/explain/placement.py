"""Whether a task fits on another container instance, and if on none, which comes closest and what it lacks.

The checks are ECS's own at placement: resources and ports (remainingResources), attributes that the task
definition requires, and constraints. Network interfaces can't be counted from here: ECS says RESOURCE:ENI in
the service's events (see `chalicelib.explain.deployments`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Constraint, Service, TaskDefinition
from chalicelib.explain.blocker import BlockerKind
from chalicelib.explain.circumstances import Circumstances
from chalicelib.explain.providers import candidates
from chalicelib.explain.query import satisfies
from chalicelib.explain.words import some

AGENT_PORTS = frozenset({22, 2375, 2376, 51678, 51679})
"""What the agent reports as taken on an empty instance."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One thing that an instance lacks for a task."""

    kind: BlockerKind
    text: str
    distance: float = 100.0
    """How far off: the lacking share for resources; a constraint is farther than any of them."""


@dataclass(frozen=True, slots=True)
class Match:
    """A container instance and what it lacks for the task: nothing where the task fits."""

    instance: ContainerInstance
    shortfalls: tuple[Shortfall, ...]

    @property
    def fits(self) -> bool:
        """Whether ECS could place the task there."""
        return not self.shortfalls

    @property
    def distance(self) -> float:
        """How far off the instance is."""
        return sum(shortfall.distance for shortfall in self.shortfalls)


def best_elsewhere(world: Circumstances, service: Service) -> Match | None:
    """Return the instance that comes closest of those on which ECS may place a replacement; None where none is."""
    matches = [match(world, service, instance) for instance in candidates(world, service)]
    return min(matches, key=lambda found: (found.distance, found.instance.ec2_instance_id), default=None)


def match(world: Circumstances, service: Service, instance: ContainerInstance) -> Match:
    """Compare what a replacement task of a service needs with what an instance offers."""
    needs = world.definition_of(service.task_definition_arn)
    shortfalls = (
        *_resource_shortfalls(needs, instance),
        *_port_shortfalls(needs, instance),
        *_attribute_shortfalls(needs, instance, world.instance),
        *_constraint_shortfalls((*needs.constraints, *service.constraints), service, instance),
        *_zone_shortfalls(needs, instance, world.instance),
    )
    return Match(instance, shortfalls)


def _resource_shortfalls(needs: TaskDefinition, instance: ContainerInstance) -> Iterator[Shortfall]:
    yield from _short_of(BlockerKind.NO_CPU, "CPU units", needs.cpu, instance.cpu, instance.registered_cpu)
    yield from _short_of(
        BlockerKind.NO_MEMORY, "MiB of memory", needs.memory, instance.memory, instance.registered_memory
    )
    yield from _short_of(BlockerKind.NO_GPU, "GPUs", needs.gpus, instance.gpus, 0)


def _short_of(kind: BlockerKind, unit: str, needed: int, left: int, registered: int) -> Iterator[Shortfall]:
    if needed <= left:
        return
    text = f"it has {left} of the {needed} {unit} left ({needed - left} short)"
    if 0 < registered < needed:
        text += f"; even when empty it has {registered}"
    yield Shortfall(kind, text, distance=(needed - left) / needed)


def _port_shortfalls(needs: TaskDefinition, instance: ContainerInstance) -> Iterator[Shortfall]:
    taken = [f"{port}/tcp" for port in sorted(needs.tcp_ports & instance.tcp_ports_in_use)]
    taken += [f"{port}/udp" for port in sorted(needs.udp_ports & instance.udp_ports_in_use)]
    if taken:
        yield Shortfall(BlockerKind.NO_PORT, f"host port {some(taken)} is in use there", distance=2.0)


def _attribute_shortfalls(
    needs: TaskDefinition, instance: ContainerInstance, home: ContainerInstance
) -> Iterator[Shortfall]:
    # Only attributes of the draining instance: the task runs there, so what is absent isn't demanded.
    missing = sorted(
        name
        for name, value in needs.attributes.items()
        if name in home.attributes and not _has(instance, name, value)
    )
    if missing:
        yield Shortfall(BlockerKind.MISSING_ATTRIBUTE, f"it lacks the attribute {some(missing)}")


def _has(instance: ContainerInstance, name: str, value: str) -> bool:
    return name in instance.attributes and value in {"", instance.attributes[name]}


def _constraint_shortfalls(
    constraints: Iterable[Constraint], service: Service, instance: ContainerInstance
) -> Iterator[Shortfall]:
    for constraint in constraints:
        if constraint.type == "distinctInstance" and _holds_one(service, instance):
            yield Shortfall(BlockerKind.DISTINCT_INSTANCE, "it holds a task of the service already")
        if constraint.type == "memberOf" and satisfies(constraint.expression, instance) is False:
            yield Shortfall(BlockerKind.MEMBER_OF, f"it isn't a member of: {constraint.expression}")


def _holds_one(service: Service, instance: ContainerInstance) -> bool:
    return any(
        task.container_instance_arn == instance.arn and task.last_status != "STOPPED"
        for task in service.tasks
    )


def _zone_shortfalls(
    needs: TaskDefinition, instance: ContainerInstance, home: ContainerInstance
) -> Iterator[Shortfall]:
    if needs.pinned_volumes and instance.availability_zone != home.availability_zone:
        volumes = some(needs.pinned_volumes)
        yield Shortfall(
            BlockerKind.ZONE_PINNED,
            f"volume {volumes} is in {home.availability_zone}, the instance in {instance.availability_zone}",
        )


def with_task(instance: ContainerInstance, needs: TaskDefinition) -> ContainerInstance:
    """Return the instance as it would be with one such task more on it."""
    return replace(
        instance,
        cpu=instance.cpu - needs.cpu,
        memory=instance.memory - needs.memory,
        gpus=instance.gpus - needs.gpus,
        tcp_ports_in_use=instance.tcp_ports_in_use | needs.tcp_ports,
        udp_ports_in_use=instance.udp_ports_in_use | needs.udp_ports,
        running_tasks=instance.running_tasks + 1,
    )


def with_replacement(world: Circumstances, service: Service, place: ContainerInstance) -> Circumstances:
    """Return the world as it would be with one more task of a service, on one of the other instances."""
    needs = world.definition_of(service.task_definition_arn)
    arrived = Task(
        f"replacement/{len(service.tasks)}",
        container_instance_arn=place.arn,
        capacity_provider=place.capacity_provider,
    )
    others = tuple(with_task(one, needs) if one is place else one for one in world.others)
    moved = replace(service, tasks=(*service.tasks, arrived))
    return replace(world, others=others, services={**world.services, service.name: moved})


def emptied(instance: ContainerInstance) -> ContainerInstance:
    """Return the instance as it is with no task on it, like one that its group has just launched."""
    return replace(
        instance,
        cpu=instance.registered_cpu,
        memory=instance.registered_memory,
        tcp_ports_in_use=instance.tcp_ports_in_use & AGENT_PORTS,
        udp_ports_in_use=frozenset(),
        running_tasks=0,
        arn="",
    )


def best_of(world: Circumstances, service: Service) -> ContainerInstance | None:
    """Return the instance with most CPU left of those that take the service's next task.

    The emptiest are tried first: of thousands hardly one more has to be compared.
    """
    emptiest_first = sorted(
        candidates(world, service), key=lambda one: (one.cpu, one.memory, one.ec2_instance_id), reverse=True
    )
    return next((one for one in emptiest_first if match(world, service, one).fits), None)
