"""Transactions in DynamoDB: what the table holds."""

from __future__ import annotations

from typing import Any

import pytest

from examples.laboratory import Laboratory

EXAMPLE = "transactions_in_dynamodb"
TRANSACTION = {"TransactionId": "t-1", "Type": "PURCHASE", "Amount": 12.5}
STORED_AT = "2026-03-02T10:00:00.000Z"


def test_what_was_put_is_read_back_beside_the_input(lab: Laboratory) -> None:
    run = lab.run(TRANSACTION)
    assert run.path == ["Is the transaction complete?", "Put the transaction", "Get it back", "Stored"]
    stored = {"Type": "PURCHASE", "Amount": "12.5", "StoredAt": STORED_AT}
    assert run.output == {**TRANSACTION, "stored": stored}
    assert lab.resources.effects() == {
        "TransactionsTable": [
            {
                "TransactionId": {"S": "t-1"},
                "Type": {"S": "PURCHASE"},
                "Amount": {"N": "12.5"},
                "StoredAt": {"S": STORED_AT},
            }
        ]
    }


def test_the_same_id_is_stored_once_and_the_first_stands(lab: Laboratory) -> None:
    lab.run(TRANSACTION)
    run = lab.run({**TRANSACTION, "Amount": 99}, name="second")
    assert run.path[-1] == "Already stored"
    assert run.error == "TransactionAlreadyStored"
    assert "a transaction with the id t-1 is stored already" in run.cause
    assert [event["type"] for event in run.history].count("TaskFailed") == 1
    assert lab.resources.effects()["TransactionsTable"][0]["Amount"] == {"N": "12.5"}


@pytest.mark.parametrize(
    "given", [{}, {**TRANSACTION, "Amount": "a lot"}, {**TRANSACTION, "TransactionId": 1}]
)
def test_what_the_table_should_not_hold_is_refused(lab: Laboratory, given: dict[str, Any]) -> None:
    assert lab.run(given).error == "IncompleteTransaction"
    assert lab.resources.effects() == {}
