"""Lays a machine's picture out with Graphviz, so that nobody does at run time: `python -m docs.generate` writes it.

The picture stands beside its definition, `statemachine/NAME.svg`; docs/state-machine.md shows it as it is, and the
page of `ecs-drainer show --html` lights the states and ways of one drain in it, by their `data-` attributes.
"""

from __future__ import annotations

import hashlib
import json
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from statemachine.checks.machine import Body, all_states, scopes_within
from statemachine.picture import ANY_ERROR, ERROR, PLAIN, Way, ways

WIDTH, HEIGHT = 136, 48
"""Of a state, in the units of the SVG, which are Graphviz's points."""
MARGIN = 14
INCH = 72
LETTERS, LETTERS_OF_A_CHOICE = 18, 17
"""That fit on a line of a state, in bold."""
SHORT_CUTS = frozenset({("What is due?", "Complete the lifecycle action")})
"""Ways that pass a question by: laid out with the others they make the picture wider than a screen."""
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
        together: dict[str, list[Way]] = {}
        for way in ways(state):
            together.setdefault(way.target, []).append(way)
        for target, each in together.items():
            kind = min((way.kind for way in each), key=(PLAIN, ERROR, ANY_ERROR).index)
            words = "; or ".join(way.words for way in each) if all(way.words for way in each) else ""
            yield Line(state.name, target, kind, words)
        for scope in scopes_within(state):
            yield Line(state.name, str(scope.body["StartAt"]), WITHIN, "")


def picture(definition: Body, title: str) -> str:
    """Return the SVG of a definition; needs pygraphviz, which brings Graphviz."""
    graph = graph_of(definition)
    drawn, frames = _laid_out(graph)
    edges = {int(edge.name): edge.attr for edge in drawn.edges()}
    width, height = (math.ceil(float(each)) for each in drawn.graph_attr["bb"].split(",")[2:])
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
        box=(-MARGIN, -height - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN),
        width=WIDTH,
        height=HEIGHT,
        frames=[_frame(each.graph_attr["bb"]) for each in frames],
        lines=[(line, _path(edges[number])) for number, line in enumerate(graph.lines)],
        states=[(each, _at(drawn.get_node(each.name).attr["pos"]), _broken(each)) for each in graph.states],
    )


def _laid_out(graph: Graph) -> tuple[Any, list[Any]]:
    """Return Graphviz's graph with its coordinates, and the frames in it.

    A way back counts as one forth, so that the order of the picture is the order of the definition. The ways of
    "any error", which nearly every state has, would fill the picture: they are led through it when it stands, as short
    cuts are.
    """
    from pygraphviz import AGraph  # noqa: PLC0415  # only where a picture is drawn anew

    drawn = AGraph(directed=True, strict=False, **LAYOUT)
    drawn.node_attr.update(shape="box", fixedsize="true", label="", width=WIDTH / INCH, height=HEIGHT / INCH)
    drawn.edge_attr.update(arrowsize="0.7")
    frames = {"": drawn}
    for state in graph.states:
        frames[state.within].add_node(state.name)
        if any(each.within == state.name for each in graph.states):
            frames[state.name] = frames[state.within].add_subgraph(
                name=f"cluster_{state.name}", margin=MARGIN
            )
    _add(drawn, graph, lambda line: not _is_led_through(line))
    drawn.layout("dot")
    _add(drawn, graph, _is_led_through)
    drawn.layout("nop2")
    return drawn, [frame for name, frame in frames.items() if name]


def _is_led_through(line: Line) -> bool:
    return line.kind == ANY_ERROR or (line.source, line.target) in SHORT_CUTS


def _add(drawn: Any, graph: Graph, picked: Callable[[Line], bool]) -> None:
    places = {state.name: place for place, state in enumerate(graph.states)}
    for number, line in enumerate(graph.lines):
        ends = sorted((line.source, line.target), key=places.__getitem__)
        if picked(line):
            drawn.add_edge(*ends, key=str(number), dir="forward" if ends[0] == line.source else "back")


def _frame(box: str) -> tuple[float, ...]:
    """Return left, top, width and height of a frame."""
    left, bottom, right, top = (round(float(each), 1) for each in box.split(","))
    return left, -top, right - left, top - bottom


def _path(edge: Mapping[str, str]) -> str:
    """Return the `d` of a way: Graphviz's curve, in the way's own direction, and a straight bit to the arrow's tip."""
    tip, *points = edge["pos"].split()
    if edge["dir"] == "back":
        points.reverse()
    first, *others = (_at(each) for each in points)
    return f"M{first}C{' '.join(others)}L{_at(tip[2:])}"


def _at(point: str) -> str:
    """Return a point of Graphviz, whose y grows upwards, as an SVG has it."""
    x, y = (float(each) for each in point.split(","))
    return f"{x:.1f} {-y:.1f}"


def _broken(state: State) -> list[str]:
    letters = LETTERS_OF_A_CHOICE if state.type == "Choice" else LETTERS
    return textwrap.wrap(state.name, letters, max_lines=3, placeholder=" …")


def ways_in_words(definition: Body) -> str:
    """Return a table of what leads from which state to which, without the ways of "any error"."""
    rows = [
        (state.name, f"`{way.words}`".replace("|", r"\|"), way.target)
        for state in all_states(definition)
        for way in ways(state)
        if way.words and way.kind != ANY_ERROR
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [("In", "when", "to"), ("---",) * 3, *rows])
