"""The CDK construct: its example is synthesised, read by cfn-lint, and deployed as the CDK's own command does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]  # cfn-lint ships no types

from embedded_aws.server import Server
from stories.world import GROUP, Service, World
from tests.deploy.account import FUNCTIONS, function_names, stacks
from tests.deploy.installer import Installer, drains
from tests.deploy.other_tools import DEPLOY, needed, run

pytestmark = [pytest.mark.deploy, pytest.mark.slow, needed]

FOLDER = DEPLOY / "cdk"
ACCOUNT, REGION = "123456789012", "eu-west-1"
FILLED_IN = "[W1020:"
"""cfn-lint's word for a Fn::Sub without a variable: where the stage is filled in, CfnInclude leaves the Sub."""


@pytest.fixture(scope="session")
def synthesised(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cdk") / "out"
    given = {"CDK_OUTDIR": str(out), "RELEASE": str(released), "AUTO_SCALING_GROUP": GROUP}
    run("app.py", cwd=FOLDER / "example", given={**given, "PYTHONPATH": str(FOLDER)})
    return out


def test_cfn_lint_finds_no_fault_with_it(synthesised: Path) -> None:
    found = [str(match) for match in lint_file(synthesised / "ecs-drainer.template.json")]
    assert [match for match in found if not match.startswith(FILLED_IN)] == []


def test_the_cdks_own_validation_has_nothing_to_say(synthesised: Path) -> None:
    report = json.loads((synthesised / "validation-report.json").read_text())
    assert "E3005" not in json.dumps(report)
    assert "W2502" not in json.dumps(report)
    assert [each["violations"] for each in report["pluginReports"]] == [[]]


def test_parameters_that_the_construct_fills_in_are_refused(released: Path, tmp_path: Path) -> None:
    script = (
        "from aws_cdk import App, Stack\n"
        "from ecs_drainer_cdk import EcsDrainer\n"
        "try:\n"
        f"    EcsDrainer(Stack(App(), 's'), 'd', release={str(released)!r}, parameters={{'Stage': 'x'}})\n"
        "except ValueError as error:\n"
        "    print(error)\n"
    )
    said = run("-c", script, cwd=tmp_path, given={"PYTHONPATH": str(FOLDER)})
    assert "parameters has Stage, which the construct fills in" in said


def deploy(synthesised: Path, aws: Server) -> None:
    """Publish the assets where the manifest says, and create the stack, as `cdk deploy` does."""
    s3 = aws.client("s3")
    aws.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    bucket = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    url = ""
    for asset in json.loads((synthesised / "ecs-drainer.assets.json").read_text())["files"].values():
        (place,) = asset["destinations"].values()
        assert filled(place["bucketName"]) == bucket
        s3.put_object(
            Bucket=bucket,
            Key=place["objectKey"],
            Body=(synthesised / asset["source"]["path"]).read_bytes(),
        )
        if asset["source"]["path"].endswith(".template.json"):
            url = f"https://{bucket}.s3.{REGION}.amazonaws.com/{place['objectKey']}"
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    aws.client("cloudformation").create_stack(
        StackName="ecs-drainer", TemplateURL=url, Capabilities=capabilities
    )


def filled(name: Any) -> str:
    return str(name).replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)


def test_the_example_is_deployed_on_a_group_and_drains(
    synthesised: Path, released: Path, aws: Server
) -> None:
    world = World(aws.client, aws.advance)
    world.build((Service(),), None)
    deploy(synthesised, aws)
    assert [each["StackStatus"] for each in stacks(aws)] == ["CREATE_COMPLETE"]
    assert function_names(aws) == {f"ecs-drainer-dev-{name}" for name in FUNCTIONS}
    installer = Installer(aws, released)
    assert installer.variables()["ECS_DRAINER_DEADLINE"] == "30m"
    assert "is enrolled already" in installer.run("enroll", "--asg", GROUP)
    assert "0 errors, 1 warning." in installer.run("doctor")  # nobody has subscribed to its alarms yet
    assert drains(aws, world)


def test_the_printed_hook_is_what_enroll_would_put(released: Path, aws: Server, tmp_path: Path) -> None:
    """Pasted into a stack's constructor."""
    World(aws.client, aws.advance).build((Service(),), None)
    installer = Installer(aws, released)
    asked = ("enroll", "--asg", GROUP, "--deadline", "30m", "--heartbeat", "20m")
    printed = installer.prints(*asked, "--as", "cdk").partition("from aws_cdk")
    script = (
        f"from aws_cdk import App, Stack\nfrom aws_cdk{printed[2]}".replace(
            "    self,", "    Stack(app, 'hook'),"
        ).replace("autoscaling.CfnLifecycleHook", "app = App()\nautoscaling.CfnLifecycleHook")
        + "app.synth()\n"
    )
    run("-c", script, cwd=tmp_path, given={"CDK_OUTDIR": str(tmp_path / "out")})
    template = json.loads((tmp_path / "out" / "hook.template.json").read_text())
    body = json.dumps({"Resources": template["Resources"]})
    aws.client("cloudformation").create_stack(StackName="hook", TemplateBody=body)
    assert "is enrolled already" in installer.run(*asked)
