"""The machine's graph with what was executed on it: one figure for the machine, one for the inside of each Map."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cli.audit import Visit
from cli.page.drawing import HEIGHT, WIDTH, draw
from cli.page.layering import Edge, layer

LINE = 18
"""Letters of a name that fit on a line of a node."""


@dataclass(frozen=True, slots=True)
class Node:
    """One state as it is drawn."""

    name: str
    kind: str
    """Its Type."""
    x: float
    y: float
    lines: tuple[str, ...]
    times: int
    """How often the machine was in it."""
    first_visit: int | None
    """The number of its first visit, which the page links to."""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One transition as it is drawn."""

    path: str
    is_taken: bool
    is_error: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """One graph."""

    title: str
    width: float
    height: float
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]

    @property
    def executed(self) -> int:
        """How many of its states the machine was in."""
        return sum(node.times > 0 for node in self.nodes)


def figures(definition: Mapping[str, Any], visits: Sequence[Visit]) -> tuple[Figure, ...]:
    """Return the machine's figure, then one for each scope within a Map or Parallel."""
    if not definition.get("States"):
        return ()
    whole = [(title, scope) for title, scope in _scopes("The whole state machine", definition)]
    taken = [("The way it took", _executed(definition, visits))] if visits else []
    return tuple(_figure(title, scope, _within(scope, visits)) for title, scope in [*taken, *whole])


def _within(scope: Mapping[str, Any], visits: Sequence[Visit]) -> list[tuple[int, Visit]]:
    return [(number, visit) for number, visit in enumerate(visits) if visit.name in scope["States"]]


def _executed(definition: Mapping[str, Any], visits: Sequence[Visit]) -> dict[str, Any]:
    """Return the part of a machine that was executed: the states that the machine was in, and the ways it took."""
    inside = _within(definition, visits)
    ways: dict[str, list[str]] = {}
    for (_, one), (_, other) in pairwise(inside):
        ways.setdefault(one.name, []).append(other.name)
    states = {
        name: {
            "Type": definition["States"][name]["Type"],
            "Comment": definition["States"][name].get("Comment", ""),
            "Choices": [{"Next": target} for target in dict.fromkeys(ways.get(name, ()))],
        }
        for name in dict.fromkeys(visit.name for _, visit in inside)
    }
    return {"StartAt": definition["StartAt"], "States": states}


def _scopes(title: str, scope: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield title, scope
    for name, state in scope["States"].items():
        inner = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", ())]
        for each in inner:
            if each:
                yield from _scopes(f"Within “{name}”", each)


def _figure(title: str, scope: Mapping[str, Any], visits: Sequence[tuple[int, Visit]]) -> Figure:
    states = scope["States"]
    taken = {(one.name, other.name) for (_, one), (_, other) in pairwise(visits)}
    edges = transitions(states, taken)
    edges |= _to_the_unreached(scope, edges)
    drawing = draw(layer(scope["StartAt"], list(edges)))
    counts = Counter(visit.name for _, visit in visits)
    first = {visit.name: number for number, visit in reversed(visits)}
    nodes = tuple(
        Node(
            name=name,
            kind=states[name]["Type"],
            x=x - WIDTH / 2,
            y=y - HEIGHT / 2,
            lines=lines_of(name),
            times=counts[name],
            first_visit=first.get(name),
            comment=states[name].get("Comment", ""),
        )
        for name, (x, y) in sorted(drawing.nodes.items(), key=lambda item: (item[1][1], item[1][0]))
    )
    lines = [Line(path, edge in taken, edges[edge]) for edge, path in drawing.paths.items()]
    lines.sort(key=lambda line: line.is_taken)  # what was taken is drawn over what wasn't
    return Figure(title, drawing.width, drawing.height, nodes, tuple(lines))


def transitions(states: Mapping[str, Any], taken: set[Edge]) -> dict[Edge, bool]:
    """Return the edges to draw, and whether each is for errors alone.

    The way of "any error" leads from nearly every state to one and the same: it is drawn where it was taken.
    """
    found: dict[Edge, bool] = {}
    for name, state in states.items():
        ways = [state.get("Next"), *(rule["Next"] for rule in state.get("Choices", ())), state.get("Default")]
        for target in ways:
            if target:
                found[name, target] = False
        for catcher in state.get("Catch", ()):
            edge = (name, catcher["Next"])
            if edge not in found and (catcher["ErrorEquals"] != ["States.ALL"] or edge in taken):
                found[edge] = True
    return found


def _to_the_unreached(scope: Mapping[str, Any], edges: Mapping[Edge, bool]) -> dict[Edge, bool]:
    """Return one edge to each state that only errors lead to, so that every state is drawn."""
    states, more = scope["States"], dict[Edge, bool]()
    reached = _reached(scope["StartAt"], edges)
    for name, state in states.items():
        for catcher in state.get("Catch", ()):
            if name in reached and catcher["Next"] not in reached:
                more[name, catcher["Next"]] = True
                reached |= _reached(catcher["Next"], {**edges, **more})
    return more


def _reached(start: str, edges: Mapping[Edge, bool]) -> set[str]:
    found, ahead = {start}, [start]
    while ahead:
        name = ahead.pop()
        new = [target for source, target in edges if source == name and target not in found]
        found |= set(new)
        ahead += new
    return found


def lines_of(name: str) -> tuple[str, ...]:
    """Break a state's name into the lines that a node has room for."""
    return tuple(textwrap.wrap(name, LINE, max_lines=3, placeholder=" …"))
