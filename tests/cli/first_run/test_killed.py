"""The command in a process of its own, against the embedded AWS on loopback: killed, and ended by Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from embedded_aws.server import Server

ROOT = Path(__file__).parents[3]
SPEED = 30
WITHIN = 120


@pytest.fixture(scope="module", name="server")
def _server() -> Iterator[Server]:
    with Server(speed=SPEED) as server:
        yield server


def command(server: Server, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start `ecs-drainer doctor --first-run` against the server, whose time the command takes as its own."""
    sandbox = {"endpoint": server.endpoint, "pid": os.getpid(), "speed": SPEED}
    (folder / "server.json").write_text(json.dumps(sandbox), encoding="utf-8")
    return subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-m", "cli", "doctor", "--sandbox", "--first-run", *arguments],
        cwd=ROOT,
        env={**os.environ, **server.environment, "DRAINER_SANDBOX_FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until_there_is_a_group(server: Server) -> None:
    deadline = time.monotonic() + WITHIN
    while not names(server):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def names(server: Server) -> list[str]:
    """Return what there is of the groups, clusters and roles of first runs."""
    scaling, tasks, iam = (server.client(each) for each in ("autoscaling", "ecs", "iam"))
    groups = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    roles = iam.list_roles(PathPrefix="/ecs-drainer-first-run/")["Roles"]
    named = [one["AutoScalingGroupName"] for one in groups]
    return (
        [*named, *tasks.list_clusters()["clusterArns"], *(one["RoleName"] for one in roles)] if named else []
    )


def test_a_run_that_was_killed_is_cleaned_up_later(server: Server, tmp_path: Path) -> None:
    run = command(server, tmp_path, "--with-a-throwaway-group", "--yes", "--question", "draining-twice")
    until_there_is_a_group(server)
    run.kill()
    run.communicate(timeout=WITHIN)
    assert len(names(server)) == 3
    later = command(server, tmp_path, "--clean-up", "--yes")
    told, _ = later.communicate(timeout=WITHIN)
    assert later.returncode == ExitCode.OK, told
    assert "removed: Auto Scaling group ecs-drainer-first-run-" in told
    assert not server.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert not server.client("iam").list_roles(PathPrefix="/ecs-drainer-first-run/")["Roles"]


def test_ctrl_c_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    run = command(server, tmp_path, "--with-a-throwaway-group", "--yes", "--question", "draining-twice")
    until_there_is_a_group(server)
    run.send_signal(signal.SIGINT)
    told, _ = run.communicate(timeout=WITHIN)
    assert run.returncode == ExitCode.DETACHED, told
    assert "Removing what was created" in told
    assert "0 of 1 questions are settled" in told
    assert not names(server)
