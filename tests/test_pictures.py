"""The machines' pictures: every state and every way of the definition, once and no other, nothing on anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs.generate import ROOT, bring_up_to_date, definition, drain_picture, fleet_picture
from docs.picture import HEIGHT, WIDTH, graph_of, ways_in_words
from statemachine.checks.machine import all_states
from statemachine.picture import ANY_ERROR, ways

MACHINES = ("drain", "fleet")
SVG = "{http://www.w3.org/2000/svg}"


def drawn(name: str) -> ElementTree.Element:
    return ElementTree.fromstring((ROOT / "statemachine" / f"{name}.svg").read_text(encoding="utf-8"))


def states_in(picture: ElementTree.Element) -> list[ElementTree.Element]:
    return [each for each in picture.iter(f"{SVG}g") if "data-name" in each.attrib]


def lines_in(picture: ElementTree.Element) -> list[tuple[str, str]]:
    paths = [each for each in picture.iter(f"{SVG}path") if "data-from" in each.attrib]
    assert all(each.attrib["d"].startswith("M") for each in paths)
    return [(each.attrib["data-from"], each.attrib["data-to"]) for each in paths]


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_has_its_place_and_no_other_does(name: str) -> None:
    expected = [(state.name, state.type) for state in all_states(definition(name))]
    found = [(each.attrib["data-name"], each.attrib["class"].split()[-1]) for each in states_in(drawn(name))]
    assert found == expected, "run `make docs`"


@pytest.mark.parametrize("name", MACHINES)
def test_every_way_is_drawn_once_and_no_other_is(name: str) -> None:
    machine = definition(name)
    expected = {(state.name, way.target) for state in all_states(machine) for way in ways(state)}
    expected |= {(line.source, line.target) for line in graph_of(machine).lines if line.kind == "within"}
    found = lines_in(drawn(name))
    assert len(found) == len(set(found))
    assert set(found) == expected, "run `make docs`"


@pytest.mark.parametrize("name", MACHINES)
def test_a_picture_was_laid_out_from_the_definition_as_it_is(name: str) -> None:
    assert drawn(name).attrib["data-graph"] == graph_of(definition(name)).fingerprint, "run `make docs`"


@pytest.mark.parametrize("make", [drain_picture, fleet_picture])
def test_laid_out_again_it_is_the_same(make: Callable[[], tuple[Path, str]]) -> None:
    pytest.importorskip("pygraphviz", reason="Graphviz's wheel is not for this machine")
    assert bring_up_to_date(make, check=True), "run `make docs`"


@pytest.mark.parametrize("name", MACHINES)
def test_nothing_lies_on_anything_else_and_all_of_it_is_in_the_picture(name: str) -> None:
    picture = drawn(name)
    left, top, width, height = (float(each) for each in picture.attrib["viewBox"].split())
    places = [each.attrib["transform"].removeprefix("translate(").rstrip(")") for each in states_in(picture)]
    middles = [(float(x), float(y)) for x, y in (place.split() for place in places)]
    for (x, y), (other_x, other_y) in combinations(middles, 2):
        assert abs(x - other_x) >= WIDTH or abs(y - other_y) >= HEIGHT
    for x, y in middles:
        assert left + WIDTH / 2 <= x <= left + width - WIDTH / 2
        assert top + HEIGHT / 2 <= y <= top + height - HEIGHT / 2


@pytest.mark.parametrize("name", MACHINES)
def test_names_fit_into_three_lines(name: str) -> None:
    for state in states_in(drawn(name)):
        *lines, _ = (text.text or "" for text in state.iter(f"{SVG}text"))
        assert " ".join(lines) == state.attrib["data-name"]
        assert len(lines) <= 3


def test_the_drains_picture_fits_on_a_screen_across() -> None:
    """Wider, and its letters are too small on a page 1,280 wide."""
    assert float(drawn("drain").attrib["viewBox"].split()[2]) <= 1400


def test_another_definition_has_another_fingerprint() -> None:
    machine = definition("drain")
    other = json.loads(json.dumps(machine).replace("Let placements show", "Let it rest"))
    assert graph_of(machine).fingerprint == graph_of(definition("drain")).fingerprint
    assert graph_of(machine).fingerprint != graph_of(other).fingerprint


def test_ways_that_lead_to_the_same_state_are_one_line() -> None:
    (line,) = (
        line
        for line in graph_of(definition("fleet")).lines
        if (line.source, line.target) == ("How did the drain end?", "Seen to")
    )
    assert line.words == 'ended in well_ended; or ended = "drain"'
    (caught,) = (line for line in graph_of(definition("drain")).lines if line.source == "Tell")
    assert (caught.kind, caught.words) == ("plain", ""), "what is taken anyway is not the way of errors"


def test_the_words_of_a_condition_stay_in_their_column() -> None:
    rows = ways_in_words(definition("drain")).splitlines()
    assert all(row.replace(r"\|", "").count("|") == 4 for row in rows)
    assert not any(ANY_ERROR in row or "any error" in row for row in rows)
