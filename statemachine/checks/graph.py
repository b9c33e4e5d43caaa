"""The graph: transitions lead to states that exist, every state is reached, and every path can end."""

from __future__ import annotations

from collections.abc import Iterator

from statemachine.checks.finding import MISSING, Finding, did_you_mean
from statemachine.checks.machine import Scope, State, objects

TERMINAL_TYPES = ("Succeed", "Fail")


def transitions(state: State) -> list[tuple[str, object]]:
    """Return (field, name of the state it leads to) for every way out of a state."""
    body = state.body
    ways: list[tuple[str, object]] = [(field, body[field]) for field in ("Next", "Default") if field in body]
    for field in ("Choices", "Catch"):
        rules = objects(body.get(field))
        ways += [(f"{field}[{number}].Next", rule.get("Next", MISSING)) for number, rule in enumerate(rules)]
    return ways


def successors(state: State) -> set[str]:
    """Return the names of the states that can follow."""
    return {target for _, target in transitions(state) if isinstance(target, str)}


def check_graph(scope: Scope) -> Iterator[Finding]:
    """Yield missing targets and endings, then states that nothing reaches or that never reach an end."""
    broken = [
        *_check_start(scope),
        *(found for each in scope.states.values() for found in _check_way_out(each, scope)),
    ]
    yield from broken
    if not broken:
        yield from _check_reached(scope)
        yield from check_ends(scope)


def _check_start(scope: Scope) -> Iterator[Finding]:
    start = scope.body.get("StartAt", MISSING)
    if not _is_state(start, scope):
        remedy = did_you_mean(start, scope.states, "name the state that comes first")
        yield scope.finding("StartAt", start, "the name of a state in States", remedy)


def _is_state(name: object, scope: Scope) -> bool:
    return isinstance(name, str) and name in scope.states


def _check_way_out(state: State, scope: Scope) -> Iterator[Finding]:
    for field, target in transitions(state):
        if not _is_state(target, scope):
            remedy = did_you_mean(target, scope.states, "add that state, or name one that is there")
            yield state.finding(field, target, "the name of a state in the same States", remedy)
    if state.type in (*TERMINAL_TYPES, "Choice"):
        return
    if "Next" not in state.body and "End" not in state.body:
        yield state.finding(
            "Next", MISSING, "Next, or End", 'name the state that follows, or write "End": true'
        )
    elif "Next" in state.body and "End" in state.body:
        yield state.finding(
            "End", state.body["End"], "Next or End, not both", "remove the one that isn't meant"
        )


def _check_reached(scope: Scope) -> Iterator[Finding]:
    reached: set[str] = set()
    ahead = {str(scope.body["StartAt"])}
    while ahead:
        name = ahead.pop()
        reached.add(name)
        ahead |= successors(scope.states[name]) - reached
    for name, state in scope.states.items():
        if name not in reached:
            yield state.finding(
                "name", name, "a state that a path from StartAt reaches", "lead to it, or remove it"
            )


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
