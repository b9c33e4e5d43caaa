"""Where the embedded AWS of `ecs-drainer sandbox up` listens, and how a command is pointed at it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import boto3

from chalicelib.gateways import aws
from cli.edge import Edge
from cli.exit_codes import ExitCode
from cli.problems import Halt
from cli.whereabouts import sandbox_folder
from embedded_aws.server import Served

FOLDER = Path(os.environ.get("DRAINER_SANDBOX_FOLDER") or sandbox_folder())
STATE = FOLDER / "server.json"
SHORTEST_SLEEP = 0.2
"""Real seconds: the server must breathe between two questions, however fast its time passes."""


@dataclass(frozen=True)
class Server(Served):
    """The server that was started."""

    endpoint: str
    pid: int
    speed: float
    """Virtual seconds a real second."""

    def sleep(self, seconds: float) -> None:
        """Let virtual seconds pass."""
        if self.speed:
            time.sleep(max(SHORTEST_SLEEP, seconds / self.speed))
        else:
            self.advance(seconds)


def remembered() -> Server | None:
    """Return the server that was started last, whether or not it still runs."""
    try:
        return Server(**json.loads(STATE.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remember(server: Server) -> None:
    """Write down where the server is."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    STATE.write_text(json.dumps(asdict(server)), encoding="utf-8")


def forget() -> None:
    """Strike out what was written down."""
    STATE.unlink(missing_ok=True)


def enter(edge: Edge) -> Edge:
    """Point this process's AWS clients at the server; returns the edge with the server's time."""
    server = remembered()
    if server is None or not server.answers():
        raise Halt("The sandbox isn't running", "start it with `ecs-drainer sandbox up`", ExitCode.NOT_FOUND)
    point_at(server)
    return replace(edge, now=server.now, sleep=server.sleep, speed=server.speed)


def point_at(server: Served) -> None:
    """Let boto3 ask this server and nobody else, in this process."""
    os.environ.update(server.environment)
    os.environ.pop("AWS_PROFILE", None)
    boto3.setup_default_session()
    aws.client.cache_clear()
