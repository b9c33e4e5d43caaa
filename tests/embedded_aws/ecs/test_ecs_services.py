"""Services: their counts, deployments and events (developer guide, ecs_services, deployment-type-ecs)."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.clients import client
from tests.embedded_aws.ecs.cluster import Cluster, cluster_of


def messages(world: Cluster, name: str = "api") -> list[str]:
    return [event["message"] for event in world.service(name)["events"]]


def rollout(world: Cluster) -> list[tuple[str, int, str]]:
    return [
        (deployment["status"], deployment["runningCount"], deployment["rolloutState"])
        for deployment in world.service("api")["deployments"]
    ]


def test_a_new_service_starts_its_tasks_and_becomes_steady_when_they_are_healthy() -> None:
    with cluster_of(2) as world:
        world.define()
        world.ecs.create_service(cluster="web", serviceName="api", taskDefinition="app", desiredCount=2)
        world.advance(0)
        assert world.service("api")["pendingCount"] == 2
        assert messages(world)[0].startswith("(service api) has started 2 tasks: (task ")
        world.advance(44)
        assert rollout(world) == [("PRIMARY", 2, "IN_PROGRESS")]
        world.advance(1)
        assert rollout(world) == [("PRIMARY", 2, "COMPLETED")]
        assert messages(world)[0] == "(service api) has reached a steady state."


def test_defaults_of_a_replica_service_are_100_and_200_percent() -> None:
    with cluster_of(1) as world:
        world.define()
        world.serve("api", 1)
        assert world.service("api")["deploymentConfiguration"]["minimumHealthyPercent"] == 100
        assert world.service("api")["deploymentConfiguration"]["maximumPercent"] == 200


def test_a_new_task_definition_rolls_within_the_bounds() -> None:
    """At 50/100, four tasks go in two batches: stop two, start two."""
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 4, (50, 100))
        world.define()
        world.ecs.update_service(cluster="web", service="api", taskDefinition="app:2")
        world.advance(10)
        assert rollout(world) == [("PRIMARY", 0, "IN_PROGRESS"), ("ACTIVE", 2, "COMPLETED")]
        world.advance(13 + 45)
        assert [task["desiredStatus"] for task in world.tasks(family="app")] == ["RUNNING"] * 2
        world.advance(23 + 45)
        assert rollout(world) == [("PRIMARY", 4, "COMPLETED")]
        assert {task["taskDefinitionArn"].rsplit("/", 1)[1] for task in world.tasks()} == {"app:2"}


def test_force_new_deployment_replaces_every_task() -> None:
    with cluster_of(1) as world:
        world.define()
        world.serve("api", 2)
        before = {task["taskArn"] for task in world.tasks()}
        world.ecs.update_service(cluster="web", service="api", forceNewDeployment=True)
        world.advance(45 + 23)
        assert not before & {task["taskArn"] for task in world.tasks()}
        assert rollout(world) == [("PRIMARY", 2, "COMPLETED")]


def test_other_bounds_free_a_service_that_could_not_move() -> None:
    """The remedy for the deadlock at 100/100: UpdateService, and the drain goes on by itself."""
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 1, (100, 100))
        arn = world.tasks()[0]["containerInstanceArn"]
        world.set_status(arn)
        world.advance(600)
        assert [task["lastStatus"] for task in world.everything_on(arn)] == ["RUNNING"]
        bounds = {"minimumHealthyPercent": 100, "maximumPercent": 200}
        world.ecs.update_service(cluster="web", service="api", deploymentConfiguration=bounds)
        world.advance(45 + 23)
        assert [task["lastStatus"] for task in world.everything_on(arn)] == ["STOPPED"]
        assert len(rollout(world)) == 1


def test_a_higher_desired_count_starts_and_a_lower_one_stops_tasks() -> None:
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 2)
        world.ecs.update_service(cluster="web", service="api", desiredCount=4)
        world.advance(60)
        assert world.service("api")["runningCount"] == 4
        world.ecs.update_service(cluster="web", service="api", desiredCount=1)
        world.advance(0)
        assert world.service("api")["runningCount"] == 1
        assert messages(world)[0].startswith("(service api) has stopped 3 running tasks: (task ")


def test_scale_in_leaves_protected_tasks_alone() -> None:
    """Developer guide, task-scale-in-protection."""
    with cluster_of(1) as world:
        world.define()
        world.serve("api", 3)
        chosen = world.tasks()[1]["taskArn"]
        world.ecs.update_task_protection(cluster="web", tasks=[chosen], protectionEnabled=True)
        world.ecs.update_service(cluster="web", service="api", desiredCount=0)
        world.advance(60)
        assert [task["taskArn"] for task in world.tasks()] == [chosen]


def test_a_service_task_belongs_to_its_deployment() -> None:
    """Task.startedBy of a service task is its deployment's id, its group is service:<name>."""
    with cluster_of(1) as world:
        world.define()
        world.serve("api", 1)
        task, service = world.tasks()[0], world.service("api")
        assert task["startedBy"] == service["deployments"][0]["id"]
        assert task["startedBy"].startswith("ecs-svc/")
        assert task["group"] == "service:api"


def test_a_crashing_task_is_replaced() -> None:
    with cluster_of(1) as world:
        world.define(script={"exits-after": 100})
        world.serve("api", 1)
        first = world.tasks()[0]["taskArn"]
        world.advance(60)
        assert world.task(first)["lastStatus"] == "STOPPED"
        assert len(world.tasks()) == 1


def test_delete_service_drains_it() -> None:
    """DeleteService: DRAINING while tasks are stopped, then INACTIVE and out of ListServices."""
    with cluster_of(1) as world:
        world.define()
        world.serve("api", 2)
        with pytest.raises(ClientError, match="cannot be stopped while it is scaled above 0"):
            world.ecs.delete_service(cluster="web", service="api")
        world.ecs.delete_service(cluster="web", service="api", force=True)
        world.advance(10)
        assert world.service("api")["status"] == "DRAINING"
        world.advance(13)
        assert world.service("api")["status"] == "INACTIVE"
        assert world.ecs.list_services(cluster="web")["serviceArns"] == []
        with pytest.raises(world.ecs.exceptions.ServiceNotActiveException):
            world.ecs.update_service(cluster="web", service="api", desiredCount=1)


def test_list_services_gives_ten_a_page() -> None:
    with cluster_of(0) as world:
        world.define()
        for number in range(12):
            world.ecs.create_service(
                cluster="web", serviceName=f"s{number}", taskDefinition="app", desiredCount=0
            )
        first = world.ecs.list_services(cluster="web")
        assert len(first["serviceArns"]) == 10
        assert len(world.ecs.list_services(cluster="web", nextToken=first["nextToken"])["serviceArns"]) == 2


def test_a_second_service_of_the_same_name_is_refused() -> None:
    with cluster_of(0) as world:
        world.define()
        world.serve("api", 0)
        with pytest.raises(ClientError, match="Creation of service was not idempotent"):
            world.serve("api", 1)


def test_cloudformation_makes_changes_and_deletes_services_that_live() -> None:
    with cluster_of(1) as world:
        world.define()
        properties = {"Cluster": "web", "TaskDefinition": "app", "DesiredCount": 2}
        service = {"Type": "AWS::ECS::Service", "Properties": properties}
        stacks = client("cloudformation")
        stacks.create_stack(StackName="web", TemplateBody=json.dumps({"Resources": {"Api": service}}))
        world.advance(60)
        assert [task["lastStatus"] for task in world.tasks()] == ["RUNNING"] * 2
        properties["DesiredCount"] = 1
        stacks.update_stack(StackName="web", TemplateBody=json.dumps({"Resources": {"Api": service}}))
        world.advance(60)
        assert len(world.tasks()) == 1
        stacks.delete_stack(StackName="web")
        world.advance(60)
        assert world.tasks() == []


class TestDaemons:
    def daemon(self, world: Cluster, **more: Any) -> None:
        world.define("logs")
        world.serve("logs", None, schedulingStrategy="DAEMON", taskDefinition="logs", **more)

    def test_run_one_task_on_each_active_instance_new_ones_too(self) -> None:
        with cluster_of(2) as world:
            self.daemon(world)
            world.add_instance()
            world.advance(15 + 60)
            homes = {task["containerInstanceArn"] for task in world.tasks(serviceName="logs")}
            assert homes == {world.arn(instance_id) for instance_id in world.ids}
            assert world.service("logs")["desiredCount"] == 3

    def test_keep_to_their_member_of_constraint(self) -> None:
        with cluster_of(3) as world:
            rule = {"type": "memberOf", "expression": "attribute:ecs.availability-zone == eu-west-1b"}
            self.daemon(world, placementConstraints=[rule])
            assert [task["availabilityZone"] for task in world.tasks()] == ["eu-west-1b"]

    def test_default_to_a_minimum_of_0_and_a_maximum_of_100_percent(self) -> None:
        with cluster_of(0) as world:
            self.daemon(world)
            found = world.service("logs")["deploymentConfiguration"]
            assert (found["minimumHealthyPercent"], found["maximumPercent"]) == (0, 100)

    def test_roll_stop_first_because_their_maximum_is_100_percent(self) -> None:
        with cluster_of(2) as world:
            self.daemon(world, bounds=(50, 100))
            world.define("logs")
            world.ecs.update_service(cluster="web", service="logs", taskDefinition="logs:2")
            world.advance(1)
            assert sorted(task["lastStatus"] for task in world.tasks(desiredStatus="STOPPED")) == ["STOPPING"]
            world.advance(22 + 45 + 23 + 45)
            assert {task["taskDefinitionArn"].rsplit("/", 1)[1] for task in world.tasks()} == {"logs:2"}

    def test_come_back_to_an_instance_that_is_active_again(self) -> None:
        with cluster_of(1) as world:
            self.daemon(world)
            arn = world.arn(world.ids[0])
            world.set_status(arn)
            world.advance(23)
            assert world.tasks() == []
            world.set_status(arn, "ACTIVE")
            world.advance(5)
            assert [task["lastStatus"] for task in world.tasks()] == ["RUNNING"]
