"""Find out all that a plan needs to know of an EC2 instance; nothing is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chalicelib.common.errors import AccessDenied, DrainerError, Gone
from chalicelib.common.model import ContainerInstance
from chalicelib.events import DrainRequest
from chalicelib.gateways import autoscaling, ecs
from chalicelib.plan.findings import (
    Findings,
    beyond_the_settings,
    elsewhere,
    is_in_service,
    many_clusters,
    others,
    with_providers,
)


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
    is named. A cluster misspelt in a tag or a setting, or left out of it, must not pass off a busy instance as empty:
    the others are asked too if one that is named is gone, or if a lifecycle hook of ours holds the instance. Raises
    what `find_group` does.
    """
    instances, _ = _in_clusters(instance_id, [preferred] if preferred else [])
    notices: tuple[str, ...] = ()
    if not is_in_service(instances):
        asked = clusters or ecs.list_clusters()
        instances, gone = _in_clusters(instance_id, asked)
        notices = many_clusters(asked)
        if clusters and (gone or findings.hook) and not is_in_service(instances):
            rest = others(ecs.list_clusters(), clusters)
            more, unasked = _in_clusters(instance_id, rest, (Gone, AccessDenied))
            notices = (*notices, *beyond_the_settings(gone, unasked, more))
            instances = (*instances, *more)
        notices = (*notices, *elsewhere(preferred, instances))
    found = replace(findings, instances=instances, notices=(*findings.notices, *notices))
    return with_providers(found, ecs.capacity_providers(found.capacity_providers).values())


def _in_clusters(
    instance_id: str, clusters: Iterable[str], unless: tuple[type[DrainerError], ...] = (Gone,)
) -> tuple[tuple[ContainerInstance, ...], tuple[str, ...]]:
    """Return the container instances that an EC2 instance is in these clusters, and the clusters that refused."""
    found: list[ContainerInstance] = []
    unasked: list[str] = []
    for cluster in clusters:
        try:
            arns = ecs.container_instances_of(instance_id, cluster)
            found += ecs.describe_container_instances(cluster, arns) if arns else []
        except unless:
            unasked.append(cluster)
    return tuple(found), tuple(unasked)
