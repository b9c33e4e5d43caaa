"""A drain that a person cancels is told of like any other ending, and cancelling never fails for the telling."""

from __future__ import annotations

import json
from typing import Any

import boto3

from cli.exit_codes import ExitCode
from embedded_aws.requests import Fault
from stories.world import CLUSTER, GROUP, Service
from tests.cli.shell import Shell, shell
from tests.scenarios.events_told import events_of, wrong_in

STAGE_TOPIC = "arn:aws:sns:eu-west-1:123456789012:ecs-drainer-dev-notifications"
OWN_TOPIC = "arn:aws:sns:eu-west-1:123456789012:drains-of-web"


def published(told: Shell) -> list[dict[str, Any]]:
    """Return what was published since the log was cleared: topic, subject, text and record."""
    calls = [call for call in told.aws.requests.calls if call.operation == "Publish" and call.error is None]
    given = [{key.lower(): value for key, value in call.parameters.items()} for call in calls]
    bodies = [json.loads(each["message"]) for each in given]
    return [
        {
            "topic": each["topicarn"],
            "subject": each["subject"],
            "text": body["default"],
            "record": json.loads(body["sqs"]),
        }
        for each, body in zip(given, bodies, strict=True)
    ]


def tag(**settings: str) -> None:
    """Set settings by tags of the group."""
    boto3.client("autoscaling").create_or_update_tags(
        Tags=[
            {
                "ResourceId": GROUP,
                "ResourceType": "auto-scaling-group",
                "Key": f"ecs-drainer:{name}",
                "Value": value,
                "PropagateAtLaunch": False,
            }
            for name, value in settings.items()
        ]
    )


def status_of(told: Shell, number: int) -> str:
    """Return the container instance's status."""
    arn = told.world.container_instance(told.ids[number])
    answer = boto3.client("ecs").describe_container_instances(cluster=CLUSTER, containerInstances=[arn])
    return str(answer["containerInstances"][0]["status"])


def begin(told: Shell, number: int = 0, seconds: float = 30) -> None:
    """Drain an instance for a while, and forget what was published until then."""
    assert told.quietly(f"drain {told.ids[number]} --yes --detach -m 'new disks'").exit_code == ExitCode.OK
    told.sleep(seconds)
    told.aws.requests.clear()


def test_a_cancelled_drain_is_told_like_any_other_ending() -> None:
    with shell(Service(), instances=3) as told:
        begin(told)
        told.quietly(f"cancel {told.ids[0]} --yes -m 'wrong instance'")
        (notice,) = published(told)
        assert notice["topic"] == STAGE_TOPIC
        assert notice["subject"] == f"ecs-drainer: {told.ids[0]} drain cancelled, and ACTIVE again"
        lines = notice["text"].splitlines()
        assert lines[0].startswith(f"{told.ids[0]}: drain cancelled, and ACTIVE again; took 30 s, ")
        assert lines[1] == "Cancelled by user/moto, reason wrong instance"
        record = notice["record"]
        assert (record["occasion"], record["outcome"]) == ("ended", "cancelled")
        assert (record["reason"], record["cancelled_by"]) == ("new disks", "user/moto")


def test_a_cancelled_drain_has_its_last_event_before_its_plan_too() -> None:
    """docs/events.md: whoever cancels puts it, with their own credentials, by the published schema."""
    with shell(Service(), instances=3) as told:
        begin(told)
        told.quietly(f"cancel {told.ids[0]} --yes -m 'wrong instance'")
        throttled = Fault("ThrottlingException", "Rate exceeded", 400)
        told.aws.requests.fail_when(lambda call: (call.role or "").endswith("plan_drain"), throttled)
        told.quietly(f"drain {told.ids[1]} --yes --detach")
        told.quietly(f"cancel {told.ids[1]} --yes")
        events = events_of(told.aws.requests.calls)
    assert [wrong_in(event) for event in events] == [[], []]
    assert [(event["detail-type"], event["detail"]["outcome"]) for event in events] == [
        ("Drain Ended", "cancelled")
    ] * 2
    assert events[0]["detail"]["cancelled_by"] == "user/moto"


def test_whoever_may_not_put_events_is_told_so_and_has_cancelled_all_the_same() -> None:
    with shell(Service(), instances=3) as told:
        begin(told)
        denied = Fault("AccessDeniedException", "not authorized to perform: events:PutEvents", 403)
        told.aws.requests.fail_when(lambda call: call.operation == "PutEvents", denied)
        ran = told.quietly(f"cancel {told.ids[0]} --yes")
        assert ran.exit_code == ExitCode.OK
        assert "Note: no event is put, because your credentials don't allow events:PutEvents" in ran.stderr
        assert len(published(told)) == 1


def test_one_that_cannot_be_saved_is_told_with_what_auto_scaling_does() -> None:
    with shell(Service(), instances=3) as told:
        told.world.terminate(told.ids[0])
        told.sleep(30)
        told.aws.requests.clear()
        told.quietly(f"cancel {told.ids[0]} --yes --force")
        (notice,) = published(told)
        assert notice["subject"].endswith("drain cancelled, still DRAINING")
        assert "without the drain Auto Scaling will terminate it at about 2026-03-02T10:1" in notice["text"]


def test_cancelled_before_its_plan_it_is_told_as_well() -> None:
    """The machine's first state knows the request alone, and so does the notice."""
    with shell(Service(), instances=3) as told:
        throttled = Fault("ThrottlingException", "Rate exceeded", 400)
        told.aws.requests.fail_when(lambda call: (call.role or "").endswith("plan_drain"), throttled)
        begin(told, seconds=5)
        assert told.quietly(f"cancel {told.ids[0]} --yes").exit_code == ExitCode.OK
        (notice,) = published(told)
        assert notice["topic"] == STAGE_TOPIC
        assert notice["text"].splitlines()[0] == f"{told.ids[0]}: drain cancelled, and ACTIVE again"


def test_whoever_may_not_publish_is_told_so_and_has_cancelled_all_the_same() -> None:
    """SNS answers AuthorizationError where an identity lacks sns:Publish."""
    with shell(Service(), instances=3) as told:
        begin(told)
        denied = Fault("AuthorizationError", "not authorized to perform: SNS:Publish", 403)
        told.aws.requests.fail_when(lambda call: call.operation == "Publish", denied)
        ran = told.quietly(f"cancel {told.ids[0]} --yes")
        assert ran.exit_code == ExitCode.OK
        assert (
            f"nobody is notified, because your credentials don't allow sns:Publish on {STAGE_TOPIC}."
            in ran.output
        )
        assert status_of(told, 0) == "ACTIVE"


def test_a_teams_own_topic_is_told_and_the_stages_where_that_fails() -> None:
    with shell(Service(), instances=3, variables={"ECS_DRAINER_TOPICS": "drains-*"}) as told:
        boto3.client("sns").create_topic(Name=OWN_TOPIC.rsplit(":", 1)[-1])
        tag(notify=OWN_TOPIC)
        begin(told)
        told.quietly(f"cancel {told.ids[0]} --yes")
        assert [each["topic"] for each in published(told)] == [OWN_TOPIC]
        begin(told, 1)
        boto3.client("sns").delete_topic(TopicArn=OWN_TOPIC)
        told.quietly(f"cancel {told.ids[1]} --yes")
        assert [each["topic"] for each in published(told)] == [STAGE_TOPIC]


def test_a_group_that_wants_silence_gets_it() -> None:
    with shell(Service(), instances=3) as told:
        tag(notify="none")
        begin(told)
        assert told.quietly(f"cancel {told.ids[0]} --yes").exit_code == ExitCode.OK
        assert published(told) == []
