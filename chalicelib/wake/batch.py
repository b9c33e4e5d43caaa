"""Puts together what a batch of records says of each container instance and of each service.

A hundred events of one instance are one write, and doubled ones are one event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.model import ContainerInstance
from chalicelib.wake.parse import Happening, parse
from chalicelib.wake.seen import ServiceTrouble, TaskRunning, TaskStopped


@dataclass(frozen=True, slots=True)
class Letter:
    """One record of the queue."""

    id: str
    handle: str
    """By which its next delivery is put off."""
    deliveries: int
    """How often it was delivered, this time included."""
    said: Happening | InvalidEvent


@dataclass(frozen=True, slots=True)
class OfInstance:
    """What a batch says of one container instance."""

    instance: str
    tasks: frozenset[str]
    """ARNs of the tasks that are STOPPED."""
    stopped_at: datetime | None
    """When the last of them was."""
    change: ContainerInstance | None
    """The newest, by version."""
    letters: frozenset[str]
    """Ids of the records that say it."""


@dataclass(frozen=True, slots=True)
class OfService:
    """One trouble of one service."""

    trouble: ServiceTrouble
    is_again: bool
    """Whether it was delivered before: then it may be known to the row, and told to nobody."""
    letters: frozenset[str]


def read_letters(event: Mapping[str, Any]) -> list[Letter]:
    """Return the records of an event of SQS, each parsed, or with the refusal that says why it can't be."""
    return [_letter(record) for record in event["Records"]]


def _letter(record: Mapping[str, Any]) -> Letter:
    said: Happening | InvalidEvent
    try:
        said = parse(record.get("body"))
    except InvalidEvent as refusal:
        said = refusal
    deliveries = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    return Letter(record["messageId"], record.get("receiptHandle", ""), deliveries, said)


def by_instance(letters: Iterable[Letter]) -> Iterator[OfInstance]:
    """Yield what the letters say of each container instance, in the order in which it is first named."""
    grouped: dict[str, list[tuple[str, TaskStopped | ContainerInstance]]] = {}
    for letter in letters:
        if isinstance(letter.said, TaskStopped | ContainerInstance):
            said = letter.said
            arn = said.instance if isinstance(said, TaskStopped) else said.arn
            grouped.setdefault(arn, []).append((letter.id, said))
    return (_of_instance(instance, said) for instance, said in grouped.items())


def _of_instance(instance: str, said: list[tuple[str, TaskStopped | ContainerInstance]]) -> OfInstance:
    stops = [each for _, each in said if isinstance(each, TaskStopped)]
    changes = [each for _, each in said if isinstance(each, ContainerInstance)]
    return OfInstance(
        instance=instance,
        tasks=frozenset(stop.task for stop in stops),
        stopped_at=max((stop.stopped_at for stop in stops if stop.stopped_at), default=None),
        change=max(changes, key=lambda change: change.version, default=None),
        letters=frozenset(letter for letter, _ in said),
    )


def by_service(letters: Iterable[Letter]) -> Iterator[OfService]:
    """Yield each trouble of each service once."""
    grouped: dict[ServiceTrouble, list[Letter]] = {}
    for letter in letters:
        if isinstance(letter.said, ServiceTrouble):
            grouped.setdefault(letter.said, []).append(letter)
    for trouble, said in grouped.items():
        is_again = any(letter.deliveries > 1 for letter in said)
        yield OfService(trouble, is_again, frozenset(letter.id for letter in said))


def by_running_service(letters: Iterable[Letter]) -> dict[TaskRunning, frozenset[str]]:
    """Return the services of which a task is RUNNING, with the ids of the records that say so."""
    found: dict[TaskRunning, set[str]] = {}
    for letter in letters:
        if isinstance(letter.said, TaskRunning):
            found.setdefault(letter.said, set()).add(letter.id)
    return {running: frozenset(ids) for running, ids in found.items()}
