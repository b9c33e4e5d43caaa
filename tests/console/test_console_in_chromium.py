"""The console as people meet it: live, by keyboard alone, on a phone, in the dark, with what WCAG asks of contrast."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvicorn

from chalicelib.common.duration import parse_duration
from cli.console.app import Console, make_app
from cli.desk import Desk
from stories.world import CLUSTER, Service
from tests.chromium import SIZES, browser, needs_chromium, overflow, tab
from tests.cli.shell import Shell, shell
from tests.page.test_page_in_chromium import CONTRAST

pytestmark = [needs_chromium, pytest.mark.slow]

TOKEN = "a-token-for-a-browser"
ANSWER = Path(__file__).parents[1] / "rehearsal" / "answer.json"
STUCK = Service(name="legacy", desired=1, minimum_percent=100, maximum_percent=100, has_target_group=False)
QUICK = Service(name="web", desired=5, has_target_group=False)


@dataclass
class Served:
    """A console that answers on a port of its own thread, over an embedded AWS whose time this thread moves."""

    world: Shell
    console: Console
    address: str
    loop: asyncio.AbstractEventLoop

    def turn(self, work: Callable[..., Any], *given: Any) -> Any:
        """Let the console's one thread do something, so that nobody else asks the embedded AWS meanwhile."""
        return asyncio.run_coroutine_threadsafe(self.console.pulse.turn(work, *given), self.loop).result(120)

    def open_drain(self, number: int) -> str:
        """Return the name of an instance's open drain, after its first look; one is started where none is."""
        instance = self.world.ids[number]
        self.turn(self.console.feed.read)
        for _ in range(2):
            for name in self.console.feed.open:
                if name.startswith(instance):
                    return name
            self.turn(self.world.quietly, f"drain {instance} --yes --detach --force -m 'a kernel update'")
            self.turn(self.world.sleep, 15)
            self.turn(self.console.feed.read)
        raise AssertionError(f"no drain of {instance} began")

    def pass_time(self, seconds: float) -> None:
        """Let virtual seconds pass, and tell the pages."""
        self.turn(self.world.sleep, seconds)
        asyncio.run_coroutine_threadsafe(self.console.pulse.beat(), self.loop).result(120)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A drain that is held, in a cluster of five; tests begin others."""
    with shell(STUCK, QUICK, instances=5) as world:
        world.quietly(f"drain {_holder(world)} --yes --detach --force -m 'a kernel update'")
        world.sleep(300)
        # Its clock stands still unless a test moves it: countdowns do too.
        console = Console(Desk(world.edge(speed=0.0)), f"/{TOKEN}", True, {"answer": ANSWER})
        with running(console) as (port, loop):
            yield Served(world, console, f"http://127.0.0.1:{port}/{TOKEN}", loop)


def _holder(world: Shell) -> str:
    """Return an instance with a task that can't move, and put it first."""
    ecs = boto3.client("ecs")
    task = ecs.list_tasks(cluster=CLUSTER, serviceName="legacy")["taskArns"][0]
    (arn,) = (
        each["containerInstanceArn"] for each in ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"]
    )
    held = next(each for each in world.ids if world.world.container_instance(each) == arn)
    world.ids = [held, *(each for each in world.ids if each != held)]
    return held


class running:  # noqa: N801  # used as a context manager, as `open` is
    """Serves a console from a thread of its own."""

    def __init__(self, console: Console) -> None:
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        app = make_app(console, port=self.port, token=TOKEN)
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        self._server, self._began = uvicorn.Server(config), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._began.set()
        await self._server.serve(sockets=[self._listening])

    def __enter__(self) -> tuple[int, asyncio.AbstractEventLoop]:
        self._thread.start()
        self._began.wait(30)
        return self.port, self.loop

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self._listening.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as made:
        yield made


def paths(served: Served) -> dict[str, str]:
    """Return every kind of page."""
    drain = f"/drains/{served.open_drain(0)}"
    return {
        "drains": "/",
        "a drain": drain,
        "its audit": f"{drain}/audit",
        "history": "/history",
        "instances": "/instances",
        "rehearsals": "/rehearsals",
        "a rehearsal": "/rehearsals/answer",
        "no page": "/nothing",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_can_be_read_and_complains_of_nothing(
    served: Served, chromium: Any, size: str, scheme: str
) -> None:
    """WCAG 2.2, success criteria 1.4.3 (contrast) and 1.4.10 (reflow)."""
    for name, path in paths(served).items():
        with tab(chromium, size, scheme) as (page, complaints):
            page.goto(served.address + path)
            page.wait_for_timeout(200)
            assert overflow(page) <= 0, name
            assert page.evaluate(f"() => {{ {CONTRAST} }}") == [], name
            assert [each for each in complaints if "404" not in each or name != "no page"] == [], name


def test_a_page_moves_without_being_asked(served: Served, chromium: Any) -> None:
    latest = served.open_drain(2)
    with tab(chromium) as (page, complaints):
        page.goto(f"{served.address}/drains/{latest}")
        page.locator("details summary").first.click()
        page.locator("g.state.current").wait_for()
        assert page.locator("h2.verdict.open").is_visible()
        served.pass_time(600)
        page.locator("h2.verdict.good").wait_for()
        assert "every task is STOPPED" in page.locator("#news").inner_text(), "said to screen readers"
        assert page.locator("details").first.get_attribute("open") is not None, "what was opened stays open"
        assert complaints == []


def test_an_act_by_keyboard_alone_with_a_confirmation(served: Served, chromium: Any) -> None:
    held = served.open_drain(3)
    with tab(chromium) as (page, complaints):
        page.goto(f"{served.address}/drains/{held}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        _tab_to(page, "act-cancel")
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Cancel the drain?")
        dialog.wait_for()
        assert page.evaluate("document.activeElement.textContent") == "Leave it", (
            "the harmless answer is first"
        )
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        assert page.evaluate("document.activeElement.id") == "act-cancel", "back where one was"
        assert held in served.console.feed.open
        page.keyboard.press("Enter")
        dialog.wait_for()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        page.get_by_role("dialog", name="Done").wait_for()
        assert "is ACTIVE again" in page.get_by_role("dialog").inner_text()
        page.keyboard.press("Escape")
        page.locator("h2.verdict.bad").wait_for()
        assert complaints == []
    assert held not in served.console.feed.open


def _tab_to(page: Any, wanted: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == wanted:
            return
    raise AssertionError(f"{wanted} can't be reached with the tabulator")


def test_a_countdown_ticks_as_fast_as_its_time(
    served: Served, chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox's time runs faster than a browser's clock, or stands still."""
    name, desk = served.open_drain(3), served.console.desk
    told = {}
    for speed in (0.0, 10.0):
        monkeypatch.setattr(desk, "edge", replace(desk.edge, speed=speed))
        with tab(chromium) as (page, _):
            page.clock.install()
            page.goto(f"{served.address}/drains/{name}")
            page.clock.run_for(30_000)
            told[speed] = parse_duration(page.locator("[data-until]").inner_text())
    assert timedelta(seconds=290) <= told[0.0] - told[10.0] <= timedelta(seconds=310), (
        "thirty seconds, ten times"
    )
