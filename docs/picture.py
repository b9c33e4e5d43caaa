"""Lays a machine's picture out with Graphviz, so that nobody does at run time: `python -m docs.generate` writes it.

The picture stands beside its definition, `statemachine/NAME.svg`; docs/state-machine.md shows it as it is, and the
page of `ecs-drainer show --html` lights the states and ways of one drain in it, by their `data-` attributes.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from statemachine.checks.machine import Body, all_states, scopes_within
from statemachine.picture import ANY_ERROR, ERROR, PLAIN, ways

WIDTH, HEIGHT = 136, 48
"""Of a state, in the units of the SVG, which are Graphviz's points."""
MARGIN = 14
INCH = 72
LETTERS, LETTERS_OF_A_CHOICE = 18, 17
"""That fit on a line of a state, in bold."""
WITHIN = "within"
"""The kind of the line from a Map to the first state within it."""

LAYOUT = {
    "nodesep": "0.12",
    "ranksep": "0.42",
    "mclimit": "100",  # how long it looks for an order with few crossings
    "searchsize": "200",
    "splines": "true",
    "esep": "+2",  # less than half of nodesep, or ways may not pass between states
    "sep": "+3",
}


@dataclass(frozen=True, slots=True)
class State:
    """A state of the graph."""

    name: str
    type: str
    comment: str
    within: str
    """The Map or Parallel that it is a part of; empty at the top."""


@dataclass(frozen=True, slots=True)
class Line:
    """All ways from one state to another, which are drawn as one."""

    source: str
    target: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Graph:
    """What is laid out."""

    states: tuple[State, ...]
    lines: tuple[Line, ...]

    @property
    def fingerprint(self) -> str:
        """The same for the same graph, and for no other."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def graph_of(definition: Body) -> Graph:
    """Return a definition's states in the order in which they are written, and the lines between them."""
    within = {
        name: state.name
        for state in all_states(definition)
        for scope in scopes_within(state)
        for name in scope.states
    }
    states = tuple(
        State(each.name, each.type, str(each.body.get("Comment", "")), within.get(each.name, ""))
        for each in all_states(definition)
    )
    return Graph(states, tuple(_lines(definition)))


def _lines(definition: Body) -> Iterator[Line]:
    for state in all_states(definition):
        together: dict[str, list[tuple[str, str]]] = {}
        for way in ways(state):
            together.setdefault(way.target, []).append((way.kind, way.words))
        for target, each in together.items():
            kind = min((kind for kind, _ in each), key=(PLAIN, ERROR, ANY_ERROR).index)
            yield Line(state.name, target, kind, "; or ".join(words for _, words in each if words))
        for scope in scopes_within(state):
            yield Line(state.name, str(scope.body["StartAt"]), WITHIN, "")


def picture(definition: Body, title: str) -> str:
    """Return the SVG of a definition; needs pygraphviz, which brings Graphviz."""
    graph = graph_of(definition)
    drawn = _laid_out(graph)
    width, height = (float(each) for each in drawn.graph_attr["bb"].split(",")[2:])
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("picture.svg.j2").render(
        title=title,
        fingerprint=graph.fingerprint,
        box=(-MARGIN, -MARGIN, round(width) + 2 * MARGIN, round(height) + 2 * MARGIN),
        width=WIDTH,
        height=HEIGHT,
        frames=[_frame(each.graph_attr["bb"], height) for each in _frames(drawn)],
        lines=[(line, _path(edge, height)) for line, edge in zip(graph.lines, _edges(drawn), strict=True)],
        states=[(state, *_place(drawn, state, height), _broken(state)) for state in graph.states],
    )


def _laid_out(graph: Graph) -> Any:
    """Return Graphviz's graph with its coordinates.

    A way back counts as one forth, so that the order of the picture is the order of the definition. The ways of
    "any error", which nearly every state has, would fill the picture: they are led through it when it stands.
    """
    from pygraphviz import AGraph  # noqa: PLC0415  # only where a picture is drawn anew

    drawn = AGraph(directed=True, strict=False, **LAYOUT)
    drawn.node_attr.update(shape="box", fixedsize="true", label="", width=WIDTH / INCH, height=HEIGHT / INCH)
    drawn.edge_attr.update(arrowsize="0.7")
    frames = {"": drawn}
    for state in graph.states:
        if state.within not in frames:
            outer = next(each.within for each in graph.states if each.name == state.within)
            frames[state.within] = frames[outer].add_subgraph(name=f"cluster_{state.within}", margin="14")
        frames[state.within].add_node(state.name)
    _add(drawn, graph, (PLAIN, ERROR, WITHIN))
    drawn.layout("dot")
    _add(drawn, graph, (ANY_ERROR,))
    drawn.layout("nop2")
    return drawn


def _add(drawn: Any, graph: Graph, kinds: Iterable[str]) -> None:
    places = {state.name: place for place, state in enumerate(graph.states)}
    for number, line in enumerate(graph.lines):
        if line.kind in kinds and places[line.source] <= places[line.target]:
            drawn.add_edge(line.source, line.target, key=str(number))
        elif line.kind in kinds:
            drawn.add_edge(line.target, line.source, key=str(number), dir="back")


def _edges(drawn: Any) -> list[Mapping[str, str]]:
    """Return the attributes of the edges, in the order of the graph's lines."""
    by_number = {int(edge.name): edge.attr for edge in drawn.edges()}
    return [by_number[number] for number in sorted(by_number)]


def _frames(drawn: Any) -> Iterator[Any]:
    for each in drawn.subgraphs():
        yield each
        yield from _frames(each)


def _frame(box: str, height: float) -> tuple[float, ...]:
    """Return left, top, width and height of a frame."""
    left, bottom, right, top = (float(each) for each in box.split(","))
    return round(left, 1), round(height - top, 1), round(right - left, 1), round(top - bottom, 1)


def _place(drawn: Any, state: State, height: float) -> tuple[float, float]:
    """Return the middle of a state."""
    x, y = (float(each) for each in drawn.get_node(state.name).attr["pos"].split(","))
    return round(x, 1), round(height - y, 1)


def _path(edge: Mapping[str, str], height: float) -> str:
    """Return the `d` of a way: Graphviz's curve, in the way's own direction, and a straight bit to the arrow's tip."""
    tip, *points = sorted(edge["pos"].split(), key=lambda each: each[0] not in "se")
    if edge["dir"] == "back":
        points.reverse()
    first, *others = (_at(each, height) for each in points)
    return f"M{first}C{' '.join(others)}L{_at(tip[2:], height)}"


def _at(point: str, height: float) -> str:
    x, y = (float(each) for each in point.split(","))
    return f"{x:.1f} {height - y:.1f}"


def _broken(state: State) -> list[str]:
    letters = LETTERS_OF_A_CHOICE if state.type == "Choice" else LETTERS
    return textwrap.wrap(state.name, letters, max_lines=3, placeholder=" …")


def escaped(words: str) -> str:
    """Return words for a cell of a table."""
    return words.replace("|", r"\|")


def ways_in_words(definition: Body) -> str:
    """Return a table of what leads from which state to which, without the ways of "any error"."""
    rows = [
        f"| {state.name} | `{escaped(way.words)}` | {way.target} |"
        for state in all_states(definition)
        for way in ways(state)
        if way.words and way.kind != ANY_ERROR
    ]
    return "\n".join(["| In | when | to |", "| --- | --- | --- |", *rows])
