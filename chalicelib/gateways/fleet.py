"""Read what a fleet's plan needs: its container instances, and what surrounds the tasks on them; touches nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.common.errors import AccessDenied
from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Service
from chalicelib.common.telemetry import logger
from chalicelib.explain import Circumstances
from chalicelib.explain.reading import definitions_to_ask_for, services_to_ask_for
from chalicelib.fleet import Member
from chalicelib.fleet.own_turn import on_their_own_turn, resolve_each
from chalicelib.gateways import ecs
from chalicelib.gateways.autoscaling import groups_of
from chalicelib.gateways.circumstances import Attempts, strategies_of
from chalicelib.gateways.gates import stateful_by_instance
from chalicelib.policy import Gates, Resolved, Source


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one cluster knows of a fleet."""

    cluster: str
    doomed: tuple[ContainerInstance, ...]
    """The fleet's container instances."""
    world: Circumstances
    """Its services and the container instances that stay; `world.instance` is the first of the fleet."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The fleet's container instances here, as a plan needs them."""
        return tuple(Member(one.ec2_instance_id, self.cluster, one.arn, one.status) for one in self.doomed)


def read_surroundings(instance_ids: Collection[str], clusters: Sequence[str]) -> list[Surroundings]:
    """Return what each cluster that knows some of these EC2 instances has around them; all clusters if none is named.

    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    found = (_in_cluster(cluster, instance_ids) for cluster in clusters or ecs.list_clusters())
    return [each for each in found if each is not None]


def read_policies(instance_ids: Collection[str], stage: Source, asked: Source) -> dict[str, Resolved]:
    """Return what the drain of each of these EC2 instances will go by. Raises what `read_surroundings` does."""
    return resolve_each(instance_ids, groups_of(instance_ids), stage, asked)


def read_own_turn(found: Sequence[Surroundings], resolved: Mapping[str, Resolved]) -> dict[str, str]:
    """Return why instances of a fleet can't be set DRAINING with the others, by EC2 instance id.

    ECS is asked only where a policy has gates. Raises what `read_surroundings` does.
    """
    modes = {each.policy.gates for each in resolved.values()} - {Gates.OFF}
    mode = Gates.TASK_DEFINITIONS if Gates.TASK_DEFINITIONS in modes else Gates.SERVICES
    stateful: dict[str, tuple[str, ...]] = {}
    for each in found if modes else ():
        stateful |= stateful_by_instance(each.cluster, mode)
    members = [member for each in found for member in each.members]
    return on_their_own_turn(members, resolved, stateful)


def _services_of(cluster: str, tasks: Sequence[Task]) -> dict[str, Service]:
    """Return the services of a cluster's tasks by name, each with its own of these; a daemon without: none is moved."""
    own: defaultdict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        own[task.service_name or ""].append(task)
    found = ecs.describe_services(cluster, services_to_ask_for(tasks))
    return {one.name: replace(one, tasks=() if one.is_daemon else tuple(own[one.name])) for one in found}


def _in_cluster(cluster: str, instance_ids: Collection[str]) -> Surroundings | None:
    instances = ecs.all_container_instances(cluster)
    doomed = tuple(one for one in instances if one.ec2_instance_id in instance_ids)
    if not doomed:
        return None
    # One listing of the cluster's tasks costs less than one for each of fifty instances, or services.
    services = _services_of(cluster, ecs.describe_tasks(cluster, ecs.tasks_where(cluster)).tasks)
    definitions = ecs.task_definitions(definitions_to_ask_for((), services.values()))
    attempts = Attempts(forgiven=(AccessDenied,))
    default, providers = strategies_of(cluster, services.values(), attempts)
    for sentence in attempts.refusals:
        logger.warning(f"a fleet is planned without it: {sentence}")
    world = Circumstances(
        cluster=cluster.rsplit("/", 1)[-1],
        instance=doomed[0],
        tasks=(),
        others=tuple(one for one in instances if one.ec2_instance_id not in instance_ids),
        services=services,
        task_definitions=definitions,
        default_shares=default,
        providers=providers,
        unread=tuple(attempts.refusals),
    )
    return Surroundings(cluster, doomed, world)
