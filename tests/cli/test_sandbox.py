"""The sandbox: where its server is remembered, and the whole of it once, with the real chalice command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import sandbox
from cli.edge import Edge, the_real_one
from cli.exit_codes import ExitCode
from cli.main import app
from cli.sandbox import Server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for the sandbox's state."""
    monkeypatch.setattr(sandbox, "FOLDER", tmp_path)
    monkeypatch.setattr(sandbox, "STATE", tmp_path / "server.json")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_what_was_started_is_remembered_until_it_is_forgotten() -> None:
    server = Server("http://127.0.0.1:1", 4711, 10.0)
    sandbox.remember(server)
    assert sandbox.remembered() == server
    sandbox.forget()
    assert sandbox.remembered() is None
    sandbox.forget()


@pytest.mark.parametrize("text", ["", "{", '{"endpoint": "x"}'])
def test_a_state_that_cannot_be_read_is_no_sandbox(folder: Path, text: str) -> None:
    (folder / "server.json").write_text(text, encoding="utf-8")
    assert sandbox.remembered() is None


@pytest.mark.usefixtures("folder")
def test_commands_say_that_it_is_not_running() -> None:
    sandbox.remember(Server("http://127.0.0.1:1", 4711, 10.0))
    runner = CliRunner()
    assert runner.invoke(app, ["sandbox", "status"]).exit_code == ExitCode.NOT_FOUND
    ran = runner.invoke(app, ["list", "--sandbox"])
    assert ran.exit_code == ExitCode.NOT_FOUND
    assert "start it with `ecs-drainer sandbox up`" in ran.stderr
    assert runner.invoke(app, ["sandbox", "down"]).exit_code == ExitCode.OK
    assert sandbox.remembered() is None


def test_the_edge_of_a_process_is_real() -> None:
    edge = the_real_one()
    assert isinstance(edge, Edge)
    assert edge.now().tzinfo is not None


@pytest.mark.deploy
@pytest.mark.slow
def test_up_drain_down(tmp_path: Path) -> None:
    """As a newcomer does: up, look, drain, down."""
    environment = {**os.environ, "DRAINER_SANDBOX_FOLDER": str(tmp_path), "DRAINER_SANDBOX": "1"}

    def run(*arguments: str) -> str:
        ran = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    instances = json.loads(run("sandbox", "up", "--speed", "0", "-o", "json"))["instances"]
    try:
        assert "the sandbox runs already" in run("sandbox", "up").lower()
        assert "0 errors, 1 warning." in run("doctor")
        assert "hold" in run("plan", instances[-1])
        assert "every task is STOPPED; took" in run("drain", instances[-1], "--yes", "-m", "trying it out")
    finally:
        assert "The sandbox is down" in run("sandbox", "down")
