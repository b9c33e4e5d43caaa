"""Tasks behind a load balancer (Elastic Load Balancing, target-group-health-checks; ECS task life cycle)."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.clients import client
from tests.embedded_aws.ecs.cluster import Cluster, cluster_of


def health(group: str) -> list[tuple[str, int, str]]:
    described = client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return sorted(
        (one["Target"]["Id"], one["Target"]["Port"], one["TargetHealth"]["State"]) for one in described
    )


def behind(world: Cluster, delay: int = 60, desired: int = 2, **container: Any) -> str:
    group = world.target_group(delay)
    world.define(port=0, **container)
    world.ecs.create_service(
        cluster="web",
        serviceName="web",
        taskDefinition="app",
        desiredCount=desired,
        loadBalancers=world.balanced(group),
    )
    return group


def test_a_target_is_initial_then_healthy_then_draining_then_gone() -> None:
    with cluster_of(1) as world:
        group = behind(world, delay=60, desired=1)
        world.advance(3)
        assert health(group) == []
        world.advance(1)
        instance = world.ids[0]
        assert health(group) == [(instance, 32768, "initial")]
        world.advance(41)
        assert health(group) == [(instance, 32768, "healthy")]
        world.ecs.update_service(cluster="web", service="web", desiredCount=0)
        world.advance(59)
        assert health(group) == [(instance, 32768, "draining")]
        world.advance(1)
        assert health(group) == []


def test_two_tasks_on_one_instance_are_two_targets() -> None:
    """moto knows targets by id alone; here the port tells them apart, as on AWS."""
    with cluster_of(1) as world:
        group = behind(world, desired=2)
        world.advance(60)
        assert health(group) == [(world.ids[0], 32768, "healthy"), (world.ids[0], 32769, "healthy")]


def test_without_a_delay_of_its_own_a_group_takes_300_seconds() -> None:
    with cluster_of(1) as world:
        group = client("elbv2").create_target_group(
            Name="slow", Protocol="HTTP", Port=80, VpcId=world.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        )["TargetGroups"][0]["TargetGroupArn"]
        world.define(port=0)
        world.serve("web", 1, loadBalancers=world.balanced(group))
        task = world.tasks()[0]["taskArn"]
        world.ecs.stop_task(cluster="web", task=task)
        world.advance(299)
        assert world.task(task)["lastStatus"] == "DEACTIVATING"
        world.advance(1)
        assert world.task(task)["lastStatus"] == "STOPPING"


def test_a_task_that_fails_its_checks_is_unhealthy_and_never_counts() -> None:
    with cluster_of(1) as world:
        group = behind(world, desired=1, script={"unhealthy": "true"})
        world.advance(60)
        assert [state for _, _, state in health(group)] == ["unhealthy"]
        assert world.service("web")["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_the_service_says_when_targets_come_and_go() -> None:
    with cluster_of(1) as world:
        group = behind(world, desired=1)
        world.advance(60)
        messages = [event["message"] for event in world.service("web")["events"]]
        assert f"(service web) registered 1 targets in (target-group {group})" in messages


def test_a_target_group_that_does_not_exist_is_refused() -> None:
    with cluster_of(1) as world:
        world.define(port=0)
        group = world.target_group()
        with pytest.raises(ClientError, match="target group does not exist"):
            world.serve("web", 1, loadBalancers=world.balanced(group[:-1]))
        wrong = [{**world.balanced(group)[0], "containerPort": 81}]
        with pytest.raises(ClientError, match="has no port 81 in the task definition"):
            world.serve("web", 1, loadBalancers=wrong)


def test_targets_that_people_register_are_kept_by_port_too() -> None:
    with cluster_of(1) as world:
        group, elb = world.target_group(delay=0), client("elbv2")
        targets = [{"Id": world.ids[0], "Port": 8080}, {"Id": world.ids[0]}]
        elb.register_targets(TargetGroupArn=group, Targets=targets)
        assert health(group) == [(world.ids[0], 80, "healthy"), (world.ids[0], 8080, "healthy")]
        elb.deregister_targets(TargetGroupArn=group, Targets=targets[:1])
        world.advance(0)
        assert health(group) == [(world.ids[0], 80, "healthy")]
