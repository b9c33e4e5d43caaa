"""The agent and its EC2 instance (developer guide, container instance life cycle; ecs_cwe_events)."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.clients import client
from embedded_aws.ecs import agent
from tests.embedded_aws.ecs.cluster import Cluster, cluster_of


def running_task(world: Cluster, **container: Any) -> str:
    world.define(**container)
    arn = world.run()
    world.advance(60)
    return arn


def test_an_instance_registers_15_seconds_after_it_started() -> None:
    with cluster_of(0) as world:
        instance_id = world.add_instance()
        world.advance(14.9)
        assert world.find(f"ec2InstanceId == {instance_id}") == []
        world.advance(0.1)
        described = world.describe_instance(world.arn(instance_id))
        assert (described["status"], described["agentConnected"]) == ("ACTIVE", True)


def test_only_user_data_with_ecs_cluster_makes_a_container_instance() -> None:
    with cluster_of(0) as world:
        world.add_instance(user_data="#!/bin/sh\necho hello\n")
        world.add_instance(user_data="ECS_CLUSTER=elsewhere")
        world.advance(3600)
        assert world.ecs.list_container_instances(cluster="web")["containerInstanceArns"] == []


def test_the_agents_settings_give_attributes_and_tags() -> None:
    with cluster_of(0) as world:
        lines = (
            "ECS_CLUSTER='web'",
            'ECS_INSTANCE_ATTRIBUTES={"stack": "blue"}',
            'ECS_CONTAINER_INSTANCE_TAGS={"team": "core"}',
        )
        world.add_instance(user_data="\n".join(lines))
        world.advance(15)
        described = world.describe_instance(world.find("attribute:stack == blue")[0])
        assert described["tags"] == [{"key": "team", "value": "core"}]


def test_an_instance_terminated_before_its_agent_came_up_never_registers() -> None:
    with cluster_of(0) as world:
        world.ec2.terminate_instances(InstanceIds=[world.add_instance()])
        world.advance(60)
        assert world.ecs.list_container_instances(cluster="web")["containerInstanceArns"] == []


def test_a_terminated_instance_is_inactive_at_once_and_describable_for_an_hour() -> None:
    with cluster_of(2) as world:
        arn = world.arn(world.ids[0])
        world.ec2.terminate_instances(InstanceIds=[world.ids[0]])
        assert world.find(f"ec2InstanceId == {world.ids[0]}") == []
        assert world.describe_instance(arn)["status"] == "INACTIVE"
        world.advance(3599)
        assert world.describe_instance(arn)["agentConnected"] is False
        world.advance(1)
        answer = world.ecs.describe_container_instances(cluster="web", containerInstances=[arn])
        assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


def test_tasks_on_a_terminated_instance_are_killed_and_that_is_remembered() -> None:
    with cluster_of(1) as world:
        task = running_task(world)
        world.ec2.terminate_instances(InstanceIds=[world.ids[0]])
        killed = agent.killed_tasks()
        assert [(one.instance_id, one.task_arn, one.last_status) for one in killed] == [
            (world.ids[0], task, "RUNNING")
        ]
        assert killed[0].at == world.aws.clock.now()
        assert world.task(task)["lastStatus"] == "STOPPED"
        assert world.task(task)["stoppedReason"] == f"Host EC2 (instance {world.ids[0]}) terminated."


def test_a_task_that_is_stopping_is_killed_too_but_one_whose_containers_have_ended_is_not() -> None:
    """DEPROVISIONING: the containers are gone already; STOPPING and DEACTIVATING: they still run."""
    with cluster_of(1) as world:
        task = running_task(world)
        world.ecs.stop_task(cluster="web", task=task)
        world.advance(21)
        other = running_task(world)
        world.ecs.stop_task(cluster="web", task=other)
        world.advance(19)
        agent.instance_gone(world.ids[0])
        assert [one.task_arn for one in agent.killed_tasks()] == [other]


def test_gone_twice_kills_once() -> None:
    with cluster_of(1) as world:
        running_task(world)
        agent.instance_gone(world.ids[0])
        agent.instance_gone(world.ids[0])
        assert len(agent.killed_tasks()) == 1


def test_a_service_replaces_what_died() -> None:
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 2)
        world.ec2.terminate_instances(InstanceIds=[world.ids[0]])
        world.advance(60)
        assert world.service("api")["runningCount"] == 2


class TestDisconnected:
    """While the agent is disconnected, no command to start or stop a task reaches the instance."""

    def test_no_task_is_placed_there(self) -> None:
        with cluster_of(1) as world:
            world.define()
            agent.disconnect(world.ids[0])
            answer = world.ecs.run_task(cluster="web", taskDefinition="app")
            assert [failure["reason"] for failure in answer["failures"]] == ["AGENT"]
            assert world.find("agentConnected == false") == [world.arn(world.ids[0])]

    def test_no_task_starts_until_it_is_back(self) -> None:
        with cluster_of(1) as world:
            world.define()
            world.advance(60)  # past the boot, at whose end an agent connects
            task = world.run()
            agent.disconnect(world.ids[0])
            world.advance(600)
            assert world.task(task)["lastStatus"] == "PENDING"
            agent.reconnect(world.ids[0])
            assert world.task(task)["lastStatus"] == "RUNNING"

    def test_no_task_stops_until_it_is_back(self) -> None:
        with cluster_of(1) as world:
            task = running_task(world)
            agent.disconnect(world.ids[0])
            world.ecs.stop_task(cluster="web", task=task)
            world.advance(600)
            assert (world.task(task)["lastStatus"], world.task(task)["desiredStatus"]) == (
                "RUNNING",
                "STOPPED",
            )
            assert world.task(task)["connectivity"] == "DISCONNECTED"
            agent.reconnect(world.ids[0])
            world.advance(23)
            assert world.task(task)["lastStatus"] == "STOPPED"

    def test_ecs_itself_still_deregisters_targets(self) -> None:
        with cluster_of(1) as world:
            world.define(port=0)
            group = world.target_group(delay=60)
            world.serve("web", 1, loadBalancers=world.balanced(group))
            task = world.tasks()[0]["taskArn"]
            agent.disconnect(world.ids[0])
            world.ecs.stop_task(cluster="web", task=task)
            world.advance(600)
            assert world.task(task)["lastStatus"] == "DEACTIVATING"
            assert (
                client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"] == []
            )

    def test_a_container_that_stopped_meanwhile_is_reported_later(self) -> None:
        with cluster_of(1) as world:
            task = running_task(world)
            world.ecs.stop_task(cluster="web", task=task)
            world.advance(1)
            agent.disconnect(world.ids[0])
            world.advance(600)
            assert world.task(task)["lastStatus"] == "STOPPING"
            agent.reconnect(world.ids[0])
            assert world.task(task)["lastStatus"] == "DEPROVISIONING"

    def test_terminated_meanwhile_the_instance_stays_registered(self) -> None:
        """API reference, DeregisterContainerInstance: not deregistered when terminated while disconnected."""
        with cluster_of(1) as world:
            running_task(world)
            agent.disconnect(world.ids[0])
            world.ec2.terminate_instances(InstanceIds=[world.ids[0]])
            assert world.describe_instance(world.arn(world.ids[0]))["status"] == "ACTIVE"
            assert len(agent.killed_tasks()) == 1


def test_a_stopped_ec2_instance_stays_active_with_its_agent_disconnected_and_its_tasks_stopped() -> None:
    with cluster_of(1) as world:
        task = running_task(world)
        world.ec2.stop_instances(InstanceIds=[world.ids[0]])
        described = world.describe_instance(world.arn(world.ids[0]))
        assert (described["status"], described["agentConnected"]) == ("ACTIVE", False)
        assert world.task(task)["lastStatus"] == "STOPPED"
        assert len(agent.killed_tasks()) == 1
        world.ec2.start_instances(InstanceIds=[world.ids[0]])
        world.advance(15)
        assert world.describe_instance(world.arn(world.ids[0]))["agentConnected"] is True


def test_deregistering_with_tasks_needs_force_and_orphans_them() -> None:
    """API reference, DeregisterContainerInstance, force: running tasks are orphaned; a service starts others."""
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 2)
        arn = world.arn(world.ids[0])
        orphan = world.tasks(containerInstance=arn)[0]["taskArn"]
        with pytest.raises(ClientError, match="Found running tasks on the instance"):
            world.ecs.deregister_container_instance(cluster="web", containerInstance=arn)
        world.ecs.deregister_container_instance(cluster="web", containerInstance=arn, force=True)
        assert world.describe_instance(arn)["status"] == "INACTIVE"
        assert world.task(orphan)["stoppedReason"] == "Container instance deregistration forced by user."
        world.advance(60)
        assert world.service("api")["runningCount"] == 2
        assert agent.killed_tasks() == []
        world.ec2.terminate_instances(InstanceIds=[world.ids[0]])
        assert [one.task_arn for one in agent.killed_tasks()] == [orphan]


def test_one_ec2_instance_may_have_two_container_instances() -> None:
    """An agent that lost its state registers anew; the old container instance stays."""
    with cluster_of(1) as world:
        document = f'{{"instanceId": "{world.ids[0]}"}}'
        world.ecs.register_container_instance(cluster="web", instanceIdentityDocument=document)
        assert len(world.find(f"ec2InstanceId == {world.ids[0]}")) == 2
