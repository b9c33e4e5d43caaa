"""Runs the command against the embedded AWS in this process, on its clock, and keeps the transcript."""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from typer.testing import CliRunner, Result

from app import app as chalice_app
from chalicelib.gateways import aws as gateway
from cli.edge import Edge
from cli.main import app
from embedded_aws.aws import EmbeddedAws, embedded_aws
from stories.deployment import Deployment, deploy
from stories.naming import named
from stories.world import Hook, Service, World

TRANSCRIPTS = Path(__file__).parent / "transcripts"


class Shell:
    """A person at a terminal, in a world of their own."""

    def __init__(self, aws: EmbeddedAws, world: World, deployment: Deployment) -> None:
        self.aws = aws
        self.world = world
        self.deployment = deployment
        self.ids = sorted(world.instances())
        self._transcript: list[str] = []

    def run(self, line: str, *, edge: Edge | None = None, answer: str | None = None) -> Result:
        """Run one command line, `@0` standing for the first instance; written down as it was answered."""
        for number, instance_id in enumerate(self.ids):
            line = line.replace(f"@{number}", instance_id)
        ran = self.quietly(line, edge=edge, answer=answer)
        code = f"exit code {ran.exit_code}\n" if ran.exit_code else ""
        self._transcript.append(f"$ ecs-drainer {line}\n{ran.output}{code}")
        return ran

    def quietly(self, line: str, *, edge: Edge | None = None, answer: str | None = None) -> Result:
        """Run one command line and write nothing down."""
        return CliRunner().invoke(
            app, shlex.split(line), obj=edge or self.edge(), input=answer, prog_name="ecs-drainer"
        )

    def edge(self, **changed: Any) -> Edge:
        """Return the edge whose time is the embedded AWS's."""
        return Edge(**{"now": self.aws.clock.now, "sleep": self.aws.clock.advance, **changed})

    def tell(self, sentence: str) -> None:
        """Write down what happens between two commands."""
        self._transcript.append(f"# {sentence}\n")

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.aws.clock.advance(seconds)

    @property
    def transcript(self) -> str:
        """Everything so far, ids replaced by short names in order of appearance."""
        return named("\n".join(self._transcript))


@contextmanager
def shell(
    *services: Service,
    instances: int = 3,
    hook: Hook | None = Hook(),  # noqa: B008  # frozen
    variables: Mapping[str, str] | None = None,
) -> Iterator[Shell]:
    """Give a shell in a world with these services, the app deployed for the stage `dev` with more variables."""
    with embedded_aws() as aws:
        gateway.client.cache_clear()
        deployment = deploy(
            chalice_app,
            {"POWERTOOLS_METRICS_DISABLED": "true", **(variables or {})},  # they are lines on stdout
        )
        world = World(boto3.client, aws.clock.advance)
        with aws.requests.unthrottled():
            world.build(services or (Service(),), hook, instances=instances)
            boto3.client("sns").subscribe(
                TopicArn=deployment.outputs["AlarmTopicArn"], Protocol="email", Endpoint="on-call@example.com"
            )
        yield Shell(aws, world, deployment)
    gateway.client.cache_clear()


def compare_with_approved(name: str, text: str) -> None:
    """Compare a transcript with the approved one; APPROVE=1 writes it anew."""
    approved = TRANSCRIPTS / f"{name}.txt"
    if os.environ.get("APPROVE") == "1":
        approved.write_text(text, encoding="utf-8")
    before = approved.read_text(encoding="utf-8")
    changes = difflib.unified_diff(before.splitlines(), text.splitlines(), "approved", "now", lineterm="")
    assert text == before, "\n".join(["APPROVE=1 writes it anew", *changes])
