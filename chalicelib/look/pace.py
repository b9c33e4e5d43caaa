"""How long to wait before the next look.

Waits grow while nothing changes and begin again when something does, so that 48 hours cost few looks and the last
STOPPED task is noticed within seconds. The caps follow the age of the drain, because Step Functions keeps at most
25,000 history events an execution: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.common.model import Task
from chalicelib.common.timers import Timers
from chalicelib.look.memory import Memory
from chalicelib.policy import DrainPolicy

GROWTH = 1.4
FIRST_WAITS = 3
"""The first wait after a change, in shortest waits: a task that began to stop won't be STOPPED at once."""
ENDING_WAITS = 2
"""The longest wait, in shortest waits, while every task left is STOPPING or beyond: the end is seconds away."""
ENDING_LASTS = timedelta(minutes=5)
"""A task that is STOPPING for longer may never end; it must not be looked at every few seconds for 48 hours."""
ENDING = frozenset({"STOPPING", "DEPROVISIONING"})
LOOKS_AT_LEAST = 20
"""Until the deadline, however short: two minutes of a Spot notice want a look every five seconds."""
YOUNG = timedelta(minutes=10)
SECOND = timedelta(seconds=1)
LOOKS_AT_ANY_PACE = 1_200
"""After so many, whatever events or changes asked for them, no event is waited for, and the looks that are left come at
even intervals until the deadline: one takes 12 history events with a wait for events, and 9 without."""
LOOKS_AFTER_THAT = 500


def next_wait(
    memory: Memory, holding: tuple[Task, ...], policy: DrainPolicy, timers: Timers, at: datetime
) -> timedelta:
    """Return the wait before the next look: whole seconds, at least one, never past an instant that matters."""
    wait = policy.poll.start if policy.poll.is_fixed else paced(memory, holding, policy, timers, at)
    wait = max(wait, spread(memory, timers, at))
    for due_at in (timers.deadline_at, timers.next_heartbeat_after(at)):
        if due_at is not None and due_at > at:
            wait = min(wait, due_at - at)
    return max(SECOND, timedelta(seconds=round(wait.total_seconds())))


def spread(memory: Memory, timers: Timers, at: datetime) -> timedelta:
    """Return the wait by which a drain with very many looks comes to its deadline within its history; else none."""
    if memory.looks < LOOKS_AT_ANY_PACE or at >= timers.deadline_at:
        return timedelta(0)
    return (timers.deadline_at - at) / max(1, LOOKS_AT_ANY_PACE + LOOKS_AFTER_THAT - memory.looks)


def paced(
    memory: Memory, holding: tuple[Task, ...], policy: DrainPolicy, timers: Timers, at: datetime
) -> timedelta:
    """Return the wait that suits what was seen, and how hard it was to see.

    All drains of an account share 20 ECS reads a second. The more often a look was throttled, the longer all wait:
    so hundreds of drains leave the reads to those that end, and the jitter of the retries has spread them by then.
    """
    poll = policy.poll
    wait = grown(memory, policy, at)
    is_ending = all(task.last_status in ENDING for task in holding)
    if is_ending and at - memory.changed_at < ENDING_LASTS:
        wait = min(wait, ENDING_WAITS * poll.start)
    if not holding and memory.looks > 1:
        wait = poll.start  # only the full listing is lacking, which was throttled
    wait = min(wait, max(poll.start, (timers.deadline_at - timers.started_at) / LOOKS_AT_LEAST))
    if timers.retries:
        wait = min(wait * (1 + timers.retries), poll.longest_wait(at - memory.started_at))
    return wait


def grown(memory: Memory, policy: DrainPolicy, at: datetime) -> timedelta:
    """Return the wait that follows from how long nothing has changed and how old the drain is."""
    first = FIRST_WAITS * policy.poll.start
    if memory.changed_at == at or memory.wait < first:
        return first
    return min(memory.wait * GROWTH, longest(policy, at - memory.started_at))


def longest(policy: DrainPolicy, age: timedelta) -> timedelta:
    """Return the longest wait at this age; in the first ten minutes, when most drains end, half of the usual one."""
    wait = policy.poll.longest_wait(age)
    return max(policy.poll.start, wait / 2) if age < YOUNG else wait
