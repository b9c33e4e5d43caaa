"""Whether a drain can be cancelled, and what Auto Scaling does anyway. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.model import AutoScalingGroup, LifecycleHook, instant, stamp
from chalicelib.explain.words import spell
from chalicelib.plan.findings import HELD
from chalicelib.policy.deadline import earlier


@dataclass(frozen=True, slots=True)
class Doom:
    """Auto Scaling holds the instance and takes it away whatever becomes of the drain."""

    instance_id: str
    group: str
    lifecycle_state: str
    hook: str | None = None
    ends_at: datetime | None = None
    """When the hook lets go without further heartbeats, as far as can be told."""
    default_result: str | None = None
    destination: str = "EC2"

    def sentence(self, now: datetime) -> str:
        """Say what happens anyway, and when."""
        at = self.ends_at
        when = f"at about {stamp(at)} (in {spell(at - now)})" if at else "when its hooks end"
        fate = "put it into the warm pool" if self.destination == "WarmPool" else "terminate it"
        return (
            f"{self.instance_id} is {self.lifecycle_state} in Auto Scaling group {self.group}: without the drain "
            f"Auto Scaling will {fate} {when}{self._why()}"
        )

    def _why(self) -> str:
        if not self.hook or not self.default_result:
            return ""
        return f", when hook {self.hook} has had no heartbeat for its timeout (default result {self.default_result})"


def doom_of(
    instance_id: str,
    group: AutoScalingGroup | None,
    hook: LifecycleHook | None,
    state: Mapping[str, Any],
) -> Doom | None:
    """Return what Auto Scaling does anyway, or None where it leaves the instance alone.

    `state` is the drain's newest; its heartbeats are what the hook's timer counts from.
    """
    lifecycle_state = group.states.get(instance_id) if group else None
    if group is None or lifecycle_state not in HELD:
        return None
    return Doom(
        instance_id=instance_id,
        group=group.name,
        lifecycle_state=lifecycle_state,
        hook=hook.name if hook else None,
        ends_at=_ends_at(hook, state) if hook else None,
        default_result=hook.default_result if hook else None,
        destination=state.get("drain", {}).get("destination") or "EC2",
    )


def _ends_at(hook: LifecycleHook, state: Mapping[str, Any]) -> datetime | None:
    """A heartbeat restarts the hook's timeout; the ceiling stands:

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
    """
    recorded, ceiling = (
        state.get("heartbeat", {}).get("recorded_at"),
        state.get("drain", {}).get("ceiling_at"),
    )
    if not recorded:
        return None
    timeout = timedelta(seconds=hook.heartbeat_timeout_seconds)
    return earlier(instant(recorded) + timeout, instant(ceiling) if ceiling else None)
