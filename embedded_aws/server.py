"""The embedded AWS in a process of its own, as tests and the demo hold it: `with Server() as server: ...`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

REPOSITORY = Path(__file__).resolve().parent.parent
REGION = "eu-west-1"
STARTS_WITHIN_SECONDS = 90.0
STOPS_WITHIN_SECONDS = 15.0


class Launched(NamedTuple):
    """A server that answers."""

    process: subprocess.Popen[bytes]
    endpoint: str


class ServerFailedError(RuntimeError):
    """The server did not come up, or refused a request to its control endpoints; the message has its words."""


class Served:
    """An embedded AWS that answers at an endpoint, whoever started it."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which every AWS tool finds this server and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service: str, **more: Any) -> Any:
        """Return a boto3 client of the server's AWS; takes what `boto3.client` takes."""
        import boto3  # noqa: PLC0415  # slow to import, and who only runs commands needs none

        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106  # no secret: nothing checks it
            **more,
        )

    def now(self) -> datetime:
        """Return the virtual instant."""
        return datetime.fromisoformat(self.ask("state")["now"])

    def advance(self, seconds: float) -> datetime:
        """Run everything that is due in the next virtual seconds, at once; returns the new instant."""
        return datetime.fromisoformat(self.tell("advance", seconds=seconds)["now"])

    def empty(self) -> None:
        """Empty the account, by moto's own reset; what it had begun doesn't go on."""
        self._request(urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST"))  # noqa: S310  # ours

    def calls(self, **narrower: str) -> list[dict[str, Any]]:
        """Return the request log; `service`, `operation`, `role` and `error` narrow it."""
        calls: list[dict[str, Any]] = self.ask(f"calls?{urllib.parse.urlencode(narrower)}")
        return calls

    def events(self) -> list[dict[str, Any]]:
        """Return the events that AWS's services emitted, oldest first."""
        emitted: list[dict[str, Any]] = self.ask("events")
        return emitted

    def invocations(self) -> list[dict[str, Any]]:
        """Return which function was invoked when, oldest first."""
        made: list[dict[str, Any]] = self.ask("invocations")
        return made

    def killed_tasks(self) -> list[dict[str, Any]]:
        """Return the tasks that died with their instance."""
        killed: list[dict[str, Any]] = self.ask("killed-tasks")
        return killed

    def fail_next(self, service: str, operation: str, code: str, **more: Any) -> None:
        """Answer the next call of the operation with an error, as `RequestLog.fail_next` does."""
        self.tell("fault", service=service, operation=operation, code=code, **more)

    def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: tuple[str, ...] = ()
    ) -> Any:
        """Put an event of an AWS service on the default bus; returns it."""
        return self.tell("event", source=source, detail_type=detail_type, detail=detail, resources=resources)

    def ask(self, path: str) -> Any:
        """GET a control endpoint (see `embedded_aws.control`)."""
        return self._request(urllib.request.Request(f"{self.endpoint}/_embedded-aws/{path}"))  # noqa: S310  # ours

    def tell(self, path: str, **given: Any) -> Any:
        """POST to a control endpoint."""
        url, body = f"{self.endpoint}/_embedded-aws/{path}", json.dumps(given).encode()
        return self._request(urllib.request.Request(url, data=body, method="POST"))  # noqa: S310  # ours

    def _request(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310  # ours
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ServerFailedError(f"{request.full_url}: {error.read().decode(errors='replace')}") from error

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            self.now()
        except (ServerFailedError, OSError, ValueError, KeyError):
            return False
        return True


def launch(folder: Path, *, port: int, speed: float, start: datetime | None = None, **how: Any) -> Launched:
    """Start a server's process with its log in a folder, and wait until it answers; raises ServerFailedError.

    Args:
        folder: where its log is written.
        port: where it listens on loopback; 0 takes a free one.
        speed: virtual seconds a real second; 0: time passes only by `advance`.
        start: when its time begins (aware); None: at the real present, so that `chalice logs` and other tools
            that reckon from their own clock find what they look for.
        how: more for `Popen`.
    """
    ready, log = folder / "ready", folder / "server.log"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "embedded_aws", "serve", "--port", str(port), "--speed", str(speed)]
    command += ["--ready-file", str(ready), *(["--start", start.isoformat()] if start else [])]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=out, stderr=out, **how)  # noqa: S603  # ours
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    try:
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(encoding="utf-8", errors="replace")
                raise ServerFailedError(f"the embedded AWS did not come up:\n{said}")
            time.sleep(0.05)
    except BaseException:
        end(process)
        raise
    return Launched(process, ready.read_text())


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, by force where it takes too long."""
    process.terminate()
    try:
        process.wait(STOPS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Server(Served):
    """A running server, from `with` to its end; takes what `launch` takes."""

    def __init__(self, speed: float = 10, start: datetime | None = None) -> None:
        self._speed = speed
        self._start = start
        self._folder = tempfile.TemporaryDirectory(prefix="embedded-aws-")
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint = ""

    def __enter__(self) -> Self:
        try:
            launched = launch(Path(self._folder.name), port=0, speed=self._speed, start=self._start)
        except BaseException:
            self._folder.cleanup()
            raise
        self._process, self.endpoint = launched
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            end(self._process)
        self._folder.cleanup()
