"""Replacing the root volume of an instance in place: the EC2 instance stays, its disk is new.

User Guide, "Replace root volumes during instance refresh".
"""

from __future__ import annotations

from embedded_aws.autoscaling import machines
from embedded_aws.autoscaling.announcements import NEW_ROOT_VOLUME
from embedded_aws.autoscaling.hooks import TERMINATING
from embedded_aws.autoscaling.lifecycle import (
    BOOT_SECONDS,
    PROCEED_SECONDS,
    come_up,
    off_target_groups,
    terminate,
)
from embedded_aws.autoscaling.lifecycle_actions import ABANDON, wait
from embedded_aws.autoscaling.members import GroupInstance

REPLACEMENT_SECONDS = 20.0
"""From the old root volume's end to the instance's start from the new one."""


def replace_root_volume(member: GroupInstance) -> None:
    """Take an instance out of service, replace its root volume and bring it back through its launch hooks."""
    member.lifecycle_state = "ReplacingRootVolume"
    off_target_groups(member, lambda: _hold(member))


def _hold(member: GroupInstance) -> None:
    state = "ReplacingRootVolume:Wait"
    wait(member, TERMINATING, state, NEW_ROOT_VOLUME, lambda result: _released(member, result))


def _released(member: GroupInstance, result: str) -> None:
    if result == ABANDON:  # the guide: where the replacement fails, the instance itself is replaced
        terminate(member, "the replacement of an instance's root volume failed.")
        member.group.changed()
        return
    member.lifecycle_state = "ReplacingRootVolume:Proceed"
    member.after(PROCEED_SECONDS, lambda: _wipe(member), "loses its root volume")


def _wipe(member: GroupInstance) -> None:
    """The agent's own state lies on the root volume: with it the old container instance is lost."""
    machines.wipe(member.instance_id)
    member.after(REPLACEMENT_SECONDS, lambda: _replaced(member), "has a new root volume")


def _replaced(member: GroupInstance) -> None:
    member.lifecycle_state = "RootVolumeReplaced"
    member.version, member.image_id = member.group.template_version(), machines.image_of(member.group)
    member.after(PROCEED_SECONDS, lambda: _restart(member), "restarts")


def _restart(member: GroupInstance) -> None:
    member.lifecycle_state = "Pending"
    member.after(BOOT_SECONDS, lambda: come_up(member, NEW_ROOT_VOLUME), "comes up")
