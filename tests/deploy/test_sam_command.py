"""The real `sam` command: what docs/install/sam.md tells to type, from an empty account to an empty account.

CloudFormation's part of it, the macro, is SAM's own translator, from the environment that has the command.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded_aws.cloudformation.macros import TRANSLATOR
from embedded_aws.server import Server
from stories.world import GROUP, Service, World
from tests.deploy.account import FUNCTIONS, function_names
from tests.deploy.excerpts import Terminal, commands, shims
from tests.deploy.installer import drains
from tests.deploy.other_tools import SAM, needs_sam
from tests.deploy.unpacked import unpacked

pytestmark = [pytest.mark.deploy, pytest.mark.slow, needs_sam]

KEPT = "aws-sam-cli-managed-default"
"""The stack of the bucket that `--resolve-s3` makes, which SAM deletes for nobody."""


@pytest.fixture
def translating(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """An empty account whose CloudFormation has SAM's macro.

    Its time passes: `sam deploy` waits for an event of the stack that is later than its change set's.
    """
    monkeypatch.setenv(TRANSLATOR, str(SAM.with_name("python")))
    with Server(speed=1) as running:
        yield running


@pytest.fixture
def terminal(released: Path, translating: Server, tmp_path: Path) -> Terminal:
    """A folder with a release and its wrappers unpacked, and `sam` on the PATH."""
    folder = unpacked(released, tmp_path)
    tools = [shims(tmp_path / "bin"), SAM.parent]
    given = {
        "PATH": os.pathsep.join([*map(str, tools), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "DRAINER_STAGE": "dev",
        "SAM_CLI_TELEMETRY": "0",
    }
    return Terminal(folder, {**os.environ, **translating.environment, **given}, tmp_path)


def standing(aws: Server) -> set[str]:
    """Return the names of the stacks that are there, but for SAM's own and the nested one, which has a drawn name."""
    listed = aws.client("cloudformation").describe_stacks()["Stacks"]
    return {each["StackName"].partition("-EcsDrainer-")[0] for each in listed} - {KEPT}


def test_the_page_deploys_drains_and_deletes(terminal: Terminal, translating: Server) -> None:
    world = World(translating.client, translating.advance)
    world.build((Service(),), None)
    for command, told in commands("sam.md"):
        if command.startswith("sam delete"):
            assert standing(translating) == {"platform"}
            assert function_names(translating) == {f"ecs-drainer-dev-{name}" for name in FUNCTIONS}
            deploys_nothing_after_a_build(terminal)
            assert drains(translating, world)
        terminal.run(command, told)
    assert standing(translating) == set()
    assert function_names(translating) == set()
    hooks = translating.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=GROUP)
    assert hooks["LifecycleHooks"] == []


def deploys_nothing_after_a_build(terminal: Terminal) -> None:
    """`sam build` finds nothing to build, and what is then deployed is what is there."""
    terminal.run("sam build", "…\nBuild Succeeded\n…\n")
    (deploy,) = (command for command, _ in commands("sam.md") if command.startswith("sam deploy"))
    told = "…\nError: No changes to deploy. Stack platform is up to date\n"
    terminal.run(f"{deploy} || true", told)
    terminal.run("rm -r .aws-sam", "")
