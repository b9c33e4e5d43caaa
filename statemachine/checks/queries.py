"""Expressions in their places: each compiles, and reads only what Step Functions gives it there.

Where `$states` has what: developer guide, "Transforming data with JSONata", reserved variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from statemachine.checks.expressions import FUNCTIONS, ExpressionError, is_expression, reads_of
from statemachine.checks.finding import Finding, did_you_mean
from statemachine.checks.integrations import TOKEN_PATTERN
from statemachine.checks.machine import State
from statemachine.checks.paths import CONTEXT
from statemachine.checks.wording import strings_of

_CONTEXT = {tuple(name.removeprefix("$$.").split(".")) for name in CONTEXT}
_TOKEN = ("Task", "Token")
_OF_A_RESULT = ("Assign", "Output")
_OF_AN_ERROR = re.compile(r"Catch\[\d+\]\.(Assign|Output)\b")
_UNREAD_PATH = re.compile(r"\$(?!\{)[\w.$]")


def check_queries(state: State) -> Iterator[Finding]:
    """Yield the expressions of a state that don't compile or read what isn't there, and those that aren't read."""
    for field, text in strings_of(state.own_fields):
        if field.rpartition(".")[2] == "Comment":
            continue
        if is_expression(text):
            yield from _check_expression(state, field, text)
        elif "{%" in text or "%}" in text or _UNREAD_PATH.match(text):
            remedy = "write '{% … %}' around the whole of it: nothing else is evaluated"
            yield state.finding(field, text, "an expression, or text to send as it stands", remedy)


def check_keys(state: State) -> Iterator[Finding]:
    """Yield fields named as JSONPath has them, whose '.$' would be sent as a part of the name."""
    for field in ("Arguments", "Assign", "ItemSelector", "Output"):
        yield from (
            state.finding(
                at, at.rpartition(".")[2], "a field without '.$'", "write an expression as its value"
            )
            for at in _keys(state.body.get(field), field)
            if at.endswith(".$")
        )


def _keys(value: object, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield f"{at}.{key}"
            yield from _keys(each, f"{at}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _keys(each, f"{at}[{number}]")


def _check_expression(state: State, field: str, text: str) -> Iterator[Finding]:
    try:
        reads = reads_of(text)
    except ExpressionError as error:
        yield state.finding(field, text, "an expression that compiles", f"mend it ({error})")
        return
    for name in sorted(reads.unknown_functions):
        remedy = did_you_mean(name, FUNCTIONS, "use one of JSONata's, or of Step Functions' own")
        yield state.finding(field, text, f"a function that is there, not ${name}", remedy)
    for path in sorted(reads.paths):
        problem = _path_problem(state, field, path)
        if problem:
            said = ".".join(("$states", *path))
            yield state.finding(field, text, f"what $states holds here, not {said}", problem)


def _path_problem(state: State, field: str, path: tuple[str, ...]) -> str | None:
    """Return the remedy for a read of `$states` that finds nothing, None for one that finds something."""
    first = path[0] if path else "input"
    if first == "result":
        has_one = state.type in ("Task", "Map", "Parallel") and re.split(r"[.[]", field)[0] in _OF_A_RESULT
        return None if has_one else "only a Task's or Map's own Assign and Output have a result"
    if first == "errorOutput":
        return None if _OF_AN_ERROR.match(field) else "only the Assign and Output of a Catch have an error"
    if first == "context":
        return _context_problem(state, path[1:])
    return (
        None
        if first == "input"
        else did_you_mean(first, ("input", "result", "errorOutput", "context"), "read one of its four parts")
    )


def _context_problem(state: State, path: tuple[str, ...]) -> str | None:
    if path[:2] == _TOKEN and not str(state.body.get("Resource")).endswith(TOKEN_PATTERN):
        return f"only a Resource that ends in {TOKEN_PATTERN} has a token"
    # Only as deep as AWS's own names go: what lies below (the execution's input, a Map's item) is the user's.
    if any(path[: len(known)] == known or known[: len(path)] == path for known in _CONTEXT):
        return None
    known = [".".join(each) for each in _CONTEXT]
    return did_you_mean(".".join(path), known, f"use one of {', '.join(sorted(known))}")
