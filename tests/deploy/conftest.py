"""The real chalice command in a copy of the project, against the embedded AWS as a server on loopback."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest

from simulator.aws import CREDENTIALS, REGION

ROOT = Path(__file__).parents[2]
DEPLOYED = ("app.py", "requirements.txt", "chalicelib", "statemachine", ".chalice")
LEFT_OUT = shutil.ignore_patterns("deployed", "deployments", "__pycache__")


@dataclass(frozen=True)
class Aws:
    """The embedded AWS as a server."""

    endpoint: str

    def client(self, service: str) -> Any:
        """Return a client of one of its services."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def environment(self) -> dict[str, str]:
        """Return what a process needs to take this AWS for the real one."""
        return {**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint}


@dataclass(frozen=True)
class Project:
    """A copy of the project, for a chalice command that knows one AWS."""

    folder: Path
    aws: Aws

    def chalice(self, *arguments: str, fails: bool = False) -> str:
        """Run the chalice command and return all that it prints; it must succeed, or fail with 1."""
        command = [str(Path(sys.executable).with_name("chalice")), *arguments]
        ran = subprocess.run(  # noqa: S603  # our own command
            command,
            cwd=self.folder,
            env=self.aws.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ran.returncode == (1 if fails else 0), ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def edit(self, file: str, before: str, after: str) -> None:
        """Replace the first occurrence of a text in a file of the project."""
        path = self.folder / file
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after, 1))

    def deployed(self, stage: str = "dev") -> dict[str, dict[str, Any]]:
        """Return what Chalice recorded of a stage, by name, in the order of deployment."""
        recorded = json.loads((self.folder / ".chalice" / "deployed" / f"{stage}.json").read_text())
        return {resource["name"]: resource for resource in recorded["resources"]}


@pytest.fixture(scope="session")
def server() -> Iterator[Aws]:
    """One server for all tests of a process: it starts in seconds, and `aws` empties it in no time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "simulator", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  # ours
    try:
        _wait_for(port, process)
        yield Aws(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the embedded AWS ended before it answered"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the embedded AWS did not answer within a minute")


def emptied(server: Aws) -> Aws:
    """Empty the account of a server."""
    with urlopen(f"{server.endpoint}/moto-api/reset", data=b"") as answer:  # noqa: S310  # on loopback
        assert answer.status == 200
    return server


@pytest.fixture
def aws(server: Aws) -> Aws:
    """An empty account."""
    return emptied(server)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, server: Aws) -> Path:
    """A project whose Lambda zip is built, which takes the longest of all."""
    folder = tmp_path_factory.mktemp("project")
    for name in DEPLOYED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
        else:
            shutil.copy(ROOT / name, folder / name)
    Project(folder, server).chalice("package", str(folder / "packaged"))
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path, aws: Aws) -> Project:
    """A copy of the built project, never deployed, and an empty account."""
    return Project(Path(shutil.copytree(built, tmp_path / "project")), aws)
