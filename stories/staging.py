"""What a story's world has beyond the usual: a warm pool, a retention policy, managed draining, a sibling hook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedded_aws.aws import EmbeddedAws
from embedded_aws.clients import client
from embedded_aws.ecs import behaviour, managed_draining
from stories.deployment import Deployment
from stories.world import CLUSTER, GROUP, INSTANCE_TYPE, REGISTERED_WITHIN, Hook, World

SIBLING = "ship-logs"
SECOND_CLUSTER = "other"
NEW_IMAGE = "ami-22222222"


@dataclass(frozen=True)
class Provider:
    """A capacity provider of the cluster."""

    name: str
    group: str = GROUP
    """Its Auto Scaling group: the story's own, or one that is made for it."""
    instances: int = 1
    """Of a group that is made for it."""
    zone: str = ""
    """Where that is bound to one Availability Zone, its name."""
    maximum: int = 0
    """MaxSize of the group; 0 leaves it."""
    target_capacity: int = 0
    """Percent; 0 leaves managed scaling off."""

    def set_up(self, world: World) -> None:
        """Make the provider, and its group if need be."""
        autoscaling = client("autoscaling")
        if self.group != GROUP:
            world.add_group(self.group, self.instances, zone=self.zone)
        if self.maximum:
            autoscaling.update_auto_scaling_group(AutoScalingGroupName=self.group, MaxSize=self.maximum)
        described = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.group])
        scaling = {"status": "ENABLED", "targetCapacity": self.target_capacity}
        client("ecs").create_capacity_provider(
            name=self.name,
            autoScalingGroupProvider={
                "autoScalingGroupArn": described["AutoScalingGroups"][0]["AutoScalingGroupARN"],
                "managedScaling": scaling if self.target_capacity else {"status": "DISABLED"},
            },
        )


@dataclass(frozen=True)
class Staging:
    """What is set up before a story begins."""

    warm_pool: bool = False
    """Whether instances that scale in go back to a warm pool, where they are stopped."""
    pooled: int = 0
    """How many instances wait in the warm pool when the story begins."""
    retains_abandoned: bool = False
    """Whether the group keeps an instance whose lifecycle action was abandoned."""
    managed_draining: bool = False
    """Whether a capacity provider drains the group's instances itself."""
    managed_draining_begins: float = 1
    """Seconds until it does anything."""
    sibling_hook: bool = False
    """Whether another team's terminate hook holds the group's instances as well."""
    providers: tuple[Mapping[str, Any], ...] = ()
    """Capacity providers of the cluster, each by the fields of `Provider`."""
    clusters: tuple[str, ...] = ()
    """Further clusters, all empty."""

    def set_up(self, world: World, instances: int) -> None:
        """Set it all up in a world that is built."""
        for cluster in self.clusters:
            client("ecs").create_cluster(clusterName=cluster)
        if self.warm_pool:
            _add_warm_pool(instances + self.pooled)
        if self.retains_abandoned:
            keep_abandoned()
        if self.managed_draining:
            behaviour().managed_draining_begins_seconds = self.managed_draining_begins
            managed_draining.enable(CLUSTER, GROUP, "web-capacity")
        if self.providers:
            for provider in self.providers:
                Provider(**provider).set_up(world)
            client("ecs").put_cluster_capacity_providers(
                cluster=CLUSTER,
                capacityProviders=[*(provider["name"] for provider in self.providers), "FARGATE"],
                defaultCapacityProviderStrategy=[],
            )
            world.wait(REGISTERED_WITHIN)
        if self.sibling_hook:
            world.put_hook(Hook(heartbeat_timeout=3600), SIBLING)


@dataclass(frozen=True)
class Stage:
    """Where a story plays."""

    aws: EmbeddedAws
    world: World
    deployment: Deployment
    doomed: str
    """The EC2 instance that the story is about."""


def _add_warm_pool(prepared: int) -> None:
    client("autoscaling").put_warm_pool(
        AutoScalingGroupName=GROUP,
        MinSize=0,
        MaxGroupPreparedCapacity=prepared,
        PoolState="Stopped",
        InstanceReusePolicy={"ReuseOnScaleIn": True},
    )


def keep_abandoned() -> None:
    """Give the group a retention policy."""
    client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        InstanceLifecyclePolicy={"RetentionTriggers": {"TerminateHookAbandon": "retain"}},
    )


def replace_root_volumes() -> None:
    """Refresh the group's instances in place, which takes a mixed instances policy with an image of its own."""
    template = {"LaunchTemplateSpecification": {"LaunchTemplateName": GROUP, "Version": "1"}}
    override = {"InstanceType": INSTANCE_TYPE, "ImageId": NEW_IMAGE}
    client("autoscaling").start_instance_refresh(
        AutoScalingGroupName=GROUP,
        Strategy="ReplaceRootVolume",
        DesiredConfiguration={
            "MixedInstancesPolicy": {"LaunchTemplate": {**template, "Overrides": [override]}}
        },
    )
