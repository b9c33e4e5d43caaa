"""Instance refresh: the instances of a group replaced batch by batch, or their root volumes.

User Guide, "How an instance refresh works"; API reference, StartInstanceRefresh.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.autoscaling.exceptions import ValidationError

from embedded_aws.autoscaling import lifecycle, machines
from embedded_aws.autoscaling.activities import emit
from embedded_aws.autoscaling.members import Group, GroupInstance, fresh_uuid
from embedded_aws.aws import current, later, now
from embedded_aws.requests import AwsError

ACTIVE = ("Pending", "InProgress", "Cancelling")
NOT_HERE = ("CheckpointPercentages", "AutoRollback", "AlarmSpecification", "BakeTime")
PATIENCE = timedelta(hours=1)
"""How long a refresh waits for protected and standby instances before it fails."""
LOOK_SECONDS = 60.0


@dataclass(eq=False)
class Refresh:
    """One instance refresh; the attributes have the names that moto's serializer looks for."""

    group: Group
    strategy: str
    preferences: dict[str, Any]
    waiting: list[GroupInstance]
    """Still to be replaced."""
    instance_refresh_id: str = field(default_factory=fresh_uuid)
    start_time: datetime = field(default_factory=now)
    end_time: datetime | None = None
    status: str = "Pending"
    status_reason: str | None = None
    batch: list[GroupInstance] = field(default_factory=list)
    resting_until: datetime | None = None
    blocked_since: datetime | None = None

    def __post_init__(self) -> None:
        self.total = len(self.waiting)

    @property
    def auto_scaling_group_name(self) -> str:
        """The name of its group."""
        return str(self.group.name)

    @property
    def instances_to_update(self) -> int:
        """How many instances are still old."""
        return len(self.waiting) + len(self.batch)

    @property
    def percentage_complete(self) -> int:
        """How much is done."""
        return 100 * (self.total - self.instances_to_update) // self.total if self.total else 100

    @property
    def _desired(self) -> int:
        return int(self.group.desired_capacity or 0)

    def go_on(self) -> None:
        """Begin the next batch once the last is replaced, in service and warm; or end."""
        if self.status not in ACTIVE or not self._settled() or self._rests():
            return
        self.waiting = [member for member in self.waiting if self._is_replaceable(member)]
        if self.status == "Cancelling":
            self.end("Cancelled")
        elif not self.waiting:
            self.end("Successful")
        else:
            self.status = "InProgress"
            self._begin_batch()

    def end(self, status: str, reason: str | None = None) -> None:
        """End the refresh, and say so on EventBridge."""
        self.status, self.status_reason, self.end_time = status, reason, now()
        self.tell("Succeeded" if status == "Successful" else status)

    def tell(self, what: str) -> None:
        """Put one of the refresh's events on the bus."""
        detail = {"InstanceRefreshId": self.instance_refresh_id, "AutoScalingGroupName": self.group.name}
        emit(self.group, f"EC2 Auto Scaling Instance Refresh {what}", detail)

    def _settled(self) -> bool:
        through = ("Retained", "InService") if self.strategy == "ReplaceRootVolume" else "Retained"
        replaced = all(member.gone or member.lifecycle_state.endswith(through) for member in self.batch)
        return replaced and len(self.group.serving) >= self._desired

    def _rests(self) -> bool:
        """Whether the batch that has just come into service is still warming up."""
        warmup = int(self.preferences.get("InstanceWarmup", self.group.health_check_grace_period) or 0)
        if self.batch and warmup:
            self.resting_until = now() + timedelta(seconds=warmup)
            later(warmup, self.go_on, f"{self.group.name} instance warmup is over")
        self.batch = []
        return self.resting_until is not None and now() < self.resting_until

    def _is_replaceable(self, member: GroupInstance) -> bool:
        ignored = "Ignore" in self._choices(member)
        return not member.gone and not ignored and member.lifecycle_state in ("InService", "Standby")

    def _choices(self, member: GroupInstance) -> set[str]:
        """What the preferences say of an instance that is protected, on standby or both."""
        held = {
            "ScaleInProtectedInstances": member.protected_from_scale_in,
            "StandbyInstances": member.lifecycle_state == "Standby",
        }
        return {self.preferences.get(name, "Wait") for name, is_held in held.items() if is_held}

    def _begin_batch(self) -> None:
        free = [member for member in self.waiting if "Wait" not in self._choices(member)]
        if not free:
            self._wait_for_leave()
            return
        self.blocked_since = None
        at_once, launched_first = self._sizes()
        self.batch = free[: at_once + launched_first]
        self.waiting = [member for member in self.waiting if member not in self.batch]
        for place, member in enumerate(self.batch):
            self._replace(member, launch_first=place >= at_once)
        later(0, self.group.changed, f"{self.group.name} has a batch of its refresh on the way")

    def _sizes(self) -> tuple[int, int]:
        if self.strategy == "ReplaceRootVolume":  # nothing is launched: the minimum alone bounds it
            return batch_sizes(self._desired, {**self.preferences, "MaxHealthyPercentage": None})
        return batch_sizes(self._desired, self.preferences)

    def _replace(self, member: GroupInstance, *, launch_first: bool) -> None:
        if self.strategy == "ReplaceRootVolume":
            lifecycle.replace_root_volume(member)
        elif launch_first:
            member.outgoing = True
        else:
            lifecycle.terminate(member, "an instance was taken out of service by an instance refresh.")

    def _wait_for_leave(self) -> None:
        self.blocked_since = self.blocked_since or now()
        if now() - self.blocked_since >= PATIENCE:
            self.end("Failed", "Instances were protected from scale in, or in standby, for an hour.")
        else:
            later(LOOK_SECONDS, self.go_on, f"{self.group.name} looks again at protected instances")


def refreshes() -> list[Refresh]:
    """Return every instance refresh of the running embedded AWS, the latest first."""
    return current().part("autoscaling.refreshes", list[Refresh])


def forget_refreshes(group: Group) -> None:
    """Forget those of a group that is deleted."""
    refreshes()[:] = [refresh for refresh in refreshes() if refresh.group is not group]


def batch_sizes(desired: int, preferences: dict[str, Any]) -> tuple[int, int]:
    """Return how many instances one batch terminates as it launches theirs, and how many only once theirs serve.

    API reference, RefreshPreferences: both bounds size a batch, the minimum those that may lack, the maximum those that
    may be there besides. Where the two leave room for none, one is replaced: its replacement is launched first where
    there is a MaxHealthyPercentage, even of 100, and at the same time where there is none.
    """
    minimum, maximum = preferences.get("MinHealthyPercentage", 90), preferences.get("MaxHealthyPercentage")
    may_lack = desired - math.ceil(desired * minimum / 100)
    if maximum is None:
        return max(1, may_lack), 0
    extra = desired * maximum // 100 - desired
    return (may_lack, extra) if may_lack or extra else (0, 1)


def _check_percentages(preferences: dict[str, Any]) -> None:
    """Require of the two percentages what the API reference does, RefreshPreferences."""
    minimum, maximum = preferences.get("MinHealthyPercentage"), preferences.get("MaxHealthyPercentage")
    if maximum is not None and (minimum is None or maximum - minimum > 100):
        raise ValidationError(
            "MaxHealthyPercentage requires a MinHealthyPercentage that is at most 100 below it"
        )


def start(group: Group, request: dict[str, Any]) -> Refresh:
    """Start a refresh; raises AwsError where one runs, ValidationError for what is not to be had."""
    preferences, strategy = request.get("Preferences") or {}, request.get("Strategy") or "Rolling"
    if any(one.group is group and one.status in ACTIVE for one in refreshes()):
        message = (
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
        )
        raise AwsError("InstanceRefreshInProgress", message)
    missing = [name for name in NOT_HERE if preferences.get(name)]
    if missing:
        raise ValidationError(f"The embedded AWS has no {', '.join(missing)} in an instance refresh")
    _check_percentages(preferences)
    group.reconfigure(request.get("DesiredConfiguration") or {})
    if strategy == "ReplaceRootVolume":
        _check_root_volumes(group)
    waiting = [
        one for one in group.instance_states if not (preferences.get("SkipMatching") and _matches(one))
    ]
    refresh = Refresh(group, strategy, preferences, waiting)
    refreshes().insert(0, refresh)
    refresh.tell("Started")
    later(1, refresh.go_on, f"{group.name} begins its instance refresh")
    return refresh


def cancel(group: Group) -> Refresh:
    """Let the batch on the way be the last; raises AwsError where none is on the way."""
    active = [one for one in refreshes() if one.group is group and one.status in ACTIVE]
    if not active:
        message = "No in progress or pending Instance Refresh found for the Auto Scaling group."
        raise AwsError("ActiveInstanceRefreshNotFound", message)
    active[0].status = "Cancelling"
    later(1, active[0].go_on, f"{group.name} cancels its instance refresh")
    return active[0]


def go_on(group: Group) -> None:
    """Take the group's refresh a step further, if it has one."""
    for refresh in [one for one in refreshes() if one.group is group]:
        refresh.go_on()


def _matches(member: GroupInstance) -> bool:
    same_image = member.image_id == machines.image_of(member.group)
    return member.version is member.group.template_version() and same_image


def _check_root_volumes(group: Group) -> None:
    """Require what the User Guide does: a mixed instances policy that names the AMI, and no warm pool."""
    overrides = (group.mixed_instances_policy or {}).get("LaunchTemplate", {}).get("Overrides") or [{}]
    if not all(override.get("ImageId") for override in overrides):
        raise ValidationError(
            "ReplaceRootVolume requires a mixed instances policy with an ImageId in all overrides"
        )
    if group.warm_pool:
        raise ValidationError("ReplaceRootVolume is not supported for groups with a warm pool")
