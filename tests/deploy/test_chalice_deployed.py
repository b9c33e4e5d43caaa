"""`chalice deploy` alone deploys all of it into an empty account: what stands there after that one command."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded_aws.server import Server
from tests.deploy.account import FUNCTIONS, MACHINE, QUEUE, definition, function_names, stacks
from tests.deploy.conftest import Project, emptied

pytestmark = pytest.mark.deploy


@dataclass(frozen=True)
class Deployed:
    """A project after its first deployment, for tests that leave the account as it is."""

    project: Project
    aws: Server
    said: str


@pytest.fixture(scope="module")
def deployed(built: Path, tmp_path_factory: pytest.TempPathFactory, server: Server) -> Deployed:
    folder = shutil.copytree(built, tmp_path_factory.mktemp("deployed") / "project")
    project = Project(Path(folder), emptied(server))
    return Deployed(project, server, project.chalice("deploy", "--stage", "dev"))


def test_everything_is_there(deployed: Deployed) -> None:
    assert f"  - StateMachineArn: {MACHINE}" in deployed.said.splitlines()
    assert function_names(deployed.aws) == {f"ecs-drainer-dev-{name}" for name in FUNCTIONS}
    (stack,) = stacks(deployed.aws)
    assert (stack["StackName"], stack["StackStatus"]) == ("ecs-drainer-dev", "CREATE_COMPLETE")
    assert deployed.aws.client("s3").list_buckets()["Buckets"] == [], (
        "where a large template lay for a moment"
    )


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_each_function_has_a_role_of_its_own(deployed: Deployed, function: str) -> None:
    name = f"ecs-drainer-dev-{function}"
    configuration = deployed.aws.client("lambda").get_function_configuration(FunctionName=name)
    assert configuration["Role"] == f"arn:aws:iam::123456789012:role/{name}"
    policy = deployed.aws.client("iam").get_role_policy(RoleName=name, PolicyName=name)["PolicyDocument"]
    assert f"log-group:/aws/lambda/{name}:*" in json.dumps(policy)
    assert "${Stage}" not in json.dumps(policy)
    # Those that may read a whole cluster, or look in every one, have as long as their state: 60 s.
    timeout = 58 if function in ("explain", "plan_drain", "plan_fleet") else 30
    memory = 1024 if function == "plan_fleet" else 256
    assert (configuration["MemorySize"], configuration["Timeout"]) == (memory, timeout)
    assert configuration["Architectures"] == ["arm64"]


def test_the_machine_calls_the_functions_that_were_deployed_with_it(deployed: Deployed) -> None:
    text = json.dumps(definition(deployed.aws))
    assert "${" not in text
    for function in ("plan_drain", "look", "explain", "stop_tasks", "tell"):
        assert f"arn:aws:lambda:eu-west-1:123456789012:function:ecs-drainer-dev-{function}" in text


@pytest.mark.parametrize("function", ["start_drain", "reconcile", "return_to_service"])
def test_an_event_that_reaches_no_function_is_kept(deployed: Deployed, function: str) -> None:
    """EventBridge retries for 24 hours unless told otherwise, and then drops the event."""
    assert has_retries(deployed.aws, function)


@pytest.mark.parametrize("function", ["start_drain", "start_manual_drain", "reconcile", "return_to_service"])
def test_an_event_that_a_function_fails_on_is_kept(deployed: Deployed, function: str) -> None:
    """Lambda drops an event after its retries unless told otherwise; EventBridge never hears of it."""
    found = deployed.aws.client("lambda").get_function_event_invoke_config(
        FunctionName=f"ecs-drainer-dev-{function}"
    )
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (2, 300)
    assert found["DestinationConfig"]["OnFailure"] == {"Destination": QUEUE}


def test_the_queue_takes_what_the_rules_could_not_deliver(deployed: Deployed) -> None:
    """A rule's dead-letter queue needs a policy that lets EventBridge in; the functions' roles let Lambda in."""
    queue = deployed.aws.client("sqs")
    url = queue.get_queue_url(QueueName=QUEUE.rpartition(":")[2])["QueueUrl"]
    attributes = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    sources = "arn:aws:events:eu-west-1:123456789012:rule/ecs-drainer-dev-*"
    assert set(statement["Condition"]["ArnLike"]["aws:SourceArn"]) == {sources}
    assert attributes["MessageRetentionPeriod"] == str(14 * 24 * 3600)


def test_the_stack_is_recorded_between_its_functions_and_the_rules(deployed: Deployed) -> None:
    """Chalice deletes in the opposite order: no rule ever fires into a void."""
    recorded = deployed.project.deployed()
    order = list(recorded)
    assert max(map(order.index, FUNCTIONS)) < order.index("stack")
    assert order.index("stack") < min(order.index("start_drain-event"), order.index("reconcile-event"))
    stack = recorded["stack"]
    assert stack["resource_type"] == "cloudformation_stack"
    assert stack["stack_name"] == "ecs-drainer-dev"
    assert stack["outputs"]["StateMachineArn"] == MACHINE


def test_a_second_deployment_changes_nothing(deployed: Deployed) -> None:
    before = stacks(deployed.aws), definition(deployed.aws)
    assert "The stack ecs-drainer-dev is up to date." in deployed.project.chalice("deploy")
    assert (stacks(deployed.aws), definition(deployed.aws)) == before
    assert has_retries(deployed.aws, "start_drain"), "Chalice by itself would write the target bare again"


def has_retries(aws: Server, function: str) -> bool:
    """Say whether a rule's target has its retry policy and the dead-letter queue."""
    (target,) = aws.client("events").list_targets_by_rule(Rule=f"ecs-drainer-dev-{function}-event")["Targets"]
    assert target["Arn"].endswith(f":function:ecs-drainer-dev-{function}")
    retries = {"MaximumEventAgeInSeconds": 120, "MaximumRetryAttempts": 185}
    return (target["RetryPolicy"], target["DeadLetterConfig"]) == (retries, {"Arn": QUEUE})
