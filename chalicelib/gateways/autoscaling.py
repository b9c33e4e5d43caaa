"""What the drain asks of EC2 Auto Scaling: the hook's timers, the group's tags, the instance's lifecycle state."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from chalicelib.common.errors import Gone
from chalicelib.common.model import AutoScalingGroup, LifecycleHook
from chalicelib.gateways.aws import all_pages, client, in_batches, translated

MEMBERS_AT_ONCE = 50
"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html"""

GROUPS_AT_ONCE = 50
"""A page of DescribeAutoScalingGroups holds 50 unless asked for up to 100."""


def describe_group(name: str) -> AutoScalingGroup | None:
    """Return a group, or None when there is none of that name."""
    with translated():
        answer = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    groups = answer["AutoScalingGroups"]
    return auto_scaling_group(groups[0]) if groups else None


def all_groups() -> list[AutoScalingGroup]:
    """Return every Auto Scaling group of the account in this Region, its warm pool's instances among the others."""
    operation = client("autoscaling").describe_auto_scaling_groups
    groups = [
        auto_scaling_group(item) for item in all_pages(operation, "AutoScalingGroups", page_key="NextToken")
    ]
    return [_with_pool(group) if group.has_warm_pool else group for group in groups]


def _with_pool(group: AutoScalingGroup) -> AutoScalingGroup:
    operation = client("autoscaling").describe_warm_pool
    try:
        pooled = all_pages(operation, "Instances", page_key="NextToken", AutoScalingGroupName=group.name)
    except Gone:  # the group was deleted since it was listed, and its pool with it
        return group
    states = {instance["InstanceId"]: instance["LifecycleState"] for instance in pooled}
    return replace(group, states={**group.states, **states})


def describe_groups(names: Iterable[str]) -> dict[str, AutoScalingGroup]:
    """Return these Auto Scaling groups by name; one that is gone is left out."""
    operation = client("autoscaling").describe_auto_scaling_groups
    found = (
        auto_scaling_group(item)
        for batch in in_batches(sorted(set(names) - {""}), GROUPS_AT_ONCE)
        for item in all_pages(
            operation, "AutoScalingGroups", page_key="NextToken", AutoScalingGroupNames=list(batch)
        )
    )
    return {group.name: group for group in found}


def describe_hook(group: str, name: str) -> LifecycleHook | None:
    """Return a lifecycle hook, or None when the group has none of that name, or is gone.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHook.html
    """
    hooks = _hooks(AutoScalingGroupName=group, LifecycleHookNames=[name])
    return _hook(hooks[0]) if hooks else None


def terminate_hooks(group: str) -> list[LifecycleHook]:
    """Return the hooks that hold a group's instances before they are terminated; none of a group that is gone."""
    hooks = _hooks(AutoScalingGroupName=group)
    return [_hook(item) for item in hooks if item["LifecycleTransition"].endswith("_TERMINATING")]


def _hooks(**asked: Any) -> list[dict[str, Any]]:
    try:
        with translated():
            hooks: list[dict[str, Any]] = client("autoscaling").describe_lifecycle_hooks(**asked)[
                "LifecycleHooks"
            ]
    except Gone:
        return []
    return hooks


def group_of(instance_id: str) -> str | None:
    """Return the name of the group that an EC2 instance belongs to, or None."""
    item = _member(instance_id)
    return str(item["AutoScalingGroupName"]) if item else None


def groups_of(instance_ids: Collection[str]) -> dict[str, AutoScalingGroup]:
    """Return the group of each of these EC2 instances that belongs to one."""
    names: dict[str, str] = {}
    for batch in in_batches(sorted(instance_ids), MEMBERS_AT_ONCE):
        with translated():
            answer = client("autoscaling").describe_auto_scaling_instances(InstanceIds=list(batch))
        names |= {one["InstanceId"]: one["AutoScalingGroupName"] for one in answer["AutoScalingInstances"]}
    groups = {name: describe_group(name) for name in sorted(set(names.values()))}
    found = {instance_id: groups[name] for instance_id, name in names.items()}
    return {instance_id: group for instance_id, group in found.items() if group is not None}


def with_pooled(group: AutoScalingGroup, instance_id: str) -> AutoScalingGroup:
    """Return the group with the state of an instance that is in its warm pool: describing the group leaves it out.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html
    """
    if instance_id in group.states:
        return group
    item = _member(instance_id)
    if item is None or item["AutoScalingGroupName"] != group.name:
        return group
    return replace(group, states={**group.states, instance_id: item["LifecycleState"]})


def _member(instance_id: str) -> dict[str, Any] | None:
    with translated():
        answer = client("autoscaling").describe_auto_scaling_instances(InstanceIds=[instance_id])
    items: list[dict[str, Any]] = answer["AutoScalingInstances"]
    return items[0] if items else None


def auto_scaling_group(item: dict[str, Any]) -> AutoScalingGroup:
    """Return an Auto Scaling group, given AWS's description of it."""
    triggers = item.get("InstanceLifecyclePolicy", {}).get("RetentionTriggers", {})
    return AutoScalingGroup(
        name=item["AutoScalingGroupName"],
        tags={tag["Key"]: tag.get("Value", "") for tag in item.get("Tags", [])},
        retains_on_abandon=triggers.get("TerminateHookAbandon") == "retain",
        states={instance["InstanceId"]: instance["LifecycleState"] for instance in item.get("Instances", [])},
        has_warm_pool="WarmPoolConfiguration" in item,
        warm=item.get("WarmPoolSize", 0),
        desired=item.get("DesiredCapacity", 0),
        maximum=item.get("MaxSize", 0),
        suspended=frozenset(one["ProcessName"] for one in item.get("SuspendedProcesses", [])),
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
