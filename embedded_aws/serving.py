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
from werkzeug.serving import BaseWSGIServer, make_server

from embedded_aws import aws
from embedded_aws.agenda import Timer
from embedded_aws.awslambda import WorkerRuntime, use_runtime
from embedded_aws.clock import Clock
from embedded_aws.control import ControlPanel

LOOPBACK = "127.0.0.1"


class ServedClock(Clock):
    """A clock whose booked actions keep requests out while they run, as requests keep each other out."""

    def call_at(self, at: datetime, action: Callable[[], object], label: str = "") -> Timer:
        """Book an action as `Clock` does; it will hold the request log's lock."""

        def alone() -> None:
            with aws.current().requests.lock:
                action()

        return super().call_at(at, alone, label)


class Driver:
    """The thread that lets virtual time pass; `speed` 0: time stands still until it is advanced."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._advancing = threading.Lock()

    def start(self) -> None:
        """Let time pass at the clock's speed, if it has one."""
        if self.clock.speed is not None:
            self._stop.clear()
            self._thread = threading.Thread(target=self.clock.run_paced, args=(self._stop,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let it stand still."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def advance(self, seconds: float) -> None:
        """Run everything due in the next virtual seconds at once, then go on at the clock's speed."""
        with self._advancing:
            self.stop()
            try:
                self.clock.advance(seconds)
            finally:
                self.start()


class QuietHandler(MotoRequestHandler):  # type: ignore[misc]  # moto ships no types
    """moto's handler of requests, but for a line on the terminal for each of them."""

    def log_request(self, *_: Any) -> None:
        """Say nothing: the request log knows it all."""


@contextmanager
def served(port: int, speed: float, start: datetime) -> Iterator[BaseWSGIServer]:
    """Bring an embedded AWS up behind a server that is bound, not yet serving; port 0 takes a free one."""
    clock = ServedClock(start, speed or None)
    with aws.raised(clock):
        aws.draw_the_same_ids()
        driver = Driver(clock)
        panel = ControlPanel(DomainDispatcherApplication(create_backend_app), driver.advance)
        server = make_server(LOOPBACK, port, panel, threaded=True, request_handler=QuietHandler)
        runtime = WorkerRuntime(endpoint_of(server))
        use_runtime(runtime)
        driver.start()
        try:
            yield server
        finally:
            driver.stop()
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
