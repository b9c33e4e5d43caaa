"""ECS's managed instance draining: a capacity provider whose group ECS drains itself, by a hook of its own.

Developer Guide, "Safely stop Amazon ECS workloads running on EC2 instances" (managed-instance-draining): the hook is
`ecs-managed-draining-termination-hook`; ECS sets DRAINING, waits for every task, daemons last, and completes it.
"""

from __future__ import annotations

from typing import Any

from moto.ecs.models import ecs_backends

from embedded_aws.autoscaling.lifecycle_actions import CONTINUE, LifecycleAction, LifecycleWait, waits
from embedded_aws.aws import ACCOUNT_ID, REGION, later
from embedded_aws.clients import client

HOOK = "ecs-managed-draining-termination-hook"
HEARTBEAT_SECONDS = 3600
LOOKS_EVERY_SECONDS = 5.0


def enable(cluster: str, group: str, provider: str, begins_after: float) -> None:
    """Give the cluster a capacity provider with managed draining on an Auto Scaling group, and ECS's own hook.

    ECS does nothing for so many seconds: AWS promises no time.
    """
    arn = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])[
        "AutoScalingGroups"
    ][0]["AutoScalingGroupARN"]
    client("ecs").create_capacity_provider(
        name=provider, autoScalingGroupProvider={"autoScalingGroupArn": arn, "managedDraining": "ENABLED"}
    )
    client("autoscaling").put_lifecycle_hook(
        AutoScalingGroupName=group,
        LifecycleHookName=HOOK,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=HEARTBEAT_SECONDS,
        DefaultResult="CONTINUE",
    )
    for instance in ecs_backends[ACCOUNT_ID][REGION].instances_of(cluster):
        instance.capacity_provider = provider
    later(begins_after, lambda: _look(cluster), "ECS begins to drain")


def _look(cluster: str) -> None:
    """Drain what waits under ECS's hook, let go what is drained, and look again."""
    waiting = [(wait, action) for wait in waits() for action in wait.actions]
    for wait, action in waiting:
        if action.hook.name == HOOK:
            _drain(cluster, wait, action)
    later(LOOKS_EVERY_SECONDS, lambda: _look(cluster), "ECS looks at what it drains")


def _drain(cluster: str, wait: LifecycleWait, action: LifecycleAction) -> None:
    instances = _instances(cluster, action.member.instance_id)
    active = [instance.arn for instance in instances if instance.status == "ACTIVE"]
    if active:
        client("ecs").update_container_instances_state(
            cluster=cluster, containerInstances=active, status="DRAINING"
        )
    elif not any(instance.tasks for instance in instances):
        wait.complete(action, CONTINUE)


def _instances(cluster: str, instance_id: str) -> list[Any]:
    known = ecs_backends[ACCOUNT_ID][REGION].instances_of(cluster)
    return [each for each in known if each.ec2_instance_id == instance_id and each.status != "INACTIVE"]
