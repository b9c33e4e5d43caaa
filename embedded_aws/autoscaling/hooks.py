"""Lifecycle hooks as `PutLifecycleHook` makes and changes them, with the limits of the API."""

from __future__ import annotations

from copy import copy
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import LifecycleHook

from embedded_aws.requests import AwsError

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"

DEFAULT_HEARTBEAT_SECONDS = 3600
LONGEST_WAIT_SECONDS = 172_800
HOOKS_PER_GROUP = 50
METADATA_CHARACTERS = 4000


class Hook(LifecycleHook):  # type: ignore[misc]  # moto ships no types
    """One lifecycle hook of a group; the attributes have the names that moto's serializer looks for."""

    lifecycle_transition: str
    default_result: str

    def __init__(self, name: str, group_name: str, transition: str) -> None:
        super().__init__(name, group_name, transition, DEFAULT_HEARTBEAT_SECONDS, "ABANDON")
        self.role_arn: str | None = None
        self.notification_target_arn: str | None = None
        self.notification_metadata: str | None = None
        self._set_timeout(DEFAULT_HEARTBEAT_SECONDS)

    def change(self, request: dict[str, Any]) -> None:
        """Take over what the request gives; what it leaves out stays as it was. Raises ValidationError."""
        transition = request.get("LifecycleTransition") or self.lifecycle_transition
        result = request.get("DefaultResult") or self.default_result
        _expect(transition in (LAUNCHING, TERMINATING), f"Invalid LifecycleTransition: {transition}")
        _expect(result in ("CONTINUE", "ABANDON"), f"Invalid default result: {result}")
        _expect(
            len(request.get("NotificationMetadata") or "") <= METADATA_CHARACTERS,
            f"NotificationMetadata must have length less than or equal to {METADATA_CHARACTERS}",
        )
        self._set_timeout(int(request.get("HeartbeatTimeout") or self.heartbeat_timeout))
        self.lifecycle_transition, self.default_result = transition, result
        self.notification_metadata = request.get("NotificationMetadata") or self.notification_metadata
        self.role_arn = request.get("RoleARN") or self.role_arn
        if "NotificationTargetARN" in request:  # an empty string takes the target away
            self.notification_target_arn = request["NotificationTargetARN"] or None

    def _set_timeout(self, seconds: int) -> None:
        _expect(30 <= seconds <= 7200, "HeartbeatTimeout must be between 30 and 7200 seconds")
        self.heartbeat_timeout = seconds
        self.global_timeout = min(LONGEST_WAIT_SECONDS, 100 * seconds)


def changed_hook(backend: Any, request: dict[str, Any]) -> Hook:
    """Return the hook that the request makes, or a changed copy of the one it names: open actions keep theirs.

    Raises ValidationError or AwsError.
    """
    group, name = request["AutoScalingGroupName"], request["LifecycleHookName"]
    _expect(group in backend.autoscaling_groups, f"AutoScalingGroup name not found - no such group: {group}")
    hook = copy(backend.lifecycle_hooks.get(f"{group}_{name}"))
    if hook is None:
        _expect("LifecycleTransition" in request, "A valid lifecycle transition must be specified")
        if len(backend.describe_lifecycle_hooks(group)) >= HOOKS_PER_GROUP:
            message = f"You already have {HOOKS_PER_GROUP} lifecycle hooks on the group {group}"
            raise AwsError("LimitExceeded", message)
        hook = Hook(name, group, request["LifecycleTransition"])
    hook.change(request)
    return hook  # type: ignore[no-any-return]  # moto's dictionary holds none but ours


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise ValidationError(message)
