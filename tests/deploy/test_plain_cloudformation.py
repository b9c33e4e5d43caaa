"""Without the extension: `aws cloudformation package` and `deploy` of the template, with the real AWS CLI.

The functions are there already, whoever deployed them; the template asks for no more than their ARNs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded_aws.server import Server
from stories.world import World
from tests.deploy.conftest import Project

pytestmark = [pytest.mark.deploy, pytest.mark.slow]

STACK = "ecs-drainer-dev"
BUCKET = "templates"


@pytest.fixture
def aws() -> Iterator[Server]:
    """A server of its own: emptying one leaves its clock and its request log."""
    with Server(speed=0) as running:
        yield running


@pytest.fixture
def packaged(project: Project, aws: Server) -> Path:
    """The functions without the stack, and the template as `aws cloudformation package` writes it."""
    project.chalice("deploy")
    run(project, "cloudformation", "delete-stack", "--stack-name", STACK)
    run(project, "cloudformation", "wait", "stack-delete-complete", "--stack-name", STACK)
    assert aws.client("stepfunctions").list_state_machines()["stateMachines"] == []
    run(project, "s3", "mb", f"s3://{BUCKET}")
    written = project.folder / "packaged.yaml"
    template = "statemachine/template.yaml"
    where = ["--s3-bucket", BUCKET, "--output-template-file", str(written)]
    run(project, "cloudformation", "package", "--template-file", template, *where)
    return written


def test_the_cli_deploys_the_template_and_the_machine_drains(
    project: Project, packaged: Path, aws: Server
) -> None:
    assert "Successfully created/updated stack" in deploy(project, packaged, aws)

    world = World(aws.client, lambda seconds: discard(aws.advance(seconds)))
    world.build()
    leaving = world.instances()[0]
    world.terminate(leaving)
    aws.advance(300)
    (completed,) = aws.calls(operation="CompleteLifecycleAction")
    assert completed["error"] is None
    assert completed["parameters"]["InstanceId"] == leaving
    assert completed["parameters"]["LifecycleActionResult"] == "CONTINUE"
    assert aws.killed_tasks() == []


def test_deploying_again_changes_nothing_until_the_definition_does(
    project: Project, packaged: Path, aws: Server
) -> None:
    deploy(project, packaged, aws)
    again = deploy(project, packaged, aws, "--no-fail-on-empty-changeset")
    assert "No changes to deploy" in again

    project.edit("statemachine/drain.asl.json", "One execution drains", "Changed: one execution drains")
    template = "statemachine/template.yaml"
    where = ["--s3-bucket", BUCKET, "--output-template-file", str(packaged)]
    run(project, "cloudformation", "package", "--template-file", template, *where)
    deploy(project, packaged, aws)
    machine = f"arn:aws:states:eu-west-1:123456789012:stateMachine:{STACK}"
    described = aws.client("stepfunctions").describe_state_machine(stateMachineArn=machine)
    assert "Changed: one execution" in described["definition"]


def deploy(project: Project, packaged: Path, aws: Server, *more: str) -> str:
    """Deploy the packaged template for the functions that there are."""
    listed = aws.client("lambda").list_functions()["Functions"]
    arns = {
        function["FunctionName"].removeprefix(f"{STACK}-"): function["FunctionArn"] for function in listed
    }
    given = [f"{camel_case(name)}FunctionArn={arn}" for name, arn in sorted(arns.items())]
    what = ["--template-file", str(packaged), "--stack-name", STACK, "--capabilities", "CAPABILITY_IAM"]
    return run(
        project, "cloudformation", "deploy", *what, *more, "--parameter-overrides", "Stage=dev", *given
    )


def camel_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def run(project: Project, *arguments: str) -> str:
    """Run the AWS CLI in the project's folder; it must succeed."""
    ran = subprocess.run(  # noqa: S603  # the AWS CLI of this environment
        [str(Path(sys.executable).with_name("aws")), *arguments],
        cwd=project.folder,
        env={**os.environ, **project.aws.environment, "AWS_PAGER": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def discard(_: object) -> None:
    """Take an answer that nobody asked for."""
