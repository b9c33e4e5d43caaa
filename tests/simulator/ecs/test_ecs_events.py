"""The events of ECS, as a queue behind an EventBridge rule receives them (developer guide, ecs_cwe_events)."""

import json
from typing import Any

from simulator.clients import client
from simulator.ecs import agent
from tests.simulator.ecs.cluster import Cluster, cluster_of
from tests.simulator.parts import messages, queue


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
