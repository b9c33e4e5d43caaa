"""The pollers of event source mappings: they take messages off a queue in batches and run the function with them.

Source: Lambda developer guide, "Using Lambda with Amazon SQS": a batch goes to the function when the batching window
has passed since its first message, when it has BatchSize messages or 6 MB; what the function got done is deleted,
and the rest is visible again when the queue's visibility timeout has passed. Five batches at a time to begin with,
up to 300 more a minute while there is more to do, never more than ScalingConfig.MaximumConcurrency.

The polling is Lambda's own: it is not in the request log, which has the account's requests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.core.utils import unix_time_millis
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import sqs_backends

from embedded_aws import aws
from embedded_aws.agenda import Timer
from embedded_aws.awslambda.bootstrap import Outcome
from embedded_aws.awslambda.invoking import TooManyRequestsError, run
from embedded_aws.sqs.records import event_of, failed_ids

SOONEST_SECONDS = 0.05
"""From message to function where a poller is waiting for it. AWS promises nothing; a long poll answers at once."""
LARGEST_BATCH_BYTES = 6 * 1024 * 1024
WITHOUT_WINDOW = 10
"""ReceiveMessage gives at most ten messages, and without a window a batch is what one poll gives."""
BATCHES_TO_BEGIN_WITH, MORE_BATCHES_A_MINUTE, MOST_BATCHES = 5, 300, 1250
LONGEST_THROTTLE_SECONDS = 60.0
MINUTE = timedelta(minutes=1)
TICK = timedelta(milliseconds=1)
"""moto's messages are visible after their instant, not at it."""


@dataclass(eq=False)
class Poller:
    """What polls for one of moto's event source mappings; `kept` are messages that wait for their batch to fill."""

    mapping: Any
    kept: list[Any] = field(default_factory=list)
    opened_at: datetime | None = None
    """When the first of the kept messages came."""
    running: int = 0
    short_since: datetime | None = None
    """Since when there has been more to do than batches may run at once."""
    timer: Timer | None = None

    def wake(self, seconds: float = 0.0) -> None:
        """Look at the queue so soon, or when it was to be looked at anyway, whichever is earlier."""
        self._wake_at(aws.now() + timedelta(seconds=seconds))

    def _wake_at(self, at: datetime) -> None:
        clock = aws.current().clock
        if self.timer is not None and self.timer.due <= at:
            return
        if self.timer is not None:
            self.timer.cancel()
        self.timer = clock.call_at(at, self._look, f"poll {self.mapping.event_source_arn}")

    def _look(self) -> None:
        self.timer = None
        queue = _queue(self.mapping)
        if queue is None or not self.mapping.enabled or pollers().get(self.mapping.uuid) is not self:
            self.kept, self.opened_at = [], None  # visible again in their time
            return
        while self.running < self._most_batches():
            self._take(queue)
            batch = self._full_batch()
            if not batch:
                break
            self._begin(batch)
        self._book_next(queue)

    @property
    def _window(self) -> timedelta:
        return timedelta(seconds=self.mapping.max_batch_window or 0)

    def _most_batches(self) -> int:
        configured = (self.mapping.scaling_config or {}).get("MaximumConcurrency") or MOST_BATCHES
        scaled = BATCHES_TO_BEGIN_WITH
        if self.short_since is not None:
            scaled += MORE_BATCHES_A_MINUTE * ((aws.now() - self.short_since) // MINUTE)
        return min(configured, scaled, MOST_BATCHES)

    def _take(self, queue: Any) -> None:
        size = self.mapping.batch_size if self._window else min(WITHOUT_WINDOW, self.mapping.batch_size)
        room = size - len(self.kept)
        if room > 0 and queue.messages:
            backend = sqs_backends[queue.account_id][queue.region]
            self.kept += backend.receive_message(queue.name, room, 0, queue.visibility_timeout, ["All"])
        if self.kept and self.opened_at is None:
            self.opened_at = aws.now()

    def _full_batch(self) -> list[Any]:
        """Take a batch off the kept messages; none while its window is open and it has room."""
        if self.opened_at is None:
            return []
        size = count = 0
        for message in self.kept[: self.mapping.batch_size]:
            size += len(message.body.encode())
            if count and size > LARGEST_BATCH_BYTES:
                break
            count += 1
        is_full = count == self.mapping.batch_size or count < len(self.kept)
        if not is_full and aws.now() < self.opened_at + self._window:
            return []
        batch, self.kept = self.kept[:count], self.kept[count:]
        self.opened_at = aws.now() if self.kept else None
        return batch

    def _begin(self, batch: list[Any]) -> None:
        self.running += 1
        label = f"invoke {self.mapping.function_arn} with {len(batch)} messages"
        aws.current().clock.spawn(partial(self._run, batch), label)

    def _book_next(self, queue: Any) -> None:
        has_room = self.running < self._most_batches()
        if has_room or not queue.messages:
            self.short_since = None
        elif self.short_since is None:
            self.short_since = aws.now()
        due = list(_next_visible(queue))
        if self.opened_at is not None and has_room:
            due.append(self.opened_at + self._window)
        if self.short_since is not None:
            due.append(self.short_since + ((aws.now() - self.short_since) // MINUTE + 1) * MINUTE)
        if due:
            self._wake_at(min(due))

    def _run(self, batch: list[Any]) -> None:
        try:
            outcome = self._outcome(batch)
            if outcome is not None:
                self._delete(batch, outcome)
        finally:
            self.running -= 1
            self.wake()

    def _outcome(self, batch: list[Any]) -> Outcome | None:
        """Run the function; None where it is gone, or was throttled until the messages were visible again."""
        mapping, clock, wait = self.mapping, aws.current().clock, 1.0
        event = event_of(batch, _queue(mapping))
        until = min(message.visible_at for message in batch) / 1000
        while True:
            try:
                function = lambda_backends[mapping.account_id][mapping.region].get_function(
                    mapping.function_arn
                )
                return run(function, event, str(uuid4()))
            except UnknownFunctionException:
                return None
            except TooManyRequestsError:
                if clock.now().timestamp() + wait >= until:
                    return None
                clock.sleep(wait)
                wait = min(2 * wait, LONGEST_THROTTLE_SECONDS)

    def _delete(self, batch: list[Any], outcome: Outcome) -> None:
        ids = {message.id for message in batch}
        if _comes_again(self.mapping.event_source_arn.rsplit(":", 1)[-1]):
            for message in batch:
                message.change_visibility(0)
            return
        failed = failed_ids(
            outcome, ids, reports="ReportBatchItemFailures" in (self.mapping.function_response_types or [])
        )
        with aws.current().requests.lock:
            queue = _queue(self.mapping)
            for message in batch:
                if queue is not None and message.id not in failed:
                    with suppress(ReceiptHandleIsInvalid):  # purged, or in the dead-letter queue by now
                        queue.delete_message(message.receipt_handle)


def deliver_again(queue: str, batches: int = 1) -> None:
    """Let SQS deliver the next batches of a queue once more, though the function has taken them.

    SQS developer guide, "At-least-once delivery": a server that was away when a message was deleted may give it again.
    """
    _again()[queue] += batches


def _again() -> Counter[str]:
    return aws.current().part("sqs.again", Counter[str])


def _comes_again(queue: str) -> bool:
    is_next = _again()[queue] > 0
    _again()[queue] -= is_next
    return is_next


def pollers() -> dict[str, Poller]:
    """Return the pollers of the running embedded AWS, by the UUID of their mapping."""
    return aws.current().part("sqs", dict[str, Poller])


def wake_pollers_of(queue: Any) -> None:
    """Have the pollers of moto's queue look, as a message has come or may be received again."""
    for poller in list(pollers().values()):
        if poller.mapping.event_source_arn == queue.queue_arn:
            poller.wake(SOONEST_SECONDS)


def _queue(mapping: Any) -> Any:
    _, _, _, region, account, name = mapping.event_source_arn.split(":")
    return sqs_backends[account][region].queues.get(name)


def _next_visible(queue: Any) -> Iterable[datetime]:
    now = unix_time_millis()  # by which moto stamps messages: another computation differs in the last bit
    due = (max(message.visible_at, message.delayed_until) for message in queue._messages)
    soonest = min((at for at in due if at >= now), default=None)
    return [] if soonest is None else [datetime.fromtimestamp(soonest / 1000, UTC) + TICK]
