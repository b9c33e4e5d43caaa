"""Brings the embedded AWS up as a server that outlives the command: deploys the app into it, builds its sample cluster.

The app is deployed by the real `chalice deploy`, in a copy of the project under .sandbox/, so that the project's own
.chalice/deployed/ stays what it is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3

from cli.problems import Halt
from cli.sandbox import FOLDER, REGION, Server, forget, remember
from cli.whereabouts import ROOT
from stories.world import Hook, Service, World

DEPLOYED = ("app.py", "requirements.txt", "chalicelib", "statemachine", ".chalice")
LEFT_OUT = shutil.ignore_patterns("deployed", "deployments", "__pycache__")
LOG = FOLDER / "server.log"
PROJECT = FOLDER / "project"
NEEDED = ("chalice", "jsonata", "moto", "statelint", "time_machine")
"""What the extra `sandbox` brings."""
STARTS_WITHIN = 90.0
STOPS_WITHIN = 15.0
TICK = 0.1

SERVICES = (
    Service(name="web", desired=6),
    Service(name="api", desired=2, has_target_group=False),
    Service(name="logs", is_daemon=True, has_target_group=False),
    Service(name="legacy", desired=1, minimum_percent=100, maximum_percent=100, has_target_group=False),
)
"""What the sample cluster runs: `legacy` can't move, as its percents leave no room, and shows what `plan` says then."""
JOB = Service(name="nightly", has_target_group=False, labels={"exits-after": "3600"})
INSTANCES = 4


def refuse_if_incomplete() -> None:
    """Raise Halt where the packages that the embedded AWS is made of aren't installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise Halt(
            f"The sandbox needs packages that the command itself does not: {', '.join(missing)}",
            "install `ecs-drainer[sandbox]` where you installed `ecs-drainer`; a clone has them by `make install`",
        )


def start(port: int, speed: float) -> Server:
    """Start the server's process and wait until it answers; raises Halt with the end of its log."""
    refuse_if_incomplete()
    FOLDER.mkdir(parents=True, exist_ok=True)
    ready = FOLDER / "ready"
    ready.unlink(missing_ok=True)
    arguments = ["serve", "--port", str(port), "--speed", str(speed), "--ready-file", str(ready)]
    with LOG.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "embedded_aws", *arguments],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # it outlives this command, and Ctrl-C here is none of its business
        )
    if not _within(STARTS_WITHIN, lambda: ready.exists() or process.poll() is not None) or not ready.exists():
        process.kill()
        raise Halt("The embedded AWS did not come up", _end_of_log())
    server = Server(ready.read_text(encoding="utf-8"), process.pid, speed)
    remember(server)
    return server


def stop(server: Server) -> None:
    """End the server's process, if it is still ours: it must answer where we left it."""
    if server.answers():
        os.kill(server.pid, signal.SIGTERM)
        _within(STOPS_WITHIN, lambda: not server.answers())
    shutil.rmtree(PROJECT, ignore_errors=True)
    forget()


def deploy(server: Server) -> None:
    """Deploy the app with the real chalice command; raises Halt with what it said."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    PROJECT.mkdir(parents=True)
    for name in DEPLOYED:
        _copy(ROOT / name, PROJECT / name)
    ran = subprocess.run(  # noqa: S603  # our own command
        [str(Path(sys.executable).with_name("chalice")), "deploy", "--stage", "dev"],
        cwd=PROJECT,
        env={**os.environ, **server.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise Halt("The app could not be deployed into the sandbox", (ran.stdout + ran.stderr)[-2_000:])


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=LEFT_OUT)
    else:
        shutil.copy(source, target)


def build_sample(server: Server) -> list[str]:
    """Build the sample cluster, a standalone task on its first instance; returns the instances' ids."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=server.endpoint,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106  # no secret: nothing checks it
        )

    world = World(client, lambda seconds: server.ask("advance", seconds=seconds))
    world.build(SERVICES, Hook(), instances=INSTANCES)
    instances = world.instances()
    world.start_task(instances[0], JOB)
    server.ask("advance", seconds=10)
    return instances


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(TICK)
    return True


def _end_of_log() -> str:
    return "\n".join(LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
