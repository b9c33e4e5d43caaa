"""Which instances of a fleet must not be set DRAINING ahead of their own drain. Pure.

DRAINING moves tasks at once. Where gates stand before it, or slots of a budget are to be had first, only the
instance's own drain may set it (docs/decisions/fleets.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.explain.words import some
from chalicelib.findings import AutoScalingGroup
from chalicelib.fleet.plan import Member
from chalicelib.policy import DrainPolicy, Gates, Source, resolve, tag_source

Stateful = Mapping[str, Sequence[str]]
"""The names of the services with gates, by the ARN of the container instance that has tasks of them."""


def policies_of(
    members: Iterable[Member], groups: Mapping[str, AutoScalingGroup], stage: Source, asked: Source
) -> dict[str, DrainPolicy]:
    """Return the policy that each member's drain will find, by EC2 instance id; groups by the same.

    `asked` has the settings that the fleet's request gives to each drain.
    """
    found: dict[str, DrainPolicy] = {}
    for member in members:
        group = groups.get(member.instance_id)
        tags = [tag_source(group.tags, group.name)] if group else []
        found[member.instance_id] = resolve([stage, *tags, asked]).policy
    return found


def on_their_own_turn(
    members: Iterable[Member], policies: Mapping[str, DrainPolicy], stateful: Stateful
) -> dict[str, str]:
    """Return why each of these stays ACTIVE until its own drain, by EC2 instance id; policies by the same."""
    found: dict[str, list[str]] = {}
    for member in members:
        why = found.setdefault(member.instance_id, [])
        why += [each for each in _reasons(member, policies[member.instance_id], stateful) if each not in why]
    return {instance_id: some(why) for instance_id, why in found.items() if why}


def _reasons(member: Member, policy: DrainPolicy, stateful: Stateful) -> Iterable[str]:
    if policy.max_concurrent_drains.is_limited:
        yield f"the drain budget ({policy.max_concurrent_drains})"
    if policy.gates is not Gates.OFF:
        yield from (f"service {name}" for name in stateful.get(member.arn, ()))
