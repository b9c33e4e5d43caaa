"""A queue consumer: takes messages while it runs, and finishes none that it holds when it is killed."""

from __future__ import annotations

from simulator.aws import EmbeddedAws
from simulator.clients import client
from simulator.samples.running import Sample

BATCH = 10
"""ReceiveMessage gives ten at most."""


class Consumer(Sample):
    """A consumer whose every task handles so many batches of ten messages in a turn."""

    def __init__(
        self, aws: EmbeddedAws, service: str = "consumer", queue: str = "jobs", batches_a_turn: int = 1
    ) -> None:
        super().__init__(aws, service)
        self.queue = str(client("sqs").create_queue(QueueName=queue)["QueueUrl"])
        self.batches_a_turn = batches_a_turn
        self.handled = 0
        self.waiting = 0
        """Messages in the queue after the last turn."""

    def send(self, messages: int) -> None:
        """Put so many messages into the queue, as a producer does."""
        for number in range(messages):
            client("sqs").send_message(QueueUrl=self.queue, MessageBody=f"job {number}")
        self.waiting += messages
        self.tell(f"{self.service}: {messages} jobs come in")

    def turn(self) -> None:
        """Handle messages, as every running task that wasn't told to stop does."""
        before = self.waiting
        for each in self.running():
            if not each.is_leaving:
                self._handle()
        if before and not self.waiting:
            self.tell(f"{self.service}: the queue is empty, {self.handled} jobs handled so far")

    def _handle(self) -> None:
        sqs = client("sqs")
        for _ in range(self.batches_a_turn if self.waiting else 0):
            found = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=BATCH).get("Messages", [])
            for message in found:
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            self.handled += len(found)
            self.waiting -= len(found)
