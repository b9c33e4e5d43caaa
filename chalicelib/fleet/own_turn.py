"""Which instances of a fleet must not be set DRAINING ahead of their own drain. Pure.

DRAINING moves tasks at once. Where gates stand before it, or slots of a budget are to be had first, only the
instance's own drain may set it (docs/decisions/fleets.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.common.model import AutoScalingGroup
from chalicelib.explain.words import some
from chalicelib.fleet.plan import Member
from chalicelib.policy import DrainPolicy, Gates, Resolved, Source, resolve, tag_source

Stateful = Mapping[str, Sequence[str]]
"""The names of the services with gates, by the ARN of the container instance that has tasks of them."""


def resolve_each(
    instance_ids: Iterable[str], groups: Mapping[str, AutoScalingGroup], stage: Source, asked: Source
) -> dict[str, Resolved]:
    """Return what each instance's drain will go by, by EC2 instance id; its Auto Scaling group by the same.

    `asked` has the settings that the fleet's request gives to each drain.
    """
    found: dict[str, Resolved] = {}
    for instance_id in instance_ids:
        group = groups.get(instance_id)
        tags = [tag_source(group.tags, group.name)] if group else []
        found[instance_id] = resolve([stage, *tags, asked])
    return found


def on_their_own_turn(
    members: Iterable[Member], resolved: Mapping[str, Resolved], stateful: Stateful
) -> dict[str, str]:
    """Return why each of these stays ACTIVE until its own drain, by EC2 instance id; `resolved` by the same."""
    found: dict[str, list[str]] = {}
    for member in members:
        why = found.setdefault(member.instance_id, [])
        policy = resolved[member.instance_id].policy
        why += [each for each in _reasons(member, policy, stateful) if each not in why]
    return {instance_id: some(why) for instance_id, why in found.items() if why}


def _reasons(member: Member, policy: DrainPolicy, stateful: Stateful) -> Iterable[str]:
    if policy.max_concurrent_drains.is_limited:
        yield f"the drain budget ({policy.max_concurrent_drains})"
    if policy.gates is not Gates.OFF:
        yield from (f"service {name}" for name in stateful.get(member.arn, ()))
