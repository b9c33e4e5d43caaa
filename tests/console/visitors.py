"""A console in this process, with a browser's requests made by hand: its time is the embedded AWS's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.testclient import TestClient

from cli.console.app import Console, make_app
from cli.desk import Desk
from tests.cli.shell import Shell, shell

PORT = 8123
TOKEN = "the-token-that-only-the-commands-output-has"
ROOT = f"/{TOKEN}"
ORIGIN = f"http://127.0.0.1:{PORT}"


@dataclass
class Visitor:
    """Somebody with the console's address, in a world of their own."""

    world: Shell
    console: Console
    client: TestClient

    def get(self, path: str = "/", **headers: str) -> httpx2.Response:
        """Ask for a page below the token."""
        return self.client.get(f"{ROOT}{path}", headers=headers)

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> httpx2.Response:
        """Send a form as the console's own pages do."""
        return self.client.post(f"{ROOT}{path}", data=fields, headers={"origin": ORIGIN, **headers})

    def begin(self, number: int = 0, options: str = "") -> str:
        """Start a drain of an instance, let it look, and return its name."""
        self.world.quietly(f"drain {self.world.ids[number]} --yes --detach --force {options}")
        self.world.sleep(30)
        self.console.feed.read()
        return next(iter(self.console.feed.open))


@contextmanager
def visit(desk: Desk, *, allows_actions: bool = False) -> Iterator[tuple[Console, TestClient]]:
    """Give a console over a desk, and a client that names its host."""
    console = Console(desk, ROOT, allows_actions)
    app = make_app(console, port=PORT, token=TOKEN)
    with TestClient(app, base_url=ORIGIN, follow_redirects=False) as client:
        yield console, client


@contextmanager
def visitor(*services: Any, allows_actions: bool = False, **how: Any) -> Iterator[Visitor]:
    """Give a visitor in a world with these services, the app deployed."""
    with shell(*services, **how) as world, visit(Desk(world.edge()), allows_actions=allows_actions) as made:
        yield Visitor(world, *made)
