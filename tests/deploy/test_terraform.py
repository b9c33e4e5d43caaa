"""Terraform: what `chalice package --pkg-format terraform` writes, the module, and the hook that enroll prints.

The real terraform with its real AWS provider applies them to the embedded AWS, where both can be had; `terraform init`
finds the provider where the caller's own settings (TF_CLI_CONFIG_FILE, a mirror, the registry) say.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.server import Server
from stories.world import GROUP, Service, World
from tests.deploy.account import FUNCTIONS, MACHINE, QUEUE, function_names, stacks
from tests.deploy.conftest import Project
from tests.deploy.installer import Installer, drains

pytestmark = pytest.mark.deploy

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "deploy" / "terraform"
TOLD = (
    "Success! The configuration is valid.",
    "Apply complete! Resources: 9 added, 0 changed, 0 destroyed.",
    "No changes. Your infrastructure matches the configuration.",
)
"""What docs/install/terraform.md says that terraform says; the rest has times in it."""
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
TO_A_SERVER = 'provider "aws" {\n  s3_use_path_style = true\n}\n'
"""A bucket's name can't stand before 127.0.0.1."""


@dataclass(frozen=True)
class Terraform:
    """The real terraform in a folder, with credentials of the embedded AWS."""

    folder: Path
    aws: Server

    def __call__(self, *arguments: str, given: Mapping[str, str] | None = None) -> str:
        """Run it with more variables and return all that it prints."""
        ran = _terraform(self.folder, {**self.aws.environment, **(given or {})}, *arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def begin(self) -> str:
        """Point it at the embedded AWS, initialise, and return what validating says."""
        (self.folder / "provider_override.tf").write_text(TO_A_SERVER)
        self("init", "-input=false")
        return self("validate")


def _terraform(
    folder: Path, environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # found on the caller's PATH, as make finds it
        [str(shutil.which("terraform")), arguments[0], "-no-color", *arguments[1:]],
        cwd=folder,
        env={**os.environ, **environment, "TF_IN_AUTOMATION": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


@pytest.fixture(scope="session")
def _provider(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where terraform has no AWS provider."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("provider")
    shutil.copy(MODULE / "versions.tf", folder)
    asked = _terraform(folder, {}, "init", "-input=false")
    if asked.returncode:
        pytest.skip(f"terraform can't have its AWS provider here: {asked.stderr.strip()[-300:]}")


@pytest.fixture(scope="module")
def written(built: Path, server: Server) -> Path:
    """What `chalice package --pkg-format terraform` writes."""
    Project(built, server).chalice("package", "--pkg-format", "terraform", str(built / "terraform"))
    return built / "terraform"


@pytest.fixture
def configuration(written: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((written / "chalice.tf.json").read_text())
    return document


def test_log_groups_have_the_names_that_lambda_writes_to(configuration: dict[str, Any]) -> None:
    """`log_retention_in_days` of the stage; Chalice 1.34 refuses it here, and names them otherwise."""
    groups = configuration["resource"]["aws_cloudwatch_log_group"].values()
    assert {each["name"] for each in groups} == {f"/aws/lambda/ecs-drainer-dev-{name}" for name in FUNCTIONS}
    assert {each["retention_in_days"] for each in groups} == {30}


def test_terraform_takes_nothing_of_iams_and_the_machines_for_its_own(configuration: dict[str, Any]) -> None:
    """`${` begins a reference of Terraform's, in JSON too; `$${` is the text."""
    policies = configuration["resource"]["aws_iam_role_policy"].values()
    assert any("$${aws:PrincipalAccount}" in each["policy"] for each in policies)
    texts = [*(each["policy"] for each in policies), configuration["locals"]["stack"]]
    assert not [text for text in texts if re.search(r"(?<!\$)\$\{|(?<!%)%\{", text)]


def test_it_asks_for_no_provider_but_awss(configuration: dict[str, Any]) -> None:
    assert list(configuration["terraform"]["required_providers"]) == ["aws"]
    assert "null_data_source" not in json.dumps(configuration)


def test_a_rule_has_the_name_retries_and_dead_letters_that_chalice_deploy_gives_it(
    configuration: dict[str, Any],
) -> None:
    made = configuration["resource"]
    names = {each["name"] for each in made["aws_cloudwatch_event_rule"].values()}
    assert names == {
        f"ecs-drainer-dev-{name}-event" for name in ("start_drain", "return_to_service", "reconcile")
    }
    for target in made["aws_cloudwatch_event_target"].values():
        assert target["retry_policy"] == {"maximum_event_age_in_seconds": 120, "maximum_retry_attempts": 185}
        assert "DeadLetterQueueArn" in target["dead_letter_config"]["arn"]


@needs_terraform
def test_every_file_is_formatted_as_terraform_formats() -> None:
    asked = _terraform(MODULE, {}, "fmt", "-check", "-recursive", "-diff")
    assert (asked.returncode, asked.stdout) == (0, "")


@pytest.mark.slow
@pytest.mark.usefixtures("_provider")
def test_what_chalice_writes_is_applied_drains_and_is_destroyed(
    written: Path, aws: Server, tmp_path: Path
) -> None:
    terraform = Terraform(Path(shutil.copytree(written, tmp_path / "app")), aws)
    terraform.begin()
    said = terraform("apply", "-auto-approve", "-input=false", "-var", "NotificationEmail=oncall@example.org")
    assert MACHINE in said
    assert function_names(aws) == {f"ecs-drainer-dev-{name}" for name in FUNCTIONS}
    rule = "ecs-drainer-dev-start_drain-event"
    (target,) = aws.client("events").list_targets_by_rule(Rule=rule)["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": QUEUE}
    world = World(aws.client, aws.advance)
    world.build()
    assert drains(aws, world)
    terraform("destroy", "-auto-approve", "-input=false")
    assert stacks(aws) == []
    assert function_names(aws) == set()


@pytest.mark.slow
@pytest.mark.usefixtures("_provider")
def test_the_module_is_applied_to_a_group_drains_and_is_destroyed(
    released: Path, aws: Server, tmp_path: Path
) -> None:
    world = World(aws.client, aws.advance)
    world.build((Service(),), None)
    folder = Path(shutil.copytree(MODULE, tmp_path / "module")) / "examples" / "group"
    terraform = Terraform(folder, aws)
    given = {"TF_VAR_release": str(released), "TF_VAR_auto_scaling_group": GROUP}
    said = terraform.begin()
    said += terraform("apply", "-auto-approve", "-input=false", given=given)
    said += terraform("plan", "-input=false", "-detailed-exitcode", given=given)
    page = (ROOT / "docs" / "install" / "terraform.md").read_text(encoding="utf-8")
    for line in TOLD:
        assert (line in said, line in page) == (True, True), line
    installer = Installer(aws, released)
    assert installer.variables()["ECS_DRAINER_DEADLINE"] == "30m"
    assert "was deployed by other means, and is left alone" in installer.install(expected=3)
    assert "is enrolled already" in installer.run("enroll", "--asg", GROUP)
    assert "0 errors, 1 warning." in installer.run("doctor")  # nobody has subscribed to its alarms yet
    assert drains(aws, world)
    terraform("destroy", "-auto-approve", "-input=false", given=given)
    assert stacks(aws) == []


@pytest.mark.slow
@pytest.mark.usefixtures("_provider")
def test_the_printed_hook_is_what_enroll_would_put(released: Path, aws: Server, tmp_path: Path) -> None:
    """First new, then taken over by its import block and changed."""
    world = World(aws.client, aws.advance)
    world.build((Service(),), None)
    installer, asked = Installer(aws, released), ("enroll", "--asg", GROUP, "--deadline", "30m")
    installer.install()
    shutil.copy(MODULE / "versions.tf", tmp_path)
    terraform = Terraform(tmp_path, aws)
    (tmp_path / "hook.tf").write_text(installer.run(*asked, "--as", "terraform"))
    terraform.begin()
    terraform("fmt", "-check")
    assert "1 added" in terraform("apply", "-auto-approve", "-input=false")
    assert "is enrolled already" in installer.run(*asked)
    (tmp_path / "terraform.tfstate").unlink()
    (tmp_path / "hook.tf").write_text(installer.run(*asked, "--heartbeat", "20m", "--as", "terraform"))
    said = terraform("apply", "-auto-approve", "-input=false")
    assert "1 imported, 0 added, 1 changed" in said
    assert "is enrolled already" in installer.run(*asked, "--heartbeat", "20m")
