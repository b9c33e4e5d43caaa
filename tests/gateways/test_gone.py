"""Something is gone in mid-drain: each story is one of AWS's answers, and how the drain goes on from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.common.errors import AwsUnavailable, Gone
from chalicelib.common.model import AutoScalingGroup
from chalicelib.common.services import Service
from chalicelib.gateways import autoscaling, circumstances, ecs, ecs_answers, gates, target_groups
from chalicelib.gateways.find import find_instances
from chalicelib.gateways.observe import observe
from chalicelib.gateways.stop import stop_tasks
from chalicelib.look.decide import is_drained
from chalicelib.look.observation import remember
from chalicelib.plan.findings import Findings
from chalicelib.policy import Gates
from tests.builders import CLUSTER, INSTANCE_ARN, START, a_memory, a_task, after, task_arn
from tests.gateways.stubs import Stubs
from tests.gateways.test_find import INSTANCE, expect_it, expect_nothing
from tests.gateways.test_observe import CONTAINERS, expect_container_instance, expect_describe, expect_listing
from tests.gateways.test_observe import described as tasks_described
from tests.unit.test_plan import plan

OTHER = INSTANCE_ARN[:-2] + "0f"
NOT_FOUND = "The container instance is not found or is inactive."


def expect_unlisted(stubs: Stubs) -> None:
    stubs.refuse("ecs", "list_tasks", "InvalidParameterException", message=NOT_FOUND)


def test_an_instance_deregistered_in_mid_drain_ends_the_drain_and_not_the_execution(stubs: Stubs) -> None:
    """ListTasks refuses it; that it is described as INACTIVE makes it gone, with the task that was left on it."""
    memory = a_memory(looks=3, tasks={task_arn(1): "RUNNING"}, known_services=frozenset({"web"}))
    expect_describe(stubs, (1, "STOPPED"))
    expect_unlisted(stubs)
    expect_container_instance(stubs, "INACTIVE")
    seen = observe(CONTAINERS, memory, after(minutes=3))
    assert seen.is_gone
    assert is_drained((), seen, START)
    assert (remember(memory, seen).is_gone, remember(memory, seen).lost) == (True, 1)


def test_at_the_first_look_too_it_is_described_where_it_can_not_be_listed(stubs: Stubs) -> None:
    expect_unlisted(stubs)
    expect_container_instance(stubs, "INACTIVE")
    assert observe(CONTAINERS, a_memory(), after(seconds=20)).is_gone


@pytest.mark.parametrize("status", ["DRAINING", "ACTIVE", "REGISTERING", "DEREGISTERING"])
def test_an_instance_that_is_there_after_all_was_not_listed(stubs: Stubs, status: str) -> None:
    """One call says gone, the other doesn't: that listing is no proof that nothing runs."""
    expect_unlisted(stubs)
    expect_container_instance(stubs, status)
    seen = observe(CONTAINERS, a_memory(), after(minutes=1))
    assert not seen.is_full
    assert is_drained((), seen, START) is (status == "DEREGISTERING"), "of which nothing is left in service"


@pytest.mark.parametrize(("status", "is_full"), [("INACTIVE", True), ("DRAINING", False)])
def test_of_two_container_instances_one_is_gone(stubs: Stubs, status: str, is_full: bool) -> None:
    """The agent lost its state and registered again: the drain waits for what runs on the second."""
    expect_unlisted(stubs)
    for desired, arns in (("RUNNING", [task_arn(2)]), ("STOPPED", [])):
        asked = {"cluster": CLUSTER, "containerInstance": OTHER, "desiredStatus": desired}
        stubs.expect("ecs", "list_tasks", {"taskArns": arns}, **asked)
    stubs.expect(
        "ecs", "describe_tasks", tasks_described((2, "RUNNING")), cluster=CLUSTER, tasks=[task_arn(2)]
    )
    both = [
        {"containerInstanceArn": arn, "ec2InstanceId": INSTANCE, "status": each}
        for arn, each in ((INSTANCE_ARN, status), (OTHER, "DRAINING"))
    ]
    asked_for = {"cluster": CLUSTER, "containerInstances": [INSTANCE_ARN, OTHER]}
    stubs.expect("ecs", "describe_container_instances", {"containerInstances": both}, **asked_for)
    seen = observe({CLUSTER: (INSTANCE_ARN, OTHER)}, a_memory(), START)
    assert (seen.is_full, seen.is_gone, len(seen.unstopped)) == (is_full, False, 1)


def test_a_cluster_that_is_gone_has_taken_the_instance_with_it(stubs: Stubs) -> None:
    for operation in ("describe_tasks", "list_tasks", "describe_container_instances"):
        stubs.refuse("ecs", operation, "ClusterNotFoundException", message="Cluster not found.")
    memory = a_memory(looks=3, tasks={task_arn(1): "RUNNING"})
    seen = observe(CONTAINERS, memory, after(minutes=3))
    assert (seen.is_gone, seen.gone) == (True, frozenset({task_arn(1)}))


def test_a_task_of_which_ecs_says_neither_is_asked_for_again(stubs: Stubs) -> None:
    """Once it took any reason for MISSING, such a task was forgotten, and the drain could end with it RUNNING."""
    failures = [{"arn": task_arn(1), "reason": "BUSY"}]
    stubs.answer("ecs", "describe_tasks", {"tasks": [], "failures": failures})
    with pytest.raises(AwsUnavailable, match="BUSY"):
        ecs.describe_tasks(CLUSTER, [task_arn(1)])


def test_a_container_instance_of_which_ecs_says_neither_is_not_gone(stubs: Stubs) -> None:
    failures = [{"arn": INSTANCE_ARN, "reason": "BUSY"}]
    stubs.answer("ecs", "describe_container_instances", {"containerInstances": [], "failures": failures})
    with pytest.raises(AwsUnavailable, match="BUSY"):
        ecs.describe_container_instances(CLUSTER, [INSTANCE_ARN])


def test_a_task_that_is_gone_before_stop_task_was_not_stopped_by_us(stubs: Stubs) -> None:
    drain = replace(plan().drain, containers={CLUSTER: (INSTANCE_ARN,)})
    stubs.answer("ecs", "describe_tasks", tasks_described((1, "RUNNING"), (2, "RUNNING")))
    stubs.refuse(
        "ecs", "stop_task", "InvalidParameterException", message="The referenced task was not found."
    )
    reason = f"ecs-drainer: {drain.instance_id} is drained ({drain.trigger})"
    stubs.expect("ecs", "stop_task", {}, cluster=CLUSTER, task=task_arn(2), reason=reason)
    stubs.answer("ecs", "describe_task_definition", {"taskDefinition": {"containerDefinitions": []}})
    assert stop_tasks(drain, [task_arn(1), task_arn(2)], START).asked == (task_arn(2),)


def test_a_cluster_of_the_settings_that_is_gone_hides_no_instance(stubs: Stubs) -> None:
    """Deleted or misspelt can't be told apart; the lifecycle action of a busy instance must not be completed for it."""
    stubs.refuse("ecs", "list_container_instances", "ClusterNotFoundException")
    expect_nothing(stubs, "alpha")
    stubs.expect("ecs", "list_clusters", {"clusterArns": [CLUSTER]})
    expect_it(stubs, CLUSTER)
    found = find_instances(Findings(), INSTANCE, None, ["wbe", "alpha"])
    assert list(found.containers()) == [CLUSTER]
    assert found.notices == (
        "There is no cluster wbe, which the settings name.",
        "Cluster web knows the instance, and ECS_DRAINER_CLUSTERS doesn't name it.",
    )


def test_where_another_cluster_of_the_settings_knows_it_no_more_are_asked(stubs: Stubs) -> None:
    stubs.refuse("ecs", "list_container_instances", "ClusterNotFoundException")
    expect_it(stubs, "alpha")
    assert list(find_instances(Findings(), INSTANCE, None, ["wbe", "alpha"]).containers()) == ["alpha"]


def test_a_cluster_deleted_since_it_was_listed_is_none(stubs: Stubs) -> None:
    stubs.expect("ecs", "list_clusters", {"clusterArns": [CLUSTER]})
    stubs.refuse("ecs", "list_container_instances", "ClusterNotFoundException")
    assert find_instances(Findings(), INSTANCE, None, []).instances == ()


def test_only_the_instances_that_are_set_count(stubs: Stubs) -> None:
    failures = [{"arn": "b", "reason": "MISSING"}, {"arn": "c", "reason": "INACTIVE"}]
    stubs.answer("ecs", "update_container_instances_state", {"failures": failures})
    assert ecs.set_state(CLUSTER, ["a", "b", "c"], "ACTIVE") == ("a",)


def test_a_group_deleted_since_it_was_listed_has_no_pool(stubs: Stubs) -> None:
    item = {
        "AutoScalingGroupName": "web-ecs",
        "MinSize": 0,
        "MaxSize": 1,
        "DesiredCapacity": 1,
        "DefaultCooldown": 1,
        "AvailabilityZones": ["eu-west-1a"],
        "HealthCheckType": "EC2",
        "CreatedTime": START,
        "WarmPoolConfiguration": {},
    }
    stubs.expect("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": [item]})
    message = "AutoScalingGroup name not found - AutoScalingGroup 'web-ecs' not found"
    stubs.refuse("autoscaling", "describe_warm_pool", "ValidationError", message=message)
    assert autoscaling.all_groups() == [AutoScalingGroup("web-ecs", has_warm_pool=True, desired=1, maximum=1)]


def a_service(*target_groups: str) -> Service:
    balancers = [{"targetGroupArn": arn} for arn in target_groups]
    return ecs_answers.service(
        "web",
        {
            "serviceName": "api",
            "desiredCount": 1,
            "runningCount": 1,
            "taskDefinition": "api:1",
            "loadBalancers": balancers,
        },
    )


def test_one_target_group_that_is_gone_hides_no_other(stubs: Stubs) -> None:
    """DescribeTargetGroups fails as a whole where one of its ARNs is gone."""
    stubs.refuse("elbv2", "describe_target_groups", "TargetGroupNotFound")
    stubs.refuse("elbv2", "describe_target_groups", "TargetGroupNotFound")
    group = {"TargetGroupArn": "arn:b", "TargetGroupName": "b"}
    stubs.expect("elbv2", "describe_target_groups", {"TargetGroups": [group]}, TargetGroupArns=["arn:b"])
    stubs.expect("elbv2", "describe_target_group_attributes", {"Attributes": []}, TargetGroupArn="arn:b")
    health: dict[str, Any] = {"TargetHealthDescriptions": []}
    stubs.expect("elbv2", "describe_target_health", health, TargetGroupArn="arn:b")
    assert list(target_groups.target_groups_of([a_service("arn:a", "arn:b")])) == ["arn:b"]


def test_a_deleted_service_asks_for_nothing(stubs: Stubs) -> None:
    """DescribeServices has it as INACTIVE for a while; one being deleted is DRAINING, and still counts."""
    tags = [{"key": "ecs-drainer:quorum-group", "value": "store"}]
    services = [
        {"serviceName": name, "status": status, "tags": tags, "taskDefinition": "x:1", "desiredCount": 1}
        for name, status in (("old", "INACTIVE"), ("leaving", "DRAINING"))
    ]
    tasks = [
        {"taskArn": task_arn(number), "lastStatus": "RUNNING", "group": f"service:{name}"}
        for number, name in enumerate(("old", "leaving"))
    ]
    stubs.answer("ecs", "list_tasks", {"taskArns": [task_arn(0), task_arn(1)]})
    stubs.answer("ecs", "describe_tasks", {"tasks": tasks})
    stubs.answer("ecs", "describe_services", {"services": services})
    here = gates.read_here({CLUSTER: (INSTANCE_ARN,)}, Gates.SERVICES)
    assert [service.declared.service for service in here.services] == ["leaving"]


def test_a_capacity_provider_that_was_deleted_drains_nothing(stubs: Stubs) -> None:
    provider = {
        "status": "INACTIVE",
        "autoScalingGroupProvider": {"autoScalingGroupArn": "arn:x", "managedDraining": "ENABLED"},
    }
    stubs.answer("ecs", "describe_capacity_providers", {"capacityProviders": [provider]})
    assert ecs.capacity_providers(["spot"]) == {}


def test_an_explanation_needs_the_instance(stubs: Stubs) -> None:
    stubs.refuse("ecs", "list_container_instances", "ClusterNotFoundException")
    with pytest.raises(Gone, match="lists none of"):
        circumstances.read_circumstances(CLUSTER, [INSTANCE_ARN], [])


def test_a_service_deleted_since_it_was_described_has_no_tasks(stubs: Stubs) -> None:
    service = {"serviceName": "web", "taskDefinition": "web:1", "desiredCount": 1, "runningCount": 1}
    stubs.answer("ecs", "describe_services", {"services": [service]})
    stubs.refuse("ecs", "list_tasks", "ServiceNotFoundException")
    (found,) = circumstances.services_of(CLUSTER, [a_task()]).values()
    assert found.tasks == ()


def test_a_listing_that_nothing_is_missing_from_is_full(stubs: Stubs) -> None:
    expect_listing(stubs, [], [])
    expect_container_instance(stubs, "DRAINING")
    assert observe(CONTAINERS, a_memory(looks=1), after(minutes=1)).is_full
