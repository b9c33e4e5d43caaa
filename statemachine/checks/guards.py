"""Guards: a path that isn't surely there is looked for with IsPresent before it is read.

A Choice on a missing path is `States.Runtime`, which neither Retry nor Catch sees, `States.ALL` included
(developer guide, "Handling errors"): the execution would end without a word.
"""

from __future__ import annotations

from collections.abc import Iterator

from statemachine.checks.choices import OPERATORS, operator_of
from statemachine.checks.finding import Finding
from statemachine.checks.machine import Body, Scope, State, objects, scopes_within
from statemachine.checks.presence import (
    NOTHING,
    Facts,
    facts_on_arrival,
    facts_within,
    is_sure,
    reads,
    sure_when,
)


def check_guards(scope: Scope, at_start: Facts = NOTHING) -> Iterator[Finding]:
    """Yield the unguarded reads of a scope and of those within it."""
    written = _roots_written(scope)
    for name, facts in facts_on_arrival(scope, at_start).items():
        state = scope.states.get(name)
        if state is not None:
            yield from _check_choice(state, facts)
            yield from _check_reads(state, facts, written)
            for inner in scopes_within(state):
                yield from check_guards(inner, facts_within(state, facts))


def _roots_written(scope: Scope) -> set[str]:
    paths = [state.body.get("ResultPath") for state in scope.states.values()]
    return {path for path in paths if isinstance(path, str) and path != "$"}


def _check_reads(state: State, facts: Facts, written: set[str]) -> Iterator[Finding]:
    """Yield reads of what another state writes on some routes only; the input is the caller's own affair."""
    for field, path in reads(state):
        root = next((root for root in written if path == root or path.startswith(f"{root}.")), None)
        if root and not is_sure(path, facts):
            remedy = f"a route leads here on which {root} isn't written: ask IsPresent in a Choice first"
            yield state.finding(field, path, "a path that is there on every route", remedy)


def _check_choice(state: State, facts: Facts) -> Iterator[Finding]:
    if state.type != "Choice":
        return
    for number, rule in enumerate(objects(state.body.get("Choices"))):
        yield from _check_rule(state, f"Choices[{number}]", rule, facts)
        facts = facts | sure_when(rule, False)


def _check_rule(state: State, at: str, rule: Body, facts: Facts) -> Iterator[Finding]:
    operator = operator_of(rule)
    inner = rule.get(operator) if operator else None
    if operator == "Not" and isinstance(inner, dict):
        yield from _check_rule(state, f"{at}.Not", inner, facts)
    elif operator in ("And", "Or"):
        # Tried in order, and no further than needed: AWS documents an IsPresent before the read.
        for number, each in enumerate(objects(inner)):
            yield from _check_rule(state, f"{at}.{operator}[{number}]", each, facts)
            facts = facts | sure_when(each, operator == "And")
    elif operator != "IsPresent":
        yield from _check_variable(state, at, rule, operator, facts)


def _check_variable(
    state: State, at: str, rule: Body, operator: str | None, facts: Facts
) -> Iterator[Finding]:
    paths = {"Variable": rule.get("Variable")}
    if operator and OPERATORS.get(operator) == "Path":
        paths[operator] = rule.get(operator)
    for field, path in paths.items():
        if isinstance(path, str) and path.startswith("$.") and not is_sure(path, facts):
            remedy = f'put {{"Variable": "{path}", "IsPresent": true}} before it in an And'
            yield state.finding(f"{at}.{field}", path, "a path that is there on every route", remedy)
