"""SAM: the nested application, packaged by the real AWS CLI, its macro applied by SAM's own translator.

CloudFormation applies that macro itself; the embedded one has none, so the test does what it does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]  # cfn-lint ships no types

from embedded_aws.server import Server
from statemachine.template import load
from stories.world import GROUP, Service, World
from tests.deploy.account import FUNCTIONS, function_names, stacks
from tests.deploy.installer import Installer, drains
from tests.deploy.other_tools import DEPLOY, needed, run

pytestmark = pytest.mark.deploy

TRANSLATE = """
import json, sys
from unittest.mock import Mock
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
print(json.dumps(Translator({}, Parser()).translate(json.load(sys.stdin), {})))
"""


@pytest.fixture
def folder(released: Path, tmp_path: Path) -> Path:
    """The nested application beside a release's files, as its README says."""
    there = Path(shutil.copytree(DEPLOY / "sam", tmp_path / "sam"))
    for name in ("sam.json", "deployment.zip"):
        shutil.copy(released / name, there)
    return there


def test_cfn_lint_finds_no_fault_with_it(folder: Path) -> None:
    assert [str(match) for match in lint_file(folder / "template.yaml")] == []


def translated(template: dict[str, Any], folder: Path) -> str:
    """Apply the macro, as CloudFormation does where it has CAPABILITY_AUTO_EXPAND."""
    given = {"AWS_DEFAULT_REGION": "eu-west-1"}
    return run("-c", TRANSLATE, cwd=folder, given=given, stdin=json.dumps(template))


@pytest.mark.slow
@needed
def test_it_is_packaged_deployed_on_a_group_and_drains(folder: Path, released: Path, aws: Server) -> None:
    world = World(aws.client, aws.advance)
    world.build((Service(),), None)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    package(folder, aws)
    parent = load(folder / "packaged.yaml")
    child = urlparse(parent["Resources"]["EcsDrainer"]["Properties"]["Location"]).path
    bucket, key = child.lstrip("/").split("/", 1)
    nested = json.loads(json.dumps(load_text(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), folder)))
    s3.put_object(Bucket=bucket, Key=key, Body=translated(nested, folder).encode())
    aws.client("cloudformation").create_stack(
        StackName="platform",
        TemplateBody=translated(parent, folder),
        Parameters=[{"ParameterKey": "AutoScalingGroup", "ParameterValue": GROUP}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    assert {each["StackStatus"] for each in stacks(aws)} == {"CREATE_COMPLETE"}
    assert function_names(aws) == {f"ecs-drainer-dev-{name}" for name in FUNCTIONS}
    installer = Installer(aws, released)
    assert installer.variables()["ECS_DRAINER_DEADLINE"] == "30m"
    assert "0 errors, 1 warning." in installer.run("doctor")  # nobody has subscribed to its alarms yet
    assert drains(aws, world)


def load_text(text: bytes, folder: Path) -> dict[str, Any]:
    (folder / "nested.yaml").write_bytes(text)
    return load(folder / "nested.yaml")


def package(folder: Path, aws: Server) -> None:
    """Upload what lies beside the template, with the real AWS CLI; `sam deploy` does the same by itself."""
    command = ["cloudformation", "package", "--template-file", "template.yaml", "--s3-bucket", "mine"]
    ran = subprocess.run(  # noqa: S603  # the AWS CLI of this environment
        [
            str(Path(sys.executable).with_name("aws")),
            *command,
            "--output-template-file",
            "packaged.yaml",
        ],
        cwd=folder,
        env={**os.environ, **aws.environment, "AWS_PAGER": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.slow
@needed
def test_what_chalice_packages_is_deployed_after_the_macro(built: Path, aws: Server, tmp_path: Path) -> None:
    """`chalice package`, `aws cloudformation package`, and the macro: the app of one stage, all by CloudFormation."""
    folder = Path(shutil.copytree(built / "packaged", tmp_path / "packaged"))
    (folder / "sam.json").rename(folder / "template.yaml")
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    package(folder, aws)
    body = translated(load(folder / "packaged.yaml"), folder)
    s3.put_object(Bucket="mine", Key="whole.json", Body=body.encode())
    aws.client("cloudformation").create_stack(
        StackName="whatever",
        TemplateURL="https://mine.s3.eu-west-1.amazonaws.com/whole.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    assert [each["StackStatus"] for each in stacks(aws)] == ["CREATE_COMPLETE"]
    assert function_names(aws) == {f"ecs-drainer-dev-{name}" for name in FUNCTIONS}
    world = World(aws.client, aws.advance)
    world.build()
    assert drains(aws, world)
