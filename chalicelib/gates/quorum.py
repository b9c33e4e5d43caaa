"""Whether a quorum group, a drain budget and a standby let an instance go.

At most `max-unavailable` instances of a group leave at once, counted both by the leases and by what ECS shows: an
instance that a person, or ECS itself, set DRAINING counts as well. And none leaves while the group is short of
healthy tasks, but for those that the leaving instances account for. The instance's own tasks are not counted as
missing either way: a broken member must be replaceable.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.common.model import short, stamp
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.words import count, some
from chalicelib.gates.leases import Full, Holder, Wanted, quorum_key
from chalicelib.gates.seen import Group, Seen, StatefulService


def wanted_of(group: Group) -> Wanted:
    """Return the slot that leaving a quorum group takes."""
    leaving = frozenset(each.instance_id for each in group.leaving)
    return Wanted(quorum_key(group.name), group.max_unavailable, group.here, leaving)


def short_of(group: Group, others: tuple[Holder, ...]) -> int:
    """Return how many healthy tasks the group lacks beyond what the leaving instances and this one account for.

    A slot accounts for what its instance had once that leaves; until then its tasks are healthy still, and counting
    them as gone would hide as many that really are missing.
    """
    held = {holder.instance_id: holder.tasks for holder in others}
    accounted = sum(max(each.tasks, held.get(each.instance_id, 0)) for each in group.leaving)
    return group.desired - group.here - group.healthy_elsewhere - accounted


def short_blocker(group: Group, others: tuple[Holder, ...]) -> Blocker | None:
    """Return why a group that is short of healthy tasks lets nobody go, or None."""
    short = short_of(group, others)
    if short <= 0:
        return None
    return Blocker(
        BlockerKind.GROUP_SHORT,
        f"quorum group {group.name}",
        f"of {count(group.desired, 'task')}, {group.here} on this instance and {group.healthy_elsewhere} healthy "
        f"elsewhere: {short} missing, and draining would make it {short + group.here}",
        "wait until the group is whole again; `aws ecs describe-services` shows in its events why tasks don't come up",
    )


def full_blocker(full: Full, group: Group | None) -> Blocker:
    """Return behind whom a slot is waited for."""
    key = full.wanted.key
    holders = [f"{each.instance_id} (drain {each.execution.rsplit(':', 1)[-1]})" for each in full.holders]
    known = {each.instance_id for each in full.holders}
    holders += [
        f"{each.instance_id} ({each.why})"
        for each in (group.leaving if group else ())
        if each.instance_id not in known
    ]
    ends_at = min((each.until for each in full.holders), default=None)
    until = f"; a lease that nobody renews ends {stamp(ends_at)}" if ends_at else ""
    if group:
        return Blocker(
            BlockerKind.QUORUM_TAKEN,
            f"quorum group {group.name}",
            f"max-unavailable is {full.wanted.slots}, and it waits behind {some(holders)}{until}",
            "nothing to do: it goes on when they are done; to hurry, `ecs-drainer status` of those",
        )
    _, _, cluster, *zone = key.split("#")
    where = f"cluster {cluster}" + (f", zone {zone[0]}" if zone else "")
    return Blocker(
        BlockerKind.BUDGET_SPENT,
        where,
        f"max_concurrent_drains is {full.wanted.slots} there, and it waits behind {some(holders)}{until}",
        "nothing to do: it goes on when they are done; or raise max_concurrent_drains",
    )


def standby_blockers(seen: Seen) -> Iterator[Blocker]:
    """Yield the services whose tasks have no replacement RUNNING and healthy on another instance."""
    for service in seen.services:
        if service.declared.standby and service.healthy_elsewhere < len(service.tasks):
            yield _no_standby(service)


def _no_standby(service: StatefulService) -> Blocker:
    name, here = service.declared.service, len(service.tasks)
    cluster = short(service.declared.cluster)
    return Blocker(
        BlockerKind.NO_STANDBY,
        f"service {name}",
        f"{count(here, 'task')} here, and {service.healthy_elsewhere} RUNNING and healthy on other ACTIVE instances",
        f"start one: aws ecs update-service --cluster {cluster} --service {name} --desired-count <one more>; "
        "take it back after the drain",
        service.tasks,
    )
