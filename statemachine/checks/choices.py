"""Choice states: one comparison a rule, operators that exist, operands of their kind, and a Default."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from statemachine.checks.finding import MISSING, Finding, did_you_mean
from statemachine.checks.machine import Body, State
from statemachine.checks.paths import path_problem

_ORDER = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_PLAIN = {
    **{f"{kind}{order}": kind for kind in ("String", "Numeric", "Timestamp") for order in _ORDER},
    "BooleanEquals": "Boolean",
}
OPERATORS: dict[str, str] = {
    **_PLAIN,
    **{f"{operator}Path": "Path" for operator in _PLAIN},
    "StringMatches": "String",
    **{f"Is{kind}": "Boolean" for kind in ("Null", "Present", "String", "Numeric", "Boolean", "Timestamp")},
}
"""Comparison operators and the kind of their operand: developer guide, "Choice workflow state"."""

COMBINERS = ("And", "Or", "Not")
_WORDS = {
    "String": "text in quotes",
    "Numeric": "a number",
    "Boolean": "true or false",
    "Timestamp": "an RFC 3339 timestamp",
    "Path": "a reference path",
}


def operator_of(rule: Body) -> str | None:
    """Return a rule's comparison operator or combiner; None where it has none."""
    return next((key for key in rule if key in OPERATORS or key in COMBINERS), None)


def check_choice(state: State) -> Iterator[Finding]:
    """Yield what is wrong with a Choice: its rules, or no Default (no match can't be caught)."""
    if state.type != "Choice":
        return
    yield from check_default(state)
    rules = state.body.get("Choices")
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        yield from _check_rule(state, f"Choices[{number}]", rule, top=True)


def check_default(state: State) -> Iterator[Finding]:
    """Yield a Choice that has no way on where no rule matches."""
    if state.type == "Choice" and "Default" not in state.body:
        remedy = (
            "add one: without it an input that matches no rule ends the execution with States.NoChoiceMatched"
        )
        yield state.finding("Default", MISSING, "the name of the state for all other inputs", remedy)


def _check_rule(state: State, at: str, rule: object, *, top: bool = False) -> Iterator[Finding]:
    if not isinstance(rule, dict):
        yield state.finding(at, rule, "an object", "write the rule's fields between braces")
        return
    if not top and "Next" in rule:
        yield state.finding(f"{at}.Next", rule["Next"], "Next only in the outermost rule", "move it there")
    words = [key for key in rule if key not in ("Variable", "Next", "Comment", "Assign")]
    unknown = [word for word in words if word not in OPERATORS and word not in COMBINERS]
    for word in unknown:
        remedy = did_you_mean(word, [*OPERATORS, *COMBINERS], "use an operator of the Amazon States Language")
        yield state.finding(f"{at}.{word}", rule[word], "a comparison operator", remedy)
    if len(words) != 1:
        yield state.finding(
            f"{at} operators", words, "exactly one comparison", "combine several with And, Or or Not"
        )
    elif not unknown:
        yield from _check_comparison(state, at, rule, words[0])


def _check_comparison(state: State, at: str, rule: Body, operator: str) -> Iterator[Finding]:
    value = rule[operator]
    if operator == "Not":
        yield from _check_rule(state, f"{at}.Not", value)
    elif operator in COMBINERS:
        if not isinstance(value, list) or not value:
            yield state.finding(
                f"{at}.{operator}", value, "a list of at least one rule", "list what it combines"
            )
            return
        for number, each in enumerate(value):
            yield from _check_rule(state, f"{at}.{operator}[{number}]", each)
    else:
        yield from _check_operand(state, at, rule, operator)


def _check_operand(state: State, at: str, rule: Body, operator: str) -> Iterator[Finding]:
    variable = rule.get("Variable", MISSING)
    problem = "name the value to compare" if variable is MISSING else path_problem(variable, reference=True)
    if problem:
        yield state.finding(f"{at}.Variable", variable, "a reference path, which leads to one place", problem)
    kind = OPERATORS[operator]
    if not _fits(kind, rule[operator]):
        remedy = did_you_mean(f"{operator}Path", OPERATORS, "write such a value")
        if not (isinstance(rule[operator], str) and rule[operator].startswith("$")):
            remedy = "write such a value, or use the operator of the value's own kind"
        yield state.finding(f"{at}.{operator}", rule[operator], _WORDS[kind], remedy)


def _fits(kind: str, value: Any) -> bool:
    if kind == "Boolean":
        return isinstance(value, bool)
    if kind == "Numeric":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "Path":
        return path_problem(value, reference=True) is None
    return isinstance(value, str) and (kind == "String" or _is_timestamp(value))


def _is_timestamp(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None and "T" in value
    except ValueError:
        return False
