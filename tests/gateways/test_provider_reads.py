"""What is read of capacity providers: only where a strategy, or the instance, names one."""

from __future__ import annotations

from typing import Any

from chalicelib.common.model import AutoScalingGroup, Task
from chalicelib.common.services import Service, Share
from chalicelib.explain.capacity import Provider
from chalicelib.gateways import autoscaling, ecs_answers
from chalicelib.gateways.circumstances import Attempts, read_circumstances, stopping_beside, strategies_of
from tests.gateways.stubs import Stubs

PREFIX = "arn:aws:ecs:eu-west-1:123456789012"
HERE = f"{PREFIX}:container-instance/web/0a"
GROUP = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:x:autoScalingGroupName/web-ecs"
ANSWER: dict[str, Any] = {
    "name": "web",
    "autoScalingGroupProvider": {
        "autoScalingGroupArn": GROUP,
        "managedScaling": {"status": "ENABLED", "targetCapacity": 90},
        "managedDraining": "ENABLED",
        "managedTerminationProtection": "DISABLED",
    },
}


GROUP_ANSWER = {
    "AutoScalingGroupName": "web-ecs",
    "MinSize": 0,
    "MaxSize": 6,
    "DesiredCapacity": 1,
    "DefaultCooldown": 300,
    "AvailabilityZones": ["eu-west-1a"],
    "HealthCheckType": "EC2",
    "CreatedTime": "2026-03-02",
}


def member(state: str, instance_id: str = "i-0a") -> dict[str, Any]:
    return {
        "InstanceId": instance_id,
        "AvailabilityZone": "eu-west-1a",
        "LifecycleState": state,
        "HealthStatus": "Healthy",
        "ProtectedFromScaleIn": False,
    }


def test_a_group_is_counted_as_auto_scaling_counts_it() -> None:
    """What terminates, is on standby or in the warm pool doesn't count towards the desired capacity."""
    states = ("InService", "Pending:Wait", "Pending", "Terminating:Wait", "Standby")
    found = autoscaling.auto_scaling_group(
        {
            "AutoScalingGroupName": "web-ecs",
            "DesiredCapacity": 3,
            "MaxSize": 6,
            "WarmPoolSize": 2,
            "Instances": [member(state, f"i-{number}") for number, state in enumerate(states)],
            "SuspendedProcesses": [{"ProcessName": "Launch"}],
        }
    )
    assert (found.name, found.desired, found.maximum, found.warm) == ("web-ecs", 3, 6, 2)
    assert (found.counted, found.launching, found.leaving) == (3, 2, frozenset({"i-3"}))
    assert found.suspended == {"Launch"}


def test_a_provider_names_its_group() -> None:
    assert ecs_answers.capacity_provider(ANSWER) == Provider(
        "web", "web-ecs", manages_scaling=True, target_capacity=90, drains=True
    )
    assert ecs_answers.capacity_provider({"name": "FARGATE"}) == Provider("FARGATE")


def test_a_services_strategy_has_its_providers_and_their_groups_read(stubs: Stubs) -> None:
    task = Task(f"{PREFIX}:task/web/1", "RUNNING", group="service:api", task_definition_arn="api:1")
    instance = {
        "containerInstanceArn": HERE,
        "ec2InstanceId": "i-0a",
        "status": "ACTIVE",
        "capacityProviderName": "web",
    }
    service = {
        "serviceName": "api",
        "desiredCount": 1,
        "taskDefinition": "api:1",
        "capacityProviderStrategy": [
            {"capacityProvider": "web", "weight": 1, "base": 2},
            {"capacityProvider": "FARGATE", "weight": 0},
        ],
    }
    stubs.answer("ecs", "list_container_instances", {"containerInstanceArns": [HERE]})
    stubs.answer("ecs", "describe_container_instances", {"containerInstances": [instance]})
    stubs.answer("ecs", "describe_services", {"services": [service]})
    stubs.answer("ecs", "list_tasks", {"taskArns": []})
    stubs.answer("ecs", "describe_task_definition", {"taskDefinition": {}})
    stubs.answer("ecs", "get_task_protection", {"protectedTasks": []})
    stubs.expect(
        "ecs", "describe_capacity_providers", {"capacityProviders": [ANSWER]}, capacityProviders=["web"]
    )
    stubs.expect(
        "autoscaling",
        "describe_auto_scaling_groups",
        {"AutoScalingGroups": [GROUP_ANSWER]},
        AutoScalingGroupNames=["web-ecs"],
    )
    world = read_circumstances("web", [HERE], [task])
    assert world.services["api"].shares == (Share("web", 2, 1), Share("FARGATE"))
    assert world.instance.capacity_provider == "web"
    assert world.providers["web"].group == AutoScalingGroup("web-ecs", desired=1, maximum=6)
    assert world.managed_draining_by == "web"


def test_the_default_strategy_is_read_only_where_a_service_goes_by_it(stubs: Stubs) -> None:
    cluster = {
        "clusterName": "web",
        "defaultCapacityProviderStrategy": [{"capacityProvider": "web", "weight": 1}],
    }
    bare = ecs_answers.service("web", {"serviceName": "api", "desiredCount": 1})
    typed = ecs_answers.service("web", {"serviceName": "api", "desiredCount": 1, "launchType": "EC2"})
    assert strategies_of("web", [typed], Attempts()) == ((), {})
    stubs.expect("ecs", "describe_clusters", {"clusters": [cluster]}, clusters=["web"])
    stubs.answer("ecs", "describe_capacity_providers", {"capacityProviders": [ANSWER]})
    assert strategies_of("web", [typed, bare], Attempts())[0] == (Share("web", weight=1),)


def test_what_still_stops_beside_a_pending_replacement_is_read(stubs: Stubs) -> None:
    """Only where one is PENDING: two reads for its instance."""
    pending = Task(f"{PREFIX}:task/web/9", "PENDING", container_instance_arn=HERE)
    settled = Task(f"{PREFIX}:task/web/8", container_instance_arn=f"{HERE}b")
    service = Service("api", 1, 1, tasks=(pending, settled))
    assert stopping_beside("web", [Service("api", 1, 1, tasks=(settled,))]) == {}
    arns = [f"{PREFIX}:task/web/{number}" for number in (1, 2)]
    asked: dict[str, Any] = {"cluster": "web", "containerInstance": HERE, "desiredStatus": "STOPPED"}
    stubs.expect("ecs", "list_tasks", {"taskArns": arns}, **asked)
    answers = [
        {"taskArn": arn, "lastStatus": status, "desiredStatus": "STOPPED"}
        for arn, status in zip(arns, ("STOPPING", "STOPPED"), strict=True)
    ]
    stubs.answer("ecs", "describe_tasks", {"tasks": answers})
    (found,) = stopping_beside("web", [service])[HERE]
    assert found.arn == arns[0]
