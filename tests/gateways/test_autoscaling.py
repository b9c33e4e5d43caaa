"""What the drain asks of EC2 Auto Scaling: exact requests, and our values out of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.common.model import AutoScalingGroup, LifecycleHook
from chalicelib.common.trigger import Trigger
from chalicelib.events import DrainRequest, LifecycleAction
from chalicelib.gateways import autoscaling
from chalicelib.gateways.find import find
from tests.builders import START
from tests.gateways.stubs import Stubs

INSTANCE = "i-0123456789abcdef0"


def a_group(**more: Any) -> dict[str, Any]:
    return {
        "AutoScalingGroupName": "web-ecs",
        "MinSize": 0,
        "MaxSize": 1,
        "DesiredCapacity": 1,
        "DefaultCooldown": 1,
        "AvailabilityZones": ["eu-west-1a"],
        "HealthCheckType": "EC2",
        "CreatedTime": START,
        **more,
    }


def an_instance(instance_id: str, state: str) -> dict[str, Any]:
    return {
        "InstanceId": instance_id,
        "AvailabilityZone": "eu-west-1a",
        "LifecycleState": state,
        "HealthStatus": "HEALTHY",
        "ProtectedFromScaleIn": False,
    }


def a_hook(name: str, transition: str = "autoscaling:EC2_INSTANCE_TERMINATING") -> dict[str, Any]:
    return {
        "AutoScalingGroupName": "web-ecs",
        "LifecycleHookName": name,
        "LifecycleTransition": transition,
        "HeartbeatTimeout": 300,
        "GlobalTimeout": 30000,
        "DefaultResult": "CONTINUE",
        "NotificationMetadata": "{}",
    }


HOOK = LifecycleHook("web-ecs", "ecs-drain", 300, 30000, "CONTINUE", "{}")


def expect_group(stubs: Stubs, *groups: dict[str, Any]) -> None:
    asked = {"AutoScalingGroupNames": ["web-ecs"]}
    stubs.expect("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": list(groups)}, **asked)


def expect_hooks(stubs: Stubs, *hooks: dict[str, Any], **asked: Any) -> None:
    answer = {"LifecycleHooks": list(hooks)}
    asked = {"AutoScalingGroupName": "web-ecs", **asked}
    stubs.expect("autoscaling", "describe_lifecycle_hooks", answer, **asked)


def expect_member(stubs: Stubs, *members: dict[str, Any]) -> None:
    answer = {"AutoScalingInstances": [{**each, "AutoScalingGroupName": "web-ecs"} for each in members]}
    stubs.expect("autoscaling", "describe_auto_scaling_instances", answer, InstanceIds=[INSTANCE])


def test_a_group_with_its_tags_its_retention_and_its_instances(stubs: Stubs) -> None:
    retains = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}
    tags = [{"Key": "ecs-drainer:deadline", "Value": "1h"}, {"Key": "flag"}]
    instances = [an_instance(INSTANCE, "Terminating:Wait")]
    expect_group(stubs, a_group(Tags=tags, Instances=instances, InstanceLifecyclePolicy=retains))
    assert autoscaling.describe_group("web-ecs") == AutoScalingGroup(
        "web-ecs",
        {"ecs-drainer:deadline": "1h", "flag": ""},
        retains_on_abandon=True,
        states={INSTANCE: "Terminating:Wait"},
        desired=1,
        maximum=1,
    )


def test_a_group_that_is_gone_is_none(stubs: Stubs) -> None:
    expect_group(stubs)
    assert autoscaling.describe_group("web-ecs") is None


def test_all_groups_come_page_by_page_each_with_its_warm_pool(stubs: Stubs) -> None:
    """DescribeAutoScalingGroups leaves out the instances of the pool."""
    first = {"AutoScalingGroups": [a_group(AutoScalingGroupName="a")], "NextToken": "more"}
    pooled = a_group(Instances=[an_instance("i-1", "InService")], WarmPoolConfiguration={"MinSize": 1})
    stubs.expect("autoscaling", "describe_auto_scaling_groups", first)
    stubs.expect(
        "autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": [pooled]}, NextToken="more"
    )
    pool = {"Instances": [an_instance("i-2", "Warmed:Stopped")]}
    stubs.expect("autoscaling", "describe_warm_pool", pool, AutoScalingGroupName="web-ecs")
    without, with_pool = autoscaling.all_groups()
    assert (without.name, without.has_warm_pool) == ("a", False)
    assert with_pool.states == {"i-1": "InService", "i-2": "Warmed:Stopped"}


def test_a_hook_is_asked_for_by_its_name(stubs: Stubs) -> None:
    expect_hooks(stubs, a_hook("ecs-drain"), LifecycleHookNames=["ecs-drain"])
    expect_hooks(stubs, LifecycleHookNames=["gone"])
    assert autoscaling.describe_hook("web-ecs", "ecs-drain") == HOOK
    assert autoscaling.describe_hook("web-ecs", "gone") is None


def test_only_hooks_of_termination_hold_an_instance_back(stubs: Stubs) -> None:
    expect_hooks(stubs, a_hook("boot", "autoscaling:EC2_INSTANCE_LAUNCHING"), a_hook("ecs-drain"))
    assert autoscaling.terminate_hooks("web-ecs") == [HOOK]


@pytest.mark.parametrize(
    ("members", "group"), [([an_instance(INSTANCE, "InService")], "web-ecs"), ([], None)]
)
def test_an_instance_may_belong_to_a_group(
    stubs: Stubs, members: list[dict[str, Any]], group: str | None
) -> None:
    expect_member(stubs, *members)
    assert autoscaling.group_of(INSTANCE) == group


@pytest.mark.parametrize("other", [None, "another"])
def test_one_that_left_the_group_has_no_state_in_it(stubs: Stubs, other: str | None) -> None:
    members = [{**an_instance(INSTANCE, "InService"), "AutoScalingGroupName": other}] if other else []
    stubs.answer("autoscaling", "describe_auto_scaling_instances", {"AutoScalingInstances": members})
    group = AutoScalingGroup("web-ecs", {}, False, {})
    assert autoscaling.with_pooled(group, INSTANCE) is group


def test_an_instance_that_a_hook_holds_is_found_with_its_group_and_its_hook(stubs: Stubs) -> None:
    expect_group(stubs, a_group(Instances=[an_instance(INSTANCE, "Terminating:Wait")]))
    expect_hooks(stubs, a_hook("ecs-drain"), LifecycleHookNames=["ecs-drain"])
    stubs.answer("ecs", "list_container_instances", {"containerInstanceArns": []})
    stubs.answer("ecs", "list_clusters", {"clusterArns": []})
    action = LifecycleAction(auto_scaling_group="web-ecs", hook="ecs-drain")
    request = DrainRequest(instance_id=INSTANCE, trigger=Trigger.RECONCILER, lifecycle_action=action)
    found = find(request, ["web"])
    assert (found.hook, found.in_service, found.is_action_over(INSTANCE)) == (HOOK, (), False)


def test_without_a_lifecycle_action_the_group_is_asked_for_by_instance(stubs: Stubs) -> None:
    expect_member(stubs)
    stubs.expect("ecs", "list_clusters", {"clusterArns": []})
    found = find(DrainRequest(instance_id=INSTANCE, trigger=Trigger.RECONCILER), [])
    assert (found.group, found.hook) == (None, None)


def test_the_capacity_provider_of_the_instance_tells_whether_ecs_drains_it_too(stubs: Stubs) -> None:
    expect_member(stubs)
    arn = "arn:aws:ecs:eu-west-1:123456789012:container-instance/web/0a"
    described = {
        "containerInstanceArn": arn,
        "ec2InstanceId": INSTANCE,
        "status": "ACTIVE",
        "capacityProviderName": "spot",
    }
    stubs.answer("ecs", "list_container_instances", {"containerInstanceArns": [arn]})
    stubs.answer("ecs", "describe_container_instances", {"containerInstances": [described]})
    provider = {"autoScalingGroupProvider": {"autoScalingGroupArn": "arn:x", "managedDraining": "ENABLED"}}
    answer = {"capacityProviders": [provider]}
    stubs.expect("ecs", "describe_capacity_providers", answer, capacityProviders=["spot"])
    assert find(DrainRequest(instance_id=INSTANCE, trigger=Trigger.RECONCILER), ["web"]).managed_draining
