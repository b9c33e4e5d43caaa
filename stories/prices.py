"""What a drain costs at AWS's list prices, in US dollars, free tiers left out.

Prices are those of us-east-1, as the sources had them in 2026; a bill differs by Region and by what is free. What a
drain used is counted from the embedded AWS's own records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

LAMBDA_GIGABYTES = 0.25
"""`lambda_memory_size` of .chalice/config.json: billed seconds are multiplied by it."""
LAMBDA_SECONDS = 0.2
"""What an invocation is taken to be billed for: on the virtual clock functions run in no time."""
IN_A_TRANSACTION = 2
"""A transaction costs each of its writes twice: https://aws.amazon.com/dynamodb/pricing/on-demand/"""
SINGLE_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
READS = frozenset({"GetItem", "Query", "BatchGetItem"})

MILLION = 1_000_000

MESSAGES_A_REQUEST = 10
"""Received or deleted by one request: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""


@dataclass(frozen=True)
class Price:
    """The price of one unit of something that is billed."""

    what: str
    dollars: float
    source: str


@dataclass(frozen=True)
class Usage:
    """What was used, in the units of the bill: each field has its price."""

    transitions: float = 0
    """State transitions of Step Functions Standard, retries included."""
    lambda_requests: float = 0
    lambda_gb_seconds: float = 0
    ledger_writes: float = 0
    """DynamoDB write request units: one a KiB of an item, twice as many in a transaction."""
    ledger_reads: float = 0
    """DynamoDB read request units: one for 4 KiB read with strong consistency."""
    queue_requests: float = 0
    """Of SQS: one an event sent, and one for ten that are received or deleted."""
    notices: float = 0
    """Requests to publish to SNS, one for 64 KiB; deliveries are extra, by subscription."""
    drain_events: float = 0
    """Put on the bus of EventBridge, one for 64 KiB."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Usage)))

    def __truediv__(self, number: float) -> Usage:
        return Usage(*(getattr(self, each.name) / number for each in fields(Usage)))


PRICES: dict[str, Price] = {
    "transitions": Price(
        "a state transition of Step Functions Standard",
        0.025 / 1000,
        "https://aws.amazon.com/step-functions/pricing/",
    ),
    "lambda_requests": Price("a Lambda request", 0.20 / MILLION, "https://aws.amazon.com/lambda/pricing/"),
    "lambda_gb_seconds": Price(
        "a GB-second of Lambda on arm64", 0.0000133334, "https://aws.amazon.com/lambda/pricing/"
    ),
    "ledger_writes": Price(
        "a write request unit of DynamoDB on demand",
        0.625 / MILLION,
        "https://aws.amazon.com/dynamodb/pricing/on-demand/",
    ),
    "ledger_reads": Price(
        "a read request unit of DynamoDB on demand",
        0.125 / MILLION,
        "https://aws.amazon.com/dynamodb/pricing/on-demand/",
    ),
    "queue_requests": Price(
        "a request to a standard queue, 64 KiB", 0.40 / MILLION, "https://aws.amazon.com/sqs/pricing/"
    ),
    "notices": Price("a request to Amazon SNS", 0.50 / MILLION, "https://aws.amazon.com/sns/pricing/"),
    "drain_events": Price(
        "an event of a drain put on EventBridge, 64 KiB",
        1.00 / MILLION,
        "https://aws.amazon.com/eventbridge/pricing/",
    ),
}
"""By the field of `Usage`. EventBridge delivers the events of AWS services for nothing."""


def cost_by_item(usage: Usage) -> dict[str, float]:
    """Return what each item of the bill costs, in dollars."""
    return {name: getattr(usage, name) * price.dollars for name, price in PRICES.items()}


def cost(usage: Usage) -> float:
    """Return what was used at list price, in dollars."""
    return sum(cost_by_item(usage).values())


def usage_of(
    calls: Iterable[tuple[str, Mapping[str, Any]]],
    invocations: Iterable[tuple[str, Any]],
    transitions: int,
) -> Usage:
    """Return what is on the bill: calls of ECS and EC2 Auto Scaling, and the events of AWS services, are free.

    Args:
        calls: operation and parameters of each.
        invocations: function and event of each; of `wake`, which reads a queue, the messages are billed as well.
        transitions: of the state machine.
    """
    asked, invoked = list(calls), list(invocations)
    batches = [len(event["Records"]) for function, event in invoked if function.endswith("-wake")]
    written = [given["TransactItems"] for operation, given in asked if operation == "TransactWriteItems"]
    return Usage(
        transitions=transitions,
        lambda_requests=len(invoked),
        lambda_gb_seconds=len(invoked) * LAMBDA_SECONDS * LAMBDA_GIGABYTES,
        # One whose condition fails costs the same.
        ledger_writes=sum(operation in SINGLE_WRITES for operation, _ in asked)
        + sum(IN_A_TRANSACTION * len(items) for items in written),
        ledger_reads=sum(operation in READS for operation, _ in asked),
        notices=sum(operation == "Publish" for operation, _ in asked),
        drain_events=sum(operation == "PutEvents" for operation, _ in asked),
        queue_requests=sum(batches) + sum(2 * -(-batch // MESSAGES_A_REQUEST) for batch in batches),
    )


def transitions_of(history: Iterable[str]) -> int:
    """Count an execution's state transitions by the types of its events: each state, the start, and each retry."""
    types = list(history)
    tries = sum(each.endswith("Scheduled") for each in types)
    tasks = sum(each.endswith("TaskStateEntered") for each in types)
    return sum(each.endswith("StateEntered") for each in types) + 1 + max(0, tries - tasks)
