"""The examples, each in an embedded AWS of its own: which way a run takes, what comes of it, and what it leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any, Protocol

import pytest
from pypdf import PdfReader

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from examples.catalogue import example_named
from examples.harness import BUCKET, Laboratory, Run, laboratory
from examples.map_over_documents.server import PAGES, Archive, archive

TRANSACTION = {"TransactionId": "t-1", "Type": "PURCHASE", "Amount": 12.5}
STORED_AT = "2026-03-02T10:00:00.000Z"
QUIET = {"failures": 0, "takes_seconds": 30, "reasonable_seconds": 60}
UNREADABLE = "expected three numbers"
HELLO = ["Is the name readable?", "Say hello", "Did hello succeed?"]


class Laboratories(Protocol):
    """Sets an example up."""

    def __call__(self, name: str) -> Laboratory:
        """Return the laboratory of the example with this name."""


@pytest.fixture
def lab() -> Iterator[Laboratories]:
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(laboratory(example_named(name)))


def failures(run: Run) -> int:
    return [event["type"] for event in run.history].count("TaskFailed")


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("hello_world", {"name": 42}, "InvalidName", 'write {"name": "Ada"}'),
    ("hello_world", {"name": ""}, "InvalidName", ""),
    ("hello_world", {"name": None}, "InvalidName", ""),
    ("hello_world", {"name": ["Ada"]}, "InvalidName", ""),
    ("hello_world", {"name": "Ada", "greet": False}, "HelloRefused", ""),
    (
        "transaction_processor",
        {"TransactionType": "GIFT"},
        "TransactionTypeUnknown",
        "TransactionType is GIFT: expected PURCHASE or REFUND",
    ),
    ("transaction_processor", {}, "TransactionTypeMissing", "TransactionType is missing: expected PURCHASE"),
    *(
        (
            "transaction_processor",
            {"TransactionType": "PURCHASE", "Amount": amount},
            "InvalidAmountError",
            "expected a number above 0",
        )
        for amount in ("a lot", 0, -1, None, True)
    ),
    ("transactions_over_sqs", {}, "IncompleteTransaction", ""),
    ("transactions_over_sqs", {"TransactionId": "t-1"}, "IncompleteTransaction", ""),
    ("transactions_over_sqs", {"TransactionId": 1, "Type": "REFUND"}, "IncompleteTransaction", ""),
    ("transactions_over_sns", {"TransactionId": "t-1", "Type": 7}, "IncompleteTransaction", ""),
    ("transactions_in_dynamodb", {}, "IncompleteTransaction", ""),
    ("transactions_in_dynamodb", {**TRANSACTION, "Amount": "a lot"}, "IncompleteTransaction", ""),
    ("transactions_in_dynamodb", {**TRANSACTION, "TransactionId": 1}, "IncompleteTransaction", ""),
    ("retry_and_notify", {}, "", UNREADABLE),
    ("retry_and_notify", {**QUIET, "failures": "two"}, "", UNREADABLE),
    ("retry_and_notify", {"takes_seconds": 1}, "", UNREADABLE),
    ("map_over_documents", {}, "NoDocuments", ""),
    ("map_over_documents", {"documents": []}, "NoDocuments", ""),
    ("map_over_documents", {"documents": "cover.pdf"}, "NoDocuments", ""),
]


@pytest.mark.parametrize(("example", "given", "error", "cause"), REFUSED)
def test_a_bad_input_fails_with_a_cause_that_says_so_and_leaves_nothing(
    lab: Laboratories, example: str, given: dict[str, Any], error: str, cause: str
) -> None:
    made = lab(example)
    run = made.run(given)
    assert run.status == "FAILED"
    assert error in run.error
    assert cause in run.cause
    assert failures(run) <= 1, "what a function refuses is not retried"
    assert made.effects() == {}


def test_a_name_is_greeted_after_a_wait(lab: Laboratories) -> None:
    run = lab("hello_world").run({"name": "Ada"})
    assert run.output == {"greeting": "Hello, Ada!"}
    assert run.path == [*HELLO, "Let it sink in", "Is it for somebody?", "Greet by name", "Greeted"]
    assert run.started_at is not None
    assert run.ended_at is not None
    assert run.ended_at - run.started_at == timedelta(seconds=3)


def test_without_a_name_the_world_is_greeted(lab: Laboratories) -> None:
    run = lab("hello_world").run({})
    assert run.output == {"greeting": "Hello, World!"}
    assert run.path[-3:] == ["Think of the world", "Greet by name", "Greeted"]


@pytest.mark.parametrize(
    ("kind", "state", "message"),
    [
        ("PURCHASE", "Process the purchase", "charged 12.50"),
        ("REFUND", "Process the refund", "paid back 12.50"),
    ],
)
def test_each_type_goes_to_its_own_function(lab: Laboratories, kind: str, state: str, message: str) -> None:
    run = lab("transaction_processor").run({"TransactionType": kind, "Amount": 12.5})
    assert run.path == ["Which type is it?", state, "Processed"]
    assert run.output == {"TransactionType": kind, "Timestamp": STORED_AT, "Message": message}


def test_the_queue_gets_id_and_type_and_nothing_else(lab: Laboratories) -> None:
    made = lab("transactions_over_sqs")
    run = made.run({"TransactionId": "t-1", "Type": "PURCHASE", "Note": "not for the queue"})
    assert run.path == ["Is the transaction complete?", "Compose the transaction", "Send it", "Sent"]
    assert made.effects() == {"Transactions": [{"TransactionId": "t-1", "Type": "PURCHASE"}]}
    assert run.output["sent"]["MessageId"]


@pytest.mark.parametrize(("times", "end", "tries"), [(2, "Sent", 2), (9, "Not sent", 5)])
def test_a_busy_queue_is_asked_again_and_then_given_up_with_its_own_words(
    lab: Laboratories, times: int, end: str, tries: int
) -> None:
    made = lab("transactions_over_sqs")
    made.aws.requests.fail_next(
        "sqs", "SendMessage", "ServiceUnavailable", "Try again", status=503, times=times
    )
    run = made.run({"TransactionId": "t-1", "Type": "PURCHASE"})
    assert (run.path[-1], failures(run)) == (end, tries)
    assert len(made.effects().get("Transactions", [])) == (1 if end == "Sent" else 0)
    assert end == "Sent" or "Try again" in run.cause


def test_the_subscribed_queue_receives_the_transaction_with_its_source(lab: Laboratories) -> None:
    made = lab("transactions_over_sns")
    run = made.run({"TransactionId": "t-1", "Type": "REFUND"})
    assert run.path == ["Is the transaction complete?", "Publish it", "Published"]
    [message] = client("sqs").receive_message(
        QueueUrl=made.queues["Transactions"], MessageAttributeNames=["All"]
    )["Messages"]
    assert json.loads(message["Body"]) == {
        "TransactionId": "t-1",
        "Type": "REFUND",
        "Source": "transactions-over-sns",
    }
    assert message["MessageAttributes"]["Type"]["StringValue"] == "REFUND"


def test_what_was_put_is_read_back_and_the_same_id_is_stored_once(lab: Laboratories) -> None:
    made = lab("transactions_in_dynamodb")
    run = made.run(TRANSACTION)
    assert run.path == ["Is the transaction complete?", "Put the transaction", "Get it back", "Stored"]
    stored = {"Type": "PURCHASE", "Amount": "12.5", "StoredAt": STORED_AT}
    assert run.output == {**TRANSACTION, "stored": stored}
    again = made.run({**TRANSACTION, "Amount": 99}, name="second")
    assert (again.path[-1], again.error) == ("Already stored", "TransactionAlreadyStored")
    assert "a transaction with the id t-1 is stored already" in again.cause
    assert failures(again) == 1
    [item] = made.effects()["TransactionsTable"]
    assert item == {
        "TransactionId": {"S": "t-1"},
        "Type": {"S": "PURCHASE"},
        "Amount": {"N": "12.5"},
        "StoredAt": {"S": STORED_AT},
    }


def executions(made: Laboratory) -> list[Any]:
    return list(made.stepfunctions.list_executions(stateMachineArn=made.machine)["executions"])


def test_the_same_request_is_one_execution_and_one_answer_before_its_end_and_after(lab: Laboratories) -> None:
    """StartExecution refuses the name of a closed execution even with the same input."""
    made, reordered = lab("start_from_a_lambda"), dict(reversed(TRANSACTION.items()))
    run = made.run([TRANSACTION, reordered])
    arn = f"{made.machine.replace(':stateMachine:', ':execution:')}:t-1"
    assert [answer.payload for answer in run.answers] == [{"ExecutionArn": arn, "TransactionId": "t-1"}] * 2
    assert run.path == ["Let the bank settle", "Settle", "Settled"]
    assert run.output == {"TransactionId": "t-1", "Transaction": TRANSACTION, "Status": "SETTLED"}
    assert made.ask("start_transaction", reordered).payload == run.answers[0].payload
    assert len(executions(made)) == 1


@pytest.mark.parametrize("closed", [False, True])
def test_another_input_under_the_id_is_refused_whether_the_first_still_runs_or_not(
    lab: Laboratories, closed: bool
) -> None:
    made = lab("start_from_a_lambda")
    if closed:
        made.run(TRANSACTION)
    else:
        made.ask("start_transaction", TRANSACTION)
    refused = made.ask("start_transaction", {**TRANSACTION, "Type": "REFUND"})
    assert refused.failed
    assert refused.payload["errorType"] == "TransactionConflictError"
    assert refused.payload["errorMessage"].endswith("send another id")
    assert len(executions(made)) == 1


@pytest.mark.parametrize("name", ["order 7/b", "", None, 7, "x" * 81])
def test_an_id_that_can_be_no_name_starts_nothing(lab: Laboratories, name: Any) -> None:
    made = lab("start_from_a_lambda")
    run = made.run({**TRANSACTION, "TransactionId": name})
    assert run.status == "NOT STARTED"
    assert run.answers[0].payload["errorType"] == "InvalidTransactionIdError"
    assert executions(made) == []


@pytest.fixture
def served() -> Iterator[Archive]:
    with archive() as running:
        yield running


@pytest.fixture
def documents(served: Archive) -> Iterator[Laboratory]:
    with embedded_aws() as aws:
        yield Laboratory(aws, example_named("map_over_documents"), {"DOCUMENTS_ADDRESS": served.address})


def words_of_the_merged() -> list[str]:
    content = client("s3").get_object(Bucket=BUCKET, Key="example/merged.pdf")["Body"].read()
    return [page.extract_text().strip() for page in PdfReader(BytesIO(content)).pages]


def test_documents_are_merged_in_the_order_of_the_input_five_at_once(
    documents: Laboratory, served: Archive
) -> None:
    names = list(reversed(PAGES))
    run = documents.run({"documents": names})
    assert run.output == {"merged": "example/merged.pdf", "pages": 8, "missing": []}
    assert words_of_the_merged() == [words for name in names for words in PAGES[name]]
    assert served.requests == dict.fromkeys(PAGES, 1)
    kinds = [event["type"] for event in run.history]
    begun = [at for at, kind in enumerate(kinds) if kind == "MapIterationStarted"]
    assert len(begun) == 6
    assert sum(at < kinds.index("MapIterationSucceeded") for at in begun) == 5


@pytest.mark.parametrize(
    ("name", "tries", "said"),
    [
        ("lost.pdf", 3, "DocumentUnavailable: lost.pdf: the server answered 404 Not Found"),
        ("notes.txt", 1, "DocumentUnreadable: notes.txt: this is no PDF"),
        (7, 0, "DocumentUnreadable: 7 is no document's name"),
    ],
)
def test_an_item_that_cannot_be_had_is_reported_and_the_others_stand(
    documents: Laboratory, served: Archive, name: Any, tries: int, said: str
) -> None:
    run = documents.run({"documents": ["cover.pdf", name, "index.pdf"]})
    assert run.status == "SUCCEEDED"
    assert served.requests[str(name)] == tries
    assert words_of_the_merged() == ["Cover", "Index"]
    [missing] = run.output["missing"]
    assert missing["name"] == name
    assert f"{missing['error']}: {missing['cause']}".startswith(said)


def waits(run: Run, state: str) -> list[float]:
    """Seconds between the attempts of a state, from the history."""
    attempts: list[datetime] = []
    inside = False
    for event in run.history:
        if event["type"].endswith("StateEntered"):
            inside = event["stateEnteredEventDetails"]["name"] == state
        if inside and event["type"] == "TaskScheduled":
            attempts.append(event["timestamp"])
    return [(later - earlier).total_seconds() for earlier, later in pairwise(attempts)]


def test_the_linear_policy_waits_the_same_each_time_and_the_exponential_up_to_twice_as_long(
    lab: Laboratories,
) -> None:
    """JitterStrategy FULL draws each wait at random between 0 and what the policy says."""
    run = lab("retry_and_notify").run({**QUIET, "failures": 3})
    assert waits(run, "Ask for the rate") == [5, 5, 5]
    drawn = waits(run, "Book the transfer")
    assert all(0 <= wait <= longest for wait, longest in zip(drawn, [2, 4, 8], strict=True))


def test_a_service_that_stays_busy_is_given_up_and_people_are_told(lab: Laboratories) -> None:
    made = lab("retry_and_notify")
    run = made.run({**QUIET, "failures": 9})
    assert run.path == ["Is the input readable?", "Ask for the rate", "Tell that it failed", "Failed"]
    assert run.error == "ServiceBusy"
    assert len(waits(run, "Ask for the rate")) == 3
    [message] = made.effects()["Notification"]
    assert message.startswith("ServiceBusy: ")
    assert "attempt 4: the bank is busy" in message


LATE = ["60 s under way, 60 s would be reasonable"]


@pytest.mark.parametrize(
    ("takes", "refusals", "told"), [(30, 0, {}), (300, 0, {"Notification": LATE}), (120, 9, {})]
)
def test_a_run_that_takes_longer_than_reasonable_says_so_once_and_goes_on(
    lab: Laboratories, takes: int, refusals: int, told: dict[str, list[str]]
) -> None:
    """Even where the topic refuses the word."""
    made = lab("retry_and_notify")
    if refusals:
        made.aws.requests.fail_next(
            "sns", "Publish", "InternalError", "Try again", status=500, times=refusals
        )
    run = made.run({"failures": 0, "takes_seconds": takes, "reasonable_seconds": 60})
    assert run.path[-1] == "Transferred"
    if not refusals:
        assert run.path.count("Tell that it is late") == len(told)
        assert made.effects() == told
