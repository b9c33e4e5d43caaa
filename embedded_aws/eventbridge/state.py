"""What the EventBridge of one embedded AWS remembers, and the mishaps that a test asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from embedded_aws import aws
from embedded_aws.agenda import Timer
from embedded_aws.eventbridge.ecs_delivery import EcsDelivery

Event = dict[str, Any]


@dataclass
class Mishap:
    """What befalls the deliveries of the events that the predicate picks, `times` times.

    `copies` 0: the event is lost on its way (Auto Scaling, Spot and Health events are best effort); 2: it comes
    twice, `apart_seconds` apart (EventBridge delivers at least once). `late_seconds`: it comes so much later.
    """

    befalls: Callable[[Event], bool]
    copies: int = 1
    apart_seconds: float = 1.0
    late_seconds: float = 0.0
    times: int | None = 1

    def strikes(self, event: Event) -> bool:
        """Say whether it befalls this delivery, and count it."""
        if self.times == 0 or not self.befalls(event):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True)
class Delivery:
    """One event that a target took."""

    at: datetime
    rule_arn: str
    target_arn: str
    event: Event


@dataclass
class EventsState:
    """Everything emitted and delivered so far, oldest first, and what was given up."""

    emitted: list[Event] = field(default_factory=list)
    delivered: list[Delivery] = field(default_factory=list)
    dropped: list[Delivery] = field(default_factory=list)
    """Events given up that found no dead-letter queue, or one that does not let EventBridge in."""
    mishaps: list[Mishap] = field(default_factory=list)
    ecs: EcsDelivery = field(default_factory=EcsDelivery)
    """How the events of ECS are delivered."""
    schedules: dict[str, tuple[str, Timer]] = field(default_factory=dict)
    """For each rule with a schedule: its expression, and the timer of its next event."""

    def lose_next(self, detail_type: str, times: int = 1) -> None:
        """Lose the next deliveries of events of the detail type."""
        self.befall(detail_type, 0, times)

    def duplicate_next(self, detail_type: str, apart_seconds: float = 1.0, times: int = 1) -> None:
        """Deliver the next events of the detail type twice."""
        self.befall(detail_type, 2, times, apart_seconds)

    def befall(self, detail_type: str, copies: int, times: int = 1, apart_seconds: float = 1.0) -> None:
        """Deliver the next events of the detail type so many times each."""
        self.mishaps.append(
            Mishap(lambda event: event["detail-type"] == detail_type, copies, apart_seconds, times=times)
        )


def events_state() -> EventsState:
    """Return the EventBridge of the running embedded AWS."""
    return aws.current().part("eventbridge", EventsState)


def happened(
    source: str,
    detail_type: str,
    detail: dict[str, Any],
    resources: Sequence[str],
    at: datetime | None = None,
) -> Event:
    """Write an event of an AWS service down, and return it; `at`: when it happened, now by default."""
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": aws.ACCOUNT_ID,
        "time": written(at or aws.now()),
        "region": aws.REGION,
        "resources": list(resources),
        "detail": json.loads(json.dumps(detail)),
    }
    events_state().emitted.append(event)
    return event


def written(at: datetime) -> str:
    """Write an instant as EventBridge does in `time`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
