"""Keeping a group at its desired capacity: what to launch, and which instance leaves."""

from __future__ import annotations

from collections import Counter

from embedded_aws.autoscaling import lifecycle, warm_pool
from embedded_aws.autoscaling.members import Group, GroupInstance

DIFFERENCE = "a difference between desired and actual capacity"


def keep_capacity(group: Group) -> None:
    """Launch what is missing, let go what is too many.

    Instances on their way out don't count, so that a replacement starts while the old one still drains.
    """
    _let_go_the_replaced(group)
    surplus = len(group.counted) - int(group.desired_capacity or 0)
    if surplus < 0 and not group.suspended("Launch"):
        for _ in range(-surplus):
            _grow(group)
    if surplus > 0 and not group.suspended("Terminate"):
        for member in to_scale_in(group, surplus):
            _shrink(member)


def _let_go_the_replaced(group: Group) -> None:
    outgoing = [member for member in group.members if member.outgoing]
    if outgoing and len(group.serving) >= int(group.desired_capacity or 0):
        for member in outgoing:
            lifecycle.terminate(
                member, "an instance was taken out of service, its replacement being in service."
            )


def _grow(group: Group) -> None:
    cause = f"an instance was started in response to {DIFFERENCE}."
    warm = warm_pool.ready(group)
    if warm:
        lifecycle.leave_pool(warm, cause)
    else:
        lifecycle.launch(group, cause)


def _shrink(member: GroupInstance) -> None:
    cause = f"an instance was taken out of service in response to {DIFFERENCE}."
    if warm_pool.takes_back(member.group):
        warm_pool.return_to(member, cause)
    else:
        lifecycle.terminate(member, cause)


def to_scale_in(group: Group, surplus: int) -> list[GroupInstance]:
    """Choose the instances that leave: each the oldest unprotected one in the fullest Availability Zone.

    User Guide, "Default termination policy", without the allocation strategies and template versions.
    """
    chosen: list[GroupInstance] = []
    for _ in range(surplus):
        left = [member for member in group.serving if member not in chosen]
        free = [member for member in left if not member.protected_from_scale_in]
        if not free:
            break
        filled = Counter(member.availability_zone for member in left)
        chosen.append(min(free, key=lambda member: (-filled[member.availability_zone], member.order)))
    return chosen
