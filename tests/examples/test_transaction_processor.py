"""A Choice on the type of a transaction."""

from __future__ import annotations

from typing import Any

import pytest

from examples.laboratory import Laboratory

EXAMPLE = "transaction_processor"


@pytest.mark.parametrize(
    ("transaction_type", "state", "message"),
    [
        ("PURCHASE", "Process the purchase", "charged 12.50"),
        ("REFUND", "Process the refund", "paid back 12.50"),
    ],
)
def test_each_type_goes_to_its_own_function(
    lab: Laboratory, transaction_type: str, state: str, message: str
) -> None:
    run = lab.run({"TransactionType": transaction_type, "Amount": 12.5})
    assert run.path == ["Which type is it?", state, "Processed"]
    assert run.output == {
        "TransactionType": transaction_type,
        "Timestamp": "2026-03-02T10:00:00.000Z",
        "Message": message,
    }


@pytest.mark.parametrize(
    ("given", "error", "cause"),
    [
        (
            {"TransactionType": "GIFT"},
            "TransactionTypeUnknown",
            "TransactionType is GIFT: expected PURCHASE or REFUND",
        ),
        ({}, "TransactionTypeMissing", "TransactionType is missing: expected PURCHASE or REFUND"),
    ],
)
def test_any_other_type_fails_with_a_cause_that_says_so(
    lab: Laboratory, given: dict[str, Any], error: str, cause: str
) -> None:
    run = lab.run(given)
    assert (run.status, run.error, run.cause) == ("FAILED", error, cause)


@pytest.mark.parametrize("amount", ["a lot", 0, -1, None, True])
def test_an_amount_that_the_function_refuses_is_not_retried(lab: Laboratory, amount: Any) -> None:
    run = lab.run({"TransactionType": "PURCHASE", "Amount": amount})
    assert run.error == "InvalidAmountError"
    assert "expected a number above 0" in run.cause
    assert [event["type"] for event in run.history].count("TaskFailed") == 1
