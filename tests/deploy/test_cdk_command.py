"""The real `cdk` command: what docs/install/cdk.md tells to type, from an empty account to an empty account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded_aws.server import Server
from stories.world import GROUP, Service, World
from tests.deploy.account import FUNCTIONS, function_names, stacks
from tests.deploy.excerpts import Terminal, commands, shims
from tests.deploy.installer import drains
from tests.deploy.other_tools import CDK, PYTHON, needed, needs_cdk
from tests.deploy.unpacked import unpacked

pytestmark = [pytest.mark.deploy, pytest.mark.slow, needed, needs_cdk]

BOOTSTRAPPED = "CDKToolkit"


@pytest.fixture
def terminal(released: Path, aws: Server, tmp_path: Path) -> Terminal:
    """A folder with a release, its wrappers unpacked, the construct installed from there, and `cdk` on the PATH."""
    folder = unpacked(released, tmp_path)
    packages, home = tmp_path / "packages", tmp_path / "home"
    install(folder / "deploy" / "cdk", packages)
    home.mkdir()
    (home / ".cdk.json").write_text(json.dumps({"notices": False}))
    tools = [shims(tmp_path / "bin"), PYTHON.parent, CDK.parent]
    given = {
        "PATH": os.pathsep.join([*map(str, tools), os.environ["PATH"]]),
        "PYTHONPATH": str(packages),
        "HOME": str(home),
        "DRAINER_STAGE": "dev",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }
    return Terminal(folder, {**os.environ, **aws.environment, **given}, tmp_path)


def install(package: Path, to: Path) -> None:
    """Install the construct as pip does it, but from nowhere else: the CDK itself is in build/iac."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run(  # noqa: S603  # ours
        [*command, "--no-build-isolation", "--target", str(to), str(package)], check=True, timeout=300
    )


def test_the_page_deploys_drains_and_destroys(terminal: Terminal, aws: Server) -> None:
    world = World(aws.client, aws.advance)
    world.build((Service(),), None)
    for command, told in commands("cdk.md"):
        if command.startswith("cdk destroy"):
            assert function_names(aws) == {f"ecs-drainer-dev-{name}" for name in FUNCTIONS}
            assert drains(aws, world)
        terminal.run(command, told)
    assert [each["StackName"] for each in stacks(aws)] == [BOOTSTRAPPED]
    assert function_names(aws) == set()
    hooks = aws.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=GROUP)
    assert hooks["LifecycleHooks"] == []


def test_who_synthesises_is_spared_warnings_and_told_what_is_missing(terminal: Terminal) -> None:
    terminal.run('cd deploy/cdk/example && export RELEASE="$OLDPWD/dist"', "")
    assert terminal.type("cdk synth --quiet") != 0
    told = "AUTO_SCALING_GROUP must be set: the folder of a release, and the name of a group"
    assert [line for line in terminal.said if "must be set" in line] == [told]
    assert terminal.type("AUTO_SCALING_GROUP=web-ecs cdk synth --quiet") == 0
    assert not [line for line in terminal.said if "arning" in line or "WARNING" in line]
