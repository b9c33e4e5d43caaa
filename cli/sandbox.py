"""Where the embedded AWS of `ecs-drainer sandbox up` listens, and how a command is pointed at it."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3

from chalicelib.gateways import aws
from cli.edge import Edge
from cli.exit_codes import ExitCode
from cli.problems import Halt
from cli.whereabouts import sandbox_folder

FOLDER = Path(os.environ.get("DRAINER_SANDBOX_FOLDER") or sandbox_folder())
STATE = FOLDER / "server.json"
REGION = "eu-west-1"
SHORTEST_SLEEP = 0.2
"""Real seconds: the server must breathe between two questions, however fast its time passes."""
ANSWERS_WITHIN = 600
"""Real seconds for one question: advancing a fast clock by hours takes a while."""


@dataclass(frozen=True, slots=True)
class Server:
    """The server that was started."""

    endpoint: str
    pid: int
    speed: float
    """Virtual seconds a real second."""

    def ask(self, path: str, **given: Any) -> Any:
        """Ask a control endpoint (`embedded_aws.control`): GET, or POST where something is given."""
        body = json.dumps(given).encode() if given else None
        request = urllib.request.Request(f"{self.endpoint}/_embedded-aws/{path}", data=body)  # noqa: S310  # loopback
        with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN) as answer:  # noqa: S310  # loopback
            return json.load(answer)

    def now(self) -> datetime:
        """Return the instant it is there: its time has its own pace."""
        return datetime.fromisoformat(self.ask("state")["now"])

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            self.now()
        except (urllib.error.URLError, OSError, ValueError, KeyError):
            return False
        return True

    def sleep(self, seconds: float) -> None:
        """Let virtual seconds pass."""
        if self.speed:
            time.sleep(max(SHORTEST_SLEEP, seconds / self.speed))
        else:
            self.ask("advance", seconds=seconds)

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which AWS's tools find this server and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


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
    return replace(edge, now=server.now, sleep=server.sleep)


def point_at(server: Server) -> None:
    """Let boto3 ask this server and nobody else, in this process."""
    os.environ.update(server.environment)
    os.environ.pop("AWS_PROFILE", None)
    boto3.setup_default_session()
    aws.client.cache_clear()
