"""Calls that AWS never answers, functions that end where they stand, and batches that come twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from embedded_aws.aws import EPOCH, EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state, register_module
from embedded_aws.clients import client
from embedded_aws.requests import Call, Ending, Fault
from embedded_aws.sqs import deliver_again
from tests.embedded_aws.mapped import batches, left, map_queue, source, worker
from tests.embedded_aws.parts import function

ROLE = "arn:aws:iam::123456789012:role/machine"


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        client("sns").create_topic(Name="topic")
        yield running


def publish(message: str = "hello") -> None:
    client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:123456789012:topic", Message=message)


def is_publish(call: Call) -> bool:
    return call.operation == "Publish"


def handle(handler: Any) -> None:
    register_module("app", SimpleNamespace(handle=lambda event, _context: handler(event)))


def invoked(name: str) -> dict[str, Any]:
    answer = client("lambda").invoke(FunctionName=name, Payload="{}")
    return dict(json.loads(answer["Payload"].read()) or {})


def test_a_call_that_hangs_costs_the_function_its_own_time_out(aws: EmbeddedAws) -> None:
    """Lambda bills and counts what a function waits; nothing else takes time here."""

    def patient(_event: Any) -> str:
        try:
            publish()
        except ReadTimeoutError:
            publish("again")
            return "gave up, and tried again"
        return "answered"

    handle(lambda event: {"said": patient(event)})
    function("patient", Timeout=30)
    aws.requests.fail_when(is_publish, Fault("", hangs=20), 1)
    assert invoked("patient") == {"said": "gave up, and tried again"}
    assert aws.clock.now() - EPOCH == timedelta(seconds=20)
    assert [call.took_effect for call in aws.requests.matching("sns", "Publish")] == [False, True]


def test_a_function_that_waits_longer_than_it_may_is_ended_where_it_stands(aws: EmbeddedAws) -> None:
    """Lambda developer guide, "Configure Lambda function timeout": it is ended when its time is up."""
    done = []

    def stubborn(_event: Any) -> None:
        for _ in range(3):
            try:
                publish()
            except Exception as error:
                done.append(type(error).__name__)

    handle(stubborn)
    function("stubborn", Timeout=30)
    aws.requests.fail_when(is_publish, Fault("", hangs=20))
    answer = invoked("stubborn")
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Task timed out after 30.00 seconds")
    assert done == ["ReadTimeoutError"]
    assert aws.clock.now() - EPOCH == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("ending", "error_type", "seconds"),
    [(Ending.CRASH, "Runtime.ExitError", 0), (Ending.TIME_OUT, "Sandbox.Timedout", 9)],
)
def test_a_function_may_end_at_a_call_that_took_effect(
    aws: EmbeddedAws, ending: Ending, error_type: str, seconds: int
) -> None:
    done = []

    def begun(_event: Any) -> None:
        publish()
        done.append("more")

    handle(begun)
    function("begun", Timeout=9)
    aws.requests.fail_when(is_publish, Fault("", lost_answer=True, ends=ending), 1)
    assert invoked("begun")["errorType"] == error_type
    assert done == []
    assert aws.requests.matching("sns", "Publish")[0].took_effect
    assert aws.clock.now() - EPOCH == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("ending", "error_type"), [("crash", "Runtime.ExitError"), ("time-out", "Sandbox.Timedout")]
)
def test_the_next_invocation_ends_before_it_has_done_anything(
    aws: EmbeddedAws, ending: str, error_type: str
) -> None:
    handle(lambda _event: publish())
    function("idle")
    lambda_state().end_next("idle", ending)
    assert invoked("idle")["errorType"] == error_type
    assert invoked("idle") == {}
    assert aws.requests.count("sns", "Publish") == 1


def test_an_ending_that_nobody_knows_is_refused_by_name(aws: EmbeddedAws) -> None:
    del aws
    with pytest.raises(ValueError, match="'burnt' is not a valid Ending"):
        lambda_state().end_next("idle", "burnt")


def run_machine(aws: EmbeddedAws, task: dict[str, Any]) -> tuple[str, float]:
    """Run a machine of one Task with a Catch; returns what it caught, and after how many seconds."""
    caught = {"ErrorEquals": ["States.ALL"], "Next": "Caught", "Output": "{% $states.errorOutput %}"}
    states = {
        "Ask": {"Type": "Task", **task, "TimeoutSeconds": 30, "Catch": [caught], "End": True},
        "Caught": {"Type": "Succeed"},
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Ask", "States": states}
    machines = client("stepfunctions")
    arn = machines.create_state_machine(name="asking", definition=json.dumps(definition), roleArn=ROLE)[
        "stateMachineArn"
    ]
    execution = machines.start_execution(stateMachineArn=arn)["executionArn"]
    aws.clock.run_until(lambda: machines.describe_execution(executionArn=execution)["status"] != "RUNNING")
    output = json.loads(machines.describe_execution(executionArn=execution)["output"])
    return str(output["Error"]), (aws.clock.now() - EPOCH).total_seconds()


PUBLISH = {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:topic", "Message": "x"}


@pytest.mark.parametrize(
    "task",
    [
        {"Resource": "arn:aws:states:::aws-sdk:sns:publish", "Arguments": PUBLISH},
        {"Resource": "arn:aws:states:::sns:publish", "Arguments": PUBLISH},
    ],
)
@pytest.mark.parametrize("lost", [True, False])
def test_a_state_waits_for_an_answer_until_its_time_is_up(
    aws: EmbeddedAws, task: dict[str, Any], lost: bool
) -> None:
    """Step Functions developer guide, "Task workflow state": then it fails with States.Timeout."""
    aws.requests.fail_when(is_publish, Fault("", lost_answer=lost, hangs=20), 1)
    assert run_machine(aws, task) == ("States.Timeout", 30)
    assert aws.requests.matching("sns", "Publish")[0].took_effect is lost


def test_a_state_waits_for_a_function_that_never_answers(aws: EmbeddedAws) -> None:
    handle(lambda _event: publish())
    arn = function("silent")
    aws.requests.fail_when(lambda call: call.operation == "Invoke", Fault("", lost_answer=True, hangs=20), 1)
    task = {"Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": arn, "Payload": {}}}
    assert run_machine(aws, task) == ("States.Timeout", 30)
    assert aws.requests.count("sns", "Publish") == 1


def test_a_batch_may_come_again_though_it_was_taken(aws: EmbeddedAws) -> None:
    """SQS developer guide, "At-least-once delivery"."""
    handle(lambda _event: None)
    worker()
    url, arn = source()
    map_queue(arn)
    deliver_again(arn.rsplit(":", 1)[-1])
    client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    aws.clock.advance(60)
    assert batches() == [["hello"], ["hello"]]
    assert left(url) == {"visible": 0, "in flight": 0}


def test_a_function_that_sleeps_finds_the_reads_that_ecs_has_by_then(aws: EmbeddedAws) -> None:
    """Amazon ECS developer guide, request throttling: 100 resource reads at once, 20 a second."""
    client("ecs").create_cluster(clusterName="web")
    began = aws.clock.now()

    def reads(times: int) -> int:
        answered = 0
        for _ in range(times):
            with suppress(ClientError):
                client("ecs").list_tasks(cluster="web")
                answered += 1
        return answered

    def sleepy(_event: Any) -> dict[str, int]:
        at_once = reads(150)
        time.sleep(2)
        return {"at once": at_once, "two seconds later": reads(150)}

    handle(sleepy)
    function("sleepy", handler="app.handle", Timeout=10)
    assert invoked("sleepy") == {"at once": 100, "two seconds later": 40}
    assert aws.clock.now() - began == timedelta(seconds=2)


def test_a_function_that_sleeps_too_long_is_ended(aws: EmbeddedAws) -> None:
    """AWS Lambda developer guide, "Configure Lambda function timeout"."""
    handle(lambda _event: time.sleep(11))
    function("sleepy", handler="app.handle", Timeout=10)
    began = aws.clock.now()
    assert invoked("sleepy")["errorType"] == "Sandbox.Timedout"
    assert aws.clock.now() - began == timedelta(seconds=10)
