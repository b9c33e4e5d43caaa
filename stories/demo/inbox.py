"""Queues that the demo reads as any program would: events through a rule of EventBridge, notices from the topic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from embedded_aws.server import REGION, Server
from stories.demo.stage import ACCOUNT

MOST_AT_ONCE = 10
"""ReceiveMessage's own limit."""


class Inbox:
    """An SQS queue that takes what EventBridge and SNS send it."""

    def __init__(self, aws: Server, name: str) -> None:
        self._aws, self._name = aws, name
        self._sqs: Any = aws.client("sqs")
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        lets_in = {
            "Effect": "Allow",
            "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [lets_in]})
        made = self._sqs.create_queue(QueueName=name, Attributes={"Policy": policy})
        self._url: str = made["QueueUrl"]

    def take_events(self, pattern: dict[str, Any]) -> None:
        """Have the events that match the pattern delivered from now on."""
        events = self._aws.client("events")
        events.put_rule(Name=self._name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=self._name, Targets=[{"Id": "inbox", "Arn": self.arn}])

    def take_notices(self, topic: str) -> None:
        """Have what is published to the topic delivered from now on."""
        self._aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.arn)

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield every message that has come, as its JSON says, and take it off the queue."""
        while messages := self._receive():
            handles = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=handles)
            yield from (json.loads(message["Body"]) for message in messages)

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=MOST_AT_ONCE)
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found
