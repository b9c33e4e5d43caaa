"""How Auto Scaling tells the world: EventBridge events, and the messages to a hook's own target."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.sns import sns_backends
from moto.sqs import sqs_backends

from simulator import eventbridge
from simulator.autoscaling.hooks import TERMINATING, Hook
from simulator.autoscaling.memory import fresh_uuid, later, now, stamp
from simulator.autoscaling.refusals import ValidationError

if TYPE_CHECKING:
    from simulator.autoscaling.lifecycle_actions import LifecycleAction
    from simulator.autoscaling.members import Group

ANNOUNCEMENT_SECONDS = 1.0
"""Between the start of a lifecycle action and its event; AWS promises no time."""


@dataclass(frozen=True)
class Route:
    """Where an instance comes from and goes to: `EC2`, `AutoScalingGroup` or `WarmPool`."""

    origin: str
    destination: str
    action: str | None = None
    """`ReplaceRootVolume` where an instance refresh exchanges the root volume only."""

    def fields(self) -> dict[str, str]:
        """Return the fields of an event that tell the route."""
        told = {"Origin": self.origin, "Destination": self.destination}
        return told | ({"Action": self.action} if self.action else {})


OUT_OF_SERVICE = Route("AutoScalingGroup", "EC2")
INTO_SERVICE = Route("EC2", "AutoScalingGroup")
INTO_POOL = Route("EC2", "WarmPool")
BACK_TO_POOL = Route("AutoScalingGroup", "WarmPool")
POOL_TO_SERVICE = Route("WarmPool", "AutoScalingGroup")
OUT_OF_POOL = Route("WarmPool", "EC2")
NEW_ROOT_VOLUME = Route("AutoScalingGroup", "AutoScalingGroup", "ReplaceRootVolume")


def emit(group: Group, detail_type: str, detail: dict[str, Any], resources: Sequence[str] = ()) -> None:
    """Put an event of Auto Scaling on the default bus; the group's ARN is its first resource."""
    eventbridge.emit("aws.autoscaling", detail_type, detail, [group.arn, *resources], now())


def announce(action: LifecycleAction, route: Route) -> None:
    """Tell EventBridge, and the hook's own target where it has one, of a lifecycle action."""
    hook, group = action.hook, action.member.group
    kind = "terminate" if hook.lifecycle_transition == TERMINATING else "launch"
    detail = {
        "LifecycleActionToken": action.token,
        "AutoScalingGroupName": group.name,
        "LifecycleHookName": hook.name,
        "EC2InstanceId": action.member.instance_id,
        "LifecycleTransition": hook.lifecycle_transition,
        **({"NotificationMetadata": hook.notification_metadata} if hook.notification_metadata else {}),
        **route.fields(),
    }
    message = {**_letterhead(group), **detail}

    def tell() -> None:
        emit(group, f"EC2 Instance-{kind} Lifecycle Action", detail)
        _send(hook, group, message)

    later(ANNOUNCEMENT_SECONDS, tell, f"announce {hook.name} of {action.member.instance_id}")


def send_test_message(hook: Hook, group: Group) -> None:
    """Send a hook's target the message that says it is one; raises ValidationError where it can't be reached.

    API reference, PutLifecycleHook: each time a hook with a target is put; never to EventBridge.
    """
    message = {
        **_letterhead(group),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "Event": "autoscaling:TEST_NOTIFICATION",
    }
    try:
        _send(hook, group, message)
    except Exception as error:
        target = hook.notification_target_arn
        raise ValidationError(f"Unable to publish test message to notification target {target}") from error


def _letterhead(group: Group) -> dict[str, str]:
    return {
        "Service": "AWS Auto Scaling",
        "Time": stamp(now()),
        "RequestId": fresh_uuid(),
        "AccountId": group.account_id,
    }


def _send(hook: Hook, group: Group, message: dict[str, str]) -> None:
    target, body = hook.notification_target_arn, json.dumps(message)
    if not target:
        return
    service, name = target.split(":")[2], target.split(":")[-1]
    if service == "sns":
        subject = f'Auto Scaling: Lifecycle action for group "{group.name}"'
        sns_backends[group.account_id][group.region].publish(body, arn=target, subject=subject)
    elif service == "sqs" and not name.endswith(".fifo"):
        sqs_backends[group.account_id][group.region].send_message(name, body)
    else:
        raise ValidationError(f"{target} is neither an SNS topic nor a standard SQS queue")
