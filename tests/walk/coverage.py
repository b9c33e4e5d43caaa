"""Which states and edges of a machine the walks took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from statemachine.checks.machine import State, all_states, objects, texts

Edge = tuple[str, str, str | None]
"""A state, the field that leads on (Next, Choices[0], Default, Catch[1], or End), and the state it leads to."""


class Coverage:
    """Collects what walks take of one machine."""

    def __init__(self, machine: dict[str, Any]) -> None:
        self._machine = machine
        self._taken: set[Edge] = set()

    def add(self, state: str, edge: str, target: str | None) -> None:
        """Note that a walk left a state along an edge."""
        self._taken.add((state, edge, target))

    def missing_states(self) -> list[str]:
        """Return the states that no walk left, in the definition's order."""
        left = {state for state, _, _ in self._taken}
        return [state.name for state in all_states(self._machine) if state.name not in left]

    def missing_edges(self) -> list[str]:
        """Return the edges that no walk took, each in words, in the definition's order."""
        return [
            _said(state, edge)
            for state in all_states(self._machine)
            for edge in edges_of(state)
            if edge not in self._taken
        ]


def edges_of(state: State) -> Iterator[Edge]:
    """Yield every edge that leads out of a state."""
    body = state.body
    for number, rule in enumerate(objects(body.get("Choices"))):
        yield state.name, f"Choices[{number}]", rule["Next"]
    if state.type == "Choice":
        if "Default" in body:
            yield state.name, "Default", body["Default"]
        return
    target = body.get("Next")
    yield state.name, "Next" if target else "End", target
    for number, catcher in enumerate(objects(body.get("Catch"))):
        yield state.name, f"Catch[{number}]", catcher["Next"]


def _said(state: State, edge: Edge) -> str:
    _, at, target = edge
    text = f"{state.name!r} {at}" + (f" → {target!r}" if target else "")
    field, bracket, rest = at.partition("[")
    if not bracket:
        return text
    rule = state.body[field][int(rest[:-1])]
    return f"{text} ({rule.get('Condition') or ', '.join(texts(rule.get('ErrorEquals')))})"
