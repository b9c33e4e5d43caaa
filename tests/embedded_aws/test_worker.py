"""Functions run from their deployed zip, in processes that see what the Lambda runtime would show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.awslambda import WorkerRuntime, lambda_state, use_runtime
from embedded_aws.clients import client
from tests.embedded_aws.mapped import batches, left, map_queue, send, source, worker
from tests.embedded_aws.parts import function, zipped

APP = """
import datetime, os, sys, time

def handle(event, context):
    print("got", event)
    return eval(event)

def fail(event, context):
    raise LookupError("no such task")

def leave(event, context):
    os._exit(3)

def linger(event, context):
    time.sleep(60)
"""


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        use_runtime(WorkerRuntime("http://127.0.0.1:9"))
        try:
            yield embedded
        finally:
            lambda_state().runtime.close()


def ask(expression: Any, name: str = "look") -> Any:
    payload = client("lambda").invoke(FunctionName=name, Payload=json.dumps(expression))["Payload"]
    return json.loads(payload.read())


@pytest.mark.usefixtures("aws")
def test_a_worker_has_its_roles_credentials_and_the_servers_address() -> None:
    variables = {"STAGE": "dev"}
    function("look", code=zipped(app=APP), Environment={"Variables": variables})
    names = ["STAGE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_ENDPOINT_URL", "AWS_REGION"]
    assert ask(f"[os.environ[name] for name in {names}]") == [
        "dev",
        "look",
        "http://127.0.0.1:9",
        "eu-west-1",
    ]
    key = ask("os.environ['AWS_ACCESS_KEY_ID']")
    assert key.startswith("ASIA")
    assert ask("'HOME' in os.environ") is False


@pytest.mark.usefixtures("aws")
def test_a_worker_imports_the_lambda_runtimes_packages_and_nothing_that_the_zip_forgot() -> None:
    function("look", code=zipped(app=APP))
    assert ask("__import__('boto3').__name__") == "boto3"
    assert ask("__import__('moto')")["errorType"] == "ModuleNotFoundError"
    assert ask("__import__('chalice')")["errorType"] == "ModuleNotFoundError"


def test_a_worker_sees_the_virtual_time(aws: EmbeddedAws) -> None:
    function("look", code=zipped(app=APP))
    aws.clock.advance(3600)
    assert ask("datetime.datetime.now(datetime.UTC).isoformat()") == "2026-03-02T11:00:00+00:00"


@pytest.mark.usefixtures("aws")
def test_a_worker_lives_on_until_the_code_changes() -> None:
    function("look", code=zipped(app=APP))
    first = ask("os.getpid()")
    assert ask("os.getpid()") == first
    client("lambda").update_function_code(FunctionName="look", ZipFile=zipped(app=f"{APP}\n"))
    assert ask("os.getpid()") != first


@pytest.mark.usefixtures("aws")
def test_what_a_function_prints_is_its_log() -> None:
    function("look", code=zipped(app=APP))
    ask("1")
    ask("2")
    lines = client("logs").filter_log_events(logGroupName="/aws/lambda/look")["events"]
    assert [line["message"] for line in lines if line["message"].startswith("got")] == ["got 1", "got 2"]


@pytest.mark.parametrize(
    ("handler", "error", "message"),
    [
        ("app.fail", "LookupError", "no such task"),
        ("app.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"),
        ("missing.handle", "Runtime.ImportModuleError", "Unable to import module 'missing'"),
        ("app.leave", "Runtime.ExitError", "exit status 3"),
        ("app.linger", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
    ],
)
@pytest.mark.usefixtures("aws")
def test_what_goes_wrong_is_told_as_lambda_tells_it(handler: str, error: str, message: str) -> None:
    function("look", handler, zipped(app=APP), Timeout=1)
    answer = ask("x")
    assert answer["errorType"] == error
    assert message in answer["errorMessage"]


@pytest.mark.usefixtures("aws")
def test_a_stack_trace_says_where_the_code_lies_on_aws() -> None:
    function("look", "app.fail", zipped(app=APP))
    (frame,) = ask("x")["stackTrace"]
    assert 'File "/var/task/app.py"' in frame


def test_a_queue_runs_the_deployed_zip_too() -> None:
    """With an event source mapping, as with every other trigger; a partial answer is read from what the zip said."""
    source_code = (
        "def handle(event, context): return {'batchItemFailures': [{'itemIdentifier': r['messageId']} "
    )
    source_code += "for r in event['Records'] if r['body'] == 'bad']}"
    with embedded_aws() as embedded:
        use_runtime(WorkerRuntime("http://127.0.0.1:9"))
        worker(code=zipped(app=source_code))
        url, arn = source()
        map_queue(arn, FunctionResponseTypes=["ReportBatchItemFailures"])
        send(url, "good", "bad")
        embedded.clock.advance(1)
        assert batches() == [["good", "bad"]]
        assert left(url) == {"visible": 0, "in flight": 1}
        lambda_state().runtime.close()
