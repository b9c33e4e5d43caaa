"""Counting the messages of a consumer's queue: a queue that can't be counted is not empty."""

from __future__ import annotations

import pytest

from chalicelib.common.errors import Throttled
from chalicelib.gates import Counts
from chalicelib.gateways import queues
from tests.gateways.stubs import Stubs

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
ARN = "arn:aws:sqs:eu-west-1:123456789012:jobs"
NAMES = [queues.VISIBLE, queues.IN_FLIGHT, queues.DELAYED]


def expect_counts(stubs: Stubs) -> None:
    attributes = {"Attributes": dict(zip(NAMES, ("3", "2", "1"), strict=True))}
    stubs.expect("sqs", "get_queue_attributes", attributes, QueueUrl=URL, AttributeNames=NAMES)


def test_visible_in_flight_and_delayed_messages_are_counted(stubs: Stubs) -> None:
    expect_counts(stubs)
    assert queues.count(URL) == Counts(visible=3, in_flight=2, delayed=1)


def test_an_arn_is_looked_up_in_its_own_account(stubs: Stubs) -> None:
    asked = {"QueueName": "jobs", "QueueOwnerAWSAccountId": "123456789012"}
    stubs.expect("sqs", "get_queue_url", {"QueueUrl": URL}, **asked)
    expect_counts(stubs)
    assert queues.count(ARN) == Counts(visible=3, in_flight=2, delayed=1)


@pytest.mark.parametrize("code", ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"])
def test_a_queue_that_is_gone_is_not_empty(stubs: Stubs, code: str) -> None:
    """Deleted or misspelt can't be told apart, and the messages of the right one are in the hands of the tasks."""
    stubs.refuse("sqs", "get_queue_attributes", code)
    assert queues.count(URL) == f"GetQueueAttributes was answered with {code}: no"


def test_a_throttled_count_is_tried_again_and_closes_no_gate(stubs: Stubs) -> None:
    stubs.refuse("sqs", "get_queue_attributes", "RequestThrottled", 403)
    with pytest.raises(Throttled):
        queues.count(URL)
