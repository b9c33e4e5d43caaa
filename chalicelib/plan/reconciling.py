"""Which waiting instances need a drain that nobody started: pure, from what the ledger and Auto Scaling say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.common.ledger import Entry
from chalicelib.common.model import AutoScalingGroup
from chalicelib.events.execution_names import answers_an_action
from chalicelib.policy.deadline import heartbeat_timeout_of

WAITING = {
    "Terminating:Wait": "EC2",
    "Warmed:Terminating:Wait": "EC2",
    "Warmed:Pending:Wait": "WarmPool",
    "ReplacingRootVolume:Wait": "AutoScalingGroup",
}
"""Where an instance goes from each state in which a terminate hook holds it.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html
"""

TRIED_AGAIN = frozenset({"failed", "gates-closed"})
"""Outcomes after which a lifecycle action still wants its drain.

After any other it was answered, and another hook holds the instance; or a person, or the policy, took the instance
back. Only a drain that knew of the lifecycle action counts: a manual one says nothing of an action that came later.
"""

LONGEST_HOOK = timedelta(hours=48)
FIRST_PATIENCE = timedelta(minutes=1)
MOST_DOUBLINGS = 4
EVERY = timedelta(minutes=5)
"""How often the reconciler runs; app.py schedules it."""
SLACK = timedelta(minutes=1)
"""For the tick to be late, and for the drain that it starts to plan and to record its first heartbeat."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An instance that Auto Scaling holds for its terminate hooks."""

    instance_id: str
    group: str
    destination: str


def waiting_instances(groups: Iterable[AutoScalingGroup]) -> Iterator[Waiting]:
    """Yield the instances that wait in these groups, in a stable order."""
    for group in sorted(groups, key=lambda each: each.name):
        for instance_id, state in sorted(group.states.items()):
            if state in WAITING:
                yield Waiting(instance_id, group.name, WAITING[state])


def in_service_beside_a_warm_pool(groups: Iterable[AutoScalingGroup]) -> Iterator[str]:
    """Yield the ids of the instances in service that may have come back from a warm pool."""
    for group in sorted(groups, key=lambda each: each.name):
        if group.has_warm_pool:
            yield from (i for i, state in sorted(group.states.items()) if state == "InService")


def has_an_execution(instance_id: str, running: Iterable[str]) -> bool:
    """Say whether one of the running executions, by their names, is of this instance, and answers its lifecycle action.

    It may not be in the ledger yet: planning hundreds of drains at once takes as long as ECS throttles it. One that
    began without a lifecycle action doesn't count; the ledger says whether it has learned of one since.
    """
    return any(answers_an_action(name, instance_id) for name in running)


def why_not_to_start(entry: Entry, is_running: bool, at: datetime) -> str | None:
    """Return why no drain is started for a waiting instance, or None when it needs one.

    An open drain that knows of no lifecycle action leaves the hook to its timer: the one that is started takes it over.
    """
    if entry.execution and is_running and entry.knew_lifecycle_action:
        return "a drain is open"
    ended = at - entry.last_ended_at if entry.last_ended_at else LONGEST_HOOK
    is_settled = entry.knew_lifecycle_action and entry.last_outcome not in (None, *TRIED_AGAIN)
    if is_settled and ended < LONGEST_HOOK:
        return f"its last drain ended as {entry.last_outcome}"
    if entry.last_outcome == "failed" and ended < patience(entry.failures) and not _runs_out(entry, at):
        return f"its last drain failed {int(ended.total_seconds())} s ago, the next is tried later"
    return None


def _runs_out(entry: Entry, at: datetime) -> bool:
    """Whether the hook's timer ends before the next tick of the schedule could see to it."""
    if entry.heartbeat_at is None:
        return False
    return entry.heartbeat_at + heartbeat_timeout_of(entry.heartbeat_every) <= at + EVERY + SLACK


def patience(failures: int) -> timedelta:
    """Return how long to wait after so many failed drains in a row: a minute, doubled up to 16."""
    doublings = min(max(failures - 1, 0), MOST_DOUBLINGS)
    return FIRST_PATIENCE * (1 << doublings)
