"""What Auto Scaling remembers beyond moto's groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from uuid import UUID

from embedded_aws.aws import current


@dataclass
class Memory:
    """The order of launches in one embedded AWS, and where its identifiers come from."""

    launches: Iterator[int] = field(default_factory=count)
    identifiers: Random = field(default_factory=lambda: Random("Auto Scaling"))  # noqa: S311 - no secrets, the same in every run


def memory() -> Memory:
    """Return what the running embedded AWS remembers of Auto Scaling."""
    return current().part("autoscaling", Memory)


def fresh_uuid() -> str:
    """Return the next identifier of 36 characters, as lifecycle action tokens are; the same in every run."""
    return str(UUID(int=memory().identifiers.getrandbits(128), version=4))
