"""Which stateful services are on an instance, and how they and their quorum groups fare everywhere else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Service, TaskDefinition
from chalicelib.explain.arithmetic import is_healthy
from chalicelib.explain.circumstances import TargetGroup
from chalicelib.gates.declared import declared_by, within_reach
from chalicelib.gates.seen import Group, Leaving, StatefulService
from chalicelib.policy import Reach

UNHEALTHY_TARGETS = frozenset({"initial", "unhealthy", "unavailable"})


def stateful_among(
    services: Iterable[Service],
    tasks: Iterable[Task],
    definitions: Mapping[str, TaskDefinition],
    reach: Reach | None = None,
) -> Iterator[StatefulService]:
    """Yield those of these services that tags declare stateful, with these of their tasks.

    `definitions`: by ARN, where their tags are to count too; `reach`: what tags may name.
    """
    for service in services:
        if service.is_daemon:
            continue  # one on each instance: nothing of it moves, and it leaves last
        own = [task for task in tasks if task.service_name == service.name]
        started_from = definitions.get(service.task_definition_arn, TaskDefinition())
        inherited = (*(task.tags for task in own), started_from.tags)
        declared = within_reach(declared_by(service, inherited), reach)
        if declared.is_stateful:
            yield StatefulService(declared, tuple(task.id for task in own))


@dataclass(frozen=True, slots=True)
class Standing:
    """A service anywhere in its cluster: what is healthy, and where."""

    max_unavailable: int
    desired: int
    healthy_on: tuple[str, ...]
    """The EC2 instance of each healthy task; an instance once a task."""
    leaving: tuple[Leaving, ...]

    def healthy_elsewhere(self, instance_id: str) -> int:
        """Count the healthy tasks that are on other EC2 instances than this."""
        return sum(place != instance_id for place in self.healthy_on)


def standing_of(
    service: Service,
    instances: Mapping[str, ContainerInstance],
    definition: TaskDefinition,
    target_groups: Iterable[TargetGroup],
    at: datetime,
) -> Standing:
    """Return how a service with its tasks fares, given its own target groups.

    `instances`: by ARN, those with its tasks.
    """
    places = [(task, instances.get(task.container_instance_arn)) for task in service.tasks]
    healthy = [
        place.ec2_instance_id
        for task, place in places
        if place and why_leaving(place) is None and is_healthy(service, definition, task, at)
    ]
    for target in (target for group in target_groups for target in group.others):
        place_id = target.id.partition(":")[0]
        if target.state in UNHEALTHY_TARGETS and place_id in healthy:
            healthy.remove(place_id)
    leaving = (
        Leaving(place.ec2_instance_id, 1, why) for _, place in places if place and (why := why_leaving(place))
    )
    return Standing(
        max_unavailable=declared_by(service).max_unavailable,
        desired=service.desired,
        healthy_on=tuple(healthy),
        leaving=together(leaving),
    )


def why_leaving(instance: ContainerInstance) -> str | None:
    """Return why tasks on a container instance don't count on, or None where they do."""
    if instance.status != "ACTIVE":
        return instance.status
    return None if instance.agent_connected else "its agent is disconnected"


def together(leaving: Iterable[Leaving]) -> tuple[Leaving, ...]:
    """Return each instance once, with all the tasks that are counted on it."""
    found: dict[str, Leaving] = {}
    for each in leaving:
        before = found.get(each.instance_id)
        found[each.instance_id] = replace(each, tasks=each.tasks + (before.tasks if before else 0))
    return tuple(found.values())


def group_names(here: Iterable[StatefulService]) -> frozenset[str]:
    """Return the quorum groups of these services."""
    return frozenset(each.declared.quorum_group for each in here if each.declared.quorum_group)


def services_to_ask_for(
    here: Iterable[StatefulService], members: Mapping[str, Iterable[str]]
) -> frozenset[str]:
    """Return the services, as `cluster|name`, of which a gate wants to know how they fare everywhere."""
    own = {each.key for each in here if each.declared.standby or each.declared.quorum_group}
    return frozenset(own).union(*(members.get(group, ()) for group in group_names(here)))


def groups_of(
    here: Iterable[StatefulService],
    members: Mapping[str, Iterable[str]],
    standings: Mapping[str, Standing],
    instance_id: str,
) -> tuple[Group, ...]:
    """Return the quorum groups with services on the instance; `standings` by `cluster|name`."""
    found = []
    for name in sorted(group_names(here)):
        own = [each for each in here if each.declared.quorum_group == name]
        keys = sorted({each.key for each in own} | set(members.get(name, ())))
        everywhere = [standings[key] for key in keys if key in standings]
        found.append(_group(name, own, everywhere, instance_id))
    return tuple(found)


def _group(name: str, own: list[StatefulService], everywhere: list[Standing], instance_id: str) -> Group:
    leaving = together(one for each in everywhere for one in each.leaving)
    limits = [each.declared.max_unavailable for each in own] + [each.max_unavailable for each in everywhere]
    return Group(
        name=name,
        max_unavailable=min(limits),
        desired=sum(each.desired for each in everywhere),
        here=sum(len(each.tasks) for each in own),
        healthy_elsewhere=sum(each.healthy_elsewhere(instance_id) for each in everywhere),
        leaving=tuple(one for one in leaving if one.instance_id != instance_id),
    )


def with_health(
    service: StatefulService, standings: Mapping[str, Standing], instance_id: str
) -> StatefulService:
    """Return a service on the instance with how many of its tasks are healthy elsewhere, where that was read."""
    standing = standings.get(service.key)
    if standing is None:
        return service
    return replace(service, healthy_elsewhere=standing.healthy_elsewhere(instance_id))
