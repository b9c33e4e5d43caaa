"""The events of ECS, as a queue behind an EventBridge rule receives them (developer guide, ecs_cwe_events)."""

import json
from typing import Any

import pytest
from moto.ecs.models import ecs_backends

from embedded_aws import aws
from embedded_aws.clients import client
from embedded_aws.ecs import agent, services
from embedded_aws.ecs.backend import EcsBackend
from embedded_aws.ecs.runtime import behaviour
from tests.embedded_aws.ecs.cluster import Cluster, cluster_of
from tests.embedded_aws.parts import messages, queue


def listen(detail_type: str, **detail: Any) -> str:
    """Send the events of a kind to a queue; returns its URL."""
    url, arn = queue("events")
    events = client("events")
    pattern = {"source": ["aws.ecs"], "detail-type": [detail_type], **({"detail": detail} if detail else {})}
    rule = events.put_rule(Name="ecs", EventPattern=json.dumps(pattern))["RuleArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_targets(Rule="ecs", Targets=[{"Id": "queue", "Arn": arn}])
    return url


def backend() -> EcsBackend:
    found: EcsBackend = ecs_backends[aws.ACCOUNT_ID][aws.REGION]
    return found


def heard(world: Cluster, url: str) -> list[dict[str, Any]]:
    """Take all events off the queue, in the order of their versions where they have one."""
    world.advance(1)
    found: list[dict[str, Any]] = []
    while taken := messages(url):
        found.extend(json.loads(message["Body"]) for message in taken)
    return found


def test_a_task_tells_of_each_of_its_statuses() -> None:
    with cluster_of(1) as world:
        url = listen("ECS Task State Change")
        world.define()
        arn = world.run()
        world.advance(60)
        world.ecs.stop_task(cluster="web", task=arn)
        world.advance(23)
        events = sorted(heard(world, url), key=lambda event: int(event["detail"]["version"]))
        walked = list(dict.fromkeys(event["detail"]["lastStatus"] for event in events))
        assert walked == [
            "PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED",
        ]  # fmt: skip
        last = events[-1]
        assert last["resources"] == [arn]
        assert last["detail"]["stopCode"] == "UserInitiated"
        assert last["detail"]["stoppedAt"] == "2026-03-02T10:01:38.000Z"
        assert last["detail"]["version"] == world.task(arn)["version"]
        assert len({event["detail"]["version"] for event in events}) == len(events)


def test_a_draining_instance_reports_zero_running_tasks_while_they_still_stop() -> None:
    """The trap of the pattern `status DRAINING, runningTasksCount 0`: a wake-up, not a proof."""
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 1)
        url = listen("ECS Container Instance State Change", status=["DRAINING"], runningTasksCount=[0])
        arn = world.tasks()[0]["containerInstanceArn"]
        world.set_status(arn)
        world.advance(45)
        assert heard(world, url)[0]["resources"] == [arn]
        assert [task["lastStatus"] for task in world.everything_on(arn)] == ["STOPPING"]


def test_setting_an_instance_draining_is_no_event_by_itself() -> None:
    """It isn't among the documented triggers; the next change of a task carries the new status."""
    with cluster_of(1) as world:
        url = listen("ECS Container Instance State Change")
        world.set_status(world.arn(world.ids[0]))
        assert heard(world, url) == []


def test_an_agent_that_disconnects_is_an_event() -> None:
    with cluster_of(1) as world:
        url = listen("ECS Container Instance State Change", agentConnected=[False])
        agent.disconnect(world.ids[0])
        assert [event["detail"]["ec2InstanceId"] for event in heard(world, url)] == world.ids


def test_a_placement_failure_is_a_service_action_with_its_reason() -> None:
    with cluster_of(1) as world:
        url = listen("ECS Service Action", eventType=["ERROR"])
        world.define(cpu=4096)
        world.serve("api", 1)
        event = heard(world, url)[0]
        assert event["detail"]["eventName"] == "SERVICE_TASK_PLACEMENT_FAILURE"
        assert event["detail"]["reason"] == "RESOURCE:CPU"
        assert event["resources"] == [world.service("api")["serviceArn"]]
        assert "version" not in event["detail"]


def test_a_service_tells_when_it_is_steady() -> None:
    with cluster_of(1) as world:
        url = listen("ECS Service Action")
        world.define()
        world.serve("api", 1)
        assert [event["detail"]["eventName"] for event in heard(world, url)] == ["SERVICE_STEADY_STATE"]


def test_a_deployment_tells_when_it_begins_and_when_it_is_done() -> None:
    with cluster_of(1) as world:
        world.define()
        world.serve("api", 1)
        url = listen("ECS Deployment State Change")
        world.ecs.update_service(cluster="web", service="api", forceNewDeployment=True)
        world.advance(60)
        names = [event["detail"]["eventName"] for event in heard(world, url)]
        assert sorted(names) == ["SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_IN_PROGRESS"]


def test_an_instance_tells_of_its_agent_and_its_deregistration_with_growing_versions() -> None:
    with cluster_of(1) as world:
        url = listen("ECS Container Instance State Change")
        arn = world.arn(world.ids[0])
        agent.disconnect(world.ids[0])
        agent.reconnect(world.ids[0])
        world.ecs.deregister_container_instance(cluster="web", containerInstance=arn)
        details = [event["detail"] for event in heard(world, url)]
        details.sort(key=lambda detail: detail["version"])
        assert [(detail["status"], detail["agentConnected"]) for detail in details] == [
            ("ACTIVE", False),
            ("ACTIVE", True),
            ("INACTIVE", False),
        ]
        versions = [detail["version"] for detail in details]
        assert versions == list(range(versions[0], versions[0] + 3))
        named = {
            "containerInstanceArn",
            "clusterArn",
            "ec2InstanceId",
            "registeredResources",
            "remainingResources",
        }
        assert all(named <= detail.keys() for detail in details)


def test_setting_an_instance_active_or_draining_is_an_event_where_the_switch_says_so() -> None:
    """Undocumented either way; its version grows all the same, so that a later event is newer."""
    with cluster_of(1) as world:
        url, arn = listen("ECS Container Instance State Change"), world.arn(world.ids[0])
        before = world.describe_instance(arn)["version"]
        world.set_status(arn)
        behaviour().tells_of_set_states = True
        world.set_status(arn, "ACTIVE")
        (event,) = heard(world, url)
        assert (event["detail"]["status"], event["detail"]["version"]) == ("ACTIVE", before + 2)


def test_a_placement_failure_is_told_once_until_something_can_be_placed() -> None:
    """A scheduler that is woken every second doesn't repeat itself every second."""
    with cluster_of(1) as world:
        world.define(memory=6000)
        world.serve("api", 1)
        url = listen("ECS Service Action", eventName=["SERVICE_TASK_PLACEMENT_FAILURE"])
        world.ecs.update_service(cluster="web", service="api", desiredCount=3)
        for _ in range(30):
            world.define()
            world.ecs.stop_task(cluster="web", task=world.run(taskDefinition="app"))
            world.advance(10)
        events = heard(world, url)
        assert [event["detail"]["reason"] for event in events] == ["RESOURCE:MEMORY"]
        assert events[0]["detail"]["clusterArn"].endswith(":cluster/web")


def test_a_deployment_that_the_circuit_breaker_gives_up_is_an_error() -> None:
    """Service deployment state change events: SERVICE_DEPLOYMENT_FAILED, eventType ERROR."""
    with cluster_of(1) as world:
        world.define()
        world.serve("api", 1)
        url = listen("ECS Deployment State Change", eventType=["ERROR"])
        services.fail_deployment(backend().service(backend().cluster("web"), "api"))
        (event,) = heard(world, url)
        service = world.service("api")
        assert event["resources"] == [service["serviceArn"]]
        assert event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED"
        assert event["detail"]["deploymentId"] == service["deployments"][0]["id"]
        assert service["deployments"][0]["rolloutState"] == "FAILED"


@pytest.mark.parametrize(
    ("detail", "matches"),
    [
        ({"lastStatus": ["STOPPED"], "containerInstanceArn": [{"exists": True}]}, True),
        ({"lastStatus": ["STOPPED"], "stoppedAt": [{"exists": False}]}, False),
        (
            {"lastStatus": [{"anything-but": ["STOPPED", "RUNNING"]}], "version": [{"numeric": [">", 4]}]},
            True,
        ),
        ({"lastStatus": [{"anything-but": {"prefix": "S"}}], "stoppedReason": [{"exists": True}]}, True),
        ({"group": [{"prefix": "family:"}], "stoppingAt": [{"exists": True}]}, True),
        ({"group": [{"prefix": "service:"}]}, False),
        ({"desiredStatus": ["STOPPED"], "lastStatus": ["PENDING"]}, False),
    ],
)
def test_rules_pick_task_events_by_their_details(detail: dict[str, Any], matches: bool) -> None:
    """EventBridge user guide, "Comparison operators for use in event patterns"."""
    with cluster_of(1) as world:
        url = listen("ECS Task State Change", **detail)
        world.define()
        arn = world.run()
        world.advance(60)
        world.ecs.stop_task(cluster="web", task=arn)
        world.advance(60)
        assert bool(heard(world, url)) == matches
