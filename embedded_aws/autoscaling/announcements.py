"""How Auto Scaling tells the world of its instances: EventBridge events, and messages to hooks' own targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from embedded_aws import eventbridge
from embedded_aws.autoscaling.members import Group
from embedded_aws.aws import now


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
