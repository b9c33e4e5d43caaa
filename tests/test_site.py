"""The site's pages: what is elsewhere in the repository is found, links lead there, and every page is in the nav."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from docs.site import OPTIONAL, ROOT, on_config, with_links

LINKS = [
    ("a page from the README", "index.md", "[x](docs/events.md)", "[x](events.md)"),
    ("with an anchor", "index.md", "[x](docs/operations.md#dead-letters)", "[x](operations.md#dead-letters)"),
    (
        "a folder is its first page",
        "index.md",
        "[x](docs/decisions/)",
        "[x](decisions/a-clock-at-the-edge.md)",
    ),
    (
        "the README from a page",
        "notices.md",
        "[x](../README.md#proven-and-where)",
        "[x](index.md#proven-and-where)",
    ),
    ("the changelog", "index.md", "[x](CHANGELOG.md)", "[x](changelog.md)"),
    ("a page from a folder", "decisions/telling.md", "[x](../events.md)", "[x](../events.md)"),
    ("a page beside", "events.md", "[x](notices.md#only-some-of-them)", "[x](notices.md#only-some-of-them)"),
    (
        "an example from the examples",
        "examples/index.md",
        "[x](hello_world/README.md)",
        "[x](hello_world.md)",
    ),
    ("a picture", "state-machine.md", "![x](../statemachine/drain.svg)", "![x](drain.svg)"),
    ("a test is no page", "promises.md", "[x](../tests/unit/test_decide.py)", "x"),
    ("what there is not is left, and fails the build", "events.md", "[x](nowhere.md)", "[x](nowhere.md)"),
    ("elsewhere", "events.md", "[x](https://docs.aws.amazon.com/)", "[x](https://docs.aws.amazon.com/)"),
    ("an anchor alone", "events.md", "[x](#the-schema)", "[x](#the-schema)"),
    ("code stays", "index.md", "```\n[x](docs/events.md)\n```", "```\n[x](docs/events.md)\n```"),
]


@pytest.mark.parametrize(("story", "page", "written", "turned"), LINKS, ids=[row[0] for row in LINKS])
def test_links_of_the_repository_become_links_of_the_site(
    story: str, page: str, written: str, turned: str
) -> None:
    assert with_links(written, page) == turned, story


def in_nav(nav: list[Any]) -> list[str]:
    found: list[str] = []
    for entry in nav:
        for to in [entry] if isinstance(entry, str) else entry.values():
            found += in_nav(to) if isinstance(to, list) else [to]
    return found


def test_every_page_is_in_the_nav_once_and_what_is_optional_may_be_missing() -> None:
    nav = [
        {"Home": "index.md"},
        {"Begin": [{"Install": "install/"}, {"Proof": "proof.md"}, {"Gone": "gone.md"}]},
        {"Decisions": "decisions/"},
    ]
    named = in_nav(on_config(SimpleNamespace(nav=nav)).nav)
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")]
    assert set(pages) <= set(named)
    assert len(set(named)) == len(named)
    assert "gone.md" in named, "a page that must be there is not left out silently: the strict build names it"
    assert all((ROOT / "docs" / page).exists() == (page in named) for page in OPTIONAL if page == "proof.md")
