"""Brings the embedded AWS up as a server that outlives the command: deploys the app into it, builds its sample cluster.

The app is deployed by the real `chalice deploy`, in a copy of the project under .sandbox/, so that the project's own
.chalice/deployed/ stays what it is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec

from cli.problems import Halt
from cli.sandbox import FOLDER, Server, forget, remember
from embedded_aws.server import STOPS_WITHIN_SECONDS, ServerFailedError, launch
from stories.project import ChaliceFailed, deploy_project
from stories.world import Hook, Service, World

PROJECT = FOLDER / "project"
NEEDED = ("chalice", "jsonata", "moto", "statelint", "time_machine")
"""What the extra `sandbox` brings."""
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


def refuse_if_incomplete(what: str = "The sandbox") -> None:
    """Raise Halt where the packages that the embedded AWS is made of aren't installed; `what` needs them."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise Halt(
            f"{what} needs packages that the command itself does not: {', '.join(missing)}",
            "install `ecs-drainer[sandbox]` where you installed `ecs-drainer`; a clone has them by `make install`",
        )


def start(port: int, speed: float) -> Server:
    """Start the server's process and wait until it answers; raises Halt with its log."""
    refuse_if_incomplete()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        # In a session of its own it outlives this command, and Ctrl-C here is none of its business.
        process, endpoint = launch(
            FOLDER, port=port, speed=speed, stdin=subprocess.DEVNULL, start_new_session=True
        )
    except ServerFailedError as error:
        raise Halt("The embedded AWS did not come up", str(error)[-2_000:]) from error
    server = Server(endpoint, process.pid, speed)
    remember(server)
    return server


def stop(server: Server) -> None:
    """End the server's process, if it is still ours: it must answer where we left it."""
    if server.answers():
        os.kill(server.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOPS_WITHIN_SECONDS
        while server.answers() and time.monotonic() < deadline:
            time.sleep(TICK)
    shutil.rmtree(PROJECT, ignore_errors=True)
    forget()


def deploy(server: Server) -> None:
    """Deploy the app with the real chalice command; raises Halt with what it said."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    try:
        deploy_project(PROJECT, server.environment)
    except ChaliceFailed as error:
        raise Halt("The app could not be deployed into the sandbox", str(error)) from error


def build_sample(server: Server) -> list[str]:
    """Build the sample cluster, a standalone task on its first instance; returns the instances' ids."""
    world = World(server.client, server.advance)
    instances = world.build(SERVICES, Hook(), instances=INSTANCES, tasks=(JOB,))
    world.wait(10)
    return instances
