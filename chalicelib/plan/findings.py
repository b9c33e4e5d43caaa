"""What the plan found of an instance before anything was touched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from chalicelib.common.model import AutoScalingGroup, ContainerInstance, LifecycleHook, short
from chalicelib.explain.capacity import Provider

MANY_CLUSTERS = 50
"""Reads of which ECS answers 20 a second, of all drains together; a hundred are answered at once.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"""

IN_CLUSTER = frozenset({"ACTIVE", "DRAINING", "REGISTERING"})

# The states in which Auto Scaling holds an instance for its terminate hooks, or is about to:
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
HELD = (
    "Terminating",
    "Terminating:Wait",
    "Warmed:Pending:Wait",
    "Warmed:Terminating:Wait",
    "ReplacingRootVolume:Wait",
)


@dataclass(frozen=True, slots=True)
class Findings:
    """The Auto Scaling group, the hook and the container instances that an EC2 instance belongs to."""

    group: AutoScalingGroup | None = None
    hook: LifecycleHook | None = None
    instances: tuple[ContainerInstance, ...] = ()
    managed_draining: bool = False
    """Whether a capacity provider of the cluster drains the group's instances itself."""
    is_managed_instance: bool = False
    """Whether ECS itself launches, patches, drains and terminates the instance (ECS Managed Instances)."""
    notices: tuple[str, ...] = ()

    @property
    def in_service(self) -> tuple[ContainerInstance, ...]:
        """The container instances that may hold tasks."""
        return tuple(instance for instance in self.instances if instance.status in IN_CLUSTER)

    @property
    def capacity_providers(self) -> frozenset[str]:
        """The capacity providers of all its container instances."""
        return frozenset(instance.capacity_provider for instance in self.instances) - {""}

    @property
    def metadata(self) -> str | None:
        """The hook's NotificationMetadata, for actions whose event was lost."""
        return self.hook.notification_metadata if self.hook else None

    def containers(self) -> dict[str, tuple[str, ...]]:
        """Return the ARNs of the container instances that may hold tasks, by cluster."""
        clusters = dict.fromkeys(instance.cluster for instance in self.in_service)
        return {c: tuple(i.arn for i in self.in_service if i.cluster == c) for c in clusters}

    def is_action_over(self, instance_id: str) -> bool:
        """Whether Auto Scaling no longer holds the instance: it is gone, in service again, or let go already.

        An instance that is not listed has left its group; a group that is not found was deleted with it.
        """
        return self.group is None or self.group.states.get(instance_id, "") not in HELD


def is_in_service(instances: Iterable[ContainerInstance]) -> bool:
    """Whether one of these container instances may hold tasks."""
    return any(instance.status in IN_CLUSTER for instance in instances)


def many_clusters(clusters: Sequence[str]) -> tuple[str, ...]:
    """Say what it costs each drain to look for its instance in very many clusters, and what spares it."""
    if len(clusters) <= MANY_CLUSTERS:
        return ()
    return (
        f"{len(clusters)} clusters were asked for the instance, each by one of the 20 reads that ECS answers a second: "
        "the setting `cluster` names the one, for its group by the tag `ecs-drainer:cluster`, and ECS_DRAINER_CLUSTERS "
        "those of the stage.",
    )


def elsewhere(preferred: str | None, instances: Iterable[ContainerInstance]) -> tuple[str, ...]:
    """Say that the cluster of the policy isn't the one that knows the instance."""
    found = sorted({short(instance.cluster) for instance in instances})
    if preferred is None or not found:
        return ()
    return (f"Cluster {preferred} of the policy doesn't know the instance; {', '.join(found)} does.",)


def others(clusters: Iterable[str], asked: Iterable[str]) -> list[str]:
    """Return the clusters, by ARN, that were not asked yet, by name or ARN."""
    names = set(map(short, asked))
    return [cluster for cluster in clusters if short(cluster) not in names]


def beyond_the_settings(
    gone: Iterable[str], unasked: Collection[str], instances: Iterable[ContainerInstance]
) -> tuple[str, ...]:
    """Say what came of looking for an instance in other clusters than those that the settings name."""
    found = sorted({short(instance.cluster) for instance in instances})
    notices = [f"There is no cluster {name}, which the settings name." for name in gone]
    notices += [
        f"Cluster {name} knows the instance, and ECS_DRAINER_CLUSTERS doesn't name it." for name in found
    ]
    if unasked and not found:
        which = f"{len(unasked)} other clusters" if len(unasked) > 1 else f"cluster {short(*unasked)}"
        notices.append(
            "The instance is in none of the clusters that the settings name, and this stage may look in no others: "
            f"nobody looked in {which}. If it may be in there, name the cluster in ECS_DRAINER_CLUSTERS and Clusters."
        )
    return tuple(notices)


def with_providers(findings: Findings, providers: Iterable[Provider]) -> Findings:
    """Return the findings with what the capacity providers of its container instances mean for a drain.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ManagedInstances.html
    """
    providers = tuple(providers)
    managed = [each.name for each in providers if each.launches_itself]
    sentences = (
        f"It is one of ECS Managed Instances, of capacity provider {name}: ECS alone drains it."
        for name in managed
    )
    return replace(
        findings,
        managed_draining=any(each.drains for each in providers),
        is_managed_instance=bool(managed),
        notices=(*findings.notices, *sentences),
    )
