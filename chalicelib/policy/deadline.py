"""When the deadline is, within the hook's ceiling, with the heartbeats on the way; and what happens then, in words.

Two rules. Deadlines only tighten. A heartbeat restarts the hook's whole timeout at the moment of the call,
and moves no ceiling: https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.duration import in_words, whole_seconds
from chalicelib.common.model import LifecycleHook, instant, stamp
from chalicelib.policy.values import OnClosedGates, OnDeadline

GIVE_UP = OnClosedGates.GIVE_UP.value

LONGEST_HOOK = timedelta(hours=48)
TIMEOUTS_AT_MOST = 100

LATEST_START = timedelta(seconds=120 + 180)
"""How late a drain may start: the rule's target takes events of up to 120 s of age, Lambda of 180 s."""

SECOND_CHANCE = timedelta(minutes=10)
"""What is left of a long heartbeat timeout when a heartbeat is due: two of the longest waits between looks."""

CEILING_MARGIN = timedelta(minutes=2)
"""What is kept of the hook's time for completing the action, retries of a throttled call included."""

GATES_RESERVE = timedelta(minutes=10)
"""What is kept of the deadline for the drain itself where closed gates are forced; half of a short one."""

NOTICE_MARGIN = timedelta(seconds=45)
"""What is kept of a Spot notice's two minutes for StopTask and the default stop timeout of 30 s."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """The instants of one drain."""

    deadline_at: datetime
    """When waiting ends; in the past when there is no time left at all."""
    ceiling_at: datetime | None = None
    """When Auto Scaling ends the lifecycle action whatever we do, counted as early as it can be."""
    heartbeat_every: timedelta | None = None
    first_heartbeat_at: datetime | None = None
    notices: tuple[str, ...] = ()
    """One sentence for each bound that cut the deadline short."""


@dataclass(frozen=True, slots=True)
class _Bound:
    at: datetime
    reason: str


def earlier(a: datetime | None, b: datetime | None) -> datetime | None:
    """Return the earlier of two instants, where None is no limit."""
    if a is None or b is None:
        return a if b is None else b
    return min(a, b)


def hook_ceiling(heartbeat_timeout: timedelta) -> timedelta:
    """Return how long a lifecycle hook can hold an instance: 48 h or 100 heartbeat timeouts, the lesser.

    DescribeLifecycleHooks answers the same as GlobalTimeout:
    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHook.html
    """
    return min(LONGEST_HOOK, TIMEOUTS_AT_MOST * heartbeat_timeout)


def heartbeat_interval(heartbeat_timeout: timedelta) -> timedelta:
    """Return how often to record a heartbeat, in whole seconds: so that one may fail and the next look tries again.

    Twice a timeout; of long timeouts all but the last ten minutes, in which at least one more look comes. Each
    heartbeat costs seven of the execution's 25,000 history events.
    """
    seconds = whole_seconds(heartbeat_timeout)
    return timedelta(seconds=max(1, seconds // 2, seconds - whole_seconds(SECOND_CHANCE)))


def heartbeat_timeout_of(interval: timedelta) -> timedelta:
    """Return the hook's heartbeat timeout, given how often a heartbeat is recorded; of an odd one a second is lost."""
    return min(2 * interval, interval + SECOND_CHANCE)


def first_heartbeat_at(
    start: datetime, heartbeat_timeout: timedelta, held_since: datetime | None = None
) -> datetime:
    """Return when the first heartbeat is due: at the start already, where the hook's timer may have run long.

    Unless `held_since` says when it began, it is taken to have run since LATEST_START before the start.
    """
    began_at = held_since or start - LATEST_START
    return max(start, began_at + heartbeat_interval(heartbeat_timeout))


def gates_forced_at(start: datetime, deadline_at: datetime) -> datetime:
    """Return when DRAINING is set whatever the gates say, where the policy asks for that."""
    return deadline_at - min(GATES_RESERVE, (deadline_at - start) / 2)


def timetable(
    start: datetime,
    deadline: timedelta,
    hook: LifecycleHook | None = None,
    *,
    held_since: datetime | None = None,
    gone_at: datetime | None = None,
    stopping: timedelta = timedelta(0),
) -> Timetable:
    """Return the instants of a drain that starts now and may take so long.

    `held_since`: when Auto Scaling began to hold the instance, where that is known (a reconciler is late).
    `gone_at`: when AWS takes the instance away itself (a Spot interruption, a scheduled change).
    `stopping`: what the end needs after the deadline, as `stop-tasks` needs its stop timeouts.
    """
    wanted = start + deadline
    hook_bound = _hook_bound(hook, held_since or start - LATEST_START, stopping) if hook else None
    notice_bound = _Bound(gone_at - NOTICE_MARGIN, "AWS takes the instance soon after") if gone_at else None
    bounds = [bound for bound in (hook_bound, notice_bound) if bound and bound.at < wanted]
    timeout = timedelta(seconds=hook.heartbeat_timeout_seconds) if hook else None
    return Timetable(
        deadline_at=min([wanted, *(bound.at for bound in bounds)]),
        ceiling_at=hook_bound.at + CEILING_MARGIN + stopping if hook_bound else None,
        heartbeat_every=heartbeat_interval(timeout) if timeout else None,
        first_heartbeat_at=first_heartbeat_at(start, timeout, held_since) if timeout else None,
        notices=tuple(_cut_short(start, deadline, bound) for bound in bounds),
    )


def hook_time(hook: LifecycleHook) -> timedelta:
    """Return how long this hook can hold an instance: the lesser of what AWS says of it and AWS's rule."""
    by_rule = hook_ceiling(timedelta(seconds=hook.heartbeat_timeout_seconds))
    return (
        min(by_rule, timedelta(seconds=hook.global_timeout_seconds))
        if hook.global_timeout_seconds
        else by_rule
    )


def _hook_bound(hook: LifecycleHook, held_since: datetime, stopping: timedelta) -> _Bound:
    timeout = in_words(timedelta(seconds=hook.heartbeat_timeout_seconds))
    reason = (
        f"lifecycle hook {hook.name}, with its heartbeat timeout of {timeout}, holds an instance "
        f"for {in_words(hook_time(hook))} at most (a longer heartbeat timeout gives more, up to 48 h)"
    )
    return _Bound(held_since + hook_time(hook) - CEILING_MARGIN - stopping, reason)


def _cut_short(start: datetime, deadline: timedelta, bound: _Bound) -> str:
    left = f"{in_words(bound.at - start)} after the start" if bound.at > start else "at once"
    return f"A deadline of {in_words(deadline)} can't fit: {bound.reason}; waiting ends {left}."


def action_then(state: Mapping[str, Any]) -> str:
    """Return in a word what is done once DRAINING is set, given the machine's whole state.

    `continue` where nobody waits for the instance, neither a lifecycle action nor EC2 itself, is `keep`.
    """
    asked = str(state["deadline"]["action"])
    is_waited_for = state.get("lifecycle_action") or state["drain"].get("gone_at")
    return OnDeadline.KEEP.value if asked == OnDeadline.CONTINUE and not is_waited_for else asked


def deadline_record(state: Mapping[str, Any]) -> dict[str, str]:
    """Return instant and action for programs; `give-up` while gates are closed that nothing forces."""
    gives_up = _is_gated(state) and state["drain"]["policy"]["on_closed_gates"] == GIVE_UP
    return {"at": state["deadline"]["at"], "action": GIVE_UP if gives_up else action_then(state)}


def deadline_told(state: Mapping[str, Any], at: datetime) -> str:
    """Return the deadline for people: when, how far off that is, and what is done then."""
    deadline_at = instant(state["deadline"]["at"])
    left = f"{in_words(deadline_at - at)} left" if deadline_at > at else "passed"
    return f"deadline {state['deadline']['at']} ({left}){_then(state, deadline_at)}"


def _then(state: Mapping[str, Any], deadline_at: datetime) -> str:
    if not _is_gated(state):
        return f", then {action_then(state)}"
    if state["drain"]["policy"]["on_closed_gates"] == GIVE_UP:
        return ", then it is given up, nothing touched"
    forced_at = gates_forced_at(instant(state["drain"]["started_at"]), deadline_at)
    return f"; at {stamp(forced_at)} it is drained all the same"


def _is_gated(state: Mapping[str, Any]) -> bool:
    return not state.get("look", {}).get("gates", {}).get("is_passed", True)
