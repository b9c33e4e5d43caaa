"""What a service's event log says in AWS's own words, read for the causes that no other API shows.

ECS leaves a repeated message out until its cause is gone or six hours have passed, so a message holds until
the service reports a steady state after it, and six hours at most:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.explain.blocker import BlockerKind
from chalicelib.explain.circumstances import Service, ServiceEvent

REPEATED_AFTER = timedelta(hours=6)

STEADY = "has reached a steady state"

SIGNS: tuple[tuple[str, BlockerKind], ...] = (
    (r"RESOURCE:ENI", BlockerKind.NO_ENI),
    (r"Capacity is unavailable", BlockerKind.NO_FARGATE),
    (r"insufficient CPU units|RESOURCE:CPU", BlockerKind.NO_CPU),
    (r"insufficient memory|RESOURCE:MEMORY", BlockerKind.NO_MEMORY),
    (r"RESOURCE:GPU", BlockerKind.NO_GPU),
    (r"already using a port|RESOURCE:PORTS", BlockerKind.NO_PORT),
    (r'error "AGENT"|agent connected', BlockerKind.NO_OTHER_INSTANCE),
    (r"missing an attribute", BlockerKind.MISSING_ATTRIBUTE),
    (r"unable to consistently start tasks|CannotPull|TaskFailedToStart", BlockerKind.START_IMPAIRED),
    (r"is unhealthy in|failed (?:ELB|container) health checks", BlockerKind.UNHEALTHY_REPLACEMENT),
    (r"deployment failed", BlockerKind.DEPLOYMENT_FAILED),
    (r"because of the service deployment configuration", BlockerKind.DEADLOCK),
)


@dataclass(frozen=True, slots=True)
class Sign:
    """A service event that names a cause."""

    kind: BlockerKind
    event: ServiceEvent


def signs(service: Service, at: datetime) -> tuple[Sign, ...]:
    """Return the causes that still hold by the event log, newest first, each kind once."""
    found: dict[BlockerKind, Sign] = {}
    for event in sorted(service.events, key=lambda event: event.created_at, reverse=True):
        if STEADY in event.message or at - event.created_at > REPEATED_AFTER:
            break
        kind = kind_of(event.message)
        if kind is not None:
            found.setdefault(kind, Sign(kind, event))
    return tuple(found.values())


def kind_of(message: str) -> BlockerKind | None:
    """Return the cause that a service event names, if it names one."""
    return next((kind for sign, kind in SIGNS if re.search(sign, message, re.IGNORECASE)), None)
