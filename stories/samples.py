"""Sample stateful services for the embedded AWS that lose work when they are taken away wrongly.

`Store` is a quorum store of three members, `Consumer` works off a queue, `Dedupe` keeps its state in memory and signs
off once it is flushed. Each lives in an ECS service of the sample world, tagged as docs/stateful-services.md says, and
is played once every few seconds of virtual time for as long as its tasks run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.gateways.aws import in_batches
from stories.world import CLUSTER, Service

TURN_SECONDS = 5.0
PREFIX = "ecs-drainer:"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:jobs"
APART: dict[str, Any] = {
    "desired": 3,
    "minimum_percent": 66,
    "maximum_percent": 100,
    "has_target_group": False,
    "constraints": ({"type": "distinctInstance"},),
}

SERVICES = {
    "store": Service(
        name="store", **APART, tags={f"{PREFIX}quorum-group": "store", f"{PREFIX}max-unavailable": "1"}
    ),
    "consumer": Service(name="consumer", **APART, tags={f"{PREFIX}drain-queue": QUEUE}),
    "dedupe": Service(
        name="dedupe", desired=3, has_target_group=False, tags={f"{PREFIX}sign-off": "required 5m"}
    ),
    "scheduler": Service(
        name="scheduler", desired=1, has_target_group=False, tags={f"{PREFIX}replacement": "standby"}
    ),
}
"""What each sample's service declares, unless the story says otherwise."""


@dataclass(frozen=True)
class Running:
    """A task whose containers run: RUNNING, or told to stop but not past it."""

    task: str
    """Its id."""
    container_instance: str
    running_for: timedelta
    is_leaving: bool
    """Whether ECS told it to stop."""


class Sample:
    """A sample service; subclasses take a `turn` every few seconds.

    Args:
        client: makes boto3 clients of the account that it lives in.
        now: the virtual instant.
    """

    service = ""

    def __init__(self, client: Callable[[str], Any], now: Callable[[], datetime]) -> None:
        self.client = client
        self.now = now
        self.told: list[tuple[datetime, str]] = []
        """What an operator of the service would see."""

    def turn(self) -> None:
        """Do what the service's containers do in these seconds."""
        raise NotImplementedError

    def tell(self, text: str) -> None:
        """Write down what an operator of the service would see."""
        self.told.append((self.now(), f"{self.service}: {text}"))

    def running(self) -> Iterator[Running]:
        """Yield the service's tasks whose containers run."""
        now = self.now()
        for task in self._tasks():
            if task["lastStatus"] in ("RUNNING", "DEACTIVATING", "STOPPING") and "startedAt" in task:
                yield Running(
                    task=task["taskArn"].rsplit("/", 1)[-1],
                    container_instance=task["containerInstanceArn"],
                    running_for=now - task["startedAt"],
                    is_leaving=task["desiredStatus"] == "STOPPED",
                )

    def received(self, queue: str, most: int = 10) -> list[dict[str, Any]]:
        """Take messages off a queue."""
        sqs = self.client("sqs")
        found: list[dict[str, Any]] = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=most).get(
            "Messages", []
        )
        for message in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def _tasks(self) -> list[dict[str, Any]]:
        ecs, both = self.client("ecs"), ("RUNNING", "STOPPED")
        pages = [
            ecs.list_tasks(cluster=CLUSTER, serviceName=self.service, desiredStatus=each) for each in both
        ]
        arns = [arn for page in pages for arn in page["taskArns"]]
        found: list[dict[str, Any]] = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
        return found


class Store(Sample):
    """A quorum store: every few seconds a client writes, and a majority of in-sync members must take the write.

    Its members copy their state for a while after they start, and serve until SIGTERM.
    """

    service = "store"
    members = 3
    majority = members // 2 + 1
    """How many members must take a write."""
    sync = timedelta(seconds=40)

    def __init__(self, client: Callable[[str], Any], now: Callable[[], datetime]) -> None:
        super().__init__(client, now)
        self.fewest = self.members
        """The fewest members that were in sync at any time."""
        self.refused = 0
        """Writes that found no majority."""
        self.in_sync = 0

    def turn(self) -> None:
        """Take a write."""
        before = self.in_sync
        self.in_sync = now = sum(
            not one.is_leaving and one.running_for >= self.sync for one in self.running()
        )
        self.fewest = min(self.fewest, now)
        if now < self.majority:
            self.refused += 1
        if now != before:
            verdict = "quorum holds" if now >= self.majority else "QUORUM IS LOST"
            self.tell(f"{now} of {self.members} members in sync, {verdict}")


class Consumer(Sample):
    """A queue consumer: its every task handles a message a turn, and finishes none that it holds when it is killed."""

    service = "consumer"

    def __init__(self, client: Callable[[str], Any], now: Callable[[], datetime]) -> None:
        super().__init__(client, now)
        self.queue = str(client("sqs").create_queue(QueueName="jobs")["QueueUrl"])
        self.handled = 0
        self.waiting = 0
        """Messages in the queue after the last turn."""

    def send(self, messages: int) -> None:
        """Put so many messages into the queue, as a producer does."""
        jobs = [{"Id": str(number), "MessageBody": f"job {number}"} for number in range(messages)]
        for batch in in_batches(jobs, 10):
            self.client("sqs").send_message_batch(QueueUrl=self.queue, Entries=list(batch))
        self.waiting += messages
        self.tell(f"{messages} jobs come in")

    def turn(self) -> None:
        """Handle messages, as every running task that wasn't told to stop does."""
        before = self.waiting
        for each in self.running():
            if self.waiting and not each.is_leaving:
                found = len(self.received(self.queue, 1))
                self.handled += found
                self.waiting -= found
        if before and not self.waiting:
            self.tell(f"the queue is empty, {self.handled} jobs handled so far")


class Dedupe(Sample):
    """An event de-duplication store: what it has seen is in memory, and lost unless it is flushed before the stop.

    It is asked over SNS and SQS to sign off, flushes, and answers with one call. `manner`: `signs`, `refuses` (always),
    `asks-for-time` (once, then signs) or `silent`.
    """

    service = "dedupe"

    def __init__(
        self,
        client: Callable[[str], Any],
        now: Callable[[], datetime],
        *,
        topic: str,
        function: str,
        manner: str = "signs",
        flush_seconds: float = 60,
    ) -> None:
        super().__init__(client, now)
        self.function = function
        self.manner = manner
        self.flush = timedelta(seconds=flush_seconds)
        self.flushed: set[str] = set()
        self.lost: set[str] = set()
        """Tasks that were told to stop before they had flushed."""
        self._flushes: dict[str, datetime] = {}
        self._queue = self._subscribed_to(topic)

    def turn(self) -> None:
        """Read questions, go on flushing, answer."""
        for message in self.received(self._queue):
            self._asked(json.loads(message["Body"])["task"])
        for task, ends_at in list(self._flushes.items()):
            if self.now() >= ends_at:
                del self._flushes[task]
                self.flushed.add(task)
                self._answer(task, answer="done")
        for each in self.running():
            if each.is_leaving and each.task not in self.flushed | self.lost:
                self.lost.add(each.task)
                self.tell(f"task {each.task} is stopped before it has flushed: EVENTS ARE LOST")

    def _asked(self, task: str) -> None:
        self.tell(f"task {task} is asked to sign off")
        if self.manner == "refuses":
            self._answer(task, answer="refuse", reason="compaction is running")
        elif self.manner != "silent":
            self._flushes[task] = self.now() + self.flush
            if self.manner == "asks-for-time":
                minutes = max(1, int(self.flush / timedelta(minutes=1)) + 1)
                self._answer(task, answer="more-time", minutes=minutes, reason="the flush takes longer")

    def _answer(self, task: str, **answer: Any) -> None:
        self.tell(f"task {task} answers {answer['answer']}")
        self.client("lambda").invoke(
            FunctionName=self.function,
            InvocationType="Event",
            Payload=json.dumps({"task": task, "who": self.service, **answer}),
        )

    def _subscribed_to(self, topic: str) -> str:
        sqs = self.client("sqs")
        url = str(sqs.create_queue(QueueName=f"{self.service}-questions")["QueueUrl"])
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        only_its_own = {"FilterPolicy": json.dumps({"service": [self.service]}), "RawMessageDelivery": "true"}
        self.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"], Attributes=only_its_own
        )
        return url
