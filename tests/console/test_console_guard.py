"""Who may ask the console: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from cli.console.guard import LONGEST_BODY, Guard, new_token
from tests.console.visitors import ORIGIN, PORT, ROOT, TOKEN

OURS = {"origin": ORIGIN}


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A browser before the guard of an app that answers everything."""

    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.method} passed", headers={"cache-control": "public"})

    app = Guard(Starlette(routes=[Route("/", answer, methods=["GET", "POST"])]), port=PORT, token=TOKEN)
    with TestClient(app, base_url=ORIGIN) as made:
        yield made


def test_who_has_the_address_may_look(client: TestClient) -> None:
    assert client.get(f"{ROOT}/").text == "GET passed"
    assert client.get(f"{ROOT}/", headers={"host": f"localhost:{PORT}"}).text == "GET passed"
    assert client.get(f"{ROOT}/", headers={"sec-fetch-site": "same-origin"}).text == "GET passed"
    assert client.post(f"{ROOT}/", data={"a": "b"}, headers=OURS).text == "POST passed"


@pytest.mark.parametrize(
    ("story", "path", "headers", "status"),
    [
        ("a name that resolves to the loopback (DNS rebinding)", ROOT, {"host": "evil.example"}, 421),
        ("the same with our port", ROOT, {"host": f"evil.example:{PORT}"}, 421),
        ("another port's host", ROOT, {"host": "127.0.0.1:1"}, 421),
        (
            "no host that is ours, with a user before it",
            ROOT,
            {"host": f"127.0.0.1:{PORT}@evil.example"},
            421,
        ),
        ("no token", "", {}, 403),
        ("another token", f"/{TOKEN[:-1]}X", {}, 403),
        ("the token as the beginning of something longer", f"{ROOT}more", {}, 403),
        ("a page of another site", ROOT, {"sec-fetch-site": "cross-site"}, 403),
        ("a page of another port of this machine", ROOT, {"sec-fetch-site": "same-site"}, 403),
        ("another origin that says so", ROOT, {"origin": "http://evil.example"}, 403),
        ("our host by another name than the page's", ROOT, {"origin": f"http://localhost:{PORT}"}, 403),
    ],
)
def test_others_may_not(
    client: TestClient, story: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.get(f"{path}/", headers=headers)
    assert answer.status_code == status, story
    assert "passed" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", f"https://127.0.0.1:{PORT}"])
def test_what_changes_something_must_name_our_origin(
    client: TestClient, method: str, origin: str | None
) -> None:
    headers = {} if origin is None else {"origin": origin}
    answer = client.request(method, f"{ROOT}/", content=b"a=b", headers=headers)
    assert answer.status_code == 403
    assert "passed" not in answer.text


def test_a_body_is_bounded(client: TestClient) -> None:
    assert client.post(f"{ROOT}/", content=b"x" * (LONGEST_BODY + 1), headers=OURS).status_code == 413
    assert client.post(f"{ROOT}/", content=iter([b"x"]), headers=OURS).status_code == 413, "no length is told"


def test_every_answer_is_closed_to_frames_scripts_of_others_and_caches(client: TestClient) -> None:
    headers = client.get(f"{ROOT}/").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers.get_list("cache-control") == ["no-store"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"


def test_tokens_are_long_and_of_one_use() -> None:
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43, "256 bits"


def test_a_websocket_is_not_spoken(client: TestClient) -> None:
    with pytest.raises(ValueError, match="HTTP alone"), client.websocket_connect(f"{ROOT}/"):
        pass
