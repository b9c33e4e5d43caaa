"""The machine's graph: every state once, nothing on top of anything else, the same machine the same picture."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.page.drawing import HEIGHT, WIDTH, draw
from cli.page.graph import figures, lines_of
from cli.page.layering import is_bend, layer
from tests.page.samples import drain_definition, drained

NAMES = "abcdefgh"


@st.composite
def graphs(draw_from: st.DrawFn) -> list[tuple[str, str]]:
    """Draw a graph in which `a` reaches everything, loops and edges over several layers included."""
    edges = [(draw_from(st.sampled_from(NAMES[:number])), NAMES[number]) for number in range(1, len(NAMES))]
    more = draw_from(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=10))
    return list(dict.fromkeys([*edges, *more]))


@given(graphs())
def test_nothing_lies_on_anything_else(edges: list[tuple[str, str]]) -> None:
    drawing = draw(layer("a", edges))
    assert set(drawing.nodes) == set(NAMES)
    for (x, y), (other_x, other_y) in combinations(drawing.nodes.values(), 2):
        assert abs(x - other_x) >= WIDTH - 0.2 or abs(y - other_y) >= HEIGHT
    for x, y in drawing.nodes.values():
        assert WIDTH / 2 <= x <= drawing.width - WIDTH / 2
        assert HEIGHT / 2 <= y <= drawing.height - HEIGHT / 2


@given(graphs())
def test_each_edge_goes_through_one_bend_a_layer(edges: list[tuple[str, str]]) -> None:
    graph = layer("a", edges)
    depths = {name: depth for depth, each in enumerate(graph.layers) for name in each}
    assert set(graph.chains) == {edge for edge in edges if edge[0] != edge[1]}
    for (source, target), chain in graph.chains.items():
        assert (chain[0], chain[-1]) == (source, target)
        assert all(is_bend(name) for name in chain[1:-1])
        assert (
            all(abs(depths[one] - depths[other]) == 1 for one, other in pairwise(chain))
            or depths[source] == depths[target]
        )


@given(graphs())
def test_the_same_graph_gives_the_same_drawing(edges: list[tuple[str, str]]) -> None:
    assert draw(layer("a", edges)) == draw(layer("a", edges))


def test_every_state_of_the_drain_is_drawn_once() -> None:
    definition = drain_definition()
    _, whole, *inner = figures(definition, drained().visits)
    assert sorted(node.name for node in whole.nodes) == sorted(definition["States"])
    assert {figure.title for figure in inner} >= {"Within “Set DRAINING”", "Within “Set ACTIVE again”"}


def test_the_drains_graph_fits_on_a_screen_across() -> None:
    """Wider, and nobody sees the whole of it; its fullest layer sets the bound."""
    _, whole, *_ = figures(drain_definition(), drained().visits)
    assert whole.width <= 1700


def test_what_was_executed_says_how_often_and_where_to_read_on() -> None:
    audit = drained(tasks=3)
    took, whole, *_ = figures(audit.definition, audit.visits)
    looked = next(node for node in whole.nodes if node.name == "Look")
    assert (looked.times, audit.visits[looked.first_visit or 0].name) == (4, "Look")
    assert {node.name for node in took.nodes} == audit.executed
    assert all(node.times for node in took.nodes)
    assert sum(line.is_taken for line in whole.lines) >= 4


def test_any_error_is_drawn_only_where_it_was_taken() -> None:
    _, whole, *_ = figures(drain_definition(), drained().visits)
    errors = sum(line.is_error for line in whole.lines)
    assert 0 < errors < 20, "nearly every state has a Catch for any error"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Look", ("Look",)),
        (
            "Complete the lifecycle action by instance id",
            ("Complete the", "lifecycle action", "by instance id"),
        ),
        (
            "A name of a state that needs more than three lines of text",
            ("A name of a state", "that needs more", "than three lines …"),
        ),
    ],
)
def test_names_are_broken_into_three_lines_at_most(name: str, lines: tuple[str, ...]) -> None:
    assert lines_of(name) == lines
