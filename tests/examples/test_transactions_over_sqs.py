"""Transactions over SQS: what arrives in the queue."""

from __future__ import annotations

from typing import Any

import pytest

from examples.laboratory import Laboratory

EXAMPLE = "transactions_over_sqs"


def test_the_body_carries_id_and_type_and_nothing_else(lab: Laboratory) -> None:
    run = lab.run({"TransactionId": "t-1", "Type": "PURCHASE", "Note": "not for the queue"})
    assert run.path == ["Is the transaction complete?", "Compose the transaction", "Send it", "Sent"]
    assert lab.resources.effects() == {"Transactions": [{"TransactionId": "t-1", "Type": "PURCHASE"}]}
    assert run.output["sent"]["MessageId"]


@pytest.mark.parametrize("given", [{}, {"TransactionId": "t-1"}, {"TransactionId": 1, "Type": "REFUND"}])
def test_an_incomplete_transaction_is_refused_and_nothing_is_sent(
    lab: Laboratory, given: dict[str, Any]
) -> None:
    run = lab.run(given)
    assert run.error == "IncompleteTransaction"
    assert lab.resources.effects() == {}


def test_a_busy_queue_is_asked_again(lab: Laboratory) -> None:
    lab.aws.requests.fail_next("sqs", "SendMessage", "ServiceUnavailable", "Try again", status=503, times=2)
    run = lab.run({"TransactionId": "t-1", "Type": "PURCHASE"})
    assert run.status == "SUCCEEDED"
    assert [event["type"] for event in run.history].count("TaskFailed") == 2
    assert len(lab.resources.effects()["Transactions"]) == 1


def test_a_queue_that_stays_busy_fails_the_run_with_its_own_words(lab: Laboratory) -> None:
    lab.aws.requests.fail_next("sqs", "SendMessage", "ServiceUnavailable", "Try again", status=503, times=9)
    run = lab.run({"TransactionId": "t-1", "Type": "PURCHASE"})
    assert run.path[-1] == "Not sent"
    assert "Try again" in run.cause
    assert [event["type"] for event in run.history].count("TaskFailed") == 5
