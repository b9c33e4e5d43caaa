"""An instance on its way out: what holds it, what is announced, and what frees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from embedded_aws.clients import client
from tests.embedded_aws.autoscaling.world import GROUP, TERMINATE, World


def test_without_a_hook_the_instance_is_terminated_at_once(web: World) -> None:
    gone = web.ids()[0]
    web.terminate(gone)
    web.after(2)
    assert (web.state(gone), web.ec2_state(gone), len(web.ids())) == (None, "terminated", 2)
    assert web.actions() == []


def test_a_terminate_hook_holds_the_instance_in_terminating_wait(web: World) -> None:
    """User Guide, "How lifecycle hooks work": the instance stays in Terminating:Wait until the action completes."""
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    web.after(3500)
    assert (web.state(held), web.ec2_state(held)) == ("Terminating:Wait", "running")


def test_the_event_has_the_fields_that_the_event_reference_lists(web: World) -> None:
    """User Guide, "Amazon EC2 Auto Scaling event reference", with Origin and Destination of the warm pool page."""
    web.hook(NotificationMetadata='{"cluster": "web"}')
    held = web.ids()[0]
    web.terminate(held)
    web.after(5)
    [event] = web.events(TERMINATE)
    token = event["detail"].pop("LifecycleActionToken")
    assert len(token) == 36
    assert event["detail"] == {
        "AutoScalingGroupName": GROUP,
        "LifecycleHookName": "drain",
        "EC2InstanceId": held,
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "NotificationMetadata": '{"cluster": "web"}',
        "Origin": "AutoScalingGroup",
        "Destination": "EC2",
    }
    assert event["source"] == "aws.autoscaling"
    assert event["resources"] == [web.group()["AutoScalingGroupARN"]]


def test_metadata_is_in_the_event_only_where_the_hook_has_some(web: World) -> None:
    web.hook()
    web.terminate(web.ids()[0])
    web.after(5)
    assert "NotificationMetadata" not in web.actions()[0]


@pytest.mark.parametrize("by", ["token", "instance", "both"])
def test_continue_lets_the_instance_go(web: World, by: str) -> None:
    """API, CompleteLifecycleAction: token and instance id are each optional."""
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    web.after(5)
    token = {"LifecycleActionToken": web.actions()[0]["LifecycleActionToken"]}
    who = {"token": token, "instance": {"InstanceId": held}, "both": {**token, "InstanceId": held}}[by]
    web.complete(**who)
    assert web.state(held) == "Terminating:Proceed"
    web.after(2)
    assert (web.state(held), web.ec2_state(held)) == (None, "terminated")
    [done] = web.events("EC2 Instance Terminate Successful")
    assert (done["detail"]["EC2InstanceId"], done["detail"]["Destination"]) == (held, "EC2")


@pytest.mark.parametrize("operation", ["complete", "heartbeat"])
@pytest.mark.parametrize("who", ["LifecycleActionToken", "InstanceId"])
def test_an_action_that_is_not_open_is_refused(web: World, operation: str, who: str) -> None:
    """Seen in many threads: HTTP 400, ValidationError, "No active Lifecycle Action found with ..."."""
    web.hook()
    answer_of: dict[str, Callable[..., None]] = {"complete": web.complete, "heartbeat": web.heartbeat}
    named = {"LifecycleActionToken": "c3a1f0de-1111-4222-8333-444455556666", "InstanceId": web.ids()[0]}[who]
    with pytest.raises(ClientError) as refused:
        answer_of[operation](**{who: named})
    answer = refused.value.response
    kind = "token" if who == "LifecycleActionToken" else "instance ID"
    assert answer["Error"]["Code"] == "ValidationError"
    assert answer["Error"]["Message"] == f"No active Lifecycle Action found with {kind} {named}"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_completing_twice_is_refused_the_second_time(web: World) -> None:
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    web.complete(InstanceId=held)
    with pytest.raises(ClientError, match="No active Lifecycle Action found"):
        web.complete(InstanceId=held)


def test_a_result_other_than_continue_and_abandon_is_refused(web: World) -> None:
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    with pytest.raises(ClientError, match="neither CONTINUE nor ABANDON"):
        web.complete("RETRY", InstanceId=held)


def test_the_default_result_stands_when_the_heartbeat_times_out(web: World) -> None:
    """User Guide, "Complete a lifecycle action": at the end of the timeout the default result is taken."""
    web.hook(HeartbeatTimeout=300, DefaultResult="CONTINUE")
    held = web.ids()[0]
    web.terminate(held)
    web.after(299)
    assert web.state(held) == "Terminating:Wait"
    web.after(1)
    assert web.state(held) == "Terminating:Proceed"
    web.after(1)
    assert web.state(held) is None


def test_a_heartbeat_starts_the_timeout_anew_in_full(web: World) -> None:
    """User Guide, "Complete a lifecycle action": a heartbeat at minute 30 of a 60-minute hook ends at minute 90."""
    web.hook(HeartbeatTimeout=3600)
    held = web.ids()[0]
    web.terminate(held)
    web.after(1800)
    web.heartbeat(InstanceId=held)
    web.after(3599)
    assert web.state(held) == "Terminating:Wait"
    web.after(2)
    assert web.state(held) is None


def test_no_heartbeat_carries_an_action_past_its_global_timeout(web: World) -> None:
    """API, LifecycleHook.GlobalTimeout: 100 times the heartbeat timeout, 48 hours at most."""
    web.hook(HeartbeatTimeout=30)
    held = web.ids()[0]
    web.terminate(held)
    for _ in range(149):  # every 20 s, until 2,980 s have passed
        web.after(20)
        web.heartbeat(InstanceId=held)
    web.after(19)
    assert web.state(held) == "Terminating:Wait"
    web.after(2)
    assert web.state(held) is None


def test_hooks_on_one_transition_wait_side_by_side_each_with_its_token(web: World) -> None:
    """ECS guide, "Safely shut down instances with managed draining": the group waits for all of its hooks."""
    web.hook("drain")
    web.hook("ecs-managed-draining-termination-hook")
    held = web.ids()[0]
    web.terminate(held)
    web.after(5)
    tokens = {action["LifecycleHookName"]: action["LifecycleActionToken"] for action in web.actions()}
    assert set(tokens) == {"drain", "ecs-managed-draining-termination-hook"}
    assert len(set(tokens.values())) == 2
    web.complete(InstanceId=held)
    web.after(60)
    assert web.state(held) == "Terminating:Wait"
    web.complete(hook="ecs-managed-draining-termination-hook", InstanceId=held)
    web.after(2)
    assert web.state(held) is None


def test_abandon_cuts_the_other_hooks_short(web: World) -> None:
    """User Guide, "Complete a lifecycle action": ABANDON stops remaining actions, such as other hooks."""
    web.hook("drain")
    web.hook("logs")
    held = web.ids()[0]
    web.terminate(held)
    web.complete("ABANDON", InstanceId=held)
    web.after(2)
    assert web.state(held) is None
    with pytest.raises(ClientError, match="No active Lifecycle Action found"):
        web.complete(hook="logs", InstanceId=held)


def test_deleting_a_hook_completes_what_it_asks_with_continue(web: World) -> None:
    """API, DeleteLifecycleHook: outstanding actions of terminating instances are completed with CONTINUE."""
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    web.autoscaling.delete_lifecycle_hook(AutoScalingGroupName=GROUP, LifecycleHookName="drain")
    web.after(2)
    assert web.state(held) is None


RETAIN = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}


@pytest.mark.parametrize("how", ["abandoned", "heartbeat timed out"])
def test_a_retention_policy_keeps_the_instance_that_was_abandoned(web: World, how: str) -> None:
    """User Guide, "Configure instance retention": by ABANDON, or by a timeout whose default result it is."""
    web.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, InstanceLifecyclePolicy=RETAIN)
    assert web.group()["InstanceLifecyclePolicy"] == RETAIN
    web.hook(HeartbeatTimeout=300)
    held = web.ids()[0]
    web.terminate(held, decrement=False)
    if how == "abandoned":
        web.complete("ABANDON", InstanceId=held)
    web.after(400)
    assert (web.state(held), web.ec2_state(held)) == ("Terminating:Retained", "running")
    assert len(web.ids("InService")) == 3  # it left the desired capacity, and was replaced


def test_a_retained_instance_stays_until_somebody_terminates_it(web: World) -> None:
    """User Guide, "Manage retained instances": TerminateInstanceInAutoScalingGroup ends it."""
    web.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, InstanceLifecyclePolicy=RETAIN)
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    web.complete("ABANDON", InstanceId=held)
    web.after(48 * 3600)
    assert web.state(held) == "Terminating:Retained"
    web.terminate(held, decrement=False)
    web.after(2)
    assert (web.state(held), web.ec2_state(held)) == (None, "terminated")


def test_continue_ends_the_instance_whatever_the_retention_policy(web: World) -> None:
    """User Guide, "Configure instance retention": the policy applies to abandoned actions only."""
    web.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, InstanceLifecyclePolicy=RETAIN)
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    web.complete(InstanceId=held)
    web.after(2)
    assert web.state(held) is None


def test_the_groups_own_target_groups_drain_before_the_wait(web: World) -> None:
    """User Guide, "How lifecycle hooks work": first off the load balancer, then Terminating:Wait."""
    vpc = client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])["Vpcs"][0][
        "VpcId"
    ]
    elbv2 = client("elbv2")
    made = elbv2.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    elbv2.modify_target_group_attributes(
        TargetGroupArn=made["TargetGroupArn"],
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "120"}],
    )
    web.autoscaling.attach_load_balancer_target_groups(
        AutoScalingGroupName=GROUP, TargetGroupARNs=[made["TargetGroupArn"]]
    )
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    web.after(119)
    assert (web.state(held), web.actions()) == ("Terminating", [])
    web.after(1)
    assert web.state(held) == "Terminating:Wait"
