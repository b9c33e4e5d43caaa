"""Layers a directed graph for drawing from top to bottom: the classical way of Sugiyama, small and deterministic.

Loops are broken where a depth-first walk from the start finds them; each node lies below all its predecessors;
edges over several layers get a bend in each; barycentres order the layers so that few edges cross.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SWEEPS = 24
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layered:
    """A graph in layers, top first, each from left to right."""

    layers: tuple[tuple[str, ...], ...]
    """Names of nodes, and of bends (`is_bend`)."""
    chains: Mapping[Edge, tuple[str, ...]]
    """For each edge the nodes and bends that it runs through, from its source to its target."""


def is_bend(name: str) -> bool:
    """Whether a name in a layer is a bend of an edge, not a node."""
    return name.startswith("\0")


def layer(start: str, edges: Sequence[Edge]) -> Layered:
    """Return the layers of what `start` reaches; loops to oneself are left out."""
    following = _following(edges)
    forward = _without_loops(start, following)
    depths = _depths(start, forward)
    chains = {edge: _chain(edge, depths) for edge in edges if edge[0] in depths and edge[0] != edge[1]}
    layers: list[list[str]] = [[] for _ in range(max(depths.values()) + 1)]
    for name, depth in depths.items():
        layers[depth].append(name)
    for chain in chains.values():
        step = 1 if depths[chain[-1]] > depths[chain[0]] else -1
        for number, bend in enumerate(chain[1:-1], 1):
            layers[depths[chain[0]] + step * number].append(bend)
    return Layered(tuple(tuple(each) for each in _ordered(layers, chains.values())), chains)


def _following(edges: Iterable[Edge]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, target in edges:
        own = found.setdefault(source, [])
        if target not in own and target != source:
            own.append(target)
    return found


def _without_loops(start: str, following: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the successors of each reached node, without those that lead back to where the walk came from."""
    forward: dict[str, list[str]] = {}
    path: set[str] = set()

    def walk(name: str) -> None:
        path.add(name)
        forward[name] = []
        for target in following.get(name, ()):
            if target not in path:
                forward[name].append(target)
                if target not in forward:
                    walk(target)
        path.remove(name)

    walk(start)
    return forward


def _depths(start: str, forward: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return each node's layer: one below the lowest of its predecessors."""
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        seen.add(name)
        for target in forward[name]:
            if target not in seen:
                visit(target)
        order.append(name)

    visit(start)
    depths = dict.fromkeys(reversed(order), 0)
    for name in depths:
        for target in forward[name]:
            depths[target] = max(depths[target], depths[name] + 1)
    return depths


def _chain(edge: Edge, depths: Mapping[str, int]) -> tuple[str, ...]:
    source, target = edge
    between = abs(depths[target] - depths[source]) - 1
    bends = [f"\0{source}\0{target}\0{number}" for number in range(between)]
    return (source, *bends, target)


def _ordered(layers: list[list[str]], chains: Iterable[Sequence[str]]) -> list[list[str]]:
    """Sort each layer by the mean place of its neighbours above, then below, again and again; keep the best."""
    neighbours: dict[str, list[str]] = {}
    for chain in chains:
        for one, other in itertools.pairwise(chain):
            neighbours.setdefault(one, []).append(other)
            neighbours.setdefault(other, []).append(one)
    links = _links(layers, neighbours)
    best, fewest = layers, _crossings(layers, links)
    for sweep in range(SWEEPS):
        layers = [list(each) for each in layers]
        _sweep(layers, neighbours, downwards=sweep % 2 == 0)
        crossings = _crossings(layers, links)
        if crossings < fewest:
            best, fewest = layers, crossings
    return best


def _sweep(layers: list[list[str]], neighbours: Mapping[str, Sequence[str]], *, downwards: bool) -> None:
    numbers = range(1, len(layers)) if downwards else range(len(layers) - 2, -1, -1)
    for number in numbers:
        beside = layers[number - 1 if downwards else number + 1]
        places = {name: place / max(1, len(beside) - 1) for place, name in enumerate(beside)}
        own = layers[number]
        before = {name: place / max(1, len(own) - 1) for place, name in enumerate(own)}
        own.sort(
            key=lambda name: _mean([places[n] for n in neighbours.get(name, ()) if n in places], before[name])
        )


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _links(layers: Sequence[Sequence[str]], neighbours: Mapping[str, Sequence[str]]) -> list[list[Edge]]:
    """Return for each layer but the last the links to the layer below."""
    return [
        [(name, other) for name in upper for other in neighbours.get(name, ()) if other in below]
        for upper, below in ((upper, set(lower)) for upper, lower in itertools.pairwise(layers))
    ]


def _crossings(layers: Sequence[Sequence[str]], links: Sequence[Sequence[Edge]]) -> int:
    places = {name: place for each in layers for place, name in enumerate(each)}
    total = 0
    for each in links:
        ends = [(places[upper], places[lower]) for upper, lower in each]
        total += sum(
            (a[0] - b[0]) * (a[1] - b[1]) < 0 for number, a in enumerate(ends) for b in ends[number + 1 :]
        )
    return total
