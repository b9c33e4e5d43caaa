"""Places the layers of a graph across, so that long edges run straight: the way of Brandes and Köpf (2001).

Names are aligned in blocks with the median of their neighbours, four times: from above and from below, leaning to
the left and to the right. Each is packed as tightly as it goes; the middle of the four is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, product

from cli.page.layering import is_bend

Layers = Sequence[Sequence[str]]
Neighbours = Mapping[str, Sequence[str]]
Gap = Callable[[str, str], float]


def place(layers: Layers, chains: Sequence[Sequence[str]], gap: Gap) -> dict[str, float]:
    """Return each name's place across; `gap` is the least distance between two names side by side."""
    above = _neighbours((lower, upper) for chain in chains for upper, lower in _links(chain, layers))
    below = _neighbours((upper, lower) for chain in chains for upper, lower in _links(chain, layers))
    forbidden = _crossing_bends(layers, above)
    placed = []
    for downwards, leftwards in product((True, False), repeat=2):
        seen = list(layers) if downwards else list(reversed(layers))
        turned = seen if leftwards else [list(reversed(each)) for each in seen]
        roots = _align(turned, above if downwards else below, forbidden)
        own = gap if leftwards else (lambda one, other: gap(other, one))
        places = _pack(turned, roots, own)
        placed.append((leftwards, places if leftwards else {name: -x for name, x in places.items()}))
    return _middle(placed)


def _links(chain: Sequence[str], layers: Layers) -> list[tuple[str, str]]:
    """Return the links of a chain, upper end first."""
    depth = {
        name: number for number, each in enumerate(layers) for name in each if name in (chain[0], chain[-1])
    }
    links = list(pairwise(chain))
    return links if depth[chain[0]] < depth[chain[-1]] else [(other, one) for one, other in links]


def _neighbours(links: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one, other in links:
        found.setdefault(one, []).append(other)
    return found


def _crossing_bends(layers: Layers, above: Neighbours) -> set[tuple[str, str]]:
    """Return the links that cross a link between two bends: those keep their line, these give way."""
    forbidden: set[tuple[str, str]] = set()
    for upper, lower in pairwise(layers):
        places = {name: place for place, name in enumerate(upper)}
        links = [
            (places[top], number, top, name)
            for number, name in enumerate(lower)
            for top in above.get(name, ())
        ]
        straight = [link for link in links if is_bend(link[2]) and is_bend(link[3])]
        for x, y, top, name in links:
            is_crossed = any((x - other[0]) * (y - other[1]) < 0 for other in straight)
            if is_crossed and not (is_bend(top) and is_bend(name)):
                forbidden.add((top, name))
    return forbidden


def _align(layers: Layers, neighbours: Neighbours, forbidden: set[tuple[str, str]]) -> dict[str, str]:
    """Return the block of each name, as the name that the block begins with."""
    roots = {name: name for each in layers for name in each}
    for before, each in pairwise(layers):
        places = {name: number for number, name in enumerate(before)}
        last = -1
        for name in each:
            own = sorted(places[other] for other in neighbours.get(name, ()) if other in places)
            for middle in sorted({(len(own) - 1) // 2, len(own) // 2}) if own else ():
                other = before[own[middle]]
                is_free = roots[name] == name and last < own[middle]
                if is_free and (other, name) not in forbidden and (name, other) not in forbidden:
                    roots[name], last = roots[other], own[middle]
    return roots


def _pack(layers: Layers, roots: Mapping[str, str], gap: Gap) -> dict[str, float]:
    """Place the blocks from the left as tightly as they go, then each as near to its right neighbours as it can be."""
    following: dict[str, dict[str, float]] = {root: {} for root in roots.values()}
    for each in layers:
        for one, other in pairwise(each):
            own = following[roots[one]]
            own[roots[other]] = max(own.get(roots[other], 0.0), gap(one, other))
    order = _topological(following)
    places = dict.fromkeys(order, 0.0)
    for root in order:
        for other, least in following[root].items():
            places[other] = max(places[other], places[root] + least)
    for root in reversed(order):
        if following[root]:
            places[root] = max(
                places[root], min(places[other] - least for other, least in following[root].items())
            )
    return {name: places[root] for name, root in roots.items()}


def _topological(following: Mapping[str, Mapping[str, float]]) -> list[str]:
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        seen.add(name)
        for other in following[name]:
            if other not in seen:
                visit(other)
        order.append(name)

    for name in following:
        if name not in seen:
            visit(name)
    return order[::-1]


def _middle(placed: Sequence[tuple[bool, Mapping[str, float]]]) -> dict[str, float]:
    """Shift the four onto the narrowest, and return the mean of the two in the middle for each name."""
    _, narrowest = min(placed, key=lambda each: max(each[1].values()) - min(each[1].values()))
    low, high = min(narrowest.values()), max(narrowest.values())
    shifted = []
    for leftwards, places in placed:
        shift = low - min(places.values()) if leftwards else high - max(places.values())
        shifted.append({name: x + shift for name, x in places.items()})
    found = {}
    for name in narrowest:
        xs = sorted(each[name] for each in shifted)
        found[name] = (xs[1] + xs[2]) / 2
    return found
