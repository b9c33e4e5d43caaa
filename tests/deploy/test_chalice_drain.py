"""From an empty account to CONTINUE: the real command deploys, and the deployed zips drain an instance."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.server import Server
from stories.world import World
from tests.deploy.conftest import Project

pytestmark = pytest.mark.deploy

POLLING = Path(__file__).parents[1] / "upgrades" / "polling"
"""The release before this one."""

GRANTED_BY = {
    "lambda:Invoke": {"lambda:InvokeFunction"},
    "dynamodb:TransactWriteItems": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
}
"""Where IAM's action is not the API's operation."""
IAM_WORD = {"stepfunctions": "states", "elbv2": "elasticloadbalancing"}


@pytest.fixture
def aws() -> Iterator[Server]:
    """A server of its own: emptying one leaves its clock and its request log."""
    with Server(speed=0) as running:
        yield running


@pytest.fixture
def world(project: Project, aws: Server) -> World:
    """A deployed drainer, and three container instances with a service that it knows nothing of yet."""
    return deployed_world(project, aws)


def deployed_world(project: Project, aws: Server) -> World:
    project.chalice("deploy")
    world = World(aws.client, lambda seconds: discard(aws.advance(seconds)))
    world.build()
    return world


def test_a_deployed_drainer_lets_an_instance_go_once_it_is_empty(world: World, aws: Server) -> None:
    leaving = world.instances()[0]
    world.terminate(leaving)
    aws.advance(300)

    (completed,) = aws.calls(operation="CompleteLifecycleAction")
    assert completed["error"] is None
    assert completed["parameters"]["LifecycleActionResult"] == "CONTINUE"
    assert completed["parameters"]["InstanceId"] == leaving
    assert aws.killed_tasks() == []
    assert leaving not in world.instances()
    assert "ecs:DescribeTasks" in used(aws, "ecs-drainer-dev-look")
    assert not_granted(aws) == []


@pytest.mark.slow
def test_chalice_deploy_in_mid_drain_loses_nothing(project: Project, aws: Server) -> None:
    """The release before is deployed and drains; today's is deployed over it; then today's drains the next one."""
    today, before = project.folder / "statemachine/drain.asl.json", POLLING / "drain.asl.json"
    definition = today.read_text()
    today.write_text(before.read_text())
    named = "        TellFunctionArn: !Ref TellFunctionArn\n"
    composing = named.replace("Tell", "ComposeNotice")
    project.edit("statemachine/template.yaml", named, named + composing)
    world = deployed_world(project, aws)
    first, second, *_ = world.instances()
    world.terminate(first)
    aws.advance(60)
    today.write_text(definition)
    project.edit("statemachine/template.yaml", composing, "")
    project.chalice("deploy")
    assert aws.calls(operation="CompleteLifecycleAction") == [], "it was in the middle of the drain"
    aws.advance(300)
    world.terminate(second)
    aws.advance(300)

    completed = aws.calls(operation="CompleteLifecycleAction")
    assert [each["parameters"]["InstanceId"] for each in completed] == [first, second]
    assert aws.killed_tasks() == []
    entered = {instance: states_of(aws, instance) for instance in (first, second)}
    assert entered[first] <= states_in(before.read_text()), "a running execution keeps its definition"
    assert "Wait for events" not in entered[first]
    assert entered[second] <= states_in(definition)
    assert "Wait for events" in entered[second]
    assert not_granted(aws) == []


def states_in(definition: str) -> set[str]:
    return set(re.findall(r'"([^"]+)": \{', definition))


def states_of(aws: Server, instance: str) -> set[str]:
    """Return the names of the states that the drain of an instance entered."""
    sfn = aws.client("stepfunctions")
    (machine,) = (
        each for each in sfn.list_state_machines()["stateMachines"] if each["name"] == "ecs-drainer-dev"
    )
    (execution,) = (
        each
        for each in sfn.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
        if each["name"].startswith(instance)
    )
    events = sfn.get_execution_history(executionArn=execution["executionArn"], maxResults=1000)["events"]
    entered = (event.get("stateEnteredEventDetails") for event in events)
    return {each["name"] for each in entered if each}


@pytest.mark.slow  # 15 s: a deployment and five calls of the real chalice
def test_a_person_drains_an_instance_with_the_chalice_command(
    project: Project, world: World, aws: Server
) -> None:
    said = project.chalice("invoke", "-n", "start_manual_drain", fails=True, stdin='{"instance_id": "i-123"}')
    assert "InvalidRequest" in said, "refused in words, and nothing is started"
    assert "i-123" in said
    assert aws.calls(operation="StartExecution") == []
    request = {"instance_id": world.instances()[0], "reason": "a worn-out disk"}
    answered = json.loads(project.chalice("invoke", "-n", "start_manual_drain", stdin=json.dumps(request)))
    aws.advance(300)
    execution = aws.client("stepfunctions").describe_execution(executionArn=answered["execution"])
    assert execution["status"] == "SUCCEEDED"
    assert aws.calls(operation="CompleteLifecycleAction") == [], "there is no lifecycle action to complete"
    assert (
        len(
            aws.client("ecs").list_container_instances(cluster="web", status="DRAINING")[
                "containerInstanceArns"
            ]
        )
        == 1
    )
    assert not_granted(aws) == []


def not_granted(aws: Server) -> list[str]:
    """Return each action that a role used without being allowed it: the embedded AWS lets it pass, AWS would not."""
    roles = [role["RoleName"] for role in aws.client("iam").list_roles()["Roles"]]
    return [f"{role}: {action}" for role in roles for action in sorted(used(aws, role) - allowed(aws, role))]


def used(aws: Server, role: str) -> set[str]:
    made = {
        f"{IAM_WORD.get(call['service'], call['service'])}:{call['operation']}"
        for call in aws.calls(role=role)
    }
    return {action for call in made for action in GRANTED_BY.get(call, {call})}


def allowed(aws: Server, role: str) -> set[str]:
    iam = aws.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return {action for statement in document["Statement"] for action in listed(statement["Action"])}


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def discard(_: object) -> None:
    """Take an answer that nobody asked for."""
