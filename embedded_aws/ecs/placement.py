"""Where a task may run: what it needs, which container instances offer it, and why none does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from embedded_aws.ecs.model import ContainerInstance, Launch, Requirements, Rule
from embedded_aws.ecs.query import compile_query

NO_INSTANCES = "No Container Instances were found in your cluster."


@dataclass(frozen=True)
class Refusal:
    """Why nothing could be placed: the API's reason, the sentence in a service event, the closest instance."""

    reason: str
    sentence: str
    instance: ContainerInstance | None = None


def find(
    launch: Launch, needs: Requirements, instances: Iterable[ContainerInstance]
) -> ContainerInstance | Refusal:
    """Choose the container instance for one task, or say why there is none."""
    active = [instance for instance in instances if instance.status == "ACTIVE"]
    if not active:
        return Refusal(NO_INSTANCES, f"Reason: {NO_INSTANCES}")
    checks = list(_checks(launch, needs))
    failed = {instance.arn: _first_failure(instance, checks) for instance in active}
    fitting = [instance for instance in active if failed[instance.arn] == len(checks)]
    if fitting:
        return min(fitting, key=_preference(launch, active))
    closest = max(active, key=lambda instance: failed[instance.arn])
    reason, sentence, _ = checks[failed[closest.arn]]
    named = f"The closest matching (container-instance {closest.id}) {sentence}."
    return Refusal(reason, named, closest)


Check = tuple[str, str, Callable[[ContainerInstance], bool]]


def _first_failure(instance: ContainerInstance, checks: list[Check]) -> int:
    return next((place for place, check in enumerate(checks) if not check[2](instance)), len(checks))


def _checks(launch: Launch, needs: Requirements) -> Iterable[Check]:
    """List, in order, (reason of RunTask's failures, end of the service event's sentence, test)."""
    yield "AGENT", "doesn't have the agent connected", lambda instance: instance.agent_connected
    for rule in launch.constraints:
        yield _constraint(rule, launch.group)
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
    return _unsatisfied("DistinctInstance", lambda instance: not instance.groups[group])


def _unsatisfied(kind: str, test: Callable[[ContainerInstance], bool]) -> Check:
    reason = f"{kind} placement constraint unsatisfied."
    return reason, f'encountered error "{reason}"', test


def _ports_free(instance: ContainerInstance, needs: Requirements) -> bool:
    taken = {"udp": instance.ports["PORTS_UDP"], "tcp": instance.ports["PORTS"]}
    return not any(str(binding["hostPort"]) in taken[binding["protocol"]] for binding in needs.bindings)


def _preference(
    launch: Launch, active: list[ContainerInstance]
) -> Callable[[ContainerInstance], tuple[float, ...]]:
    """Return the sort key of the placement strategy: the smallest is chosen, the first registered of equals."""
    keys = [_strategy(rule, launch.group, active) for rule in launch.strategy]
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
        counts[place] = counts.get(place, 0) + instance.groups[group]
    return lambda instance: counts[_place(instance, chosen)]


def _place(instance: ContainerInstance, chosen: str) -> str:
    if chosen.startswith("attribute:"):
        return instance.attributes.get(chosen.removeprefix("attribute:")) or ""
    return instance.id
