"""Whether the queue of a consumer is empty: visible, in flight and delayed all 0, in two looks.

SQS counts are approximate, and need a minute after the last message to be consistent, so the two looks lie at
least so far apart: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.words import spell
from chalicelib.gates.gate_memory import QueueRun
from chalicelib.gates.seen import Counts

CONSISTENT_AFTER = timedelta(minutes=1)
LOOKS = 2
TREND_AFTER = timedelta(minutes=2)
"""Less than that tells no trend from a burst."""


def run_of(before: QueueRun | None, counts: Counts, at: datetime) -> QueueRun:
    """Return how the count moved, this look included."""
    return (before or QueueRun(counts.total, counts.total, at)).counted(counts.total, at)


def is_empty(run: QueueRun, at: datetime) -> bool:
    """Whether the queue counts as empty."""
    return (
        run.empty_looks >= LOOKS and run.empty_since is not None and at - run.empty_since >= CONSISTENT_AFTER
    )


def unreadable(name: str, queue: str, refusal: str) -> Blocker:
    """Return the blocker of a queue that can't be counted."""
    return Blocker(
        BlockerKind.QUEUE_UNREADABLE,
        f"service {name}",
        f"its queue {queue} can't be read: {refusal}",
        "correct the service's tag ecs-drainer:drain-queue, or let the role of the function look read the queue",
    )


def blocker(name: str, queue: str, counts: Counts, run: QueueRun, at: datetime) -> Blocker | None:
    """Return why the queue keeps its gate closed, or None when it is empty."""
    if is_empty(run, at):
        return None
    subject = f"queue {queue.rsplit('/', 1)[-1].rsplit(':', 1)[-1]} of service {name}"
    if run.empty_since is not None:
        return _settling(subject, run.empty_since, at)
    numbers = f"{counts.visible} visible, {counts.in_flight} in flight, {counts.delayed} delayed"
    lasted, change = at - run.since, run.total - run.first_total
    if change > 0 and lasted >= TREND_AFTER:
        return Blocker(
            BlockerKind.QUEUE_GROWS,
            subject,
            f"{numbers}: {change} more than {spell(lasted)} ago, so it won't be empty as things stand",
            "pause what writes to it, or add consumers on other instances",
        )
    return Blocker(
        BlockerKind.QUEUE_NOT_EMPTY,
        subject,
        f"{numbers}{_trend(change, lasted)}",
        "nothing to do while it shrinks",
        ends_at=_empty_at(run, change, lasted, at),
    )


def _settling(subject: str, empty_since: datetime, at: datetime) -> Blocker:
    lasted = f"for {spell(at - empty_since)}" if at > empty_since else "now"
    return Blocker(
        BlockerKind.QUEUE_NOT_EMPTY,
        subject,
        f"empty {lasted}; SQS's counts need a minute to settle",
        "nothing to do",
        ends_at=empty_since + CONSISTENT_AFTER,
    )


def _trend(change: int, lasted: timedelta) -> str:
    if not lasted:
        return ""
    words = f"{-change} fewer than" if change < 0 else "as many as" if change == 0 else f"{change} more than"
    return f": {words} {spell(lasted)} ago"


def _empty_at(run: QueueRun, change: int, lasted: timedelta, at: datetime) -> datetime | None:
    """Return when it is empty if it goes on like that."""
    return at + lasted * (run.total / -change) if change < 0 and lasted else None
