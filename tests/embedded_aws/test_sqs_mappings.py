"""A queue as a function's source: Lambda polls it, batches what it finds and deletes what the function got done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws import aws as embedded
from embedded_aws.aws import EPOCH, EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state, register_module, use_runtime
from embedded_aws.awslambda.bootstrap import Outcome
from embedded_aws.clients import client
from tests.embedded_aws.mapped import batches, left, map_queue, send, source, worker
from tests.embedded_aws.parts import messages, queue


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        handle(lambda _event: None)
        yield running


def handle(answer: Callable[[dict[str, Any]], Any]) -> None:
    register_module("app", SimpleNamespace(handle=lambda event, _context: answer(event)))


class Slow:
    """A runtime in which every function takes 20 s."""

    def run(self, function: Any, event: Any, context: Any) -> Outcome:
        del function, event, context
        embedded.current().clock.sleep(20)
        return Outcome("null")

    def close(self) -> None:
        pass


def came() -> list[float]:
    return [round((each.at - EPOCH).total_seconds(), 2) for each in lambda_state().invocations]


def failed(*ids: str | None) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": each} for each in ids]}


def test_a_message_reaches_the_function_in_lambdas_own_form_and_is_deleted(aws: EmbeddedAws) -> None:
    """Lambda developer guide, "Using Lambda with Amazon SQS": the example event."""
    worker()
    url, arn = source()
    map_queue(arn)
    client("sqs").send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "greeting"}},
    )
    assert batches() == []
    aws.clock.advance(1)
    (record,) = lambda_state().invocations[0].event["Records"]
    assert len(record.pop("messageId")) == 36
    assert record.pop("receiptHandle")
    assert record.pop("md5OfMessageAttributes")
    sent = str(int(EPOCH.timestamp() * 1000))
    assert record.pop("attributes") == {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": sent,
        "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
        "ApproximateFirstReceiveTimestamp": str(int(sent) + 50),
    }
    kind = {"stringValue": "greeting", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
    assert record == {
        "body": "hello",
        "messageAttributes": {"kind": kind},
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "eu-west-1",
    }
    assert left(url) == {"visible": 0, "in flight": 0}


def test_the_polling_is_lambdas_own_and_no_request_of_the_account(aws: EmbeddedAws) -> None:
    worker()
    url, arn = source()
    map_queue(arn)
    send(url, "a", "b")
    aws.clock.advance(60)
    assert batches() == [["a", "b"]]
    assert aws.requests.count("sqs", "ReceiveMessage") + aws.requests.count("sqs", "DeleteMessage") == 0


def test_what_was_in_the_queue_before_the_mapping_comes_too(aws: EmbeddedAws) -> None:
    worker()
    url, arn = source()
    send(url, "old")
    map_queue(arn)
    aws.clock.advance(1)
    assert batches() == [["old"]]


def test_a_window_gathers_a_batch_until_it_is_full_or_the_window_closes(aws: EmbeddedAws) -> None:
    """Batching behavior: the window opens with the first message; BatchSize closes it early."""
    worker()
    url, arn = source()
    map_queue(arn, BatchSize=100, MaximumBatchingWindowInSeconds=2)
    send(url, *(str(number) for number in range(120)))
    aws.clock.advance(1)
    assert [len(batch) for batch in batches()] == [100]
    aws.clock.advance(0.5)
    send(url, "late")
    aws.clock.advance(5)
    assert [len(batch) for batch in batches()] == [100, 21]
    assert came() == [0.05, 2.05]


def test_without_a_window_a_batch_is_at_most_ten(aws: EmbeddedAws) -> None:
    worker()
    url, arn = source()
    map_queue(arn)
    send(url, *(str(number) for number in range(25)))
    aws.clock.advance(1)
    assert [len(batch) for batch in batches()] == [10, 10, 5]


def test_a_failed_batch_comes_again_after_the_visibility_timeout(aws: EmbeddedAws) -> None:
    worker()
    url, arn = source(VisibilityTimeout="40")
    map_queue(arn)

    def fail_once(event: dict[str, Any]) -> None:
        if event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1":
            raise RuntimeError

    handle(fail_once)
    send(url, "a", "b")
    aws.clock.advance(10)
    assert left(url) == {"visible": 0, "in flight": 2}
    aws.clock.advance(60)
    assert batches() == [["a", "b"], ["a", "b"]]
    assert came() == [0.05, 40.05]
    assert left(url) == {"visible": 0, "in flight": 0}


def test_what_fails_too_often_goes_to_the_dead_letter_queue(aws: EmbeddedAws) -> None:
    """SQS, maxReceiveCount: received three times without being deleted, the fourth finds it moved."""
    worker()
    dead_url, dead = queue("dead")
    url, arn = source(
        VisibilityTimeout="30", RedrivePolicy=f'{{"deadLetterTargetArn": "{dead}", "maxReceiveCount": 3}}'
    )
    map_queue(arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    handle(lambda event: failed(*(each["messageId"] for each in event["Records"] if each["body"] == "bad")))
    send(url, "good", "bad")
    aws.clock.advance(120)
    assert batches() == [["good", "bad"], ["bad"], ["bad"]]
    assert [message["Body"] for message in messages(dead_url)] == ["bad"]
    assert left(url) == {"visible": 0, "in flight": 0}


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_answers_that_mean_all_is_done(aws: EmbeddedAws, answer: Any) -> None:
    """Success and failure conditions: an empty or null list, an empty or null answer."""
    url = reporting(answer)
    aws.clock.advance(1)
    assert left(url) == {"visible": 0, "in flight": 0}


@pytest.mark.parametrize(
    "answer", [failed(""), failed(None), failed("no such id"), {"batchItemFailures": [{"id": "x"}]}, "done"]
)
def test_answers_that_mean_nothing_is_done(aws: EmbeddedAws, answer: Any) -> None:
    """Success and failure conditions: an empty, null or unknown itemIdentifier, a bad key, another form."""
    url = reporting(answer)
    aws.clock.advance(1)
    assert left(url) == {"visible": 0, "in flight": 2}


def reporting(answer: Any) -> str:
    worker()
    url, arn = source()
    map_queue(arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    handle(lambda _event: answer)
    send(url, "a", "b")
    return url


def test_without_report_batch_item_failures_such_an_answer_means_nothing(aws: EmbeddedAws) -> None:
    worker()
    url, arn = source()
    map_queue(arn)
    handle(lambda event: failed(event["Records"][0]["messageId"]))
    send(url, "a")
    aws.clock.advance(1)
    assert left(url) == {"visible": 0, "in flight": 0}


@pytest.mark.parametrize(
    ("settings", "starts"),
    [
        ({}, [0.05] * 5 + [20.05]),
        ({"ScalingConfig": {"MaximumConcurrency": 2}}, [0.05] * 2 + [20.05] * 2 + [40.05] * 2),
    ],
)
def test_no_more_batches_run_at_once_than_allowed(
    aws: EmbeddedAws, settings: dict[str, Any], starts: list[float]
) -> None:
    """Configuring scaling behavior: five to begin with; MaximumConcurrency is the most."""
    worker()
    url, arn = source(VisibilityTimeout="300")
    map_queue(arn, BatchSize=1, **settings)
    use_runtime(Slow())
    send(url, *"abcdef")
    aws.clock.advance(100)
    assert came() == starts


def test_a_throttled_function_gets_its_batch_a_little_later(aws: EmbeddedAws) -> None:
    worker()
    client("lambda").put_function_concurrency(FunctionName="wake", ReservedConcurrentExecutions=0)
    url, arn = source()
    map_queue(arn)
    send(url, "a")
    aws.clock.advance(5)
    client("lambda").delete_function_concurrency(FunctionName="wake")
    aws.clock.advance(5)
    assert batches() == [["a"]]
    assert lambda_state().invocations[0].event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1"


def test_a_mapping_is_listed_changed_disabled_and_deleted(aws: EmbeddedAws) -> None:
    worker()
    url, arn = source()
    uuid = map_queue(
        arn, BatchSize=50, MaximumBatchingWindowInSeconds=1, ScalingConfig={"MaximumConcurrency": 2}
    )
    api = client("lambda")
    (listed,) = api.list_event_source_mappings(FunctionName="wake")["EventSourceMappings"]
    assert (listed["UUID"], listed["EventSourceArn"], listed["State"]) == (uuid, arn, "Enabled")
    assert (listed["BatchSize"], listed["ScalingConfig"]) == (50, {"MaximumConcurrency": 2})
    assert api.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"] == [listed]
    api.update_event_source_mapping(UUID=uuid, Enabled=False)
    send(url, "a")
    aws.clock.advance(60)
    assert batches() == []
    assert api.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    api.update_event_source_mapping(UUID=uuid, Enabled=True)
    aws.clock.advance(2)
    assert batches() == [["a"]]
    assert api.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    send(url, "b")
    aws.clock.advance(60)
    assert batches() == [["a"]]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        api.delete_event_source_mapping(UUID=uuid)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({"MaximumBatchingWindowInSeconds": 301}, "expected 0 to 300"),
        ({"ScalingConfig": {"MaximumConcurrency": 1}}, "expected 2 to 1000"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, "FilterCriteria"),
    ],
)
def test_lambda_refuses_settings_that_cannot_be(settings: dict[str, Any], refusal: str) -> None:
    worker()
    with pytest.raises(ClientError, match=refusal):
        map_queue(source()[1], **settings)


@pytest.mark.usefixtures("aws")
def test_lambda_refuses_a_queue_that_would_show_a_message_while_the_function_runs() -> None:
    worker()
    _, arn = source(VisibilityTimeout="9")
    with pytest.raises(
        ClientError, match="visibility timeout: 9 seconds is less than Function timeout: 10 seconds"
    ):
        map_queue(arn)


@pytest.mark.usefixtures("aws")
def test_lambda_refuses_a_role_that_may_not_poll_and_a_second_mapping() -> None:
    worker(allowed=["sqs:ReceiveMessage"])
    _, arn = source()
    with pytest.raises(ClientError, match="does not have permissions to call DeleteMessage on SQS"):
        map_queue(arn)
    worker("other")
    map_queue(arn, "other")
    with pytest.raises(ClientError, match="ResourceConflictException"):
        map_queue(arn, "other")


def test_a_queue_keeps_its_policy_when_something_else_is_set(aws: EmbeddedAws) -> None:
    del aws
    url, _ = source(Policy='{"Statement": [{"Effect": "Allow"}]}')
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (found["VisibilityTimeout"], "Policy" in found) == ("60", True)
