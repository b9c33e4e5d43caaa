"""When a queue counts as empty, and what is said until then, bound by bound."""

from __future__ import annotations

from datetime import datetime

import pytest

from chalicelib.explain.blocker import BlockerKind
from chalicelib.gates.gate_memory import QueueRun
from chalicelib.gates.queues import blocker, is_empty, run_of
from chalicelib.gates.seen import Counts
from tests.builders import START, after

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
ARN = "arn:aws:sqs:eu-west-1:123456789012:orders"


def counts(total: int) -> Counts:
    return Counts(visible=total, in_flight=0, delayed=0)


def run(*looks: tuple[int, datetime]) -> QueueRun:
    """Return the run after these looks: what was counted, and when."""
    told: QueueRun | None = None
    for total, at in looks:
        told = run_of(told, counts(total), at)
    assert told is not None
    return told


def test_a_run_remembers_the_first_count_and_since_when_it_is_empty() -> None:
    looks = [(5, START), (3, after(seconds=30)), (0, after(seconds=60)), (0, after(seconds=90))]
    assert run(*looks) == QueueRun(0, 5, START, after(seconds=60), 2)
    assert run(*looks, (2, after(seconds=120))) == QueueRun(2, 5, START, None, 0)


@pytest.mark.parametrize("told", [run((5, START)), run((5, START), (0, after(minutes=1)))])
def test_a_run_survives_the_state_machine(told: QueueRun) -> None:
    assert QueueRun.from_state(told.to_state()) == told
    assert set(told.to_state()) == {"total", "first_total", "since", "empty_since", "empty_looks"}


@pytest.mark.parametrize(
    ("story", "looks", "empty"),
    [
        ("one look is not enough, however old", [(0, START)], False),
        ("two within a minute are not", [(0, START), (0, after(seconds=59))], False),
        ("two a minute apart are", [(0, START), (0, after(seconds=60))], True),
        (
            "a message between them starts anew",
            [(0, START), (1, after(seconds=60)), (0, after(seconds=90))],
            False,
        ),
    ],
)
def test_a_queue_is_empty_after_two_looks_a_minute_apart(
    story: str, looks: list[tuple[int, datetime]], empty: bool
) -> None:
    at = max(looks[-1][1], after(seconds=60)) if len(looks) == 1 else looks[-1][1]
    assert is_empty(run(*looks), at) is empty, story


@pytest.mark.parametrize(
    ("looks", "kind", "reason", "ends_at"),
    [
        ([(8, START)], BlockerKind.QUEUE_NOT_EMPTY, "8 visible, 0 in flight, 0 delayed", None),
        (
            [(8, START), (6, after(minutes=1))],
            BlockerKind.QUEUE_NOT_EMPTY,
            "6 visible, 0 in flight, 0 delayed: 2 fewer than 1 min ago",
            after(minutes=4),
        ),
        (
            [(8, START), (8, after(minutes=3))],
            BlockerKind.QUEUE_NOT_EMPTY,
            "8 visible, 0 in flight, 0 delayed: as many as 3 min ago",
            None,
        ),
        (
            [(8, START), (9, after(seconds=119))],
            BlockerKind.QUEUE_NOT_EMPTY,
            "9 visible, 0 in flight, 0 delayed: 1 more than 1 min 59 s ago",
            None,
        ),
        (
            [(8, START), (9, after(minutes=2))],
            BlockerKind.QUEUE_GROWS,
            "9 visible, 0 in flight, 0 delayed: 1 more than 2 min ago, so it won't be empty as things stand",
            None,
        ),
        (
            [(0, START)],
            BlockerKind.QUEUE_NOT_EMPTY,
            "empty now; SQS's counts need a minute to settle",
            after(minutes=1),
        ),
        (
            [(0, START), (0, after(seconds=30))],
            BlockerKind.QUEUE_NOT_EMPTY,
            "empty for 30 s; SQS's counts need a minute to settle",
            after(minutes=1),
        ),
    ],
)
@pytest.mark.parametrize("queue", [URL, ARN])
def test_what_keeps_the_gate_closed_is_told_with_its_trend(
    looks: list[tuple[int, datetime]], kind: BlockerKind, reason: str, ends_at: datetime | None, queue: str
) -> None:
    total, at = looks[-1]
    told = blocker("worker", queue, counts(total), run(*looks), at)
    assert told is not None
    assert (told.kind, told.subject) == (kind, "queue orders of service worker")
    assert (told.reason, told.ends_at) == (reason, ends_at)
