"""Find out all that a plan needs to know of an EC2 instance; nothing is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chalicelib.events import DrainRequest
from chalicelib.findings import Findings
from chalicelib.gateways import autoscaling, ecs
from chalicelib.gateways.aws import client, translated
from chalicelib.model import ContainerInstance


def find(request: DrainRequest, clusters: Sequence[str]) -> Findings:
    """Return what AWS knows of the request's instance, looking in these clusters, or in all if none is named.

    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    action = request.lifecycle_action
    name = action.auto_scaling_group if action else autoscaling.group_of(request.instance_id)
    instances = _container_instances(request.instance_id, clusters or ecs.list_clusters())
    return Findings(
        group=autoscaling.describe_group(name) if name else None,
        hook=autoscaling.describe_hook(action.auto_scaling_group, action.hook) if action else None,
        instances=instances,
        managed_draining=_is_drained_by_ecs({i.capacity_provider for i in instances if i.capacity_provider}),
    )


def _container_instances(instance_id: str, clusters: Iterable[str]) -> tuple[ContainerInstance, ...]:
    found: list[ContainerInstance] = []
    for cluster in clusters:
        arns = ecs.container_instances_of(instance_id, cluster)
        found += ecs.describe_container_instances(cluster, arns)
    return tuple(found)


def _is_drained_by_ecs(capacity_providers: Iterable[str]) -> bool:
    """Whether managed draining is on for a capacity provider of these container instances.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
    """
    names = sorted(capacity_providers)
    if not names:
        return False
    with translated():
        answer = client("ecs").describe_capacity_providers(capacityProviders=names)
    providers = (provider.get("autoScalingGroupProvider", {}) for provider in answer["capacityProviders"])
    return any(provider.get("managedDraining") == "ENABLED" for provider in providers)
