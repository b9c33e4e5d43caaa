"""The stage of every act: the embedded AWS in a process of its own, the app deployed into it by the real chalice.

Nothing is written into the checkout: `chalice` runs on a copy in a temporary folder, so that a `.chalice/deployed`
of a real account is neither read nor touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from embedded_aws.server import REPOSITORY, Server
from stories.world import World

DEPLOYED = ("app.py", "requirements.txt", "chalicelib", "statemachine", ".chalice")
NOT_COPIED = shutil.ignore_patterns("deployed", "deployments", "venv", "__pycache__")
STAGE = "dev"
APP = "ecs-drainer"
CHALICE_WITHIN_SECONDS = 300
ACCOUNT = "123456789012"
MACHINE = f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:{APP}-{STAGE}"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:{APP}-{STAGE}-notifications"


class StageFailed(RuntimeError):  # noqa: N818  # reads as the sentence that it carries
    """The stage can't be set; the message has the words of the command that failed."""


@dataclass(frozen=True)
class Stage:
    """A deployed drainer on an embedded AWS whose time passes only by `wait`."""

    aws: Server
    project: Path
    """The copy that was deployed: further chalice commands run here."""

    @property
    def world(self) -> World:
        """What builds a cluster, an Auto Scaling group and services, through AWS's own API."""
        return World(self.aws.client, self.wait)

    def wait(self, seconds: float) -> None:
        """Let virtual seconds pass at once."""
        self.aws.advance(seconds)

    def deploy(self) -> str:
        """Run `chalice deploy` and return what it said; raises StageFailed."""
        return self.chalice("deploy", "--stage", STAGE)

    def chalice(self, *arguments: str) -> str:
        """Run a chalice command and return what it said; raises StageFailed."""
        ran = subprocess.run(  # noqa: S603  # our own environment's command
            [str(Path(sys.executable).with_name("chalice")), *arguments],
            cwd=self.project,
            env={**os.environ, **self.aws.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=CHALICE_WITHIN_SECONDS,
        )
        if ran.returncode:
            raise StageFailed(f"`chalice {' '.join(arguments)}` failed:\n{ran.stdout}{ran.stderr}")
        return ran.stdout


@contextmanager
def stage(start: datetime | None = None) -> Iterator[Stage]:
    """Bring the embedded AWS up and copy the project; call `deploy` on what is given.

    Args:
        start: when its time begins; None: at the present.

    Raises:
        embedded_aws.server.ServerFailedError: it did not come up.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ecs-drainer-demo-", ignore_cleanup_errors=True) as folder,
        # Server, workers and chalice put their files here: whatever an interrupt makes them leave goes with it.
        patch.dict(os.environ, TMPDIR=folder),
        Server(0, start) as aws,
    ):
        yield Stage(aws, copy_project(Path(folder) / "project"))


def copy_project(to: Path) -> Path:
    """Copy what `chalice deploy` reads, and nothing that a deployment leaves behind."""
    to.mkdir()
    for name in DEPLOYED:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, to / name, ignore=NOT_COPIED)
        else:
            shutil.copy(REPOSITORY / name, to / name)
    return to
