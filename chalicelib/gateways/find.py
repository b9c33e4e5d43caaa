"""Find out all that a plan needs to know of an EC2 instance; nothing is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chalicelib.common.errors import Gone
from chalicelib.common.model import ContainerInstance
from chalicelib.events import DrainRequest
from chalicelib.gateways import autoscaling, ecs
from chalicelib.gateways.ecs_answers import read_capacity_providers
from chalicelib.plan.findings import IN_CLUSTER, Findings

MANY_CLUSTERS = 50
"""Reads of which ECS answers 20 a second, of all drains together; a hundred are answered at once.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"""


def find(request: DrainRequest, clusters: Sequence[str]) -> Findings:
    """Return all that AWS knows of the request's instance, looking in these clusters, or in all if none is named."""
    return find_instances(find_group(request), request.instance_id, None, clusters)


def find_group(request: DrainRequest) -> Findings:
    """Return what Auto Scaling knows of the request's instance: its group, and the hook that holds it.

    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    action = request.lifecycle_action
    name = action.auto_scaling_group if action else autoscaling.group_of(request.instance_id)
    group = autoscaling.describe_group(name) if name else None
    return Findings(
        group=autoscaling.with_pooled(group, request.instance_id) if group else None,
        hook=autoscaling.describe_hook(action.auto_scaling_group, action.hook) if action else None,
    )


def find_instances(
    findings: Findings, instance_id: str, preferred: str | None, clusters: Sequence[str]
) -> Findings:
    """Return the findings with the container instances that an EC2 instance is.

    The preferred cluster is asked first; where it knows none in service, these clusters are, or all if none
    is named, or if one that is named is gone: a cluster misspelt in a tag or a setting must not pass off a busy
    instance as empty. Raises what `find_group` does.
    """
    instances, _ = _in_clusters(instance_id, [preferred] if preferred else [])
    notices: tuple[str, ...] = ()
    if not _is_in_service(instances):
        asked = clusters or ecs.list_clusters()
        instances, gone = _in_clusters(instance_id, asked)
        notices = _many(asked)
        if gone and clusters and not _is_in_service(instances):
            instances, _ = _in_clusters(instance_id, ecs.list_clusters())
            notices += tuple(f"There is no cluster {name}, which the settings name." for name in gone)
        notices = (*notices, *_elsewhere(preferred, instances))
    return replace(
        findings,
        instances=instances,
        managed_draining=_is_drained_by_ecs({i.capacity_provider for i in instances if i.capacity_provider}),
        notices=(*findings.notices, *notices),
    )


def _many(clusters: Sequence[str]) -> tuple[str, ...]:
    """Say what it costs each drain to look for its instance in very many clusters, and what spares it."""
    if len(clusters) <= MANY_CLUSTERS:
        return ()
    return (
        f"{len(clusters)} clusters were asked for the instance, each by one of the 20 reads that ECS answers a second: "
        "the setting `cluster` names the one, for its group by the tag `ecs-drainer:cluster`, and ECS_DRAINER_CLUSTERS "
        "those of the stage.",
    )


def _is_in_service(instances: Iterable[ContainerInstance]) -> bool:
    return any(instance.status in IN_CLUSTER for instance in instances)


def _elsewhere(preferred: str | None, instances: Iterable[ContainerInstance]) -> tuple[str, ...]:
    found = sorted({instance.cluster.rsplit("/", 1)[-1] for instance in instances})
    if preferred is None or not found:
        return ()
    return (f"Cluster {preferred} of the policy doesn't know the instance; {', '.join(found)} does.",)


def _in_clusters(
    instance_id: str, clusters: Iterable[str]
) -> tuple[tuple[ContainerInstance, ...], tuple[str, ...]]:
    """Return the container instances that an EC2 instance is in these clusters, and the clusters that are gone."""
    found: list[ContainerInstance] = []
    gone: list[str] = []
    for cluster in clusters:
        try:
            arns = ecs.container_instances_of(instance_id, cluster)
        except Gone:
            gone.append(cluster)
        else:
            found += ecs.describe_container_instances(cluster, arns)
    return tuple(found), tuple(gone)


def _is_drained_by_ecs(capacity_providers: Iterable[str]) -> bool:
    """Whether managed draining is on for a capacity provider of these container instances.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
    """
    names = sorted(capacity_providers)
    if not names:
        return False
    providers = (each.get("autoScalingGroupProvider", {}) for each in read_capacity_providers(names))
    return any(provider.get("managedDraining") == "ENABLED" for provider in providers)
