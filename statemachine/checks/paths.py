"""Paths: JSONPath where a field takes one, reference paths where only those do, none left as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from statemachine.checks.finding import Finding, did_you_mean
from statemachine.checks.intrinsics import IntrinsicError, parse_intrinsic
from statemachine.checks.machine import State, objects

_NAME = r"(?:\.[A-Za-z_]\w*|\['[^'\]]+'\]|\[\"[^\"\]]+\"\])"
_INDEX = r"\[-?\d+\]"
_MANY = (
    r"(?:\.\*|\[\*\]|\.\.[A-Za-z_]\w*|\.\.\*|\[-?\d*:-?\d*(?::-?\d*)?\]|\[-?\d+(?:,-?\d+)+\]|\[\?\(.+?\)\])"
)
REFERENCE_PATH = re.compile(rf"\$\$?(?:[A-Za-z_]\w*)?(?:{_NAME}|{_INDEX})*")
"""A path to one place: developer guide, "Reference paths"."""
ANY_PATH = re.compile(rf"\$\$?(?:[A-Za-z_]\w*)?(?:{_NAME}|{_INDEX}|{_MANY})*(?:\.length\(\))?")

CONTEXT = {
    *("$$.Execution.Id", "$$.Execution.Input", "$$.Execution.Name", "$$.Execution.RoleArn"),
    *("$$.Execution.StartTime", "$$.Execution.RedriveCount", "$$.Execution.RedriveTime"),
    *(
        "$$.State.EnteredTime",
        "$$.State.Name",
        "$$.State.RetryCount",
        "$$.StateMachine.Id",
        "$$.StateMachine.Name",
    ),
    *("$$.Task.Token", "$$.Map.Item.Index", "$$.Map.Item.Key", "$$.Map.Item.Value", "$$.Map.Item.Source"),
}
"""What the context object holds: developer guide, "Accessing execution data from the Context object"."""

WRITTEN = {"ResultPath"}
READ = {"InputPath", "OutputPath"}
REFERENCES = {
    *(
        "ItemsPath",
        "SecondsPath",
        "TimestampPath",
        "TimeoutSecondsPath",
        "HeartbeatSecondsPath",
        "MaxConcurrencyPath",
    ),
}
TEMPLATES = ("Parameters", "ItemSelector", "ResultSelector", "Assign")
_LOOKS_LIKE_A_PATH = re.compile(r"\$\$?\.[A-Za-z_]|States\.[A-Z]\w*\(")


def check_paths(state: State) -> Iterator[Finding]:
    """Yield every path of a state that Step Functions couldn't read or would take for plain text."""
    for field in WRITTEN | READ | REFERENCES | {"ErrorPath", "CausePath"}:
        if field in state.body:
            yield from _check_path_field(state, field, state.body[field])
    for number, catcher in enumerate(objects(state.body.get("Catch"))):
        if "ResultPath" in catcher:
            yield from _check_path_field(
                state, "ResultPath", catcher["ResultPath"], f"Catch[{number}].ResultPath"
            )
    for field in TEMPLATES:
        yield from _check_template(state, field, state.body.get(field))


def path_problem(value: object, *, reference: bool = False, intrinsic: bool = False) -> str | None:
    """Return the remedy for a path that is wrong, None for one that is right."""
    if not isinstance(value, str):
        return "write a path such as $.name, in quotes"
    if value.startswith("States."):
        return (
            _intrinsic_problem(value)
            if intrinsic
            else "compute it in an earlier Pass state; only a path is read here"
        )
    pattern = REFERENCE_PATH if reference else ANY_PATH
    if not pattern.fullmatch(value):
        return "write a path such as $.name, $.list[0] or $['a-name']"
    return _context_problem(value)


def _intrinsic_problem(value: str) -> str | None:
    try:
        problems = [path_problem(path) for path in parse_intrinsic(value)]
    except IntrinsicError as error:
        return str(error)
    return next((problem for problem in problems if problem), None)


def _context_problem(path: str) -> str | None:
    # Only as deep as AWS's own names go: what lies below (the execution's input, a Map's item) is the user's.
    if path == "$$" or not path.startswith("$$") or any(_within(path, known) for known in CONTEXT):
        return None
    return did_you_mean(path, CONTEXT, f"use one of {', '.join(sorted(CONTEXT))}")


def _within(path: str, known: str) -> bool:
    return path == known or known.startswith(f"{path}.") or path.startswith((f"{known}.", f"{known}["))


def _check_path_field(state: State, field: str, value: object, at: str = "") -> Iterator[Finding]:
    if value is None and field in WRITTEN | READ:
        return
    problem = path_problem(value, reference=field not in READ, intrinsic=field in ("ErrorPath", "CausePath"))
    if field in WRITTEN and isinstance(value, str) and value.startswith("$$"):
        problem = "write below $: the context object can't be written"
    if problem:
        expected = "a path" if field in READ else "a reference path, which leads to one place"
        yield state.finding(at or field, value, expected, problem)


def _check_template(state: State, at: str, value: object) -> Iterator[Finding]:
    if isinstance(value, dict):
        for key, each in value.items():
            here = f"{at}.{key}"
            if key.endswith(".$"):
                problem = path_problem(each, intrinsic=True)
                if problem:
                    yield state.finding(here, each, "a JSONPath or an intrinsic function", problem)
            elif isinstance(each, str) and _LOOKS_LIKE_A_PATH.match(each):
                expected = "a value to send as it stands"
                yield state.finding(
                    here, each, expected, f"name the field {key + '.$'!r} to have the path read"
                )
            else:
                yield from _check_template(state, here, each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _check_template(state, f"{at}[{number}]", each)
