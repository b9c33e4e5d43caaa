"""What a story's world has beyond the usual: a warm pool, a retention policy, managed draining, a sibling hook."""

from __future__ import annotations

from dataclasses import dataclass

from embedded_aws.aws import EmbeddedAws
from embedded_aws.clients import client
from embedded_aws.ecs import behaviour, managed_draining
from stories.deployment import Deployment
from stories.world import CLUSTER, GROUP, INSTANCE_TYPE, Hook, World

SIBLING = "ship-logs"
SECOND_CLUSTER = "other"
NEW_IMAGE = "ami-22222222"


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
