"""Putting, changing and describing lifecycle hooks, and the messages to a hook's own target."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.awslambda import lambda_state, register_module
from embedded_aws.clients import client
from tests.embedded_aws.autoscaling.world import GROUP, LAUNCHING, TERMINATE, TERMINATING, World
from tests.embedded_aws.parts import function, messages, queue

ROLE = "arn:aws:iam::123456789012:role/notify"


def described(web: World, name: str = "drain") -> dict[str, Any]:
    hooks = web.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=GROUP, LifecycleHookNames=[name])
    return dict(hooks["LifecycleHooks"][0])


def test_a_hook_waits_an_hour_and_abandons_unless_told_otherwise(web: World) -> None:
    """API, PutLifecycleHook: HeartbeatTimeout is 3600 and DefaultResult ABANDON by default."""
    web.hook()
    assert described(web) == {
        "LifecycleHookName": "drain",
        "AutoScalingGroupName": GROUP,
        "LifecycleTransition": TERMINATING,
        "HeartbeatTimeout": 3600,
        "GlobalTimeout": 172_800,
        "DefaultResult": "ABANDON",
    }


@pytest.mark.parametrize(
    ("heartbeat", "ceiling"),
    [(30, 3_000), (900, 90_000), (1727, 172_700), (1728, 172_800), (7200, 172_800)],
)
def test_the_ceiling_is_100_heartbeats_and_48_hours_at_most(web: World, heartbeat: int, ceiling: int) -> None:
    """API, LifecycleHook.GlobalTimeout: 172800 seconds or 100 times HeartbeatTimeout, whichever is smaller."""
    web.hook(HeartbeatTimeout=heartbeat)
    assert described(web)["GlobalTimeout"] == ceiling


def test_a_hook_put_again_keeps_what_is_left_out(web: World) -> None:
    """API, PutLifecycleHook: the transition, for one, is optional when an existing hook is updated."""
    web.hook(HeartbeatTimeout=900, NotificationMetadata="{}")
    web.autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=GROUP, LifecycleHookName="drain", DefaultResult="CONTINUE"
    )
    hook = described(web)
    assert (hook["HeartbeatTimeout"], hook["DefaultResult"]) == (900, "CONTINUE")
    assert (hook["NotificationMetadata"], hook["LifecycleTransition"]) == ("{}", TERMINATING)


@pytest.mark.parametrize(
    ("story", "request_"),
    [
        ("a heartbeat timeout below 30 s", {"HeartbeatTimeout": 29}),
        ("a heartbeat timeout above two hours", {"HeartbeatTimeout": 7201}),
        ("a result that is none", {"DefaultResult": "WAIT"}),
        ("a transition that is none", {"LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCH"}),
        ("no transition for a new hook", {"LifecycleTransition": None}),
        ("a group that is not there", {"AutoScalingGroupName": "other"}),
        ("more metadata than 4,000 characters", {"NotificationMetadata": "x" * 4001}),
        (
            "a FIFO queue as target (User Guide, Prepare to add a lifecycle hook)",
            {"NotificationTargetARN": "arn:aws:sqs:eu-west-1:123456789012:drains.fifo", "RoleARN": ROLE},
        ),
    ],
)
def test_what_the_api_refuses_is_refused(web: World, story: str, request_: dict[str, Any]) -> None:
    whole = {
        "AutoScalingGroupName": GROUP,
        "LifecycleHookName": "drain",
        "LifecycleTransition": TERMINATING,
        **request_,
    }
    with pytest.raises(ClientError) as refused:
        web.autoscaling.put_lifecycle_hook(
            **{name: value for name, value in whole.items() if value is not None}
        )
    assert refused.value.response["Error"]["Code"] == "ValidationError", story


def test_a_group_has_50_hooks_at_most(web: World) -> None:
    """API, PutLifecycleHook: 50 lifecycle hooks per group by default."""
    for number in range(50):
        web.hook(f"hook-{number}")
    with pytest.raises(ClientError) as refused:
        web.hook("one-too-many")
    assert refused.value.response["Error"]["Code"] == "LimitExceeded"


def test_hooks_come_with_the_group_and_go_with_it(web: World) -> None:
    """API, CreateAutoScalingGroup: LifecycleHookSpecificationList."""
    hook = {"LifecycleHookName": "drain", "LifecycleTransition": LAUNCHING, "HeartbeatTimeout": 60}
    zones = web.group()["VPCZoneIdentifier"]
    settings = {"MinSize": 0, "MaxSize": 1, "VPCZoneIdentifier": zones, "AutoScalingGroupName": "other"}
    web.autoscaling.create_auto_scaling_group(
        **settings,
        LaunchTemplate={"LaunchTemplateName": "web"},
        LifecycleHookSpecificationList=[hook],
    )
    [described_hook] = web.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName="other")[
        "LifecycleHooks"
    ]
    assert described_hook["GlobalTimeout"] == 6000
    web.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="other")
    assert web.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName="other")["LifecycleHooks"] == []


def test_a_target_gets_a_test_message_each_time_its_hook_is_put(web: World) -> None:
    """API, PutLifecycleHook: the message has the key Event, and none of an action's."""
    url, arn = queue("drains")
    web.hook(NotificationTargetARN=arn, RoleARN=ROLE)
    [message] = messages(url)
    body = json.loads(message["Body"])
    assert body["Event"] == "autoscaling:TEST_NOTIFICATION"
    assert body["AutoScalingGroupARN"] == web.group()["AutoScalingGroupARN"]
    assert {"EC2InstanceId", "LifecycleActionToken", "LifecycleTransition"}.isdisjoint(body)
    web.after(5)
    assert web.events(TERMINATE) == []


def test_a_queue_gets_the_action_as_the_user_guide_shows_it(web: World) -> None:
    """User Guide, "Prepare to add a lifecycle hook": the body that an SQS queue gets."""
    url, arn = queue("drains")
    web.hook(NotificationTargetARN=arn, RoleARN=ROLE, NotificationMetadata="web")
    messages(url)
    held = web.ids()[0]
    web.terminate(held)
    web.after(5)
    [action] = web.actions()
    body = json.loads(messages(url)[-1]["Body"])
    assert {name: body.pop(name) for name in list(action)} == action
    assert body.pop("Time") == "2026-03-02T10:01:00.000Z"
    assert len(body.pop("RequestId")) == 36
    assert body == {"Service": "AWS Auto Scaling", "AccountId": "123456789012"}


def test_a_topic_gets_the_action_too(web: World) -> None:
    url, queue_arn = queue("subscribed")
    topic = client("sns").create_topic(Name="drains")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    web.hook(NotificationTargetARN=topic, RoleARN=ROLE)
    web.terminate(web.ids()[0])
    web.after(5)
    bodies = [json.loads(json.loads(message["Body"])["Message"]) for message in messages(url)]
    assert "Event" in bodies[0]
    assert bodies[1]["LifecycleActionToken"] == web.actions()[0]["LifecycleActionToken"]


def test_a_function_gets_the_action_where_it_lets_auto_scaling_in(web: World) -> None:
    """User Guide, "Prepare to add a lifecycle hook": a Lambda function as target, invoked by the linked role."""
    register_module("app", SimpleNamespace(handle=lambda *_: None))
    arn = function("drains")
    with pytest.raises(ClientError, match="Unable to publish test message"):
        web.hook(NotificationTargetARN=arn)
    client("lambda").add_permission(
        FunctionName="drains",
        StatementId="hooks",
        Action="lambda:InvokeFunction",
        Principal=web.group()["ServiceLinkedRoleARN"],
    )
    web.hook(NotificationTargetARN=arn)
    web.terminate(web.ids()[0])
    web.after(5)
    tested, asked = [invocation.event for invocation in lambda_state().of("drains")]
    assert tested["Event"] == "autoscaling:TEST_NOTIFICATION"
    assert asked["LifecycleActionToken"] == web.actions()[0]["LifecycleActionToken"]


def test_an_injected_resource_contention_reaches_the_caller_as_aws_says_it(web: World) -> None:
    """API, CompleteLifecycleAction: ResourceContention, HTTP 500, while another update is pending."""
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    pending = "You already have a pending update to an Auto Scaling resource"
    web.aws.requests.fail_next(
        "autoscaling", "CompleteLifecycleAction", "ResourceContention", pending, status=500
    )
    with pytest.raises(ClientError) as contended:
        web.complete(InstanceId=held)
    answer = contended.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (
        "ResourceContention",
        500,
    )
    assert web.state(held) == "Terminating:Wait"
    web.complete(InstanceId=held)
    assert web.state(held) == "Terminating:Proceed"
