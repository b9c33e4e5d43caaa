"""The page as people meet it, in headless Chromium: no request leaves, nothing scrolls sideways, the keyboard does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.page import render
from tests.page.samples import BEGAN_AT, drained

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium and chromedriver here: `.ci/run` says how to install them"
)

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"desktop": (1280, 900), "phone": (360, 740)}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService  # noqa: PLC0415  # only where it can run

    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    file: Path = tmp_path_factory.mktemp("page") / "drain.html"
    file.write_text(render(drained(tasks=70), BEGAN_AT + timedelta(hours=1)), encoding="utf-8")
    return file.as_uri()


def show(browser: Any, address: str, size: str = "desktop", scheme: str = "light") -> None:
    width, height = SIZES[size]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get("about:blank")
    browser.get(address)


def press(browser: Any, key: str) -> None:
    from selenium.webdriver import ActionChains, Keys  # noqa: PLC0415  # as above

    ActionChains(browser).send_keys(getattr(Keys, key)).perform()


def focused(browser: Any) -> str:
    return str(browser.execute_script("return document.activeElement.outerHTML.slice(0, 90)"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opened", [False, True], ids=["as it comes", "everything opened"])
def test_it_never_scrolls_sideways(browser: Any, address: str, size: str, opened: bool) -> None:
    show(browser, address, size)
    if opened:
        browser.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
    width, page = browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
    assert page <= width


def test_it_asks_for_nothing_and_complains_of_nothing(browser: Any, address: str) -> None:
    show(browser, address)
    browser.get_log("performance")
    browser.get(address)
    asked = [
        entry["message"]
        for entry in browser.get_log("performance")
        if "Network.requestWillBeSent" in entry["message"]
    ]
    assert len(asked) <= 1, "the page itself and no more"
    assert all("http" not in message.split('"url":"')[1][:5] for message in asked)
    assert browser.get_log("browser") == []


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_it_follows_the_system_into_the_dark(browser: Any, address: str, scheme: str, is_dark: bool) -> None:
    show(browser, address, scheme=scheme)
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    red, green, blue = (int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(","))
    assert ((red + green + blue) / 3 < 128) is is_dark


CONTRAST = """
function light(text) {
  const parts = text.match(/[0-9.]+/g).map(Number).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}
function behind(element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (!colour.endsWith(", 0)")) return colour;
  }
}
document.querySelectorAll('details').forEach(each => each.open = true);
const found = [];
const kinds = 'h1,h2,h3,h4,p,dt,dd,a,summary,span,code,pre,time,strong,li,figcaption';
for (const element of document.querySelectorAll(kinds)) {
  if (element.closest('svg') || !element.textContent.trim() || !element.offsetParent) continue;
  const [one, other] = [light(getComputedStyle(element).color), light(behind(element))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (ratio < 4.5) found.push([element.outerHTML.slice(0, 80), ratio]);
}
return found;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_asks_for(browser: Any, address: str, scheme: str) -> None:
    """Success criterion 1.4.3: 4.5 to 1 for text."""
    show(browser, address, scheme=scheme)
    assert browser.execute_script(CONTRAST) == []


def test_the_first_tab_skips_to_the_summary(browser: Any, address: str) -> None:
    show(browser, address)
    press(browser, "TAB")
    assert 'class="skip"' in focused(browser)
    press(browser, "ENTER")
    assert 'id="summary"' in focused(browser)


def test_every_state_can_be_opened_with_the_keyboard(browser: Any, address: str) -> None:
    show(browser, address)
    browser.execute_script("document.querySelector('#states summary').focus()")
    press(browser, "ENTER")
    assert browser.execute_script("return document.querySelector('#states details').open") is True
    assert browser.execute_script("return document.querySelector('#states pre').offsetHeight") > 20
    press(browser, "SPACE")
    assert browser.execute_script("return document.querySelector('#states details').open") is False


def test_a_green_state_leads_to_its_data(browser: Any, address: str) -> None:
    show(browser, address)
    browser.execute_script(
        "document.querySelector('svg.machine a').dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    assert browser.current_url.endswith("#step-0")
    assert browser.execute_script("return document.querySelector('#step-0').offsetHeight") > 20


def test_executed_states_are_green_and_not_by_colour_alone(browser: Any, address: str) -> None:
    show(browser, address)
    script = """
      const whole = document.querySelector('svg.machine');
      const [done, other] = ['.state.visited', '.state:not(.visited)'].map(each => whole.querySelector(each));
      const style = node => getComputedStyle(node.querySelector('rect, polygon'));
      return [style(done).stroke, style(done).strokeWidth, style(other).strokeWidth,
              done.textContent, other.textContent];
    """
    stroke, width, other_width, text, other_text = browser.execute_script(script)
    red, green, blue = (int(part) for part in stroke.removeprefix("rgb(").rstrip(")").split(","))
    assert green > max(red, blue)
    assert float(width.removesuffix("px")) > float(other_width.removesuffix("px"))
    assert "✓" in text
    assert "✓" not in other_text
