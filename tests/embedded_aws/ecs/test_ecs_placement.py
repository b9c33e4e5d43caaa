"""Where tasks may run, and how ECS says that they can't (developer guide, task-placement, service-event-messages)."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded_aws.ecs.cluster import Cluster, cluster_of


def zones(world: Cluster) -> list[str]:
    return sorted(task["availabilityZone"][-1] for task in world.tasks())


def failures(world: Cluster, **more: Any) -> list[str]:
    answer = world.ecs.run_task(cluster="web", taskDefinition="app", **more)
    return [failure["reason"] for failure in answer["failures"]]


@pytest.mark.parametrize(
    ("container", "more", "reason", "sentence"),
    [
        ({"cpu": 4096}, {}, "RESOURCE:CPU", "has insufficient CPU units available."),
        ({"memory": 9000}, {}, "RESOURCE:MEMORY", "has insufficient memory available."),
        ({"port": 22}, {}, "RESOURCE:PORTS", "is already using a port required by your task."),
        (
            {},
            {"placementConstraints": [{"type": "memberOf", "expression": "attribute:stack == blue"}]},
            "MemberOf placement constraint unsatisfied.",
            'encountered error "MemberOf placement constraint unsatisfied.".',
        ),
    ],
)
def test_what_is_lacking_is_named(container: Any, more: Any, reason: str, sentence: str) -> None:
    """Developer guide, api_failures_messages: RESOURCE:*, or the constraint, with the closest container instance."""
    with cluster_of(1) as world:
        world.define(**container)
        assert failures(world, **more) == [reason]
        world.serve("api", 1, **more)
        message = world.service("api")["events"][0]["message"]
        closest = f"The closest matching (container-instance {world.arn(world.ids[0]).rsplit('/', 1)[1]})"
        assert f"met all of its requirements. {closest} {sentence}" in message
        assert world.tasks() == []


def test_the_same_cause_is_told_once() -> None:
    with cluster_of(2) as world:
        world.define(cpu=4096)
        world.serve("api", 1)
        world.add_instance()
        world.advance(600)
        assert len(world.service("api")["events"]) == 1


def test_a_cluster_without_container_instances_says_so() -> None:
    with cluster_of(0) as world:
        world.define()
        world.serve("api", 1)
        assert (
            "Reason: No Container Instances were found in your cluster."
            in world.service("api")["events"][0]["message"]
        )
        with pytest.raises(ClientError, match="No Container Instances were found in your cluster"):
            world.run()


def test_a_service_that_waits_for_room_gets_it_from_a_task_that_stops() -> None:
    with cluster_of(1) as world:
        world.define("big", cpu=2000)
        world.define()
        batch = world.run(taskDefinition="big")
        world.serve("api", 1, taskDefinition=world.define("api", cpu=100))
        assert world.tasks(serviceName="api") == []
        world.ecs.stop_task(cluster="web", task=batch)
        world.advance(23 + 5)
        assert [task["lastStatus"] for task in world.tasks(serviceName="api")] == ["RUNNING"]


def test_a_service_that_waits_for_room_gets_it_from_a_new_instance() -> None:
    with cluster_of(0) as world:
        world.define()
        world.serve("api", 2)
        world.add_instance()
        world.advance(15 + 5)
        assert [task["lastStatus"] for task in world.tasks()] == ["RUNNING", "RUNNING"]


def test_services_spread_over_availability_zones_by_default() -> None:
    with cluster_of(4) as world:
        world.define()
        world.serve("api", 6)
        assert zones(world) == ["a", "a", "b", "b", "c", "c"]


def test_binpack_fills_one_instance_before_the_next() -> None:
    with cluster_of(3) as world:
        world.define(memory=3000)
        world.serve("api", 3, placementStrategy=[{"type": "binpack", "field": "memory"}])
        assert zones(world) == ["a", "a", "b"]


def test_distinct_instance_keeps_one_task_of_a_service_to_an_instance() -> None:
    """With min 100 and nowhere else to go, the task stays on the DRAINING instance for ever."""
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 2, placementConstraints=[{"type": "distinctInstance"}])
        assert zones(world) == ["a", "b"]
        arn = world.arn(world.ids[0])
        world.set_status(arn)
        world.advance(3600)
        assert [task["lastStatus"] for task in world.everything_on(arn)] == ["RUNNING"]
        assert (
            "DistinctInstance placement constraint unsatisfied."
            in world.service("api")["events"][0]["message"]
        )


def test_distinct_instance_below_100_lets_the_task_go_and_the_service_stays_short() -> None:
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 2, (50, 200), placementConstraints=[{"type": "distinctInstance"}])
        arn = world.arn(world.ids[0])
        world.set_status(arn)
        world.advance(3600)
        assert [task["lastStatus"] for task in world.everything_on(arn)] == [
            "STOPPED"
        ] * 0 or world.tasks() != []
        assert world.service("api")["runningCount"] == 1


def test_a_static_host_port_in_use_everywhere_holds_the_drain() -> None:
    with cluster_of(2) as world:
        world.define(port=8080)
        world.serve("api", 2)
        arn = world.arn(world.ids[0])
        world.set_status(arn)
        world.advance(3600)
        assert [task["lastStatus"] for task in world.everything_on(arn)] == ["RUNNING"]
        assert "is already using a port required by your task" in world.service("api")["events"][0]["message"]


def test_a_member_of_constraint_of_the_task_definition_counts_too() -> None:
    with cluster_of(3) as world:
        rule = {
            "type": "memberOf",
            "expression": "attribute:ecs.availability-zone in [eu-west-1b, eu-west-1c]",
        }
        world.define(definition={"placementConstraints": [rule]})
        world.serve("api", 4)
        assert zones(world) == ["b", "b", "c", "c"]


def test_awsvpc_tasks_take_a_network_interface_each() -> None:
    """An m5.large has three network interfaces, one of them its own."""
    with cluster_of(1) as world:
        world.define(definition={"networkMode": "awsvpc"})
        assert [failures(world) for _ in range(3)] == [[], [], ["RESOURCE:ENI"]]


def test_dynamic_host_ports_differ_on_one_instance() -> None:
    with cluster_of(1) as world:
        world.define(port=0)
        world.serve("api", 3)
        ports = [task["containers"][0]["networkBindings"][0]["hostPort"] for task in world.tasks()]
        assert sorted(ports) == [32768, 32769, 32770]


def test_run_task_places_up_to_ten_and_reports_the_rest() -> None:
    with cluster_of(1) as world:
        world.define(cpu=1000)
        answer = world.ecs.run_task(
            cluster="web", taskDefinition="app", count=3, group="batch", startedBy="me"
        )
        assert [(task["group"], task["startedBy"]) for task in answer["tasks"]] == [("batch", "me")] * 2
        assert [failure["reason"] for failure in answer["failures"]] == ["RESOURCE:CPU"]
        with pytest.raises(ClientError, match="count should be between 1 and 10"):
            world.ecs.run_task(cluster="web", taskDefinition="app", count=11)


def test_start_task_takes_active_instances_only() -> None:
    with cluster_of(2) as world:
        world.define()
        first, second = (world.arn(instance_id) for instance_id in world.ids)
        world.set_status(first)
        answer = world.ecs.start_task(cluster="web", taskDefinition="app", containerInstances=[first, second])
        assert [task["containerInstanceArn"] for task in answer["tasks"]] == [second]
        assert answer["failures"] == [{"arn": first, "reason": "DRAINING"}]


def test_fargate_is_refused_rather_than_pretended() -> None:
    with cluster_of(1) as world:
        world.define()
        with pytest.raises(ClientError, match="launchType FARGATE isn't simulated"):
            world.run(launchType="FARGATE")
