"""The picture of one drain: what it went through is lit, what the picture lacks is listed."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from cli.audit import Visit
from cli.page.graph import Lit, light
from tests.page.samples import History, audit_of, drained

SVG = "{http://www.w3.org/2000/svg}"


def states(lit: Lit) -> dict[str, ElementTree.Element]:
    found = ElementTree.fromstring(lit.svg).iter(f"{SVG}g")
    return {each.attrib["data-name"]: each for each in found if "data-name" in each.attrib}


def classes(lit: Lit, name: str) -> set[str]:
    return set(states(lit)[name].attrib["class"].split())


def badge(lit: Lit, name: str) -> str | None:
    *_, found = states(lit)[name].iter(f"{SVG}text")
    return found.text


def taken(lit: Lit) -> list[tuple[str, str]]:
    return [
        (each.attrib["data-from"], each.attrib["data-to"])
        for each in ElementTree.fromstring(lit.svg).iter(f"{SVG}path")
        if "taken" in each.attrib["class"].split()
    ]


def gone_through(*names: str) -> tuple[Visit, ...]:
    told = History()
    for name in names:
        told.visit(name)
    return audit_of(told).visits


def test_what_was_executed_is_lit_and_says_how_often() -> None:
    audit = drained(tasks=3)
    lit = light(audit.visits, is_open=False)
    assert {name for name in states(lit) if "visited" in classes(lit, name)} == audit.executed
    assert (lit.executed, lit.states) == (len(audit.executed), len(states(lit)))
    assert (badge(lit, "Look"), badge(lit, "Plan the drain"), badge(lit, "Explain")) == ("✓4", "✓", None)
    assert lit.others == ()


def test_a_lit_state_leads_to_its_first_visit() -> None:
    audit = drained(tasks=3)
    found = states(light(audit.visits, is_open=False))
    (link,) = found["Look"].iter(f"{SVG}a")
    number = int(link.attrib["href"].removeprefix("#step-"))
    assert audit.visits[number].name == "Look"
    assert link.attrib["aria-label"] == "Look ✓4, executed 4 times"
    assert not list(found["Explain"].iter(f"{SVG}a"))


def test_the_ways_that_were_taken_are_lit_and_drawn_last() -> None:
    lit = light(gone_through("Look", "What is due?", "Wait for events", "Look"), is_open=False)
    expected = [("Look", "What is due?"), ("What is due?", "Wait for events"), ("Wait for events", "Look")]
    assert sorted(taken(lit)) == sorted(expected)
    ways = next(each for each in ElementTree.fromstring(lit.svg) if each.get("class") == "ways")
    assert all("taken" in way.attrib["class"] for way in ways[-3:])


def test_the_way_of_any_error_is_there_to_be_lit() -> None:
    assert ("Look", "Is it worth another try?") in taken(
        light(gone_through("Look", "Is it worth another try?"), is_open=False)
    )


def test_what_happens_within_a_map_does_not_break_the_way_around_it() -> None:
    lit = light(gone_through("Set DRAINING", "Update the container instances", "Tell"), is_open=False)
    assert sorted(taken(lit)) == [
        ("Set DRAINING", "Tell"),
        ("Set DRAINING", "Update the container instances"),
    ]


@pytest.mark.parametrize(("is_open", "sign"), [(True, "…"), (False, "✓")])
def test_the_machine_is_in_what_it_has_not_left(is_open: bool, sign: str) -> None:
    (visit,) = gone_through("Wait for events")
    lit = light([replace(visit, exited_at=None)], is_open=is_open)
    assert ("current" in classes(lit, "Wait for events")) is is_open
    assert badge(lit, "Wait for events") == sign


def test_failed_attempts_show() -> None:
    first, second = gone_through("Look", "The drain failed")
    lit = light([replace(first, errors=("ThrottlingException: Rate exceeded",)), second], is_open=False)
    assert "failed" in classes(lit, "Look")
    assert badge(lit, "Look") == "!"
    assert 'aria-label="Look !, executed 1 time, 1 failed attempt"' in lit.svg


def test_a_machine_that_failed_shows_where() -> None:
    (visit,) = gone_through("The drain failed")
    assert "failed" in classes(
        light([replace(visit, type="Fail", exited_at=None)], is_open=False), "The drain failed"
    )


def test_what_another_release_had_is_listed() -> None:
    lit = light(gone_through("Look", "What does the look say?", "What is due?", "Look"), is_open=False)
    assert [(each.name, each.first, each.times) for each in lit.others] == [("What does the look say?", 1, 1)]
    assert (lit.executed, taken(lit)) == (2, [])


def test_a_very_long_drain_keeps_its_badge_short() -> None:
    assert badge(light(gone_through(*["Look"] * 1200), is_open=False), "Look") == "✓999+"


def test_a_drain_that_went_through_nothing_has_its_picture() -> None:
    assert light([], is_open=True).executed == 0
