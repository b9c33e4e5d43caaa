"""Hears what ECS says of tasks, container instances and services, and tells the drains that wait for it.

A record that could not be handled is the only one of its batch that is delivered again, after a wait that grows; it may
then be heard a second time, which changes nothing wrong.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from chalicelib.common.errors import AwsUnavailable, DrainerError, InvalidEvent
from chalicelib.common.model import ContainerInstance
from chalicelib.common.telemetry import logger
from chalicelib.common.tracing import FIELD, trace_id
from chalicelib.gateways import queues, stepfunctions, waiting
from chalicelib.gateways.aws import in_batches
from chalicelib.gateways.ecs import DESCRIBED_AT_ONCE, describe_container_instances
from chalicelib.gateways.ledger import ledger_of
from chalicelib.wake import (
    GATES,
    SERVICE,
    Heard,
    Letter,
    OfInstance,
    OfService,
    Waiting,
    among,
    by_instance,
    by_running_service,
    by_service,
    differs,
    newest,
    output,
    read_letters,
    why,
)

P = ParamSpec("P")
Each = TypeVar("Each")

UNDESCRIBED = (SERVICE, GATES)
"""What is told without a description of the container instance."""

DELAYS_SECONDS = (2, 5, 15, 45, 135)
"""Before a record that failed is delivered again; the last from then on, until the queue gives it up."""


def wake(event: Mapping[str, Any], function_arn: str, at: datetime) -> dict[str, Any]:
    """Handle one batch of the queue; returns which of its records are to be delivered again.

    `at`: before anything is read. Raises nothing of its own: what AWS refused is logged, and comes again.
    """
    letters = read_letters(event)
    batch = Batch(ledger_of(function_arn), at)
    for letter in letters:
        if isinstance(letter.said, InvalidEvent):
            batch.fail(letter.said, {letter.id})
    batch.hear(letters)
    batch.tell()
    failed = [letter for letter in letters if letter.id in batch.failed]
    _put_off(event, failed)
    return {"batchItemFailures": [{"itemIdentifier": letter.id} for letter in failed]}


def _put_off(event: Mapping[str, Any], failed: Iterable[Letter]) -> None:
    """Have failed records come again sooner than the queue's own time-out, or where that fails, then."""
    waits = {letter.handle: delay(letter.deliveries) for letter in failed}
    try:
        if waits:
            queues.postpone(str(event["Records"][0]["eventSourceARN"]), waits)
    except DrainerError as error:
        logger.warning(f"records come again when the queue's time-out is over: {error}")


def delay(deliveries: int) -> int:
    """Return how many seconds to wait after so many deliveries."""
    return DELAYS_SECONDS[min(deliveries, len(DELAYS_SECONDS)) - 1]


class Batch:
    """What one batch brought, by container instance, and which of its records failed."""

    def __init__(self, table: str, at: datetime) -> None:
        self.table = table
        self.at = at
        self.failed: set[str] = set()
        self._heard: dict[str, Heard] = {}
        self._down: DrainerError | None = None

    def fail(self, error: DrainerError, letters: Iterable[str]) -> None:
        """Have records delivered again."""
        new = set(letters) - self.failed
        if new:
            logger.warning(f"{len(new)} records come again: {error}")
        self.failed |= new

    def _try(
        self, letters: Iterable[str], step: Callable[P, None], *given: P.args, **named: P.kwargs
    ) -> None:
        """Do what these records ask for; once AWS is away the rest isn't tried, as each try may take 20 s."""
        try:
            if self._down:
                raise self._down
            step(*given, **named)
        except DrainerError as error:
            self._down = error if isinstance(error, AwsUnavailable) else self._down
            self.fail(error, letters)

    def hear(self, letters: Iterable[Letter]) -> None:
        """Write what the records say into the rows of the drains that they concern."""
        letters = list(letters)
        for of in by_instance(letters):
            self._try(of.letters, self._hear_instance, of)
        for cluster, several in _grouped(by_service(letters), lambda of: of.trouble.cluster).items():
            concerned = {letter for of in several for letter in of.letters}
            self._try(concerned, self._hear_services, cluster, several)
        running = by_running_service(letters)
        for cluster, some in _grouped(running, lambda each: each.cluster).items():
            ids = frozenset[str]().union(*(running[each] for each in some))
            self._try(ids, self._hear_running, cluster, [each.service for each in some], ids)

    def _hear_instance(self, of: OfInstance) -> None:
        row = waiting.apply_stop(self.table, of.instance, of.tasks) if of.tasks else None
        if row is not None:
            self._add(Heard(row, has_stops=True, stopped_at=of.stopped_at, letters=of.letters))
        if of.change is not None and _is_worth_a_write(of, row):
            changed = waiting.apply_change(self.table, of.change)
            if changed is not None:
                self._add(Heard(changed, change=of.change, letters=of.letters))

    def _hear_services(self, cluster: str, several: Iterable[OfService]) -> None:
        rows = [*waiting.waiting_in(self.table, cluster), *waiting.at_gates_in(self.table, cluster)]
        for of in several:
            for row in rows:
                if row.has_service(of.trouble.service):
                    self._try(of.letters, self._hear_trouble, row, of)

    def _hear_running(self, cluster: str, services: Iterable[str], letters: frozenset[str]) -> None:
        """Tell the drains at closed gates that wait for tasks of these services to be healthy."""
        for row in waiting.at_gates_in(self.table, cluster):
            if row.is_at_gates and any(row.has_service(service) for service in services):
                counted = waiting.count_event(self.table, row.instance)
                if counted is not None:
                    self._add(Heard(counted, may_open_gates=True, letters=letters))

    def _hear_trouble(self, row: Waiting, of: OfService) -> None:
        """Tell a trouble once: ECS repeats it at each attempt, and the row keeps it.

        One that is delivered again may be kept and not yet told.
        """
        if of.trouble.text() in row.troubles and not of.is_again:
            return
        kept = waiting.apply_trouble(self.table, row.instance, of.trouble)
        if kept is not None:
            self._add(Heard(kept, troubles=(of.trouble,), letters=of.letters))

    def _add(self, heard: Heard) -> None:
        before = self._heard.get(heard.row.instance)
        self._heard[heard.row.instance] = before.and_also(heard) if before else heard

    def tell(self) -> None:
        """Tell the executions that wait: after one description for a hundred instances of a cluster."""
        told = [heard for heard in self._heard.values() if why(heard)]
        for heard in told:
            if why(heard) in UNDESCRIBED:
                self._try(heard.letters, self._tell, heard, None)
        to_describe = (heard for heard in told if why(heard) not in UNDESCRIBED)
        for cluster, several in _grouped(to_describe, lambda heard: heard.row.cluster).items():
            for hundred in in_batches(several, DESCRIBED_AT_ONCE):
                concerned = {letter for heard in hundred for letter in heard.letters}
                self._try(concerned, self._tell_described, cluster, hundred)

    def _tell_described(self, cluster: str, several: Sequence[Heard]) -> None:
        described = describe_container_instances(cluster, [heard.row.instance for heard in several])
        for heard in several:
            view = newest(among(described, heard.row), heard.change)
            self._try(heard.letters, self._tell, heard, view)

    def _tell(self, heard: Heard, view: ContainerInstance | None) -> None:
        """Tell one execution; a token that is nobody's any more is forgotten.

        One that was told has another token, or none, by the time of the next event: to forget this one costs a write.
        """
        reason, token = why(heard, view), heard.row.token
        if reason is None or token is None:
            return
        said = json.dumps(output(reason, heard, view, self.at))
        is_told = stepfunctions.send_success(token, said)
        if not is_told:
            waiting.remove_token(self.table, heard.row.instance, token)
        logger.info(
            f"{'told' if is_told else 'nobody waits to be told'}: {reason}",
            extra={
                "execution": heard.row.execution,
                FIELD: trace_id(heard.row.execution),
                "container_instance": heard.row.instance,
            },
        )


def _is_worth_a_write(of: OfInstance, row: Waiting | None) -> bool:
    """Whether a container instance's own event is to be counted; `row`: what its STOPPED tasks were taken out of.

    An instance whose tasks no drain counts has no row; one that is as its execution saw it has nothing to tell.
    """
    if row is None or of.change is None:
        return not of.tasks
    return differs(row, of.change)


def _grouped(items: Iterable[Each], key: Callable[[Each], str]) -> dict[str, list[Each]]:
    found: dict[str, list[Each]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found
