"""Read what a fleet's plan needs: its container instances, and what surrounds the tasks on them; touches nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.common.errors import AccessDenied
from chalicelib.common.model import Task
from chalicelib.common.telemetry import logger
from chalicelib.explain import Circumstances
from chalicelib.explain.capacity import Provider, Share
from chalicelib.explain.circumstances import DescribedInstance, Service
from chalicelib.fleet import Member
from chalicelib.fleet.own_turn import on_their_own_turn, resolve_each
from chalicelib.gateways import described, ecs, providers
from chalicelib.gateways.autoscaling import groups_of
from chalicelib.gateways.circumstances import container_instances_of, needs_of, services_of
from chalicelib.gateways.providers import default_shares_for
from chalicelib.gateways.stateful import stateful_by_instance
from chalicelib.policy import Gates, Resolved, Source

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one cluster knows of a fleet."""

    cluster: str
    doomed: tuple[DescribedInstance, ...]
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
    stateful: dict[str, tuple[str, ...]] = {}
    for each in found if modes else ():
        stateful |= stateful_by_instance(each.cluster, with_definitions=Gates.TASK_DEFINITIONS in modes)
    members = [member for each in found for member in each.members]
    return on_their_own_turn(members, resolved, stateful)


def _in_cluster(cluster: str, instance_ids: Collection[str]) -> Surroundings | None:
    instances = [described.instance(one) for one in container_instances_of(cluster)]
    doomed = tuple(one for one in instances if one.ec2_instance_id in instance_ids)
    if not doomed:
        return None
    others = tuple(one for one in instances if one.ec2_instance_id not in instance_ids)
    tasks = _tasks_of(cluster)
    services = services_of(cluster, tasks)
    none: tuple[Share, ...] = ()
    default = _where_allowed(lambda: default_shares_for(cluster, services.values()), none)
    world = Circumstances(
        cluster=cluster.rsplit("/", 1)[-1],
        instance=doomed[0],
        tasks=(),
        others=others,
        services=services,
        needs=needs_of((), services.values()),
        default_shares=default,
        providers=_where_allowed(lambda: _providers(services.values(), default), {}),
    )
    return Surroundings(cluster, doomed, world)


def _providers(services: Iterable[Service], default: tuple[Share, ...]) -> dict[str, Provider]:
    """Return the capacity providers that strategies name: some need no instance of ours."""
    return providers.providers_of(providers.read_answers(providers.names_of(services, default)), {})


def _where_allowed(read: Callable[[], Read], otherwise: Read) -> Read:
    """Read what makes a plan better; without it the plan is that of a service without a strategy."""
    try:
        return read()
    except AccessDenied as denied:
        logger.warning(f"a fleet is planned without it: {denied}")
        return otherwise


def _tasks_of(cluster: str) -> Iterable[Task]:
    """Return the cluster's tasks: one listing costs less than one for each of fifty instances."""
    return ecs.describe_tasks(cluster, ecs.all_tasks(cluster)).tasks
