"""What the drain asks of EC2 Auto Scaling: the hook's timers, the group's tags, the instance's lifecycle state."""

from __future__ import annotations

from typing import Any

from chalicelib.findings import AutoScalingGroup
from chalicelib.gateways.aws import all_pages, client, translated
from chalicelib.model import LifecycleHook


def describe_group(name: str) -> AutoScalingGroup | None:
    """Return a group, or None when there is none of that name."""
    with translated():
        answer = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    groups = answer["AutoScalingGroups"]
    return _group(groups[0]) if groups else None


def all_groups() -> list[AutoScalingGroup]:
    """Return every Auto Scaling group of the account in this Region."""
    operation = client("autoscaling").describe_auto_scaling_groups
    return [_group(item) for item in all_pages(operation, "AutoScalingGroups", page_key="NextToken")]


def describe_hook(group: str, name: str) -> LifecycleHook | None:
    """Return a lifecycle hook, or None when the group has none of that name.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHook.html
    """
    with translated():
        answer = client("autoscaling").describe_lifecycle_hooks(
            AutoScalingGroupName=group, LifecycleHookNames=[name]
        )
    hooks = answer["LifecycleHooks"]
    return _hook(hooks[0]) if hooks else None


def terminate_hooks(group: str) -> list[LifecycleHook]:
    """Return the hooks that hold a group's instances before they are terminated."""
    with translated():
        answer = client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=group)
    hooks = (
        item for item in answer["LifecycleHooks"] if item["LifecycleTransition"].endswith("_TERMINATING")
    )
    return [_hook(item) for item in hooks]


def group_of(instance_id: str) -> str | None:
    """Return the name of the group that an EC2 instance belongs to, or None."""
    with translated():
        answer = client("autoscaling").describe_auto_scaling_instances(InstanceIds=[instance_id])
    instances = answer["AutoScalingInstances"]
    return str(instances[0]["AutoScalingGroupName"]) if instances else None


def _group(item: dict[str, Any]) -> AutoScalingGroup:
    triggers = item.get("InstanceLifecyclePolicy", {}).get("RetentionTriggers", {})
    return AutoScalingGroup(
        name=item["AutoScalingGroupName"],
        tags={tag["Key"]: tag.get("Value", "") for tag in item.get("Tags", [])},
        retains_on_abandon=triggers.get("TerminateHookAbandon") == "retain",
        states={instance["InstanceId"]: instance["LifecycleState"] for instance in item.get("Instances", [])},
    )


def _hook(item: dict[str, Any]) -> LifecycleHook:
    return LifecycleHook(
        auto_scaling_group=item["AutoScalingGroupName"],
        name=item["LifecycleHookName"],
        heartbeat_timeout_seconds=item["HeartbeatTimeout"],
        global_timeout_seconds=item["GlobalTimeout"],
        default_result=item.get("DefaultResult", "ABANDON"),
        notification_metadata=item.get("NotificationMetadata"),
    )
