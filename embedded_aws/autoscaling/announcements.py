"""How Auto Scaling tells the world of its instances: EventBridge events, and messages to hooks' own targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded_aws import eventbridge
from embedded_aws.autoscaling.hooks import TERMINATING
from embedded_aws.autoscaling.memory import later, now
from embedded_aws.autoscaling.notification_targets import letterhead, send

if TYPE_CHECKING:
    from embedded_aws.autoscaling.lifecycle_actions import LifecycleAction
    from embedded_aws.autoscaling.members import Group

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
    message = {**letterhead(group), **detail}

    def tell() -> None:
        emit(group, f"EC2 Instance-{kind} Lifecycle Action", detail)
        send(hook, group, message)

    later(ANNOUNCEMENT_SECONDS, tell, f"announce {hook.name} of {action.member.instance_id}")
