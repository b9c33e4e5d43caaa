"""Warm pools: instances launched ahead, and instances that come back when the group scales in.

User Guide, "Use lifecycle hooks with a warm pool" and "Warm pools for Amazon EC2 Auto Scaling".
"""

from __future__ import annotations

from functools import partial
from typing import Any

from embedded_aws.autoscaling import activities, machines
from embedded_aws.autoscaling.activities import BACK_TO_POOL, INTO_POOL
from embedded_aws.autoscaling.hooks import LAUNCHING, TERMINATING
from embedded_aws.autoscaling.lifecycle import (
    BOOT_SECONDS,
    PROCEED_SECONDS,
    off_target_groups,
    retain,
    terminate,
)
from embedded_aws.autoscaling.lifecycle_actions import ABANDON, wait
from embedded_aws.autoscaling.members import Group, GroupInstance

READY = ("Warmed:Stopped", "Warmed:Running", "Warmed:Hibernated")


def put(group: Group, request: dict[str, Any]) -> None:
    """Give the group a warm pool, or change it; what the request leaves out stays as it was."""
    if group.warm_pool is None:
        group.put_warm_pool(None, None, None, None)
    pool = group.warm_pool
    pool.status = None
    if "MaxGroupPreparedCapacity" in request:
        prepared = int(request["MaxGroupPreparedCapacity"])
        pool.max_group_prepared_capacity = None if prepared < 0 else prepared  # -1 takes the value away
    pool.min_size = int(request.get("MinSize", pool.min_size))
    pool.pool_state = request.get("PoolState") or pool.pool_state
    pool.instance_reuse_policy = request.get("InstanceReusePolicy") or pool.instance_reuse_policy
    group.changed()


def delete(group: Group, force: bool) -> None:
    """Terminate the pool's instances, with their hooks unless by force; then the pool is gone."""
    if group.warm_pool is None:
        return
    group.warm_pool.status = "PendingDelete"
    for member in list(group.warm_instances):
        if force or "Terminating" not in member.lifecycle_state:
            terminate(member, "the warm pool was deleted.", hooks=not force)
    group.changed()


def keep_pool(group: Group) -> None:
    """Launch what the pool lacks, terminate what it has too many."""
    if group.warm_pool is None:
        return
    if group.warm_pool.status == "PendingDelete":
        group.warm_pool = group.warm_pool if group.warm_instances else None
        return
    kept = _kept(group)
    surplus = len(kept) - _size(group)
    for _ in range(-surplus):
        _launch_into(group)
    for member in [member for member in kept if member.lifecycle_state in READY][: max(0, surplus)]:
        terminate(member, "an instance was taken out of the warm pool, which has too many.")


def ready(group: Group) -> GroupInstance | None:
    """Return the pool's oldest instance that can go into service, or None."""
    return next((member for member in _kept(group) if member.lifecycle_state in READY), None)


def takes_back(group: Group) -> bool:
    """Whether an instance that scales in goes back to the pool: it is to be reused, and there is room."""
    pool = group.warm_pool
    reuse = (
        pool is not None and pool.status is None and (pool.instance_reuse_policy or {}).get("ReuseOnScaleIn")
    )
    return bool(reuse) and len(_kept(group)) < _size(group)


def return_to(member: GroupInstance, cause: str) -> None:
    """Send an instance from service back to the pool: the terminate hooks run, the instance lives on."""
    member.group.take(member, "Warmed:Pending")
    activities.begin("Terminate", member, cause, BACK_TO_POOL)
    warmed = partial(_warmed, member, returned=True)
    off_target_groups(member, partial(wait, member, TERMINATING, "Warmed:Pending:Wait", BACK_TO_POOL, warmed))


def _launch_into(group: Group) -> None:
    member = group.take(GroupInstance(machines.run(group), group), "Warmed:Pending")
    activities.begin("Launch", member, "an instance was launched into the warm pool.", INTO_POOL)
    warmed = partial(_warmed, member, returned=False)
    hold = partial(wait, member, LAUNCHING, "Warmed:Pending:Wait", INTO_POOL, warmed)
    # The launch hooks run; the ECS agent waits for service, as ECS_WARM_POOLS_CHECK=true tells it to.
    member.after(BOOT_SECONDS, hold, "comes up")


def _warmed(member: GroupInstance, result: str, returned: bool) -> None:
    member.lifecycle_state = "Warmed:Pending:Proceed"
    if result != ABANDON:
        member.after(PROCEED_SECONDS, lambda: _rest(member), "rests")
    elif returned and member.group.retains_abandoned:
        member.after(PROCEED_SECONDS, lambda: retain(member, "Warmed:Pending"), "is retained")
    else:
        terminate(member, "an instance was abandoned on its way into the warm pool.", hooks=not returned)
        member.group.changed()


def _rest(member: GroupInstance) -> None:
    state = member.group.warm_pool.pool_state if member.group.warm_pool else "Running"
    member.lifecycle_state = f"Warmed:{state}"
    if state != "Running":
        member.instance.stop()
    activities.close(member, "Successful")
    member.group.changed()


def _kept(group: Group) -> list[GroupInstance]:
    leaving = ("Terminating", "Retained")
    return [one for one in group.warm_instances if not any(word in one.lifecycle_state for word in leaving)]


def _size(group: Group) -> int:
    """API, PutWarmPool: the group's maximum (or its own) less the desired capacity, at least MinSize."""
    pool = group.warm_pool
    prepared = pool.max_group_prepared_capacity
    most = group.max_size if prepared is None else prepared
    size: int = max(pool.min_size, int(most or 0) - int(group.desired_capacity or 0))
    return size
