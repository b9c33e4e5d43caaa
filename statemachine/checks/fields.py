"""Fields: each state has those of its type and no others, each with the kind of value that AWS asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from statemachine.checks.finding import MISSING, Finding, did_you_mean
from statemachine.checks.machine import TYPES, Body, Scope, State

ONE_YEAR_SECONDS = 31_622_400
LONGEST_SECONDS = 99_999_999

_FLOW = {"Comment", "Type", "QueryLanguage", "Next", "End", "Assign", "InputPath", "OutputPath"}
_RESULT = {"Parameters", "ResultPath", "ResultSelector", "Retry", "Catch"}
FIELDS: dict[str, set[str]] = {
    "Task": _FLOW
    | _RESULT
    | {"Resource", "Credentials"}
    | {"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"},
    "Choice": (_FLOW - {"Next", "End"}) | {"Choices", "Default"},
    "Wait": _FLOW | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Pass": _FLOW | {"Parameters", "Result", "ResultPath"},
    "Succeed": {"Comment", "Type", "QueryLanguage", "InputPath", "OutputPath"},
    "Fail": {"Comment", "Type", "QueryLanguage", "Error", "ErrorPath", "Cause", "CausePath"},
    "Parallel": _FLOW | _RESULT | {"Branches"},
    "Map": _FLOW
    | _RESULT
    | {"ItemProcessor", "ItemsPath", "ItemSelector", "ItemReader", "ItemBatcher", "ResultWriter", "Label"}
    | {"MaxConcurrency", "MaxConcurrencyPath", "ToleratedFailureCount", "ToleratedFailurePercentage"},
}
MACHINE_FIELDS = {"Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage"}
INNER_FIELDS = {"Comment", "StartAt", "States", "ProcessorConfig", "QueryLanguage"}
RETRIER_FIELDS = {
    *(
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
        "Comment",
    ),
}
CATCHER_FIELDS = {"ErrorEquals", "Next", "ResultPath", "Assign", "Comment"}
REQUIRED = {"Task": "Resource", "Choice": "Choices", "Parallel": "Branches", "Map": "ItemProcessor"}

Kind = tuple[str, Callable[[Any], bool]]


def _whole(least: int, most: int) -> Kind:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return f"a whole number from {least:,} to {most:,}", fits


def _of(kind: type, words: str) -> Kind:
    return words, lambda value: isinstance(value, kind)


KINDS: dict[str, Kind] = {
    "Comment": _of(str, "a sentence"),
    "Next": _of(str, "the name of a state"),
    "Default": _of(str, "the name of a state"),
    "StartAt": _of(str, "the name of a state"),
    "End": ("true", lambda value: value is True),
    "Resource": _of(str, "an ARN"),
    "Retry": _of(list, "a list of retriers"),
    "Catch": _of(list, "a list of catchers"),
    "Choices": ("a list of at least one choice rule", lambda value: isinstance(value, list) and bool(value)),
    "Branches": ("a list of at least one branch", lambda value: isinstance(value, list) and bool(value)),
    "ItemProcessor": _of(dict, "an object with StartAt and States"),
    "Parameters": _of(dict, "an object"),
    "ItemSelector": _of(dict, "an object"),
    "ResultSelector": _of(dict, "an object"),
    "Assign": _of(dict, "an object"),
    "TimeoutSeconds": _whole(1, LONGEST_SECONDS),
    "HeartbeatSeconds": _whole(1, LONGEST_SECONDS),
    "Seconds": _whole(0, LONGEST_SECONDS),
    "Timestamp": _of(str, "an RFC 3339 timestamp"),
    "MaxConcurrency": _whole(0, 10_000),
    "IntervalSeconds": _whole(1, ONE_YEAR_SECONDS),
    "MaxDelaySeconds": _whole(1, ONE_YEAR_SECONDS),
    "MaxAttempts": _whole(0, LONGEST_SECONDS),
    # statelint and moto's grammar both read `2` as another type than `2.0`.
    "BackoffRate": (
        "a number of at least 1.0 written with its point",
        lambda v: isinstance(v, float) and v >= 1,
    ),
    "JitterStrategy": ('"FULL" or "NONE"', lambda value: value in ("FULL", "NONE")),
    "ErrorEquals": (
        "a list of error names",
        lambda v: isinstance(v, list) and all(isinstance(e, str) for e in v),
    ),
    "Error": _of(str, "an error name"),
    "Cause": _of(str, "a sentence"),
}


def check_structure(scope: Scope) -> Iterator[Finding]:
    """Yield what keeps the scope from being read at all: no states, or states without a known type."""
    states = scope.body.get("States", MISSING)
    if not isinstance(states, dict) or not states:
        yield scope.finding(
            "States", states, "an object with at least one state", "write the states under States"
        )
        return
    for name, body in states.items():
        if not isinstance(body, dict):
            yield scope.finding(
                f"States[{name!r}]", body, "an object", "write the state's fields between braces"
            )
        elif body.get("Type") not in TYPES:
            remedy = did_you_mean(body.get("Type"), TYPES, "use a type that the Amazon States Language has")
            yield scope.states[name].finding(
                "Type", body.get("Type", MISSING), f"one of {', '.join(TYPES)}", remedy
            )


def check_scope_fields(scope: Scope) -> Iterator[Finding]:
    """Yield the unknown and ill-valued fields of a machine, processor or branch."""
    allowed = MACHINE_FIELDS if scope.where == "the machine" else INNER_FIELDS
    yield from _check_object(scope, "", scope.body, allowed)


def check_fields(state: State) -> Iterator[Finding]:
    """Yield the unknown, ill-valued and missing fields of a state and of its retriers and catchers."""
    yield from _check_object(state, "", state.body, FIELDS[state.type])
    for field, allowed in (("Retry", RETRIER_FIELDS), ("Catch", CATCHER_FIELDS)):
        rules = state.body.get(field)
        for number, rule in enumerate(rules if isinstance(rules, list) else ()):
            at = f"{field}[{number}]"
            if not isinstance(rule, dict):
                yield state.finding(at, rule, "an object", "write its fields between braces")
            else:
                yield from _check_object(state, f"{at}.", rule, allowed)
    required = REQUIRED.get(state.type)
    if required and required not in state.body:
        yield state.finding(
            required, MISSING, f"{KINDS[required][0]}, as every {state.type} has", f"add {required}"
        )


def _check_object(owner: State | Scope, at: str, body: Body, allowed: set[str]) -> Iterator[Finding]:
    for field, value in body.items():
        if field not in allowed:
            remedy = did_you_mean(field, allowed, f"remove it, or use one of {', '.join(sorted(allowed))}")
            yield owner.finding(f"{at}{field}", value, "a field that belongs here", remedy)
        elif field in KINDS and not KINDS[field][1](value):
            yield owner.finding(f"{at}{field}", value, KINDS[field][0], "write it so")
