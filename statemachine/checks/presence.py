"""Which paths are surely there: facts that hold on every route to a state.

A fact is a path, or a path with `*` after it: then all below it is trusted too, for it came from outside (a
function's or service's answer). The execution's input proves nothing until a state has read from it and gone
on by Next: had the path been missing, the read would have failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from statemachine.checks.choices import OPERATORS, operator_of
from statemachine.checks.machine import Body, Scope, State, objects
from statemachine.checks.wording import strings_of

Facts = frozenset[str]

NOTHING: Facts = frozenset()
_PATH = re.compile(r"\$(?:\.[A-Za-z_]\w*|\['[^'\]]+'\]|\[\d+\])+")
_READING_FIELDS = (
    "InputPath",
    "SecondsPath",
    "TimestampPath",
    "ItemsPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
)


def is_sure(path: str, facts: Facts) -> bool:
    """Say whether facts prove that a path is there."""
    return (
        any(
            path == fact or _below(fact.rstrip("*"), path) or (fact.endswith("*") and _below(path, fact[:-1]))
            for fact in facts
        )
        or f"{path}*" in facts
    )


def both(some: Facts, other: Facts) -> Facts:
    """Return what two routes that meet agree on."""
    kept = {fact for fact in some if _covered(fact, other)}
    return frozenset(kept | {fact for fact in other if _covered(fact, some)})


def reads(state: State) -> list[tuple[str, str]]:
    """Return (field, path) for every path of the state's input that the state can't do without."""
    found = [(field, path) for field in _READING_FIELDS for path in _paths_in(state.body.get(field))]
    if "InputPath" not in state.body:
        for at, text in strings_of(state.body.get("Parameters"), "Parameters"):
            found += [(at, path) for path in _paths_in(text) if at.endswith(".$")]
    return found


def sure_when(rule: Body, holds: bool) -> Facts:
    """Return what a choice rule proves when it holds, or when it doesn't."""
    operator = operator_of(rule)
    inner = rule.get(operator) if operator else None
    if operator == "Not" and isinstance(inner, dict):
        return sure_when(inner, not holds)
    if operator in ("And", "Or"):
        proofs = [sure_when(each, holds) for each in objects(inner)]
        every = (operator == "And") == holds
        return frozenset().union(*proofs) if every else _common(proofs)
    variable = rule.get("Variable")
    if not isinstance(variable, str) or (operator == "IsPresent" and inner is not holds):
        return NOTHING
    operand = {inner} if operator and OPERATORS.get(operator) == "Path" and isinstance(inner, str) else set()
    return frozenset({variable, *operand})


def facts_on_arrival(scope: Scope, at_start: Facts = NOTHING) -> dict[str, Facts]:
    """Return, for each state that can be reached, what holds on every route to it."""
    arrival: dict[str, Facts] = {str(scope.body.get("StartAt")): at_start}
    ahead = list(arrival)
    while ahead:
        name = ahead.pop()
        if name not in scope.states:
            continue
        for target, facts in _departures(scope.states[name], arrival[name]):
            met = both(arrival[target], facts) if target in arrival else facts
            if arrival.get(target) != met:
                arrival[target] = met
                ahead.append(target)
    return arrival


def facts_within(state: State, facts: Facts) -> Facts:
    """Return what the states within a Map or Parallel can count on at their start."""
    template = state.body.get("ItemSelector") if state.type == "Map" else state.body.get("Parameters")
    if isinstance(template, dict):
        return _written("$", template)
    return NOTHING if state.type == "Map" else facts


def _departures(state: State, facts: Facts) -> Iterator[tuple[str, Facts]]:
    body = state.body
    if state.type == "Choice":
        for rule in objects(body.get("Choices")):
            yield str(rule.get("Next")), facts | sure_when(rule, True)
            facts = facts | sure_when(rule, False)
        yield str(body.get("Default")), facts
        return
    for catcher in objects(body.get("Catch")):
        caught = {"Error": "", "Cause": ""}
        yield str(catcher.get("Next")), _after_result(facts, catcher.get("ResultPath", "$"), caught)
    yield str(body.get("Next")), _after(state, facts | {path for _, path in reads(state)})


def _after(state: State, facts: Facts) -> Facts:
    """Return what holds once the state has succeeded; ResultPath writes into the input as it arrived."""
    body = state.body
    if "OutputPath" in body:
        return frozenset({"$*"})
    if state.type in ("Task", "Map", "Parallel"):
        return _after_result(facts, body.get("ResultPath", "$"), body.get("ResultSelector"))
    if state.type == "Pass" and ({"Parameters", "Result", "ResultPath", "InputPath"} & body.keys()):
        return _after_result(facts, body.get("ResultPath", "$"), body.get("Parameters", body.get("Result")))
    return facts


def _after_result(facts: Facts, result_path: object, template: object) -> Facts:
    if not isinstance(result_path, str):
        return facts
    kept = {fact for fact in facts if result_path != "$" and not _below(fact.rstrip("*"), result_path)}
    written = (
        _written(result_path, template) if isinstance(template, dict) else frozenset({f"{result_path}*"})
    )
    return frozenset({fact for fact in kept if fact.rstrip("*") != result_path}) | written


def _written(path: str, template: Body) -> Facts:
    found = {path}
    for key, value in template.items():
        here = f"{path}.{key.removesuffix('.$')}"
        found |= (
            _written(here, value) if isinstance(value, dict) else {f"{here}*" if key.endswith(".$") else here}
        )
    return frozenset(found)


def _paths_in(text: object) -> list[str]:
    # The context object's `$$.` never matches: a name must follow the first dollar's dot.
    return re.findall(rf"(?<!\$){_PATH.pattern}", text) if isinstance(text, str) else []


def _below(path: str, above: str) -> bool:
    return path.startswith((f"{above}.", f"{above}["))


def _covered(fact: str, facts: Facts) -> bool:
    if not fact.endswith("*"):
        return is_sure(fact, facts)
    return fact in facts or any(each.endswith("*") and _below(fact[:-1], each[:-1]) for each in facts)


def _common(proofs: list[Facts]) -> Facts:
    return frozenset.intersection(*proofs) if proofs else NOTHING
