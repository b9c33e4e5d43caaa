"""The gallery has every kind of blocker, each story shows its own kind first, and the page is what is shown."""

from __future__ import annotations

import pytest

from chalicelib.explain import BlockerKind, group
from docs.gallery.gates import AtTheGates
from docs.gallery.page import PAGE, STORIES, main, page
from docs.gallery.worlds import World


def test_every_kind_of_blocker_has_its_story() -> None:
    assert [world.kind for world in STORIES] == list(BlockerKind)


@pytest.mark.parametrize("world", STORIES, ids=lambda world: world.kind.value)
def test_a_story_shows_its_kind(world: World | AtTheGates) -> None:
    kinds = {blocker.kind for blocker in world.blockers}
    assert world.kind in kinds, world.story


@pytest.mark.parametrize("world", STORIES, ids=lambda world: world.kind.value)
def test_no_graver_kind_hides_the_story(world: World | AtTheGates) -> None:
    """What ends by itself may stand beside others; what needs a person is read first."""
    first = group(world.blockers)[0].kind
    assert first is world.kind or world.kind.resolves_itself


@pytest.mark.parametrize("world", STORIES, ids=lambda world: world.kind.value)
def test_every_blocker_says_who_why_and_what_to_do(world: World | AtTheGates) -> None:
    for blocker in world.blockers:
        assert blocker.subject
        assert blocker.reason
        assert blocker.remedy


def test_the_page_is_what_the_gallery_shows() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.gallery"
    assert main(["--check"]) == 0
