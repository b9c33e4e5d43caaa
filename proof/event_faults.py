"""What can become of an event on its way: lost, doubled, late, overtaken; its batch or its answer once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from embedded_aws.eventbridge import events_state
from embedded_aws.eventbridge.state import Delivery, Mishap
from embedded_aws.requests import Call
from embedded_aws.sqs import deliver_again
from proof.points import OCCURRENCES
from stories.stage import Stage

QUEUE = "ecs-drainer-dev-ecs-events"
ALL = 0
"""As an occurrence: every event of the kind."""
NO_LIMIT = 10_000


class EventKind(StrEnum):
    """One fault of an event's way."""

    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late by 10 min"
    REORDERED = "overtaken by later ones"
    REDELIVERED = "redelivered by the queue"


@dataclass(frozen=True, order=True)
class EventPoint:
    """One delivery of a clean run: the n-th of its kind, or all of them."""

    name: str
    """The event's detail-type, and what a task or an instance is by it."""
    occurrence: int

    def __str__(self) -> str:
        """Name it: `ECS Task State Change STOPPED #2`."""
        return f"{self.name} {f'#{self.occurrence}' if self.occurrence else '(all)'}"


MISHAPS: dict[EventKind, dict[str, Any]] = {
    EventKind.LOST: {"copies": 0},
    EventKind.DOUBLED: {"copies": 2, "apart_seconds": 5.0},
    EventKind.LATE: {"late_seconds": 600.0},
    EventKind.REORDERED: {"late_seconds": 30.0},
}


def name_of(event: dict[str, Any]) -> str:
    """Return the kind of an event, with the status that it tells of."""
    detail = event["detail"]
    status = detail.get("lastStatus") or detail.get("status") or ""
    return f"{event['detail-type']} {status}".strip()


def event_points(delivered: Iterable[Delivery]) -> list[EventPoint]:
    """Return the points of a run's deliveries, sorted: of each kind the first three, and all together."""
    counts = Counter(
        name_of(each.event) for each in delivered if each.event["detail-type"] != "Scheduled Event"
    )
    return sorted(_points(counts))


def _points(counts: Counter[str]) -> Iterator[EventPoint]:
    for name, count in counts.items():
        yield from (EventPoint(name, number) for number in range(1, min(count, OCCURRENCES) + 1))
        yield EventPoint(name, ALL)


QUEUE_POINT = EventPoint("batch of the queue", ALL)


def kinds_for(point: EventPoint) -> tuple[EventKind, ...]:
    """Return what can become of such an event."""
    return (EventKind.REDELIVERED,) if point == QUEUE_POINT else tuple(MISHAPS)


def befall(point: EventPoint, kind: EventKind) -> list[Call]:
    """Let it happen in the run that begins; no call is struck."""
    if kind is EventKind.REDELIVERED:
        deliver_again(QUEUE, NO_LIMIT)
        return []
    events_state().mishaps.append(Mishap(_picks(point), **MISHAPS[kind], times=None))
    return []


def _picks(point: EventPoint) -> Any:
    count = 0

    def picks(event: dict[str, Any]) -> bool:
        nonlocal count
        if name_of(event) != point.name:
            return False
        count += 1
        return point.occurrence in (ALL, count)

    return picks


def strike(point: EventPoint, kind: EventKind) -> Any:
    """Return the fault as `running.run` takes it."""

    def fault(_stage: Stage) -> list[Call]:
        return befall(point, kind)

    return fault
