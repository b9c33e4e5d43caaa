"""Reads lifecycle hook messages; a sample of each stands in tests/events/, by these names.

    terminate-eventbridge.json      {"detail-type": "EC2 Instance-terminate Lifecycle Action", "detail": {…}}
    terminate-sns.json              {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "{…}"}}]}
    terminate-sns-text.json         the same with `Key: value` lines in the message
    terminate-sqs.json              {"Records": [{"eventSource": "aws:sqs", "body": "{…}"}]}
    terminate-bare.json             {"LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", …}

In all of them the same fields carry the same action, so all of them make the same request:
https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.trigger import Trigger
from chalicelib.events.fields import Fields
from chalicelib.events.request import LONGEST_METADATA, DrainRequest, Ignored, LifecycleAction, Outcome

TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TEST = "autoscaling:TEST_NOTIFICATION"
PLACES = "a place such as EC2, AutoScalingGroup or WarmPool"

MANAGED_DRAINING_HOOK = "ecs-managed-draining-termination-hook"
"""ECS's own hook on the group of a capacity provider with managed draining.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
"""


def is_hook_message(message: Mapping[str, Any]) -> bool:
    """Whether this is the body of a lifecycle hook's message, a test notification included."""
    return "LifecycleTransition" in message or "LifecycleHookName" in message or is_test(message)


def is_test(message: Mapping[str, Any]) -> bool:
    """Whether Auto Scaling only tries the hook's notification target, as it does when the hook is put."""
    return TEST in (message.get("Event"), message.get("LifecycleTransition"))


def parse_hook_message(message: Mapping[str, Any]) -> Outcome:
    """Turn the body of a lifecycle hook's message into a request; raises InvalidEvent."""
    if is_test(message):
        return Ignored("a test notification: Auto Scaling sends one when a hook with a target is put")
    fields = Fields(message, "the lifecycle hook message", InvalidEvent)
    transition = fields.text("LifecycleTransition", TERMINATING)
    if transition == LAUNCHING:
        return _launch(fields)
    if transition != TERMINATING:
        raise fields.refusal("LifecycleTransition", f"{TERMINATING} or {LAUNCHING}")
    instance_id = fields.instance_id("EC2InstanceId")
    action = _action(fields)
    if action.hook == MANAGED_DRAINING_HOOK:
        return _watched(action, instance_id)
    return DrainRequest(
        instance_id=instance_id,
        trigger=Trigger.LIFECYCLE_ACTION,
        lifecycle_action=action,
        reason=_reason(action),
        who="EC2 Auto Scaling",
    )


def _watched(action: LifecycleAction, instance_id: str) -> DrainRequest:
    """Return the request to watch ECS drain an instance: without the lifecycle action, which is ECS's to complete."""
    return DrainRequest(
        instance_id=instance_id,
        trigger=Trigger.MANAGED_DRAINING,
        reason=f"{_reason(action)}; ECS drains it",
        who="Amazon ECS",
        idempotency_key=f"{instance_id}-{Trigger.MANAGED_DRAINING.label}-{action.token}",
    )


def reconciled(
    instance_id: str, auto_scaling_group: str, hook: str, *, destination: str | None = None
) -> DrainRequest:
    """Return the request for an instance that was found waiting under our hook without an open drain.

    No API tells the token of an action under way, so the action is completed by the instance's id.
    """
    return DrainRequest(
        instance_id=instance_id,
        trigger=Trigger.RECONCILER,
        lifecycle_action=LifecycleAction(
            auto_scaling_group=auto_scaling_group, hook=hook, destination=destination
        ),
        reason=f"lifecycle hook {hook} of group {auto_scaling_group} holds it, and no drain was open",
        who="the reconciler",
    )


def parse_launch(message: Mapping[str, Any]) -> Ignored:
    """Read that an instance was launched, or has come back into service; raises InvalidEvent.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
    """
    return _launch(Fields(message, "the launch", InvalidEvent))


def _launch(fields: Fields) -> Ignored:
    """A launch asks for no drain; out of the warm pool it may end one."""
    back = (fields.text_or_none("Origin", PLACES), fields.text_or_none("Destination", PLACES)) == (
        "WarmPool",
        "AutoScalingGroup",
    )
    reason = (
        "the instance comes into service from the warm pool" if back else "the instance is being launched"
    )
    return Ignored(reason, fields.instance_id("EC2InstanceId"), back_in_service=back)


def _action(fields: Fields) -> LifecycleAction:
    return LifecycleAction(
        auto_scaling_group=fields.text("AutoScalingGroupName", "the Auto Scaling group's name", longest=255),
        hook=fields.text("LifecycleHookName", "the lifecycle hook's name", longest=255),
        token=fields.token("LifecycleActionToken"),
        # Any word will do: a place that AWS adds must not cost an instance its drain.
        origin=fields.text_or_none("Origin", PLACES),
        destination=fields.text_or_none("Destination", PLACES),
        action=fields.text_or_none("Action", "an action such as ReplaceRootVolume"),
        notification_metadata=fields.text_or_none(
            "NotificationMetadata", "the hook's own text", longest=LONGEST_METADATA
        ),
    )


def _reason(action: LifecycleAction) -> str:
    what = "terminates it"
    if action.returns_to_warm_pool:
        what = "returns it to the warm pool"
    elif action.replaces_root_volume:
        what = "replaces its root volume"
    return f"Auto Scaling group {action.auto_scaling_group} {what} (lifecycle hook {action.hook})"
