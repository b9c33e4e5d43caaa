"""Starting an execution from a function, once an id."""

from __future__ import annotations

from typing import Any

import pytest

from examples.laboratory import Laboratory

EXAMPLE = "start_from_a_lambda"
PURCHASE = {"TransactionId": "t-1", "Type": "PURCHASE", "Amount": 12.5}
REORDERED = dict(reversed(PURCHASE.items()))
OTHER = {**PURCHASE, "Type": "REFUND"}
ARN = "arn:aws:states:eu-west-1:123456789012:execution:start-from-a-lambda:t-1"


def executions(lab: Laboratory) -> list[Any]:
    return list(lab.stepfunctions.list_executions(stateMachineArn=lab.machine)["executions"])


def test_the_same_request_twice_is_one_execution_and_one_answer(lab: Laboratory) -> None:
    run = lab.run([PURCHASE, REORDERED])
    assert [answer.payload for answer in run.answers] == [{"ExecutionArn": ARN, "TransactionId": "t-1"}] * 2
    assert run.path == ["Let the bank settle", "Settle", "Settled"]
    assert run.output == {"TransactionId": "t-1", "Transaction": PURCHASE, "Status": "SETTLED"}
    assert len(executions(lab)) == 1


def test_the_same_request_after_the_end_is_answered_as_the_first(lab: Laboratory) -> None:
    """StartExecution refuses the name of a closed execution even with the same input."""
    first = lab.run(PURCHASE)
    assert first.succeeded
    assert lab.ask("start_transaction", REORDERED).payload == first.answers[0].payload
    assert len(executions(lab)) == 1


@pytest.mark.parametrize("closed", [False, True])
def test_another_input_under_the_id_is_refused_whether_the_first_still_runs_or_not(
    lab: Laboratory, closed: bool
) -> None:
    if closed:
        lab.run(PURCHASE)
    else:
        lab.ask("start_transaction", PURCHASE)
    refused = lab.ask("start_transaction", OTHER)
    assert refused.failed
    assert refused.payload["errorType"] == "TransactionConflictError"
    assert refused.payload["errorMessage"].endswith("send another id")
    assert len(executions(lab)) == 1


@pytest.mark.parametrize("name", ["order 7/b", "", None, 7, "x" * 81])
def test_an_id_that_can_be_no_name_starts_nothing(lab: Laboratory, name: Any) -> None:
    run = lab.run({**PURCHASE, "TransactionId": name})
    assert run.status == "NOT STARTED"
    assert run.answers[0].payload["errorType"] == "InvalidTransactionIdError"
    assert executions(lab) == []
