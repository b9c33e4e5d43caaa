"""Gives a layered graph its coordinates and each edge its path, in the units of an SVG. Pure and deterministic."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cli.page.layering import Edge, Layered, is_bend
from cli.page.placing import place

WIDTH, HEIGHT = 134.0, 52.0
"""Of a node."""
ACROSS, DOWN = 14.0, 30.0
"""Between nodes side by side, and between layers."""
BEND = 6.0
MARGIN = 14.0
SLACK = 1.0
"""How much wider than its fullest layer a drawing may be."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything is."""

    width: float
    height: float
    nodes: Mapping[str, tuple[float, float]]
    """The middle of each node."""
    paths: Mapping[Edge, str]
    """The `d` of each edge's path."""


def draw(graph: Layered) -> Drawing:
    """Return the drawing of a graph."""
    across = _squeezed(graph, place(graph.layers, list(graph.chains.values()), _gap))
    shift = MARGIN - min(across[name] - _half(name) for name in across)
    points = {
        name: (round(across[name] + shift, 1), MARGIN + HEIGHT / 2 + number * (HEIGHT + DOWN))
        for number, each in enumerate(graph.layers)
        for name in each
    }
    return Drawing(
        width=max(x + _half(name) for name, (x, _) in points.items()) + MARGIN,
        height=len(graph.layers) * (HEIGHT + DOWN) - DOWN + 2 * MARGIN,
        nodes={name: at for name, at in points.items() if not is_bend(name)},
        paths={edge: _path([points[name] for name in chain]) for edge, chain in graph.chains.items()},
    )


def _half(name: str) -> float:
    return (BEND if is_bend(name) else WIDTH) / 2


def _squeezed(graph: Layered, places: Mapping[str, float]) -> dict[str, float]:
    """Return the places as near to each other as the fullest layer allows: straight edges leave much room unused."""
    whole = max(places.values()) - min(places.values())
    least = max(sum(_gap(one, other) for one, other in pairwise(each)) for each in graph.layers)
    share = min(1.0, SLACK * least / whole) if whole else 1.0
    found: dict[str, float] = {}
    for each in graph.layers:
        found |= dict(zip(each, _apart(each, [places[name] * share for name in each]), strict=True))
    return found


def _apart(names: Sequence[str], wanted: Sequence[float]) -> list[float]:
    """Move each as little as it takes: the mean of pushing to the right and pushing to the left."""
    right, left = list(wanted), list(wanted)
    for number in range(1, len(names)):
        right[number] = max(right[number], right[number - 1] + _gap(names[number - 1], names[number]))
    for number in range(len(names) - 2, -1, -1):
        left[number] = min(left[number], left[number + 1] - _gap(names[number], names[number + 1]))
    return [(one + other) / 2 for one, other in zip(right, left, strict=True)]


def _gap(one: str, other: str) -> float:
    return _half(one) + _half(other) + (ACROSS / 2 if is_bend(one) or is_bend(other) else ACROSS)


def _path(points: Sequence[tuple[float, float]]) -> str:
    """Return the path from the border of the first point's node to that of the last, round at the bends."""
    downwards = points[-1][1] > points[0][1]
    edge = HEIGHT / 2 if downwards else -HEIGHT / 2
    first, last = (points[0][0], points[0][1] + edge), (points[-1][0], points[-1][1] - edge)
    stops = [first]
    for x, y in points[1:-1]:  # an edge runs upright past the nodes of each layer that it crosses
        stops += [(x, y - edge), (x, y + edge)]
    stops.append(last)
    text = f"M{_at(first)}"
    for number, (one, other) in enumerate(itertools.pairwise(stops)):
        half = (other[1] - one[1]) / 2
        is_upright = number % 2 == 1
        curve = f"C{_at((one[0], one[1] + half))} {_at((other[0], other[1] - half))} {_at(other)}"
        text += f"L{_at(other)}" if is_upright else curve
    return text


def _at(point: tuple[float, float]) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
