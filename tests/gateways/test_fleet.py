"""What a fleet's plan reads: each cluster listed once, however many instances the fleet has."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.gateways.fleet import Surroundings, read_own_turn, read_policies, read_surroundings
from chalicelib.policy import Source
from chalicelib.policy.settings import Settings
from tests.builders import CLUSTER, task_arn
from tests.gateways.stubs import Stubs

PREFIX = "arn:aws:ecs:eu-west-1:123456789012:container-instance/web"
ARNS = [f"{PREFIX}/{name}" for name in ("0a", "0b", "0c")]
DEFINITION = {"taskDefinition": {"cpu": "256", "containerDefinitions": [{"name": "web"}]}}
SERVICE: dict[str, Any] = {
    "serviceName": "web",
    "taskDefinition": "web:1",
    "desiredCount": 1,
    "runningCount": 1,
    "launchType": "EC2",
}


def stage(**environ: str) -> Source:
    return Settings.from_environment(environ).policy


def expect_instances(stubs: Stubs) -> None:
    described = [
        {"containerInstanceArn": arn, "ec2InstanceId": f"i-{arn[-2:]}", "status": "ACTIVE"} for arn in ARNS
    ]
    stubs.expect("ecs", "list_container_instances", {"containerInstanceArns": ARNS}, cluster=CLUSTER)
    stubs.expect(
        "ecs",
        "describe_container_instances",
        {"containerInstances": described},
        cluster=CLUSTER,
        containerInstances=ARNS,
    )


def expect_tasks(stubs: Stubs, **more: Any) -> None:
    task = {
        "taskArn": task_arn(1),
        "lastStatus": "RUNNING",
        "group": "service:web",
        "containerInstanceArn": ARNS[0],
    }
    stubs.expect("ecs", "list_tasks", {"taskArns": [task_arn(1)]}, cluster=CLUSTER)
    stubs.expect("ecs", "describe_tasks", {"tasks": [task]}, cluster=CLUSTER, tasks=[task_arn(1)], **more)


def expect_world(stubs: Stubs) -> None:
    expect_instances(stubs)
    expect_tasks(stubs)
    stubs.expect("ecs", "describe_services", {"services": [SERVICE]}, cluster=CLUSTER, services=["web"])
    stubs.expect("ecs", "describe_task_definition", DEFINITION, taskDefinition="web:1")


def surroundings(stubs: Stubs) -> Surroundings:
    expect_world(stubs)
    (found,) = read_surroundings({"i-0a", "i-0b"}, [CLUSTER])
    return found


def test_a_cluster_is_listed_once_and_parted_in_the_fleet_and_those_that_stay(stubs: Stubs) -> None:
    found = surroundings(stubs)
    assert [member.instance_id for member in found.members] == ["i-0a", "i-0b"]
    assert [one.ec2_instance_id for one in found.world.others] == ["i-0c"]
    assert (found.world.cluster, list(found.world.services)) == ("web", ["web"])
    assert [task.arn for task in found.world.services["web"].tasks] == [task_arn(1)]
    assert found.world.task_definitions["web:1"].cpu == 256


def test_without_a_cluster_named_all_are_asked_and_one_without_the_fleet_costs_two_calls(
    stubs: Stubs,
) -> None:
    stubs.expect("ecs", "list_clusters", {"clusterArns": [CLUSTER]})
    expect_instances(stubs)
    assert read_surroundings({"i-99"}, []) == []


def test_a_cluster_that_is_gone_knows_none_of_the_fleet(stubs: Stubs) -> None:
    stubs.refuse("ecs", "list_container_instances", "ClusterNotFoundException")
    assert read_surroundings({"i-0a"}, [CLUSTER]) == []


def member(name: str) -> dict[str, Any]:
    return {
        "InstanceId": name,
        "AutoScalingGroupName": "web-ecs",
        "AvailabilityZone": "eu-west-1a",
        "LifecycleState": "InService",
        "HealthStatus": "HEALTHY",
        "ProtectedFromScaleIn": False,
    }


def a_group(**tags: str) -> dict[str, Any]:
    return {
        "AutoScalingGroupName": "web-ecs",
        "MinSize": 0,
        "MaxSize": 1,
        "DesiredCapacity": 1,
        "DefaultCooldown": 1,
        "AvailabilityZones": ["eu-west-1a"],
        "HealthCheckType": "EC2",
        "CreatedTime": 0,
        "Tags": [{"Key": f"ecs-drainer:{key}", "Value": value} for key, value in tags.items()],
    }


def test_each_instance_goes_by_its_groups_tags_asked_fifty_at_once(stubs: Stubs) -> None:
    names = [f"i-{number:02}" for number in range(51)]
    for batch in (names[:50], names[50:]):
        members = [member(name) for name in batch if name != "i-07"]
        answer = {"AutoScalingInstances": members}
        stubs.expect("autoscaling", "describe_auto_scaling_instances", answer, InstanceIds=batch)
    groups = {"AutoScalingGroups": [a_group(gates="services")]}
    stubs.expect("autoscaling", "describe_auto_scaling_groups", groups, AutoScalingGroupNames=["web-ecs"])
    found = read_policies(names, stage(), Source("request", {}))
    assert found["i-00"].policy.gates.value == "services"
    assert found["i-07"].policy.gates.value == "off", "it belongs to no group"


def test_an_instance_whose_group_is_gone_goes_by_the_stage(stubs: Stubs) -> None:
    stubs.answer("autoscaling", "describe_auto_scaling_instances", {"AutoScalingInstances": [member("i-00")]})
    stubs.answer("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": []})
    assert read_policies(["i-00"], stage(), Source("request", {}))["i-00"].policy.gates.value == "off"


def policies(stubs: Stubs, **settings: str) -> dict[str, Any]:
    stubs.answer("autoscaling", "describe_auto_scaling_instances", {"AutoScalingInstances": []})
    return read_policies(["i-0a", "i-0b"], stage(**settings), Source("request", {}))


def test_without_gates_nobody_is_asked_for_stateful_services(stubs: Stubs) -> None:
    assert read_own_turn([surroundings(stubs)], policies(stubs)) == {}


@pytest.mark.parametrize("mode", ["services", "task-definitions"])
def test_an_instance_with_a_stateful_service_waits_for_its_own_drain(stubs: Stubs, mode: str) -> None:
    found, resolved = surroundings(stubs), policies(stubs, ECS_DRAINER_GATES=mode)
    tags = [{"key": "ecs-drainer:replacement", "value": "standby"}]
    own = tags if mode == "services" else []
    expect_tasks(stubs, include=["TAGS"])
    services = {"services": [{**SERVICE, "tags": own}]}
    asked: dict[str, Any] = {"cluster": CLUSTER, "include": ["TAGS"]}
    stubs.expect("ecs", "describe_services", services, services=["web"], **asked)
    if mode == "task-definitions":
        definition = {**DEFINITION, "tags": tags}
        stubs.expect("ecs", "describe_task_definition", definition, taskDefinition="web:1", include=["TAGS"])
    assert read_own_turn([found], resolved) == {"i-0a": "service web"}
