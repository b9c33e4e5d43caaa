"""An event de-duplication store: what it has seen is in memory, and lost unless it is flushed before the stop."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from embedded_aws.aws import EmbeddedAws
from embedded_aws.clients import client
from stories.samples.running import Sample


class Dedupe(Sample):
    """A store that is asked over SNS and SQS to sign off, flushes, and answers with one call.

    `manner`: `signs`, `refuses` (always), `asks-for-time` (once, then signs) or `silent`.
    """

    def __init__(
        self,
        aws: EmbeddedAws,
        topic: str,
        function: str,
        *,
        service: str = "dedupe",
        manner: str = "signs",
        flush_seconds: float = 60,
    ) -> None:
        super().__init__(aws, service)
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
        for message in self._messages():
            self._asked(json.loads(message["Body"]))
        for task, ends_at in list(self._flushes.items()):
            if self.aws.clock.now() >= ends_at:
                del self._flushes[task]
                self.flushed.add(task)
                self._answer(task, answer="done")
        for each in self.running():
            if each.is_leaving and each.task not in self.flushed | self.lost:
                self.lost.add(each.task)
                self.tell(
                    f"{self.service}: task {each.task} is stopped before it has flushed: EVENTS ARE LOST"
                )

    def relent(self) -> None:
        """Stop refusing: flush what was refused, and sign off."""
        self.manner = "signs"

    def _asked(self, question: dict[str, Any]) -> None:
        task = question["task"]
        self.tell(f"{self.service}: task {task} is asked to sign off")
        if self.manner == "refuses":
            self._answer(task, answer="refuse", reason="compaction is running")
        elif self.manner != "silent":
            self._flushes[task] = self.aws.clock.now() + self.flush
            if self.manner == "asks-for-time":
                minutes = max(1, int(self.flush / timedelta(minutes=1)) + 1)
                self._answer(task, answer="more-time", minutes=minutes, reason="the flush takes longer")

    def _answer(self, task: str, **answer: Any) -> None:
        self.tell(f"{self.service}: task {task} answers {answer['answer']}")
        client("lambda").invoke(
            FunctionName=self.function,
            InvocationType="Event",
            Payload=json.dumps({"task": task, "who": self.service, **answer}),
        )

    def _messages(self) -> list[dict[str, Any]]:
        sqs = client("sqs")
        found: list[dict[str, Any]] = sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get(
            "Messages", []
        )
        for message in found:
            sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def _subscribed_to(self, topic: str) -> str:
        sqs = client("sqs")
        url = str(sqs.create_queue(QueueName=f"{self.service}-questions")["QueueUrl"])
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        client("sns").subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=attributes["QueueArn"],
            Attributes={
                "FilterPolicy": json.dumps({"service": [self.service]}),
                "RawMessageDelivery": "true",
            },
        )
        return url
