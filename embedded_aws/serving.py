"""The embedded AWS as a server on loopback: the same parts, with a clock that a thread drives.

One process is one AWS, since the virtual clock is the process's clock. Requests that come in over HTTP, and those
that state machines make in this process, meet the same moto behind the same request log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from time_machine import escape_hatch
from werkzeug.serving import BaseWSGIServer, make_server

from embedded_aws import aws
from embedded_aws.agenda import Timer
from embedded_aws.awslambda import WorkerRuntime, use_runtime
from embedded_aws.clock import Clock
from embedded_aws.control import ControlPanel

LOOPBACK = "127.0.0.1"


class ServedClock(Clock):
    """A clock that a thread of its own drives, at its speed; without one it stands still until it is advanced.

    Its booked actions keep requests out while they run, as requests keep each other out.
    """

    def __init__(self, start: datetime, speed: float | None) -> None:
        super().__init__(start, speed)
        self._halt = threading.Event()
        self._driving_thread: threading.Thread | None = None
        self._advancing = threading.Lock()

    def call_at(self, at: datetime, action: Callable[[], object], label: str = "") -> Timer:
        """Book an action as `Clock` does; it will hold the request log's lock."""

        def alone() -> None:
            with aws.current().requests.lock:
                action()

        return super().call_at(at, alone, label)

    def run(self) -> None:
        """Let time pass at the clock's speed, if it has one."""
        if self.speed is not None:
            self._halt.clear()
            self._driving_thread = threading.Thread(target=self.run_paced, args=(self._halt,), daemon=True)
            self._driving_thread.start()

    def halt(self) -> None:
        """Let it stand still."""
        self._halt.set()
        if self._driving_thread is not None:
            self._driving_thread.join()
            self._driving_thread = None

    def advance(self, seconds: float) -> None:
        """Run everything due in the next virtual seconds at once, then go on at the clock's speed."""
        with self._advancing:
            self.halt()
            try:
                super().advance(seconds)
            finally:
                self.run()


class QuietHandler(MotoRequestHandler):  # type: ignore[misc]  # moto ships no types
    """moto's handler of requests, but for a line on the terminal for each of them."""

    def log_request(self, *_: Any) -> None:
        """Say nothing: the request log knows it all."""

    def date_time_string(self, _: float | None = None) -> str:
        """Date an answer with the real time.

        An SDK sets its own clock by the Date of a refusal that is minutes off, and tries the call again: AWS's for
        JavaScript does so seven times over while virtual time runs on.
        """
        return str(super().date_time_string(escape_hatch.time.time()))


@contextmanager
def served(port: int, speed: float, start: datetime) -> Iterator[BaseWSGIServer]:
    """Bring an embedded AWS up behind a server that is bound, not yet serving; port 0 takes a free one."""
    clock = ServedClock(start, speed or None)
    with aws.raised(clock):
        aws.draw_the_same_ids()
        panel = ControlPanel(DomainDispatcherApplication(create_backend_app))
        server = make_server(LOOPBACK, port, panel, threaded=True, request_handler=QuietHandler)
        runtime = WorkerRuntime(endpoint_of(server))
        use_runtime(runtime)
        clock.run()
        try:
            yield server
        finally:
            clock.halt()
            runtime.close()
            server.server_close()


def endpoint_of(server: BaseWSGIServer) -> str:
    """Return the address to put into AWS_ENDPOINT_URL."""
    return f"http://{LOOPBACK}:{server.server_port}"


def serve(port: int, speed: float, start: datetime, ready_file: Path | None) -> None:
    """Serve until the process is told to end; the endpoint is written to `ready_file` once it answers."""
    with served(port, speed, start) as server:
        endpoint = endpoint_of(server)
        print(f"The embedded AWS answers at {endpoint}", flush=True)
        if ready_file is not None:
            # Written aside and moved into place: who waits for the file never reads half of it.
            beside = ready_file.with_suffix(".part")
            beside.write_text(endpoint)
            beside.rename(ready_file)
        server.serve_forever()
