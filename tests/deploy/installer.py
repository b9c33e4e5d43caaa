"""The command `ecs-drainer` as a process of its own, against the embedded AWS as a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded_aws.server import Server
from stories.world import World

ROOT = Path(__file__).parents[2]
STACK = "ecs-drainer-dev"


@dataclass(frozen=True)
class Installer:
    """A person with a release's folder and credentials."""

    aws: Server
    released: Path

    def run(self, *arguments: str, expected: int = 0) -> str:
        """Run the command and return all that it prints."""
        ran = self._ran(*arguments)
        assert ran.returncode == expected, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def prints(self, *arguments: str) -> str:
        """Run the command and return its result alone, as a pipe gets it."""
        ran = self._ran(*arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def _ran(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  # ours
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.aws.environment, "DRAINER_STAGE": "dev"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def install(self, *arguments: str, expected: int = 0) -> str:
        """Install the release without being asked."""
        return self.run("install", "--from", str(self.released), "--yes", *arguments, expected=expected)

    def changes(self, *arguments: str) -> list[dict[str, str]]:
        """Return what an installation would change."""
        said = self.run("install", "--from", str(self.released), "--plan", "-o", "json", *arguments)
        listed: list[dict[str, str]] = json.loads(said)["changes"]
        return listed

    def variables(self, function: str = "look") -> dict[str, str]:
        """Return a function's environment."""
        name = f"{STACK}-{function}"
        found = self.aws.client("lambda").get_function_configuration(FunctionName=name)
        variables: dict[str, str] = found["Environment"]["Variables"]
        return variables

    def stack(self) -> dict[str, Any]:
        """Return the stack."""
        described: dict[str, Any] = self.aws.client("cloudformation").describe_stacks(StackName=STACK)
        found: dict[str, Any] = described["Stacks"][0]
        return found


def drains(aws: Server, world: World) -> bool:
    """Terminate an instance of the group and see that it is let go without a task killed."""
    earlier = len(
        aws.calls(operation="CompleteLifecycleAction")
    )  # emptying an account leaves the server's log
    leaving = world.instances()[0]
    world.terminate(leaving)
    aws.advance(300)
    (completed,) = aws.calls(operation="CompleteLifecycleAction")[earlier:]
    assert (completed["parameters"]["InstanceId"], completed["error"]) == (leaving, None)
    return aws.killed_tasks() == []
