"""Chromium without a window, driven by Playwright: what pages complain of is kept, for tests to look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium here: `.ci/run` says how to install it")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
SLOW = 60_000
"""Milliseconds that anything may take on a busy machine."""


@contextmanager
def browser() -> Iterator[Browser]:
    """Give a browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only where it can run

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield made
        made.close()


@contextmanager
def tab(made: Browser, size: str = "desktop", scheme: str = "light") -> Iterator[tuple[Page, list[str]]]:
    """Give a tab, and what its pages complain of."""
    width, height = SIZES[size]
    dark = "dark" if scheme == "dark" else "light"
    context = made.new_context(viewport={"width": width, "height": height}, color_scheme=dark)  # type: ignore[arg-type]
    context.set_default_timeout(SLOW)
    page, complaints = context.new_page(), list[str]()
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, complaints
    context.close()


def overflow(page: Page) -> int:
    """Return by how many pixels a page scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))
