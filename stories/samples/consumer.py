"""A queue consumer: takes messages while it runs, and finishes none that it holds when it is killed."""

from __future__ import annotations

from chalicelib.gateways.aws import in_batches
from embedded_aws.aws import EmbeddedAws
from embedded_aws.clients import client
from stories.samples.running import Sample


class Consumer(Sample):
    """A consumer whose every task handles so many messages in a turn, ten at most."""

    def __init__(
        self, aws: EmbeddedAws, service: str = "consumer", queue: str = "jobs", a_turn: int = 1
    ) -> None:
        super().__init__(aws, service)
        self.queue = str(client("sqs").create_queue(QueueName=queue)["QueueUrl"])
        self.a_turn = a_turn
        self.handled = 0
        self.waiting = 0
        """Messages in the queue after the last turn."""

    def send(self, messages: int) -> None:
        """Put so many messages into the queue, as a producer does."""
        jobs = [{"Id": str(number), "MessageBody": f"job {number}"} for number in range(messages)]
        for batch in in_batches(jobs, 10):
            client("sqs").send_message_batch(QueueUrl=self.queue, Entries=list(batch))
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
        if not self.waiting:
            return
        sqs = client("sqs")
        found = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=self.a_turn).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        self.handled += len(found)
        self.waiting -= len(found)
