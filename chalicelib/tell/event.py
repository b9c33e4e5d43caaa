"""A notice as an event of Amazon EventBridge, which programs hook on: docs/events.md has its schema. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from chalicelib.common.model import instant, short
from chalicelib.common.wording import one_line
from chalicelib.tell.bodies import Notice, fitting

SOURCE = "ecs-drainer"
VERSION = "1"
"""Of the schema. A field that is added keeps it; one that changes its meaning, or goes, makes it the next."""

DETAIL_TYPES = {
    "started": "Drain Started",
    "blocked": "Drain Blocked",
    "near-deadline": "Drain Near Deadline",
    "troubled": "Drain Troubled",
    "ended": "Drain Ended",
    "failed": "Drain Failed",
}
"""By the kind of news; of any other there is a notice alone."""


@dataclass(frozen=True, slots=True)
class DrainEvent:
    """One event of a drain."""

    detail_type: str
    detail: dict[str, Any]
    resources: tuple[str, ...]
    at: datetime


def drain_event(notice: Notice) -> DrainEvent | None:
    """Return the event beside a notice, or None where there is none: of a fleet, or of a request that is not applied.

    `detail.id` is made of what happened, so that an event that is told twice can be known as one.
    """
    record = notice.record
    detail_type = DETAIL_TYPES.get(str(record.get("event")))
    if detail_type is None:
        return None
    execution, at = str(record["execution"]), str(record["at"])
    happened = "\n".join((execution, str(record["event"]), str(record["why"]), at))
    detail = {
        "version": VERSION,
        "id": sha256(happened.encode()).hexdigest()[:32],
        "summary": one_line(notice.subject),
        **fitting(record),
        # By name, as a rule's pattern names them: an ARN has the account and the Region in it.
        "clusters": [short(str(name)) for name in record["clusters"]],
    }
    return DrainEvent(detail_type, detail, (execution,), instant(at))
