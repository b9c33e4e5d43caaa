"""The graph: every path can end. That each state is there and is reached is grammar, which statelint knows."""

from __future__ import annotations

from collections.abc import Iterator

from statemachine.checks.finding import MISSING, Finding
from statemachine.checks.machine import Scope, State, objects

TERMINAL_TYPES = ("Succeed", "Fail")


def successors(state: State) -> set[str]:
    """Return the names of the states that can follow."""
    rules = [state.body, *objects(state.body.get("Choices")), *objects(state.body.get("Catch"))]
    names = [state.body.get("Default"), *(rule.get("Next") for rule in rules)]
    return {name for name in names if isinstance(name, str)}


def check_ends(scope: Scope) -> Iterator[Finding]:
    """Yield the states that never reach an end."""
    ending = {
        name for name, state in scope.states.items() if state.type in TERMINAL_TYPES or "End" in state.body
    }
    while grown := {n for n, s in scope.states.items() if n not in ending and successors(s) & ending}:
        ending |= grown
    for name, state in scope.states.items():
        if name not in ending:
            expected = "a path to a Succeed, a Fail or an End"
            yield state.finding("Next", state.body.get("Next", MISSING), expected, "give the loop a way out")
