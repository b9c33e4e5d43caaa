"""The real chalice command in a copy of the project, against the embedded AWS as a server on loopback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.server import Server
from release.__main__ import write_templates
from stories.project import copy_project, run_chalice


@dataclass(frozen=True)
class Project:
    """A copy of the project, for a chalice command that knows one AWS."""

    folder: Path
    aws: Server

    def chalice(self, *arguments: str, fails: bool = False, stdin: str = "") -> str:
        """Run the chalice command and return all that it prints; it must succeed, or fail with 1."""
        ran = run_chalice(self.folder, self.aws.environment, *arguments, stdin=stdin)
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
def server() -> Iterator[Server]:
    """One server for all tests of a process: it starts in seconds, and is emptied in no time."""
    with Server(speed=0) as running:
        yield running


def emptied(server: Server) -> Server:
    """Empty the account of a server."""
    server.empty()
    return server


@pytest.fixture
def aws(server: Server) -> Server:
    """An empty account."""
    return emptied(server)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """A project whose Lambda zip is built, which takes the longest of all, and whose template is packaged."""
    folder = copy_project(tmp_path_factory.mktemp("built") / "project")
    Project(folder, server).chalice("package", str(folder / "packaged"))
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path, aws: Server) -> Project:
    """A copy of the built project, never deployed, and an empty account."""
    return Project(Path(shutil.copytree(built, tmp_path / "project")), aws)


@pytest.fixture(scope="session")
def released(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `make release` makes of templates and zip."""
    folder = Path(shutil.copytree(built / "packaged", tmp_path_factory.mktemp("released") / "dist"))
    write_templates(folder)
    return folder
