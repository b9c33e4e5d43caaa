"""A rehearsal's page in headless Chromium: the slider by keyboard, a phone, the dark, the printer, and no request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.page.rehearsed import render
from rehearsal.result import read
from tests.chromium import SIZES, browser, needs_chromium, overflow, tab
from tests.page.test_page_in_chromium import CONTRAST

pytestmark = needs_chromium

ANSWER = Path(__file__).parents[1] / "rehearsal" / "answer.json"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    file: Path = tmp_path_factory.mktemp("page") / "rehearsal.html"
    file.write_text(render(read(ANSWER.read_text(encoding="utf-8"))), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as made:
        yield made


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_can_be_read_and_complains_of_nothing(
    chromium: Any, address: str, size: str, scheme: str
) -> None:
    """WCAG 2.2, success criteria 1.4.3 (contrast) and 1.4.10 (reflow)."""
    with tab(chromium, size, scheme) as (page, complaints):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert overflow(page) <= 0
        assert page.evaluate(f"() => {{ {CONTRAST} }}") == []
        assert asked == [address]
        assert complaints == []


def test_the_slider_is_moved_by_keyboard_and_says_what_is_the_case(chromium: Any, address: str) -> None:
    with tab(chromium) as (page, _):
        page.goto(address)
        slider, instant = page.locator("input[type=range]").first, page.locator(".instant").first
        assert instant.inner_text().startswith(
            "0s (2026-03-02T10:00:00Z): 1 to go, not DRAINING yet, 1 in service."
        )
        slider.focus()
        page.keyboard.press("End")
        assert "1h10m (2026-03-02T11:10:00Z): 1 terminated, 2 in service" in instant.inner_text()
        assert slider.get_attribute("aria-valuetext") == "1h10m after the beginning"
        page.keyboard.press("Home")
        page.keyboard.press("Tab")
        for _ in range(3):
            page.keyboard.press("Enter")
        assert "10m (" not in instant.inner_text()
        while "10m (" not in instant.inner_text():
            page.keyboard.press("Enter")
        assert "1 stuck, 2 in service" in instant.inner_text()
        assert page.locator(".instances .at").first.inner_text() == "stuck: 1 task of legacy"
        line = page.locator(".instances .playhead").first
        assert line.get_attribute("x1") == f"{600 * (100 / 4200)}%"


def test_a_service_below_its_minimum_is_named_at_that_instant(chromium: Any, address: str) -> None:
    with tab(chromium) as (page, _):
        page.goto(address)
        following = page.get_by_role("button", name="To what happens next").first
        while "Below its minimum: legacy" not in page.locator(".instant").first.inner_text():
            before = page.locator(".instant").first.inner_text()
            following.click()
            assert page.locator(".instant").first.inner_text() != before, "there is an end"
        assert page.locator(".instant").first.inner_text().startswith("1h1m (")
        assert "0 healthy of 1" in page.locator(".services .at.bad").inner_text()


def test_a_blockers_mark_leads_to_its_remedy(chromium: Any, address: str) -> None:
    with tab(chromium) as (page, _):
        page.goto(address)
        page.get_by_role("link", name="Blocker: Minimum healthy percent").first.focus()
        page.keyboard.press("Enter")
        assert page.url.endswith("#v0-blocker-0")
        assert "aws ecs update-service" in page.locator("#v0-blocker-0").inner_text()
        assert page.evaluate("document.activeElement.id") == "v0-blocker-0"


def test_it_is_told_to_those_who_hear_it(chromium: Any, address: str) -> None:
    with tab(chromium) as (page, _):
        page.goto(address)
        heard = page.locator("#main").aria_snapshot()
        assert 'img "i-00000000000000001: from 0s to go' in heard
        assert "legacy: 1 time below its minimum" in heard
        assert 'slider "Instant of the rehearsal"' in heard
        assert "status:" in heard


def test_a_printed_page_has_no_slider_and_all_the_rest(chromium: Any, address: str) -> None:
    with tab(chromium) as (page, _):
        page.goto(address)
        page.emulate_media(media="print")
        assert not page.locator(".slider").first.is_visible()
        assert page.locator(".instances").first.is_visible()
