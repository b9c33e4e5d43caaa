"""Serves the console on the loopback until it is interrupted."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn

from cli.console.app import Console, make_app
from cli.console.guard import new_token
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.problems import Halt

LOOPBACK = "127.0.0.1"
OPEN_STREAMS_END_WITHIN = 2
"""Seconds that a page's stream of events has to end, once the console is to stop."""


def serve(
    desk: Desk,
    *,
    port: int,
    allows_actions: bool,
    rehearsals: Mapping[str, Path],
    ready: Callable[[str], None],
) -> None:
    """Serve until interrupted; `ready` is told the console's address once it listens. Raises Halt for a taken port."""
    listening = _listen(port)
    with listening:
        port, token = listening.getsockname()[1], new_token()
        console = Console(desk, f"/{token}", allows_actions, rehearsals)
        config = uvicorn.Config(
            make_app(console, port=port, token=token),
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=OPEN_STREAMS_END_WITHIN,
        )
        ready(f"http://{LOOPBACK}:{port}/{token}/")
        uvicorn.Server(config).run(sockets=[listening])


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen()
    except OSError as error:
        listening.close()
        remedy = "name another --port, or none for a free one"
        raise Halt(
            f"Nothing can listen on {LOOPBACK}:{port}: {error.strerror}", remedy, ExitCode.FAILED
        ) from None
    return listening
