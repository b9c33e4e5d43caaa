"""Managed instance draining: ECS drains what Auto Scaling terminates, by a hook of its own.

Developer Guide, "Safely stop Amazon ECS workloads running on EC2 instances" (managed-instance-draining): the hook is
`ecs-managed-draining-termination-hook`; ECS sets DRAINING, waits for every task, daemons last, and completes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from moto.ecs.models import ecs_backends

from embedded_aws.autoscaling.lifecycle_actions import CONTINUE, LifecycleAction, LifecycleWait, waits
from embedded_aws.aws import ACCOUNT_ID, REGION, current, later
from embedded_aws.clients import client
from embedded_aws.ecs.capacity_providers import group_of, settings
from embedded_aws.ecs.runtime import behaviour

HOOK = "ecs-managed-draining-termination-hook"
HEARTBEAT_SECONDS = 3600
LOOKS_EVERY_SECONDS = 5.0


@dataclass
class Watch:
    """Whether ECS looks at what it drains already, and the tokens of the actions that it has taken up."""

    is_on: bool = False
    taken_up: set[str] = field(default_factory=set)


def enable(cluster: str, group: str, provider: str) -> None:
    """Give the cluster a capacity provider with managed draining, and without managed scaling, on a group."""
    arn = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])[
        "AutoScalingGroups"
    ][0]["AutoScalingGroupARN"]
    client("ecs").create_capacity_provider(
        name=provider,
        autoScalingGroupProvider={"autoScalingGroupArn": arn, "managedDraining": "ENABLED"},
    )
    client("ecs").put_cluster_capacity_providers(
        cluster=cluster, capacityProviders=[provider], defaultCapacityProviderStrategy=[]
    )


def follow(provider: Any) -> None:
    """Put ECS's hook on the provider's group, or take it off, as its setting says."""
    group, autoscaling = group_of(provider), client("autoscaling")
    if group is None:
        return
    if settings(provider).get("managedDraining") != "ENABLED":
        if any(hook.name == HOOK for hook in group.hooks("autoscaling:EC2_INSTANCE_TERMINATING")):
            autoscaling.delete_lifecycle_hook(AutoScalingGroupName=group.name, LifecycleHookName=HOOK)
        return
    autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=group.name,
        LifecycleHookName=HOOK,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=HEARTBEAT_SECONDS,
        DefaultResult="CONTINUE",
    )
    watch = _watch()
    if not watch.is_on:
        watch.is_on = True
        later(behaviour().managed_draining_begins_seconds, _look, "ECS begins to drain")


def _watch() -> Watch:
    return current().part("ecs managed draining", Watch)


def _look() -> None:
    """Drain what waits under ECS's hook, let go what is drained, and look again."""
    waiting = [(wait, action) for wait in waits() for action in wait.actions]
    for wait, action in waiting:
        if action.hook.name == HOOK:
            _drain(wait, action)
    later(LOOKS_EVERY_SECONDS, _look, "ECS looks at what it drains")


def _drain(wait: LifecycleWait, action: LifecycleAction) -> None:
    instances = _instances(action.member.instance_id)
    active = [instance for instance in instances if instance.status == "ACTIVE"]
    if action.token in _watch().taken_up and behaviour().managed_draining_leaves_active:
        active = []
    for instance in active:
        client("ecs").update_container_instances_state(
            cluster=instance.cluster_name, containerInstances=[instance.arn], status="DRAINING"
        )
    _watch().taken_up.add(action.token)
    if not active and not any(instance.tasks for instance in instances):
        wait.complete(action, CONTINUE)


def _instances(instance_id: str) -> list[Any]:
    known = ecs_backends[ACCOUNT_ID][REGION].all_instances()
    return [each for each in known if each.ec2_instance_id == instance_id and each.status != "INACTIVE"]
