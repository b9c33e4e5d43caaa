"""Finds the policy of one drain: the highest source with a valid value wins, setting by setting.

A wrong value never fails the drain and never counts: it is refused in a sentence, and the next lower source's
value stands. A typo must not kill tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from chalicelib.policy.reach import Reach
from chalicelib.policy.sources import DEFAULTS, Source, unknown_setting
from chalicelib.policy.table import BY_NAME, SETTINGS, DrainPolicy, Setting
from chalicelib.policy.values import AfterDrain, OnDeadline, PollSchedule

# A look costs at most 14 events of the execution's history, which holds 25,000; the rest is for retries,
# heartbeats and explanations. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MOST_LOOKS = 1_200


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of this drain that makes some values impossible."""

    lifecycle_action: bool
    """Whether a lifecycle action is to be completed."""
    retained_on_abandon: bool = False
    """Whether the group's retention policy keeps an instance whose lifecycle action is abandoned."""
    watches: bool = False
    """Whether ECS's lifecycle action holds the instance, and this drain only watches: it has none to complete."""
    auto_scaling_group: bool = True
    """Whether the instance belongs to an Auto Scaling group, which can terminate and replace it."""
    reach: Reach | None = None
    """What may be named; None where nobody knows of which stage the drain is."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A policy with the source of each value, and a sentence for each value that was refused."""

    policy: DrainPolicy
    sources: Mapping[str, str]
    """By setting: the name of the source whose value stands."""
    notices: tuple[str, ...] = ()


def resolve(sources: Sequence[Source], circumstances: Circumstances | None = None) -> Resolved:
    """Return the policy that these sources give, lowest first, over the built-in defaults; never raises.

    Without circumstances (as in a preview of a group's settings) nothing is refused for want of them.
    """
    chosen: dict[str, Any] = {}
    origins: dict[str, str] = {}
    notices = [notice for source in sources for notice in _unreadable(source)]
    for setting in SETTINGS:
        refusals = []
        for name, value, problem in _candidates(setting, sources, chosen, circumstances):
            if problem is None:
                chosen[setting.name], origins[setting.name] = value, name
                break
            refusals.append(problem)
        stands = f"{setting.told(chosen[setting.name])} from {origins[setting.name]} stands"
        notices += [f"{refusal}; {stands}." for refusal in refusals]
    return Resolved(_settled(DrainPolicy(**chosen), circumstances), origins, tuple(notices))


def _candidates(
    setting: Setting,
    sources: Sequence[Source],
    chosen: Mapping[str, Any],
    circumstances: Circumstances | None,
) -> Iterator[tuple[str, Any, str | None]]:
    """Yield source, typed value and what is wrong with it, highest source first, the default last."""
    for source in reversed(sources):
        given = source.values.get(setting.name)
        if given is None or (setting.manual_only and not source.manual):
            continue
        try:
            value = setting.parse(given)
            problem = _out_of_reach(setting, value, source, circumstances)
            problem = problem or _objection(value, chosen, circumstances)
        except ValueError as refusal:
            value, problem = None, str(refusal)
        yield source.name, value, problem and f"{source.spelt(setting.name)} in {source.name}: {problem}"
    yield DEFAULTS, setting.parse(setting.default), None


def _unreadable(source: Source) -> Iterator[str]:
    yield from source.notices
    for name in source.values:
        if name not in BY_NAME:
            yield unknown_setting(source, name)
        elif BY_NAME[name].manual_only and not source.manual:
            yield f"{source.spelt(name)} in {source.name} is for manual requests only; ignored."


def _out_of_reach(
    setting: Setting, value: Any, source: Source, circumstances: Circumstances | None
) -> str | None:
    reach = circumstances.reach if circumstances else None
    return reach.why_not(setting.name, value, is_of_stage=source.is_of_stage) if reach else None


def _objection(value: Any, chosen: Mapping[str, Any], circumstances: Circumstances | None) -> str | None:
    """Return why a valid value can't serve this drain, or None; `chosen` holds the settings before it."""
    if isinstance(value, PollSchedule):
        return _too_many_looks(value, chosen["deadline"])
    if circumstances is not None and isinstance(value, OnDeadline):
        return _impossible_end(value, circumstances)
    if circumstances is not None and value is AfterDrain.TERMINATE and not circumstances.auto_scaling_group:
        return "'terminate' asks the Auto Scaling group, and the instance is in none"
    return None


def _too_many_looks(poll: PollSchedule, deadline: timedelta) -> str | None:
    looks = poll.looks_within(deadline)
    if looks <= MOST_LOOKS:
        return None
    return f"'{poll}' makes {looks:,} looks until the deadline: expected at most {MOST_LOOKS:,}"


def _impossible_end(end: OnDeadline, circumstances: Circumstances) -> str | None:
    if end in (OnDeadline.ABANDON, OnDeadline.ABANDON_ANYWAY) and circumstances.watches:
        return (
            f"'{end}' would complete ECS's own lifecycle action, which is only watched: expected `stop-tasks`"
        )
    if end in (OnDeadline.ABANDON, OnDeadline.ABANDON_ANYWAY) and not circumstances.lifecycle_action:
        return (
            f"'{end}' needs a lifecycle action, and this drain has none: expected another end, such as `keep`"
        )
    if end is OnDeadline.ABANDON and not circumstances.retained_on_abandon:
        return (
            "'abandon' terminates the instance at once, as the group's retention policy doesn't keep it: "
            "expected `continue`, or `abandon-anyway` from someone who means that"
        )
    if end is OnDeadline.KEEP and circumstances.lifecycle_action:
        return "'keep' is for drains without a lifecycle action: expected another end, such as `continue`"
    return None


def _settled(policy: DrainPolicy, circumstances: Circumstances | None) -> DrainPolicy:
    """Turn the operator's insistence into the plain word, so that nobody downstream has to know two."""
    if circumstances is None or policy.on_deadline is not OnDeadline.ABANDON_ANYWAY:
        return policy
    return replace(policy, on_deadline=OnDeadline.ABANDON)
