"""Variables: each that is read is assigned on every route to the state that reads it.

A variable that nothing assigned is States.QueryEvaluationError, and a Choice has no Catch. What a state assigns
itself holds only after it, and not on the routes of its Catch: developer guide, "Passing data between states with
variables".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from statemachine.checks.expressions import FUNCTIONS, RESERVED, ExpressionError, is_expression, reads_of
from statemachine.checks.finding import Finding
from statemachine.checks.machine import Scope, State, objects, scopes_within
from statemachine.checks.wording import strings_of

Names = frozenset[str]
Way = tuple[str, Names]
"""The state that a route leads to, and what is assigned on the way."""

LONGEST_NAME = 80


def check_variables(scope: Scope, outer: Names = frozenset()) -> Iterator[Finding]:
    """Yield the reads of a scope, and of those within it, that a route reaches without an assignment.

    `outer` are the variables of the scopes around it that are assigned when it begins.
    """
    for name, assigned in assigned_on_arrival(scope, outer).items():
        state = scope.states[name]
        yield from _check_reads(scope, state, assigned)
        for inner in scopes_within(state):
            yield from check_variables(inner, assigned)


def check_names(scope: Scope, outer: Names = frozenset()) -> Iterator[Finding]:
    """Yield names that a variable can't have: of a function, of `$states`, of a variable of an outer scope."""
    mine = outer | frozenset(name for state in scope.states.values() for _, name in assignments(state))
    for state in scope.states.values():
        for at, name in assignments(state):
            problem = _name_problem(name, outer)
            if problem:
                yield state.finding(f"{at}.{name}", name, "a name that a variable can have here", problem)
        for inner in scopes_within(state):
            yield from check_names(inner, mine)


def assigned_on_arrival(scope: Scope, outer: Names) -> dict[str, Names]:
    """Return, for each state that a route reaches, the variables that every route to it assigns."""
    start = scope.body.get("StartAt")
    if not isinstance(start, str) or start not in scope.states:
        return {}
    found: dict[str, Names] = {start: outer}
    ahead = [start]
    while ahead:
        name = ahead.pop()
        for target, assigned in ways(scope.states[name]):
            if target in scope.states:
                now = found[name] | assigned
                known = found.get(target)
                merged = now if known is None else known & now
                if merged != known:
                    found[target] = merged
                    ahead.append(target)
    return found


def ways(state: State) -> Iterator[Way]:
    """Yield every way out of a state with what it assigns."""
    own = _assigned(state.body)
    for field in ("Next", "Default"):
        if isinstance(state.body.get(field), str):
            yield state.body[field], own
    for field in ("Choices", "Catch"):
        for rule in objects(state.body.get(field)):
            if isinstance(rule.get("Next"), str):
                yield rule["Next"], _assigned(rule)


def assignments(state: State) -> Iterator[tuple[str, str]]:
    """Yield (field, name) for each variable that a state, its rules and its catchers assign."""
    yield from (("Assign", name) for name in _assigned(state.body))
    for field in ("Choices", "Catch"):
        for number, rule in enumerate(objects(state.body.get(field))):
            yield from ((f"{field}[{number}].Assign", name) for name in _assigned(rule))


def _assigned(body: dict[str, Any]) -> Names:
    names = body.get("Assign")
    return frozenset(names) if isinstance(names, dict) else frozenset()


def _check_reads(scope: Scope, state: State, assigned: Names) -> Iterator[Finding]:
    for field, text in strings_of(state.own_fields):
        if not is_expression(text):
            continue
        try:
            missing = sorted(reads_of(text).variables - assigned)
        except ExpressionError:
            continue
        for name in missing:
            route = " → ".join(repr(each) for each in _route_without(scope, state.name, name))
            remedy = f"assign ${name} before, a Catch's own Assign included: it isn't on the route {route}"
            yield state.finding(field, text, "variables that are assigned on every route", remedy)


def _route_without(scope: Scope, target: str, variable: str) -> list[str]:
    """Return the shortest route from the scope's start to a state that never assigns a variable."""
    start = str(scope.body["StartAt"])
    routes: dict[str, list[str]] = {start: [start]}
    ahead = deque([start])
    while ahead and target not in routes:
        name = ahead.popleft()
        for following, assigned in ways(scope.states[name]):
            if following in scope.states and following not in routes and variable not in assigned:
                routes[following] = [*routes[name], following]
                ahead.append(following)
    return routes.get(target, [target])


def _name_problem(name: str, outer: Names) -> str | None:
    if name == RESERVED or name in FUNCTIONS:
        return f"${name} is Step Functions' own: name it otherwise"
    if not name.isidentifier() or len(name) > LONGEST_NAME:
        return f"write letters, digits and underscores, at most {LONGEST_NAME}"
    if name in outer:
        return "a state around this one assigns it, and an inner scope can't: name it otherwise"
    return None
