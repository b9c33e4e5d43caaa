"""Functions run from their deployed zip: worker processes that live on between invocations, as on AWS.

A worker sees the standard library, the zip and what the Lambda runtime carries (boto3 and what it needs): an
import that the zip forgot fails here as it does there.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import select
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import IO, Any

from embedded_aws import aws
from embedded_aws.awslambda import bootstrap
from embedded_aws.awslambda.bootstrap import LambdaContext, Outcome, unhandled
from embedded_aws.awslambda.in_process import function_environment
from embedded_aws.requests import session_credentials

IN_THE_LAMBDA_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
FOR_THE_VIRTUAL_CLOCK = ("time_machine", "_time_machine")
MOST_REAL_SECONDS = 900
"""Lambda's own longest timeout: a worker takes real time, in which the virtual clock stands still."""

AS_ON_AWS = "/var/task"
"""Where a function's code lies on AWS: stack traces and logs say so, wherever it lies here."""

Version = tuple[str, ...]


class Worker:
    """One execution environment: a process that has the function's code, environment and credentials."""

    def __init__(self, function: Any, runtime: Path, endpoint: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=f"{function.function_name}-")
        with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as code:
            code.extractall(self._folder.name)
        self._process = subprocess.Popen(  # noqa: S603  # this interpreter and our own bootstrap
            [sys.executable, "-S", "-u", bootstrap.__file__, self._folder.name, str(runtime)],
            cwd=self._folder.name,
            env=_environment(function, endpoint, self._folder.name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, order: dict[str, Any], timeout: float) -> Outcome | None:
        """Send an order; None where the process ended instead of answering; raises TimeoutError."""
        orders, answers = self._pipes()
        orders.write(json.dumps(order) + "\n")
        orders.flush()
        if not select.select([answers], [], [], timeout)[0]:
            raise TimeoutError
        line = answers.readline().replace(self._folder.name, AS_ON_AWS)
        return Outcome(**json.loads(line)) if line else None

    def exit_status(self) -> int:
        """Wait for the end of a process that gave up, and return its status."""
        return self._process.wait(timeout=10)

    def close(self) -> None:
        """End the process and take its folder away."""
        self._process.kill()
        self._process.wait()
        for pipe in self._pipes():
            pipe.close()
        self._folder.cleanup()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        orders, answers = self._process.stdin, self._process.stdout
        if orders is None or answers is None:
            raise RuntimeError("a worker has pipes at both ends")
        return orders, answers


class WorkerRuntime:
    """Worker processes for each function, as many as run at once; `endpoint` is where they find this AWS."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._idle: dict[Version, list[Worker]] = defaultdict(list)
        self._all: list[Worker] = []
        self._lock = Lock()
        self._runtime = tempfile.TemporaryDirectory(prefix="lambda-runtime-")
        _link_runtime(Path(self._runtime.name))

    def run(self, function: Any, event: Any, context: LambdaContext) -> Outcome:
        """Call the handler in a worker that has the function's present code and configuration."""
        version = _version(function)
        worker = self._take(function, version)
        now = aws.now().timestamp()
        order = {"event": event, "context": asdict(context), "now": now}
        try:
            outcome = worker.call(order, min(float(function.timeout), MOST_REAL_SECONDS))
        except TimeoutError:
            self._drop(worker)
            return _timed_out(function, context.aws_request_id)
        if outcome is None:
            exited = Outcome.exited(context.aws_request_id, f"exit status {worker.exit_status()}")
            self._drop(worker)
            return exited
        with self._lock:
            self._idle[version].append(worker)
        return outcome

    def close(self) -> None:
        """End every worker."""
        with self._lock:
            workers, self._all = self._all, []
            self._idle.clear()
        for worker in workers:
            worker.close()
        self._runtime.cleanup()

    def _take(self, function: Any, version: Version) -> Worker:
        with self._lock:
            self._retire_older(version)
            if self._idle[version]:
                return self._idle[version].pop()
            worker = Worker(function, Path(self._runtime.name), self._endpoint)
            self._all.append(worker)
            return worker

    def _retire_older(self, version: Version) -> None:
        for other in [key for key in self._idle if key[0] == version[0] and key != version]:
            for worker in self._idle.pop(other):
                self._all.remove(worker)
                worker.close()

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            if worker in self._all:
                self._all.remove(worker)
        worker.close()


def _version(function: Any) -> Version:
    variables = json.dumps(function.environment_vars, sort_keys=True)
    return (function.function_arn, function.code_sha_256, function.handler, function.role, variables)


def _timed_out(function: Any, request_id: str) -> Outcome:
    message = f"RequestId: {request_id} Error: Task timed out after {function.timeout:.2f} seconds"
    return Outcome(unhandled("Sandbox.Timedout", message, request_id), True, f"{message}\n")


def _environment(function: Any, endpoint: str, task: str) -> dict[str, str]:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return {
        **function_environment(function),
        **session_credentials(function.role, function.function_name),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{version}",
        "LAMBDA_TASK_ROOT": task,
        "PATH": os.environ.get("PATH", ""),
        "LANG": "en_US.UTF-8",
        "TZ": "UTC",
    }


def _link_runtime(folder: Path) -> None:
    for name in (*IN_THE_LAMBDA_RUNTIME, *FOR_THE_VIRTUAL_CLOCK):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            origin = origin.parent if origin.name == "__init__.py" else origin
            (folder / origin.name).symlink_to(origin)
