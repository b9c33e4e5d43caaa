"""Events reach the targets of the rules they match: late, with retries, or in the dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.aws import EPOCH, EmbeddedAws
from simulator.awslambda import lambda_state, register_module
from simulator.clients import client
from simulator.eventbridge import Mishap, emit, events_state
from simulator.eventbridge.schedules import next_event
from simulator.requests import Call, Fault
from tests.simulator.parts import aws_with, function, messages, queue

TERMINATING = "EC2 Instance-terminate Lifecycle Action"
RULE_ARN = "arn:aws:events:eu-west-1:123456789012:rule/drain"
PATTERN = {"source": ["aws.autoscaling"], "detail-type": [TERMINATING]}


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with aws_with("awslambda", "eventbridge") as embedded:
        register_module("app", SimpleNamespace(handle=lambda event, _context: event))
        yield embedded


def rule(target: str, pattern: dict[str, Any] | None = None, **more: Any) -> None:
    events = client("events")
    events.put_rule(Name="drain", EventPattern=json.dumps(pattern or PATTERN))
    events.put_targets(Rule="drain", Targets=[{"Id": "1", "Arn": target, **more}])


def permit(name: str, source: str = RULE_ARN) -> None:
    client("lambda").add_permission(
        FunctionName=name,
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=source,
    )


def open_queue(name: str) -> tuple[str, str]:
    """Make a queue that lets the rule in, as the EventBridge user guide says a dead-letter queue must."""
    url, arn = queue(name)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": RULE_ARN}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def terminate(instance: str = "i-1") -> dict[str, Any]:
    return emit("aws.autoscaling", TERMINATING, {"EC2InstanceId": instance}, ["arn:asg"])


def test_an_event_reaches_the_function_a_moment_later(aws: EmbeddedAws) -> None:
    rule(function("start"))
    permit("start")
    event = terminate()
    assert event["time"] == "2026-03-02T10:00:00Z"
    assert lambda_state().invocations == []
    aws.clock.advance(1)
    (invocation,) = lambda_state().invocations
    assert invocation.event == event
    assert (invocation.at - EPOCH).total_seconds() == pytest.approx(0.2)
    assert aws.requests.matching("lambda", "Invoke")[0].principal == "events.amazonaws.com"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"source": ["aws.autoscaling"]}, True),
        ({"source": ["aws.ecs"]}, False),
        ({"detail": {"EC2InstanceId": [{"prefix": "i-"}]}}, True),
        ({"detail": {"EC2InstanceId": [{"anything-but": {"prefix": "i-"}}]}}, False),
        ({"detail": {"Destination": [{"exists": False}]}}, True),
    ],
)
def test_only_what_matches_the_pattern_is_delivered(
    aws: EmbeddedAws, pattern: dict[str, Any], matches: bool
) -> None:
    rule(function("start"), pattern)
    permit("start")
    terminate()
    aws.clock.advance(1)
    assert bool(lambda_state().invocations) == matches


def test_a_disabled_rule_delivers_nothing(aws: EmbeddedAws) -> None:
    rule(function("start"))
    permit("start")
    client("events").disable_rule(Name="drain")
    terminate()
    aws.clock.advance(1)
    assert lambda_state().invocations == []


def test_put_events_looks_the_same_to_the_target(aws: EmbeddedAws) -> None:
    rule(function("start"), {"source": ["our.tests"]})
    permit("start")
    entry = {"Source": "our.tests", "DetailType": "Hello", "Detail": '{"a": 1}', "Resources": ["arn:x"]}
    answered = client("events").put_events(Entries=[{**entry, "Time": datetime(2026, 3, 1, tzinfo=UTC)}])
    aws.clock.advance(1)
    event = lambda_state().invocations[0].event
    assert event == {
        "version": "0",
        "id": answered["Entries"][0]["EventId"],
        "source": "our.tests",
        "detail-type": "Hello",
        "account": "123456789012",
        "region": "eu-west-1",
        "time": "2026-03-01T00:00:00Z",
        "resources": ["arn:x"],
        "detail": {"a": 1},
    }


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail"}, {"EC2InstanceId": "i-1"}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"instance": "$.detail.EC2InstanceId", "group": "$.resources[0]"},
                    "InputTemplate": '{"instance": <instance>, "why": "<instance> leaves <group>"}',
                }
            },
            {"instance": "i-1", "why": "i-1 leaves arn:asg"},
        ),
    ],
)
def test_the_target_chooses_its_input(
    aws: EmbeddedAws, configuration: dict[str, Any], expected: dict[str, Any]
) -> None:
    rule(function("start"), **configuration)
    permit("start")
    terminate()
    aws.clock.advance(1)
    assert lambda_state().invocations[0].event == expected


def attributes(message: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_without_permission_the_event_goes_to_the_dead_letter_queue_at_once(aws: EmbeddedAws) -> None:
    """EventBridge: a missing permission is not retried; the queue's message says which rule and target."""
    url, dead = open_queue("dead")
    arn = function("start")
    rule(arn, DeadLetterConfig={"Arn": dead})
    permit("start", source="arn:aws:events:eu-west-1:123456789012:rule/another")
    event = terminate()
    aws.clock.advance(1)
    (message,) = messages(url)
    assert json.loads(message["Body"]) == event
    stated = attributes(message)
    assert "lambda:InvokeFunction" in stated.pop("ERROR_MESSAGE")
    assert stated == {
        "RULE_ARN": RULE_ARN,
        "TARGET_ARN": arn,
        "ERROR_CODE": "NO_PERMISSIONS",
        "RETRY_ATTEMPTS": "0",
    }
    assert lambda_state().invocations == []


def test_a_deleted_target_is_not_retried_either(aws: EmbeddedAws) -> None:
    url, dead = open_queue("dead")
    rule(function("start"), DeadLetterConfig={"Arn": dead})
    client("lambda").delete_function(FunctionName="start")
    terminate()
    aws.clock.advance(1)
    assert attributes(messages(url)[0])["ERROR_CODE"] == "NO_RESOURCE"


def invocation_by_events(call: Call) -> bool:
    return call.action == "lambda:Invoke" and call.principal == "events.amazonaws.com"


@pytest.mark.parametrize(
    ("policy", "condition", "retries"),
    [
        ({"MaximumRetryAttempts": 2}, "MaximumRetryAttempts", "2"),
        ({"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds", "5"),
        ({}, "MaximumRetryAttempts", "185"),
    ],
)
def test_a_target_that_stays_down_is_tried_as_its_policy_says(
    aws: EmbeddedAws, policy: dict[str, int], condition: str, retries: str
) -> None:
    url, dead = open_queue("dead")
    rule(function("start"), DeadLetterConfig={"Arn": dead}, RetryPolicy=policy)
    permit("start")
    aws.requests.fail_when(invocation_by_events, Fault("ServiceException", "down", 500))
    terminate()
    aws.clock.advance(25 * 3600)
    stated = attributes(messages(url)[0])
    assert (stated["ERROR_CODE"], stated["EXHAUSTED_RETRY_CONDITION"]) == ("ERROR_FROM_TARGET", condition)
    assert stated["RETRY_ATTEMPTS"] == retries


def test_a_target_that_comes_back_gets_its_event(aws: EmbeddedAws) -> None:
    rule(function("start"))
    permit("start")
    aws.requests.fail_when(invocation_by_events, Fault("TooManyRequestsException", "busy", 429), times=3)
    terminate()
    aws.clock.advance(60)
    assert len(lambda_state().invocations) == 1


def test_an_event_that_nobody_may_take_is_dropped_and_counted(aws: EmbeddedAws) -> None:
    """A dead-letter queue whose policy does not name EventBridge gets nothing, and nobody is told."""
    url, dead = queue("closed")
    rule(function("start"), DeadLetterConfig={"Arn": dead})
    terminate()
    aws.clock.advance(1)
    assert messages(url) == []
    assert len(events_state().dropped) == 1


def test_a_queue_is_a_target_too_if_its_policy_lets_events_in(aws: EmbeddedAws) -> None:
    url, arn = open_queue("events")
    rule(arn)
    event = terminate()
    aws.clock.advance(1)
    assert json.loads(messages(url)[0]["Body"]) == event


@pytest.mark.parametrize(
    ("mishap", "seconds"),
    [
        (Mishap(lambda _: True, copies=2, apart_seconds=30), [0.2, 30.2]),
        (Mishap(lambda _: True, copies=0), []),
        (Mishap(lambda _: True, late_seconds=7200), [7200.2]),
    ],
)
def test_an_event_may_come_twice_or_late_or_never(
    aws: EmbeddedAws, mishap: Mishap, seconds: list[float]
) -> None:
    """EventBridge delivers at least once; Auto Scaling sends it events as best it can."""
    rule(function("start"))
    permit("start")
    events_state().mishaps.append(mishap)
    terminate()
    aws.clock.advance(10_000)
    came = [(each.at - EPOCH).total_seconds() for each in lambda_state().invocations]
    assert came == pytest.approx(seconds)


def test_the_next_event_of_a_kind_is_duplicated_or_lost_by_name(aws: EmbeddedAws) -> None:
    rule(function("start"))
    permit("start")
    events_state().duplicate_next(TERMINATING)
    events_state().lose_next(TERMINATING)
    terminate("i-1")
    terminate("i-2")
    terminate("i-3")
    aws.clock.advance(5)
    came = [each.event["detail"]["EC2InstanceId"] for each in lambda_state().invocations]
    assert came == ["i-1", "i-3", "i-1"]


def scheduled(expression: str) -> None:
    client("events").put_rule(Name="drain", ScheduleExpression=expression)
    client("events").put_targets(Rule="drain", Targets=[{"Id": "1", "Arn": function("reconcile")}])
    permit("reconcile")


def test_a_rate_fires_on_the_clock_until_its_rule_is_gone(aws: EmbeddedAws) -> None:
    scheduled("rate(5 minutes)")
    client("events").put_rule(Name="drain", ScheduleExpression="rate(5 minutes)")  # deployed again
    terminate()  # a rule without a pattern matches no event
    aws.clock.advance(16 * 60)
    came = [round((each.at - EPOCH).total_seconds()) for each in lambda_state().invocations]
    assert came == [300, 600, 900]
    assert lambda_state().invocations[0].event["detail-type"] == "Scheduled Event"
    client("events").remove_targets(Rule="drain", Ids=["1"])
    client("events").delete_rule(Name="drain")
    aws.clock.advance(3600)
    assert len(lambda_state().invocations) == 3


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "2026-03-02T10:01"),
        ("rate(2 hours)", "2026-03-02T12:00"),
        ("cron(0/15 * * * ? *)", "2026-03-02T10:15"),
        ("cron(0 8 ? * MON-FRI *)", "2026-03-03T08:00"),
        ("cron(30 9 1 * ? *)", "2026-04-01T09:30"),
        ("cron(0 0 29 FEB ? *)", "2028-02-29T00:00"),
        ("cron(0 12 ? * 1,7 *)", "2026-03-07T12:00"),
    ],
)
def test_when_a_schedule_fires_next_after_monday_at_ten(expression: str, expected: str) -> None:
    assert f"{next_event(expression, EPOCH):%Y-%m-%dT%H:%M}" == expected


@pytest.mark.parametrize("expression", ["cron(0 8 L * ? *)", "cron(0 8 * * * *)", "cron(0 8 * * ?)"])
@pytest.mark.usefixtures("aws")
def test_a_schedule_that_cannot_be_kept_is_refused(expression: str) -> None:
    with pytest.raises(ClientError, match="ScheduleExpression is not valid"):
        client("events").put_rule(Name="drain", ScheduleExpression=expression)
    assert client("events").list_rules()["Rules"] == []
