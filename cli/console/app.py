"""The console's addresses: each a thin shell that waits for its turn, asks for a page, and answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cli.console import acts
from cli.console.feed import Feed
from cli.console.guard import App, Guard
from cli.console.pages import Pages, moved
from cli.console.pulse import Pulse
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.page.rendering import read_shared, sheet
from cli.problems import Halt, Problem, problem_of

STATIC = Path(__file__).parent / "static"
STATUSES = {ExitCode.NOT_FOUND: 404, ExitCode.USAGE: 400, ExitCode.REFUSED: 409, ExitCode.NOT_ALLOWED: 403}
"""The HTTP status of a problem's exit code; 502 of any other: AWS did not answer as it should."""
PING_SECONDS = 15
OF_REHEARSALS = {"rehearsal.css": "text/css", "rehearsal.js": "text/javascript"}


@dataclass
class Console:
    """One console at work."""

    desk: Desk
    root: str
    allows_actions: bool = False
    rehearsals: Mapping[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.feed = Feed(self.desk)
        self.pages = Pages(self.desk, self.feed, self.root, self.allows_actions, self.rehearsals)
        self.pulse = Pulse(self.feed.read, self.desk.edge.speed)

    async def answer(self, make: Callable[..., str], *given: str, otherwise: str = "problem") -> Response:
        """Answer with a page; with the sentence of a problem, by the template `otherwise`, where there is one."""
        try:
            return HTMLResponse(await self.pulse.turn(make, *given))
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            return await self._refusal(problem, otherwise)

    async def _refusal(self, problem: Problem, template: str = "problem") -> Response:
        html = await self.pulse.turn(self.pages.render, template, problem=problem)
        return HTMLResponse(html, STATUSES.get(problem.code, 502))

    # Pages

    async def all_drains(self, _request: Request) -> Response:
        """Every drain that is open."""
        return await self.answer(self.pages.all_drains)

    async def one_drain(self, request: Request) -> Response:
        """One drain."""
        return await self.answer(self.pages.one_drain, request.path_params["name"])

    async def audit(self, request: Request) -> Response:
        """Everything that happened in one drain."""
        return await self.answer(self.pages.audit, request.path_params["name"])

    async def history(self, request: Request) -> Response:
        """Past drains."""
        return await self.answer(self.pages.history, request.query_params.get("instance", "").strip())

    async def instances(self, _request: Request) -> Response:
        """Container instances."""
        return await self.answer(self.pages.instances)

    async def all_rehearsals(self, _request: Request) -> Response:
        """Every rehearsal."""
        return await self.answer(self.pages.all_rehearsals)

    async def rehearsal(self, request: Request) -> Response:
        """One rehearsal."""
        return await self.answer(self.pages.rehearsal, request.path_params["name"])

    async def explanation(self, request: Request) -> Response:
        """What holds an instance, now."""
        return await self.answer(self.pages.explanation, request.path_params["instance"], otherwise="refused")

    async def plan(self, request: Request) -> Response:
        """What draining an instance would do."""
        return await self.answer(self.pages.plan, request.path_params["instance"], otherwise="refused")

    # Events

    async def events_of_all(self, _request: Request) -> Response:
        """Send what moves on the page of all drains."""
        return self._stream(self.pages.parts_of_all)

    async def events_of_one(self, request: Request) -> Response:
        """Send what moves on the page of one drain."""
        name = request.path_params["name"]
        return self._stream(lambda: self.pages.parts_of_one(name))

    def _stream(self, parts: Callable[[], Mapping[str, str]]) -> Response:
        async def events() -> AsyncIterator[ServerSentEvent]:
            sent: dict[str, str] = {}
            async for _ in self.pulse.beats():
                now = dict(await self.pulse.turn(self._parts_or_problem, parts))
                for name, html in moved(sent, now):
                    yield ServerSentEvent(event=name, data=html)
                sent = now

        return EventSourceResponse(events(), ping=PING_SECONDS)

    def _parts_or_problem(self, parts: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
        """Return the parts; where AWS can't be asked for them, the one that says so."""
        try:
            return parts()
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            self.feed.problem = problem
            return {"status": self.pages.render("part_status")}

    # Acts

    async def act(self, request: Request) -> Response:
        """Ask before something is done (GET), or do it (POST)."""
        name, act = request.path_params["name"], request.path_params["act"]
        if act not in acts.ACTS:
            return await self.answer(_no_page, act)
        if not self.allows_actions:
            remedy = "start it with `ecs-drainer console --allow-actions`"
            return await self._refusal(
                Problem("This console only shows", remedy, ExitCode.NOT_ALLOWED), "refused"
            )
        if request.method != "POST":
            return await self.answer(self._ask, act, name, otherwise="refused")
        given = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        answer = await self.answer(lambda: self._perform(act, name, given), otherwise="refused")
        await self.pulse.beat()
        return answer

    def _ask(self, act: str, name: str) -> str:
        return self.pages.render(f"ask_{act}", name=name, **acts.ask(self.desk, act, name))

    def _perform(self, act: str, name: str, given: acts.Fields) -> str:
        return self.pages.render("done", said=acts.perform(self.desk, act, name, given))


def make_app(console: Console, *, port: int, token: str) -> App:
    """Return the ASGI app of a console that listens on this port, with the guard before it."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        console.pulse.start()
        yield
        await console.pulse.stop()

    async def not_found(request: Request, _error: Exception) -> Response:
        return await console.answer(_no_page, request.url.path.rsplit("/", 1)[-1])

    routes = [
        Route("/", console.all_drains),
        Route("/events", console.events_of_all),
        Route("/drains/{name}", console.one_drain),
        Route("/drains/{name}/audit", console.audit),
        Route("/drains/{name}/events", console.events_of_one),
        Route("/drains/{name}/{act}", console.act, methods=["GET", "POST"]),
        Route("/history", console.history),
        Route("/instances", console.instances),
        Route("/instances/{instance}/explanation", console.explanation),
        Route("/instances/{instance}/plan", console.plan),
        Route("/rehearsals", console.all_rehearsals),
        Route("/rehearsals/{name}", console.rehearsal),
        Route("/static/page.css", _shared(sheet(), "text/css")),
        *(Route(f"/static/{name}", _shared(read_shared(name), kind)) for name, kind in OF_REHEARSALS.items()),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Guard(
        Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: not_found}),
        port=port,
        token=token,
    )


def _shared(text: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers with a file that the pages in files have within them."""

    async def answer(_request: Request) -> Response:
        return Response(text, media_type=kind)

    return answer


def _no_page(name: str) -> str:
    raise Halt(f"The console has no page {name!r}", code=ExitCode.NOT_FOUND)
