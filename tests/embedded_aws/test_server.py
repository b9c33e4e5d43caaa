"""The real tools of AWS against the embedded AWS in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from embedded_aws.aws import EPOCH
from embedded_aws.server import Server, ServerFailedError

pytestmark = pytest.mark.deploy

APP = """
import json, os
import boto3
from chalice import Chalice

app = Chalice(app_name="sample")

@app.on_cw_event({"source": ["aws.autoscaling"]})
def tell(event):
    print("telling of", event.detail)
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(event.detail))

@app.lambda_function()
def answer(event, context):
    print("asked", event)
    return 1 / event["divisor"]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(speed=0, start=EPOCH) as running:
        yield running


@pytest.fixture(scope="module")
def project(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Chalice app of two functions, deployed."""
    folder = tmp_path_factory.mktemp("sample")
    queue = server.client("sqs").create_queue(QueueName="told")["QueueUrl"]
    configuration = {
        "version": "2.0",
        "app_name": "sample",
        "environment_variables": {"QUEUE_URL": queue},
        "stages": {"dev": {}},
    }
    (folder / ".chalice").mkdir()
    (folder / ".chalice" / "config.json").write_text(json.dumps(configuration))
    (folder / "app.py").write_text(APP)
    (folder / "requirements.txt").write_text("")
    deployed = chalice(server, folder, "deploy")
    assert deployed.returncode == 0, deployed.stderr
    return folder


def chalice(server: Server, folder: Path, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # the chalice of this environment
        [Path(sys.executable).parent / "chalice", *command],
        cwd=folder,
        env={**os.environ, **server.environment},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_time_stands_still_until_it_is_advanced(server: Server) -> None:
    before = server.now()
    assert before == server.now()
    assert server.advance(90) == before + timedelta(seconds=90)


def test_an_event_reaches_the_deployed_zip(server: Server, project: Path) -> None:
    assert project.exists()
    server.emit("aws.autoscaling", "EC2 Instance-terminate Lifecycle Action", {"EC2InstanceId": "i-1"})
    server.advance(1)
    queue = server.client("sqs").get_queue_url(QueueName="told")["QueueUrl"]
    (message,) = server.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"]) == {"EC2InstanceId": "i-1"}
    (sent,) = server.calls(service="sqs", operation="SendMessage")
    assert sent["principal"] == "arn:aws:sts::123456789012:assumed-role/sample-dev/sample-dev-tell"


def test_chalice_invoke_prints_the_answer_or_the_traceback(server: Server, project: Path) -> None:
    well = chalice(server, project, "invoke", "-n", "answer", given='{"divisor": 4}')
    assert (well.returncode, well.stdout.strip()) == (0, "0.25")
    badly = chalice(server, project, "invoke", "-n", "answer", given='{"divisor": 0}')
    assert badly.returncode == 1
    assert "ZeroDivisionError: division by zero" in badly.stderr
    assert 'File "/var/task/app.py"' in badly.stderr


def test_chalice_logs_shows_what_a_function_printed(server: Server, project: Path) -> None:
    chalice(server, project, "invoke", "-n", "answer", given='{"divisor": 1}')
    logs = chalice(server, project, "logs", "-n", "answer", "--since", EPOCH.isoformat())
    assert "asked {'divisor': 1}" in logs.stdout


def test_a_second_deploy_updates_and_delete_leaves_nothing(server: Server, project: Path) -> None:
    again = chalice(server, project, "deploy")
    assert "Updating lambda function: sample-dev-answer" in again.stdout
    gone = chalice(server, project, "delete")
    assert gone.returncode == 0, gone.stderr
    assert server.client("lambda").list_functions()["Functions"] == []
    assert server.client("events").list_rules()["Rules"] == []


def test_a_fault_is_met_by_the_next_caller(server: Server) -> None:
    server.fail_next("ecs", "ListClusters", "ServerException", message="down", status=500, times=1)
    with pytest.raises(ClientError, match="ServerException"):
        # botocore would try again by itself, and the fault is spent after one call.
        server.client("ecs", config=Config(retries={"total_max_attempts": 1})).list_clusters()
    assert server.client("ecs").list_clusters()["clusterArns"] == []
    assert server.killed_tasks() == []


def test_the_control_endpoints_say_what_they_do_not_understand(server: Server) -> None:
    with pytest.raises(ServerFailedError, match="KeyError"):
        server.tell("advance")
    with pytest.raises(ServerFailedError, match="Not Found"):
        server.ask("nonsense")


def test_nothing_of_an_emptied_account_goes_on_in_the_next(server: Server) -> None:
    """An execution waits while the account is emptied: nobody hears how it ended."""
    machine = server.client("stepfunctions").create_state_machine(
        name="waits",
        roleArn="arn:aws:iam::123456789012:role/any",
        definition=json.dumps(
            {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
        ),
    )["stateMachineArn"]
    server.client("stepfunctions").start_execution(stateMachineArn=machine)
    server.advance(0)
    server.empty()
    before = server.events()
    server.advance(3600)
    assert server.events() == before


def test_what_is_due_and_fails_is_told_with_its_place(server: Server) -> None:
    """Who lets time pass reads what went wrong in it, and where."""
    with pytest.raises(ServerFailedError, match=r"clock\.py.*OverflowError"):
        server.tell("advance", seconds=1e300)


def test_a_paced_clock_keeps_its_pace_while_long_polls_wait_on_it() -> None:
    """At 100 virtual seconds a real one, SQS's longest poll takes a fifth of a second."""
    with Server(speed=100) as paced:
        url = paced.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        before = paced.now()
        assert "Messages" not in paced.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)
        assert paced.now() - before >= timedelta(seconds=20)
        assert paced.advance(86_400) - before >= timedelta(days=1)


def test_events_of_ecs_come_from_now_on_as_told(server: Server) -> None:
    assert "now" in server.tell("ecs-events", lost=[1], latency=3)
    with pytest.raises(ServerFailedError, match="`lost` of events is 2"):
        server.tell("ecs-events", lost=2)
    server.tell("ecs-events", lost=0, latency=1)
