"""What Auto Scaling remembers beyond moto's groups, and how it books what comes later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from random import Random
from uuid import UUID

from embedded_aws.agenda import Timer
from embedded_aws.aws import current


@dataclass
class Behaviour:
    """Switches for what AWS leaves open; a test sets them on `behaviour()`."""

    topics_get_text: bool = False
    """Whether a hook's SNS topic gets lines of `Key: value`: PutLifecycleHook in the API reference speaks of an
    "email key-value pair format", the user guide shows JSON for SQS only."""
    tokens_suit_any_instance: bool = False
    """Whether a lifecycle action's token counts alone where the request names another instance as well;
    CompleteLifecycleAction in the API reference doesn't say."""


@dataclass
class Memory:
    """The order of launches in one embedded AWS, where its identifiers come from, and its switches."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    launches: Iterator[int] = field(default_factory=count)
    identifiers: Random = field(default_factory=lambda: Random("Auto Scaling"))  # noqa: S311 - no secrets, the same in every run


def memory() -> Memory:
    """Return what the running embedded AWS remembers of Auto Scaling."""
    return current().part("autoscaling", Memory)


def behaviour() -> Behaviour:
    """Return the switches of the running embedded Auto Scaling."""
    return memory().behaviour


def fresh_uuid() -> str:
    """Return the next identifier of 36 characters, as lifecycle action tokens are; the same in every run."""
    return str(UUID(int=memory().identifiers.getrandbits(128), version=4))


def now() -> datetime:
    """Return the virtual instant."""
    return current().clock.now()


def later(seconds: float, step: Callable[[], None], label: str) -> Timer:
    """Book a step that touches moto's backends, `seconds` from now."""
    aws = current()

    def step_alone() -> None:
        with aws.requests.lock:  # as a request does, since moto's backends serve one at a time
            step()

    return aws.clock.call_later(seconds, step_alone, label)


def stamp(instant: datetime) -> str:
    """Write an instant as Auto Scaling does in events and notifications: `2026-03-02T10:15:30.000Z`."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"
