"""Where a task may run: what it needs, which container instances offer it, and why none does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from embedded_aws.ecs.container_instances import ContainerInstance
from embedded_aws.ecs.query import compile_query

Rule = Mapping[str, Any]
"""A placement constraint or strategy as the API gives it: type, and expression or field."""

SPREAD: tuple[Rule, ...] = (
    {"type": "spread", "field": "attribute:ecs.availability-zone"},
    {"type": "spread", "field": "instanceId"},
)
"""Task placement strategies: services without one spread over Availability Zones, then over instances."""
NO_INSTANCES = "No Container Instances were found in your cluster."


@dataclass(frozen=True)
class Requirements:
    """What one task takes: CPU units, MiB, network interfaces, and port bindings (hostPort 0 is dynamic)."""

    cpu: int
    memory: int
    interfaces: int = 0
    bindings: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why nothing could be placed: the API's reason, the sentence in a service event, the closest instance."""

    reason: str
    sentence: str
    instance: ContainerInstance | None = None


@dataclass(frozen=True)
class Demand:
    """One task that looks for a container instance, and the rules that it keeps."""

    needs: Requirements
    group: str
    constraints: Iterable[Rule] = ()
    strategy: Iterable[Rule] = field(default=SPREAD)


def requirements(definition: Any) -> Requirements:
    """Sum up moto's task definition; the task's own cpu and memory go before those of its containers."""
    containers = definition.container_definitions
    is_awsvpc = definition.network_mode == "awsvpc"
    return Requirements(
        cpu=int(definition.cpu or sum(container.get("cpu") or 0 for container in containers)),
        memory=int(definition.memory or sum(map(_memory, containers))),
        interfaces=1 if is_awsvpc else 0,
        bindings=() if is_awsvpc else tuple(_bindings(containers, definition.network_mode)),
    )


def _memory(container: Rule) -> int:
    # ContainerDefinition, memoryReservation: where both are given, the reservation is what placement takes.
    return int(container.get("memoryReservation") or container.get("memory") or 0)


def _bindings(containers: Iterable[Rule], network_mode: str) -> Iterable[dict[str, Any]]:
    for container in containers:
        for mapping in container.get("portMappings") or ():
            inside = mapping["containerPort"]
            outside = inside if network_mode == "host" else mapping.get("hostPort") or 0
            protocol = mapping.get("protocol") or "tcp"
            yield {"bindIP": "0.0.0.0", "containerPort": inside, "hostPort": outside, "protocol": protocol}  # noqa: S104  # what the agent reports; nothing listens


def find(demand: Demand, instances: Iterable[ContainerInstance]) -> ContainerInstance | Refusal:
    """Choose the container instance for one task, or say why there is none."""
    active = [instance for instance in instances if instance.status == "ACTIVE"]
    if not active:
        return Refusal(NO_INSTANCES, f"Reason: {NO_INSTANCES}")
    checks = list(_checks(demand))
    failed = {instance.arn: _first_failure(instance, checks) for instance in active}
    fitting = [instance for instance in active if failed[instance.arn] == len(checks)]
    if fitting:
        return min(fitting, key=_preference(demand, active))
    closest = max(active, key=lambda instance: failed[instance.arn])
    reason, sentence, _ = checks[failed[closest.arn]]
    named = f"The closest matching (container-instance {closest.id}) {sentence}."
    return Refusal(reason, named, closest)


Check = tuple[str, str, Callable[[ContainerInstance], bool]]


def _first_failure(instance: ContainerInstance, checks: list[Check]) -> int:
    passed = 0
    for _, _, holds in checks:
        if not holds(instance):
            break
        passed += 1
    return passed


def _checks(demand: Demand) -> Iterable[Check]:
    """List, in order, (reason of RunTask's failures, end of the service event's sentence, test)."""
    needs = demand.needs
    yield "AGENT", "doesn't have the agent connected", lambda instance: instance.agent_connected
    for rule in demand.constraints:
        yield _constraint(rule, demand.group)
    yield "RESOURCE:CPU", "has insufficient CPU units available", lambda it: it.remaining_cpu >= needs.cpu
    yield (
        "RESOURCE:MEMORY",
        "has insufficient memory available",
        lambda it: it.remaining_memory >= needs.memory,
    )
    yield "RESOURCE:PORTS", "is already using a port required by your task", lambda it: _ports_free(it, needs)
    yield (
        "RESOURCE:ENI",
        "has insufficient network interfaces available",
        lambda it: it.remaining_interfaces >= needs.interfaces,
    )


def _constraint(rule: Rule, group: str) -> Check:
    if rule["type"] == "memberOf":
        return _unsatisfied("MemberOf", compile_query(rule["expression"]))
    return _unsatisfied("DistinctInstance", lambda instance: not _count(instance, group))


def _unsatisfied(kind: str, test: Callable[[ContainerInstance], bool]) -> Check:
    reason = f"{kind} placement constraint unsatisfied."
    return reason, f'encountered error "{reason}"', test


def _count(instance: ContainerInstance, group: str) -> int:
    return sum(task.launch.group == group for task in instance.tasks.values())


def _ports_free(instance: ContainerInstance, needs: Requirements) -> bool:
    taken = {"udp": instance.ports["PORTS_UDP"], "tcp": instance.ports["PORTS"]}
    return not any(str(binding["hostPort"]) in taken[binding["protocol"]] for binding in needs.bindings)


def _preference(
    demand: Demand, active: list[ContainerInstance]
) -> Callable[[ContainerInstance], tuple[float, ...]]:
    """Return the sort key of the placement strategy: the smallest is chosen, the first registered of equals."""
    keys = [_strategy(rule, demand.group, active) for rule in demand.strategy]
    return lambda instance: tuple(key(instance) for key in keys)


def _strategy(
    rule: Rule, group: str, active: list[ContainerInstance]
) -> Callable[[ContainerInstance], float]:
    if rule["type"] == "random":
        return lambda _: 0.0  # any choice is random enough; this one is the same in each run
    chosen = str(rule.get("field"))
    if rule["type"] == "binpack":
        return lambda it: it.remaining_cpu if chosen.lower() == "cpu" else it.remaining_memory
    counts: dict[str, int] = {}
    for instance in active:
        place = _place(instance, chosen)
        counts[place] = counts.get(place, 0) + _count(instance, group)
    return lambda instance: counts[_place(instance, chosen)]


def _place(instance: ContainerInstance, chosen: str) -> str:
    if chosen.startswith("attribute:"):
        return instance.attributes.get(chosen.removeprefix("attribute:")) or ""
    return instance.id
