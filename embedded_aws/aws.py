"""One embedded AWS: the clock, the request log and the parts that stand on them.

Each part (`stepfunctions`, `autoscaling`, `ecs`, ...) teaches moto something once per process with its
`install()`, and finds the running embedded AWS, hence the clock, with `current()`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from typing import Any, TypeVar
from unittest.mock import patch

from moto import mock_aws
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from embedded_aws.agenda import Timer
from embedded_aws.clock import Clock
from embedded_aws.requests import RequestLog

ACCOUNT_ID = "123456789012"
REGION = "eu-west-1"
EPOCH = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""When every embedded AWS begins, so that timelines are the same on every day of the year."""

SEED = 1
"""What moto's ids are drawn from."""

PARTS = (
    "backends",
    "draws",
    "keys",
    "requests.recording",
    "stepfunctions",
    "awslambda",
    "eventbridge",
    "sqs",
    "sns",
    "s3",
    "iam",
    "logs",
    "cloudformation",
    "dynamodb",
    "dynamodb_expressions",
    "autoscaling",
    "ecs",
)
"""The modules whose `install()` teaches moto what it lacks, in the order of installation."""

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
}

State = TypeVar("State")


@dataclass
class EmbeddedAws:
    """What the parts of one embedded AWS share."""

    clock: Clock
    requests: RequestLog = field(default_factory=RequestLog)
    _parts: dict[str, Any] = field(default_factory=dict)

    def part(self, name: str, make: Callable[[], State]) -> State:
        """Return what the named part remembers beyond moto's backends, made at first use, gone with this AWS."""
        if name not in self._parts:
            self._parts[name] = make()
        state: State = self._parts[name]
        return state


_running: list[EmbeddedAws] = []


def current() -> EmbeddedAws:
    """Return the running embedded AWS; raises RuntimeError where none runs."""
    if not _running:
        raise RuntimeError(
            "no embedded AWS is running: use `with embedded_aws():` or `python -m embedded_aws`"
        )
    return _running[-1]


def is_running() -> bool:
    """Say whether `current()` has an answer."""
    return bool(_running)


def now() -> datetime:
    """Return the virtual instant."""
    return current().clock.now()


def later(seconds: float, action: Callable[[], object], label: str) -> Timer:
    """Book an action, `seconds` of virtual time from now."""
    return current().clock.call_later(seconds, action, label)


def stamp(at: datetime) -> str:
    """Write an instant as AWS does in events: `2026-03-02T10:15:30.000Z`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def install() -> None:
    """Teach moto, once in a process, all that the parts add to it."""
    with _without(IRI_GRAMMAR):
        for part in PARTS:
            import_module(f"embedded_aws.{part}").install()


IRI_GRAMMAR = "rfc3987_syntax"
"""jsonschema's check of IRIs, which moto's API Gateway brings along: importing it builds a grammar, which takes longer
than all the rest, and nothing here checks an IRI. jsonschema does without where it isn't there."""


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Let importing a module fail inside the block, unless it is there already."""
    absent: Any = None  # what `import` takes for a module that isn't there
    is_there = sys.modules.setdefault(module, absent) is not None
    try:
        yield
    finally:
        if not is_there:
            del sys.modules[module]


@contextmanager
def raised(clock: Clock) -> Iterator[EmbeddedAws]:
    """Raise an embedded AWS: until the block ends it is what `current()` answers, its clock the process's clock.

    It takes credentials of its own, and no endpoint: it must never call itself over the network.
    """
    install()
    aws = EmbeddedAws(clock)
    with patch.dict(os.environ, CREDENTIALS), clock.held():
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            os.environ.pop(name, None)
        _running.append(aws)
        try:
            with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
                yield aws
        finally:
            _running.remove(aws)


def draw_the_same_ids() -> None:
    """Let moto draw the same ids in every run: where ECS has two equal places for a task, its choice follows them.

    The first use of EC2 in a process draws ids for the default VPC, here and in the Region where moto looks up the
    URLs of a service; later ones have drawn them at the reset.
    """
    _ = [ec2_backends[ACCOUNT_ID][region] for region in (REGION, "us-east-1")]
    mock_random.seed(SEED)


@contextmanager
def embedded_aws(start: datetime = EPOCH) -> Iterator[EmbeddedAws]:
    """Run an embedded AWS in this process, on a virtual clock that moves when it is told to."""
    with raised(Clock(start)) as aws:
        draw_the_same_ids()
        yield aws
