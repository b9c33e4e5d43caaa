"""Who may ask the console: a browser on this machine that was given its address, for its own pages, and nobody else.

Any web page in the same browser can send requests to a port of the loopback, and with a name that resolves to 127.0.0.1
(DNS rebinding) even read the answers. So, in this order: the Host must be ours; a fetch must come from our own pages;
the path must begin with the token that only the command's output has; and what changes something must name our Origin.
The token is in the path and not in a cookie, which browsers send to every port of a host.
https://owasp.org/www-community/attacks/csrf
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.responses import PlainTextResponse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LONGEST_BODY = 64 * 1024
READS = ("GET", "HEAD")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(32)


class Guard:
    """Stands before an ASGI app that listens on a port of the loopback; passes on what is below the token."""

    def __init__(self, app: App, *, port: int, token: str) -> None:
        self._app = app
        self._root = f"/{token}"
        self._hosts = {f"{host}:{port}" for host in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it with a sentence."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            raise ValueError(f"the console speaks HTTP alone, not {scope['type']}")
        refusal = self._refusal(scope)
        if refusal:
            app: App = PlainTextResponse(f"{refusal[1]}\n", status_code=refusal[0])
        else:
            app, scope = self._app, {**scope, "root_path": self._root}
        return await app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Mapping[str, Any]) -> tuple[int, str] | None:
        """Return why a request is refused, with the status to say so; None where it is none of these."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self._hosts:
            return 421, "This is no page of that host: open the address that the command printed."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return 403, "Another page asked: open the address that the command printed in a tab of its own."
        if origin is not None and origin != f"http://{host}":
            return 403, "Another page asked, of another origin."
        if not self._has_token(scope["path"]):
            return 403, "The address lacks the token: open the one that the command printed."
        return None if scope["method"] in READS else _refusal_of_change(origin, headers)

    def _has_token(self, path: str) -> bool:
        """Compare in a time that tells nothing of the token."""
        given = path[: len(self._root) + 1].encode()
        return secrets.compare_digest(given, f"{self._root}/".encode())


def _refusal_of_change(origin: str | None, headers: Mapping[str, str]) -> tuple[int, str] | None:
    if origin is None:
        return 403, "What changes something must come from a page of the console: no Origin was named."
    size = headers.get("content-length", "")
    if not size.isdecimal() or int(size) > LONGEST_BODY:
        return 413, f"A request's body must say its length, of {LONGEST_BODY} bytes at most."
    return None


def _with_headers(send: Send) -> Send:
    async def to_browser(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            kept = [pair for pair in message.get("headers", []) if pair[0].decode() not in HEADERS]
            message = {**message, "headers": [*kept, *own]}
        await send(message)

    return to_browser
