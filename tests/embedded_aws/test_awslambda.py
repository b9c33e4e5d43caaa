"""Functions without Docker: invoked, failing, retried and reported as Lambda does it."""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import EPOCH, EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state, register_module
from embedded_aws.clients import client
from tests.embedded_aws.parts import function, messages, queue


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        yield embedded


def handle_with(handler: Any) -> None:
    register_module("app", SimpleNamespace(handle=handler))


def invoke(name: str, event: Any = None, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **more)
    return answer


def answer(name: str, event: Any = None) -> Any:
    return json.loads(invoke(name, event)["Payload"].read())


class TaskStillThereError(Exception):
    """An error of the function's own, which a state machine catches by this class name."""


@pytest.mark.usefixtures("aws")
def test_a_handler_gets_its_event_its_context_and_its_environment() -> None:
    def handler(event: Any, context: Any) -> Any:
        left = context.get_remaining_time_in_millis()
        return {
            "event": event,
            "arn": context.invoked_function_arn,
            "stage": os.environ["STAGE"],
            "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
            "has_time": 0 < left <= 9000,
        }

    handle_with(handler)
    arn = function("look", Timeout=9, Environment={"Variables": {"STAGE": "dev"}})
    assert answer("look", {"instance": "i-1"}) == {
        "event": {"instance": "i-1"},
        "arn": arn,
        "stage": "dev",
        "name": "look",
        "has_time": True,
    }
    assert "STAGE" not in os.environ


def test_what_the_handler_asks_of_aws_is_asked_by_its_role(aws: EmbeddedAws) -> None:
    handle_with(lambda _event, _context: client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"])
    function("look")
    assert answer("look") == 200
    (listed,) = aws.requests.matching("sqs")
    assert listed.principal == "arn:aws:sts::123456789012:assumed-role/look-role/look"
    assert aws.requests.matching("lambda", "Invoke")[0].role is None


@pytest.mark.usefixtures("aws")
def test_an_exception_is_an_unhandled_error_named_by_its_class() -> None:
    """Step Functions' ErrorEquals is matched against `errorType`; Chalice prints the rest."""

    def handler(_event: Any, _context: Any) -> None:
        raise TaskStillThereError("task 0a1b")

    handle_with(handler)
    function("look")
    response = invoke("look")
    failure = json.loads(response["Payload"].read())
    assert (response["StatusCode"], response["FunctionError"]) == (200, "Unhandled")
    assert (failure["errorType"], failure["errorMessage"]) == ("TaskStillThereError", "task 0a1b")
    assert "raise TaskStillThereError" in failure["stackTrace"][-1]


@pytest.mark.usefixtures("aws")
def test_an_answer_that_json_cannot_say_is_a_marshal_error() -> None:
    handle_with(lambda _event, _context: object())
    function("look")
    assert answer("look")["errorType"] == "Runtime.MarshalError"


@pytest.mark.usefixtures("aws")
def test_log_lines_land_in_the_functions_log_group() -> None:
    handle_with(lambda event, _context: logging.getLogger("drain").warning("draining %s", event))
    function("look")
    tail = base64.b64decode(invoke("look", "i-1", LogType="Tail")["LogResult"]).decode()
    lines = client("logs").filter_log_events(logGroupName="/aws/lambda/look")["events"]
    assert "[WARNING] draining i-1" in [line["message"] for line in lines]
    assert tail == "[WARNING] draining i-1\n"


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("name", "payload", "code"),
    [
        ("nobody", "{}", "ResourceNotFoundException"),
        ("look", "{", "InvalidRequestContentException"),
        ("look", '"' + "x" * (6 * 1024 * 1024) + '"', "RequestTooLargeException"),
    ],
)
def test_a_request_that_lambda_refuses(name: str, payload: str, code: str) -> None:
    function("look")
    with pytest.raises(ClientError) as refused:
        client("lambda").invoke(FunctionName=name, Payload=payload)
    assert refused.value.response["Error"]["Code"] == code
    assert lambda_state().invocations == []


@pytest.mark.usefixtures("aws")
def test_reserved_concurrency_of_none_is_too_many_requests() -> None:
    function("look")
    client("lambda").put_function_concurrency(FunctionName="look", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as refused:
        invoke("look")
    error = refused.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (
        "TooManyRequestsException",
        429,
    )


@pytest.mark.usefixtures("aws")
def test_a_second_permission_of_the_same_id_is_a_conflict() -> None:
    function("look")
    wanted = {"StatementId": "events", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    client("lambda").add_permission(FunctionName="look", **wanted)
    with pytest.raises(ClientError, match="ResourceConflictException"):
        client("lambda").add_permission(FunctionName="look", **wanted)


def seconds_of_invocations() -> list[float]:
    return [(each.at - EPOCH).total_seconds() for each in lambda_state().invocations]


def fail(_event: Any, _context: Any) -> None:
    raise TaskStillThereError("again")


def test_an_asynchronous_event_is_accepted_at_once_and_runs_later(aws: EmbeddedAws) -> None:
    handle_with(lambda event, _context: event)
    function("start")
    assert invoke("start", {"a": 1}, InvocationType="Event")["StatusCode"] == 202
    assert lambda_state().invocations == []
    aws.clock.advance(1)
    assert [each.event for each in lambda_state().of("start")] == [{"a": 1}]


def test_a_failed_event_is_tried_again_after_one_and_two_minutes_then_reported(aws: EmbeddedAws) -> None:
    handle_with(fail)
    url, arn = queue("failed")
    function("start")
    client("lambda").put_function_event_invoke_config(
        FunctionName="start", DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    invoke("start", {"a": 1}, InvocationType="Event")
    aws.clock.advance(600)
    assert seconds_of_invocations() == [0, 60, 180]
    assert len({each.request_id for each in lambda_state().invocations}) == 1
    (message,) = messages(url)
    record = json.loads(message["Body"])
    assert record["timestamp"] == "2026-03-02T10:03:00.000Z"
    assert record["requestPayload"] == {"a": 1}
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestContext"]["functionArn"].endswith(":function:start:$LATEST")
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "TaskStillThereError"
    assert aws.requests.matching("sqs", "SendMessage")[0].role == "start-role"


@pytest.mark.parametrize(
    ("story", "configuration", "tries", "condition"),
    [
        ("no retries asked for", {"MaximumRetryAttempts": 0}, [0], "RetriesExhausted"),
        ("one retry", {"MaximumRetryAttempts": 1}, [0, 60], "RetriesExhausted"),
        ("too old for the second", {"MaximumEventAgeInSeconds": 100}, [0, 60], "EventAgeExceeded"),
    ],
)
def test_event_invoke_config_bounds_the_retries(
    aws: EmbeddedAws, story: str, configuration: dict[str, int], tries: list[float], condition: str
) -> None:
    handle_with(fail)
    url, arn = queue("failed")
    function("start")
    put = client("lambda").put_function_event_invoke_config
    put(FunctionName="start", MaximumRetryAttempts=2)
    put(FunctionName="start", DestinationConfig={"OnFailure": {"Destination": arn}}, **configuration)
    invoke("start", InvocationType="Event")
    aws.clock.advance(600)
    assert seconds_of_invocations() == tries, story
    assert json.loads(messages(url)[0]["Body"])["requestContext"]["condition"] == condition


def test_a_success_goes_to_its_own_destination(aws: EmbeddedAws) -> None:
    handle_with(lambda _event, _context: "well")
    url, arn = queue("done")
    function("start")
    client("lambda").put_function_event_invoke_config(
        FunctionName="start", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    invoke("start", InvocationType="Event")
    aws.clock.advance(1)
    record = json.loads(messages(url)[0]["Body"])
    assert (record["requestContext"]["condition"], record["responsePayload"]) == ("Success", "well")


def test_a_throttled_event_waits_for_room_and_counts_no_retry(aws: EmbeddedAws) -> None:
    """Lambda: throttled asynchronous events stay queued, from 1 s to 5 min apart, for up to six hours."""
    handle_with(lambda _event, _context: None)
    function("start")
    limit = client("lambda").put_function_concurrency
    limit(FunctionName="start", ReservedConcurrentExecutions=0)
    invoke("start", InvocationType="Event")
    aws.clock.advance(60)
    assert lambda_state().invocations == []
    limit(FunctionName="start", ReservedConcurrentExecutions=1)
    assert aws.clock.run_until(lambda: bool(lambda_state().invocations), timedelta(minutes=10))


def test_events_of_a_deleted_function_are_dropped(aws: EmbeddedAws) -> None:
    handle_with(fail)
    function("start")
    invoke("start", InvocationType="Event")
    aws.clock.advance(30)
    client("lambda").delete_function(FunctionName="start")
    aws.clock.advance(600)
    assert seconds_of_invocations() == [0]
