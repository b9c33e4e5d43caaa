"""What events cost that concern no drain, a day, at list price: `python -m stories.event_costs [TASK STOPS A DAY]`.

Each figure is counted from what the stack does (statemachine/template.yaml) and how AWS bills it; nothing is measured
but the function's time. Free tiers are left out.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from stories.prices import LAMBDA_GIGABYTES, MESSAGES_A_REQUEST, MILLION, PRICES

SECONDS_A_DAY = 86_400

STARTS_A_STOP = 1
"""As many tasks of services start as stop, and an event tells of each that is RUNNING."""
EVENTS_A_STOP = 3
"""Its own, and two of its container instance, as a task is placed and as it has stopped: what is left there changes.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_container_instance_events.html
"""

POLLERS, LONG_POLL_SECONDS = 5, 20
"""Of Lambda, which poll whether anything is there: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""

WINDOW_SECONDS, BATCH_SIZE = 1, 100
"""MaximumBatchingWindowInSeconds and BatchSize."""
START_SECONDS, WRITE_SECONDS = 0.02, 0.008
"""Of the function: once a batch, and once for each failed condition."""


@dataclass(frozen=True)
class Bill:
    """What a day of events costs, in dollars."""

    queue: float
    function: float
    ledger: float

    @property
    def total(self) -> float:
        """All of it; EventBridge delivers the events of AWS services for nothing."""
        return self.queue + self.function + self.ledger


def bill(stops: int) -> Bill:
    """Return what a day with so many task stops costs where no drain waits for any of them.

    At most one failed condition an event of a stop, a write request unit each, and one look a batch into the index of
    the drains that wait, for the tasks that start:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadWriteCapacityMode.html
    """
    written = stops * EVENTS_A_STOP
    events = written + stops * STARTS_A_STOP
    idle_polls = POLLERS * SECONDS_A_DAY / LONG_POLL_SECONDS
    requests = events + 2 * events / MESSAGES_A_REQUEST + idle_polls
    runs = min(events, max(SECONDS_A_DAY / WINDOW_SECONDS, events / BATCH_SIZE))
    seconds = runs * START_SECONDS + events * WRITE_SECONDS
    return Bill(
        queue=requests * PRICES["queue_requests"].dollars,
        function=runs * PRICES["lambda_requests"].dollars
        + seconds * LAMBDA_GIGABYTES * PRICES["lambda_gb_seconds"].dollars,
        ledger=written * PRICES["ledger_writes"].dollars + runs * PRICES["ledger_reads"].dollars,
    )


def text(stops: int) -> str:
    """Return the bill as operations.md shows it."""
    day = bill(stops)
    rows = [
        ("EventBridge, events of an AWS service", 0.0),
        ("SQS, an event sent, and received and deleted ten at a time", day.queue),
        ("Lambda, a batch a second", day.function),
        ("DynamoDB, a failed condition an event, a query a batch", day.ledger),
        ("together", day.total),
    ]
    lines = [f"| {what} | ${dollars:.2f} |" for what, dollars in rows]
    return "\n".join([f"| {stops:,} task stops a day | a day |", "|---|---|", *lines])


if __name__ == "__main__":
    print(text(int(sys.argv[1]) if len(sys.argv) > 1 else MILLION))
