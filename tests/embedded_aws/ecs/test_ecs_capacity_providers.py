"""Capacity providers of the embedded ECS, each behaviour with the page that it stands for."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.clients import client
from embedded_aws.ecs import behaviour
from embedded_aws.ecs.managed_scaling import reservation
from stories.world import CLUSTER
from tests.embedded_aws.ecs.provided import Provided, provided

A: dict[str, Any] = {"capacityProvider": "a", "weight": 1}
B: dict[str, Any] = {"capacityProvider": "b", "weight": 1}
FULL = 2048
"""CPU units of an m5.large: one such task an instance."""


def test_a_strategys_tasks_go_to_its_providers_alone() -> None:
    """Developer guide, cluster-capacity-providers: the strategy determines on which providers tasks run."""
    with provided() as world:
        world.provide("a", 1)
        world.provide("b", 2)
        world.serve("api", 3, A)
        assert world.providers("api") == ["a", "a", "a"]


def test_base_and_weights_divide_a_services_tasks() -> None:
    """CapacityProviderStrategyItem: base first, then "for every 1 task on A, 4 tasks will run on B"."""
    with provided() as world:
        world.provide("a", 1)
        world.provide("b", 1)
        world.serve("api", 7, {**A, "base": 2}, {**B, "weight": 4})
        assert world.providers("api") == ["a"] * 3 + ["b"] * 4


def test_the_default_strategy_holds_where_a_service_names_nothing() -> None:
    """CreateService: "If no capacityProviderStrategy or launchType is specified", the cluster's default is used."""
    with provided() as world:
        world.provide("a", 1)
        world.associate(("a", 1))
        world.serve("api", 1)
        world.serve("old", 1, launchType="EC2")
        assert (world.providers("api"), world.providers("old")) == (["a"], ["-"])
        described = world.ecs.describe_services(cluster=CLUSTER, services=["api", "old"])["services"]
        assert [one.get("launchType") for one in described] == [None, "EC2"]


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ([{"capacityProvider": "nobody", "weight": 1}], "not associated with the cluster"),
        ([A, {"capacityProvider": "FARGATE", "weight": 1}], "a mix of capacity providers"),
        ([{"capacityProvider": "a"}, {"capacityProvider": "b"}], "a weight greater than 0"),
    ],
)
def test_a_strategy_that_cannot_be_is_refused(strategy: list[dict[str, Any]], said: str) -> None:
    """CreateService, capacityProviderStrategy, and CapacityProviderStrategyItem, weight."""
    with provided() as world:
        world.provide("a", 1)
        world.provide("b", 1)
        with pytest.raises(ClientError, match=said):
            world.serve("api", 1, *strategy)
        with pytest.raises(ClientError, match="both a launch type and capacity provider strategy"):
            world.serve("api", 1, A, launchType="EC2")


def test_a_task_without_room_waits_provisioning_until_managed_scaling_brings_an_instance() -> None:
    """Developer guide, cluster-auto-scaling: such tasks are PROVISIONING; the group's launch ends that."""
    with provided() as world:
        world.provide("a", 1)
        world.serve("api", 2, A, cpu=FULL)
        assert world.statuses("api") == ["PROVISIONING", "RUNNING"]
        (waiting,) = [task for task in world.tasks("api") if task["lastStatus"] == "PROVISIONING"]
        assert "containerInstanceArn" not in waiting
        world.advance(60)
        assert world.group("a")["DesiredCapacity"] == 2
        world.advance(120)
        assert world.statuses("api") == ["RUNNING", "RUNNING"]


def test_a_group_at_its_maximum_leaves_it_provisioning_and_ecs_gives_it_up_and_tries_again() -> None:
    """Developer guide, asg-capacity-providers: such tasks "will fail to transition beyond the PROVISIONING state"."""
    with provided() as world:
        world.provide("a", 1, most=1)
        world.serve("api", 2, A, cpu=FULL)
        first = {task["taskArn"] for task in world.tasks("api")}
        world.advance(behaviour().provisioning_gives_up_seconds)
        (over,) = world.tasks("api", "STOPPED")
        assert (over["lastStatus"], over["stopCode"]) == ("STOPPED", "TaskFailedToStart") or over[
            "taskArn"
        ] in first
        world.advance(30)
        again = {task["taskArn"] for task in world.tasks("api")}
        assert len(again - first) == 1
        assert world.group("a")["DesiredCapacity"] == 1


def test_no_more_than_a_hundred_tasks_of_a_cluster_wait() -> None:
    """Developer guide, cluster-auto-scaling: at most 100 tasks of a cluster are PROVISIONING at once."""
    with provided() as world:
        world.provide("a", 1, most=1)
        world.serve("api", 120, A, cpu=FULL)
        (service,) = world.ecs.describe_services(cluster=CLUSTER, services=["api"])["services"]
        assert (service["runningCount"], service["pendingCount"]) == (1, 100)
        assert any("unable to place a task" in event["message"] for event in service["events"])


def test_without_managed_scaling_nothing_waits() -> None:
    """ManagedScaling, status: with it off ECS launches nothing, and placement fails as without a provider."""
    with provided() as world:
        world.provide("a", 1, target=None)
        world.serve("api", 2, A, cpu=FULL)
        world.advance(120)
        assert world.statuses("api") == ["RUNNING"]
        assert world.group("a")["DesiredCapacity"] == 1


def test_a_launch_type_service_brings_no_instance() -> None:
    """Deep dive on cluster auto scaling: only tasks of a strategy are PROVISIONING, hence needed instances."""
    with provided() as world:
        world.provide("a", 1)
        world.serve("api", 2, cpu=FULL, launchType="EC2")
        world.advance(300)
        assert world.statuses("api") == ["RUNNING"]
        assert world.group("a")["DesiredCapacity"] == 1


@pytest.mark.parametrize(
    ("needed", "there", "level"), [(2, 2, 100), (3, 2, 150), (1, 2, 50), (0, 0, 100), (1, 0, 200)]
)
def test_the_reservation_is_what_is_needed_of_what_there_is(needed: int, there: int, level: float) -> None:
    """Deep dive on cluster auto scaling: M / N x 100; without instances 100, or 200 where one is needed."""
    assert reservation(needed, there) == level


def test_a_target_below_100_keeps_instances_spare() -> None:
    """ManagedScaling, targetCapacity: "10% spare capacity" is a target of 90."""
    with provided() as world:
        world.provide("a", 1, target=50)
        world.serve("api", 1, A, cpu=FULL)
        world.advance(120)
        assert world.group("a")["DesiredCapacity"] == 2


def test_what_is_not_needed_for_fifteen_minutes_is_scaled_in_and_what_has_tasks_is_protected() -> None:
    """Developer guide, managed-termination-protection: instances with tasks other than daemons' are not scaled in."""
    with provided() as world:
        world.provide("a", 3, managedTerminationProtection="ENABLED")
        world.serve("api", 1, A, cpu=FULL)
        world.advance(60)
        protected = [one["ProtectedFromScaleIn"] for one in world.group("a")["Instances"]]
        assert sorted(protected) == [False, False, True]
        world.advance(15 * 60)
        assert world.group("a")["DesiredCapacity"] == 1
        assert world.statuses("api") == ["RUNNING"]


@pytest.mark.parametrize("process", ["Launch", "AlarmNotification"])
def test_suspended_processes_keep_instances_away(process: str) -> None:
    """Auto Scaling User Guide, as-suspend-resume-processes: no launches, or no alarms that would ask for them."""
    with provided() as world:
        world.provide("a", 1)
        client("autoscaling").suspend_processes(AutoScalingGroupName="a-ecs", ScalingProcesses=[process])
        world.serve("api", 2, A, cpu=FULL)
        world.advance(180)
        assert world.statuses("api") == ["PROVISIONING", "RUNNING"]
        client("autoscaling").resume_processes(AutoScalingGroupName="a-ecs", ScalingProcesses=[process])
        world.advance(180)
        assert world.statuses("api") == ["RUNNING", "RUNNING"]


def test_a_strategy_of_fargate_needs_no_instance() -> None:
    """UpdateService: a service may move from instances to Fargate; the update alone deploys nothing."""
    with provided() as world:
        world.provide("a", 1)
        world.serve("api", 1, A)
        fargate = [{"capacityProvider": "FARGATE", "weight": 1}]
        moved = {"cluster": CLUSTER, "service": "api", "capacityProviderStrategy": fargate}
        world.ecs.update_service(**moved, forceNewDeployment=True)
        world.advance(300)
        (task,) = world.tasks("api")
        assert (task["capacityProviderName"], task["lastStatus"]) == ("FARGATE", "RUNNING")
        assert "containerInstanceArn" not in task


def test_run_task_waits_for_an_instance_too() -> None:
    """Developer guide, standalone-tasks: a task is PROVISIONING while "Amazon ECS needs to find compute capacity"."""
    with provided() as world:
        world.provide("a", 0)
        container = {"name": "app", "image": "app:1", "cpu": 64, "memory": 64}
        world.ecs.register_task_definition(family="job", containerDefinitions=[container])
        asked = {"cluster": CLUSTER, "taskDefinition": "job", "capacityProviderStrategy": [A]}
        (task,) = world.ecs.run_task(**asked)["tasks"]
        assert task["lastStatus"] == "PROVISIONING"
        world.advance(240)
        (found,) = world.ecs.describe_tasks(cluster=CLUSTER, tasks=[task["taskArn"]])["tasks"]
        assert found["lastStatus"] == "RUNNING"


def hooks(world: Provided) -> list[str]:
    """Return the names of the hooks on the group of provider a."""
    assert world.group("a")
    found = client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName="a-ecs")["LifecycleHooks"]
    return [one["LifecycleHookName"] for one in found]


def test_managed_draining_is_a_hook_of_ecs_on_the_group() -> None:
    """Developer guide, managed-instance-draining: `ecs-managed-draining-termination-hook`, by which ECS drains."""
    with provided() as world:
        world.provide("a", 2, managedDraining="ENABLED")
        assert hooks(world) == ["ecs-managed-draining-termination-hook"]
        world.serve("api", 1, A)
        (task,) = world.tasks("api")
        arn = task["containerInstanceArn"]
        described = world.ecs.describe_container_instances(cluster=CLUSTER, containerInstances=[arn])
        world.world.terminate(described["containerInstances"][0]["ec2InstanceId"])
        world.advance(180)
        (moved,) = world.tasks("api")
        assert moved["containerInstanceArn"] != arn
        assert len(world.group("a")["Instances"]) == 1
        world.ecs.update_capacity_provider(name="a", autoScalingGroupProvider={"managedDraining": "DISABLED"})
        assert hooks(world) == []


@pytest.mark.parametrize(("stays", "status"), [(False, "DRAINING"), (True, "ACTIVE")])
def test_what_is_set_active_under_managed_draining_is_drained_again_or_stays(
    stays: bool, status: str
) -> None:
    """AWS documents neither; whichever it is, ECS waits for the task, and lets the instance go then."""
    with provided() as world:
        behaviour().managed_draining_leaves_active = stays
        world.provide("a", 1, managedDraining="ENABLED")
        world.ecs.register_task_definition(
            family="batch", containerDefinitions=[{"name": "app", "image": "app:1", "memory": 64}]
        )
        (arn,) = world.ecs.list_container_instances(cluster=CLUSTER)["containerInstanceArns"]
        asked = {"cluster": CLUSTER, "containerInstances": [arn]}
        (task,) = world.ecs.start_task(taskDefinition="batch", **asked)["tasks"]
        described = world.ecs.describe_container_instances(**asked)["containerInstances"][0]
        world.world.terminate(described["ec2InstanceId"])
        world.advance(30)
        assert (
            world.ecs.describe_container_instances(**asked)["containerInstances"][0]["status"] == "DRAINING"
        )
        world.ecs.update_container_instances_state(status="ACTIVE", **asked)
        world.advance(60)
        assert world.ecs.describe_container_instances(**asked)["containerInstances"][0]["status"] == status
        states = {one["InstanceId"]: one["LifecycleState"] for one in world.group("a")["Instances"]}
        assert states[described["ec2InstanceId"]] == "Terminating:Wait"
        world.ecs.stop_task(cluster=CLUSTER, task=task["taskArn"])
        world.advance(120)
        assert described["ec2InstanceId"] not in [one["InstanceId"] for one in world.group("a")["Instances"]]


@pytest.mark.parametrize("name", ["ecs-drainer", "aws-own", "Fargate-too"])
def test_a_name_that_is_kept_for_aws_is_refused(name: str) -> None:
    """CreateCapacityProvider: the name can't be prefixed with "aws", "ecs", or "fargate"."""
    with provided() as world, pytest.raises(ClientError, match="name is invalid"):
        world.ecs.create_capacity_provider(name=name, autoScalingGroupProvider={"autoScalingGroupArn": "a"})


def test_a_provider_is_deleted_once_it_is_off_its_cluster() -> None:
    """DeleteCapacityProvider: only those that aren't associated with a cluster can be deleted."""
    with provided() as world:
        world.provide("a", 1)
        with pytest.raises(ClientError, match="is in use"):
            world.ecs.delete_capacity_provider(capacityProvider="a")
        world.names.clear()
        world.associate()
        assert [one["name"] for one in world.ecs.describe_capacity_providers()["capacityProviders"]] == ["a"]
        world.ecs.delete_capacity_provider(capacityProvider="a")
        assert world.ecs.describe_capacity_providers()["capacityProviders"] == []
        with pytest.raises(ClientError, match="was not found"):
            world.ecs.delete_capacity_provider(capacityProvider="a")


def test_a_provider_that_nobody_made_is_not_associated() -> None:
    """PutClusterCapacityProviders: the providers must exist."""
    with provided() as world, pytest.raises(ClientError, match="capacity provider was not found"):
        world.ecs.put_cluster_capacity_providers(
            cluster=CLUSTER, capacityProviders=["nobody"], defaultCapacityProviderStrategy=[]
        )
