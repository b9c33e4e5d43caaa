"""Says a definition's ways in words, and draws it in Mermaid, for a Markdown file to show.

The picture stands between `<!-- picture of NAME -->` and `<!-- end of picture -->`. The same definition gives the
same picture.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from statemachine.checks.choices import COMBINERS, operator_of
from statemachine.checks.machine import Body, Scope, State, machine_scope, objects, scopes_within, texts

SHAPES = {
    "Choice": ("{", "}"),
    "Wait": ("([", "])"),
    "Succeed": ("([", "])"),
    "Fail": ("([", "])"),
    "Map": ("[[", "]]"),
    "Parallel": ("[[", "]]"),
}
"""What stands around a state's name; a Task or Pass is a box."""

END_MARKER = "<!-- end of picture -->"
_PATH = r"\$(\w+(?:\.\w+)*)"
_SAID = [
    (re.compile(pattern), words)
    for pattern, words in (
        (rf"\$not\(\$exists\({_PATH}\)\)", r"\1 is not present"),
        (rf"\$exists\({_PATH}\)", r"\1 is present"),
        (rf"\$not\({_PATH}\)", r"not \1"),
        (rf"\$toMillis\({_PATH}\)", r"\1"),
        (rf"{_PATH} != null", r"\1 is not null"),
        (rf"{_PATH} = null", r"\1 is null"),
        (rf"{_PATH}(?![\w(])", r"\1"),
        (r"\bstates\.(context|input)\.", ""),
        ("!=", "≠"),
        ("<=", "≤"),
        (">=", "≥"),
    )
]
"""What JSONata writes, and how a person says it."""

_SIGNS = {
    "Equals": "=",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanEquals": "≤",
    "GreaterThanEquals": "≥",
    "Matches": "~",
}


def mermaid(definition: Body) -> str:
    """Return the flowchart of a definition."""
    lines = ["flowchart TD", *_Drawing().scope(machine_scope(definition), "  ")]
    return "\n".join(lines) + "\n"


def words_of(rule: Body) -> str:
    """Return a choice rule as a person says it: `verdict = "drain" and not token is present`.

    A rule in JSONata is said by its Comment, where it has one; a long Condition needs one to be read at all.
    """
    if "Condition" in rule:
        return str(rule.get("Comment", "")).rstrip(".") or _words_of_expression(str(rule["Condition"]))
    operator = operator_of(rule)
    if operator is None:
        return "?"
    inner = rule[operator]
    if operator == "Not":
        return f"not {words_of(inner)}" if isinstance(inner, dict) else "?"
    if operator in COMBINERS:
        return f" {operator.lower()} ".join(words_of(each) for each in objects(inner))
    subject = str(rule.get("Variable", "?")).removeprefix("$.")
    if operator.startswith("Is"):
        return f"{subject} is {'' if inner else 'not '}{operator[2:].lower()}"
    sign = _SIGNS[re.sub(r"^(String|Numeric|Boolean|Timestamp)|Path$", "", operator)]
    value = (
        str(inner).removeprefix("$.") if operator.endswith("Path") else json.dumps(inner, ensure_ascii=False)
    )
    return f"{subject} {sign} {value}"


def _words_of_expression(expression: str) -> str:
    """Return an expression without what only the parser needs; texts in it stay as they are."""
    inner = re.sub(r"^\{%|%\}$", "", expression)
    parts = re.split(r"""('[^']*'|"[^"]*")""", inner)
    said = "".join(f'"{part[1:-1]}"' if number % 2 else _plainer(part) for number, part in enumerate(parts))
    return " ".join(said.split())


def _plainer(code: str) -> str:
    """Return a part of an expression in words: `$exists($look.taken_back)` → `look.taken_back is present`."""
    for pattern, words in _SAID:
        code = pattern.sub(words, code)
    return code


PLAIN, ERROR, ANY_ERROR = "plain", "error", "any-error"
"""Kinds of ways."""


class Way(NamedTuple):
    """A way out of a state."""

    target: str
    words: str
    """What it is taken for; empty where it is always taken."""
    kind: str


def ways(state: State) -> Iterator[Way]:
    """Yield the ways out of a state, in the order in which they are tried."""
    for rule in objects(state.body.get("Choices")):
        yield Way(rule["Next"], words_of(rule), PLAIN)
    if "Default" in state.body:
        yield Way(state.body["Default"], "otherwise", PLAIN)
    if "Next" in state.body:
        yield Way(state.body["Next"], "", PLAIN)
    for catcher in objects(state.body.get("Catch")):
        names = texts(catcher.get("ErrorEquals"))
        is_any = names == ["States.ALL"]
        words = "any error" if is_any else ", ".join(names)
        yield Way(catcher["Next"], words, ANY_ERROR if is_any else ERROR)


class _Drawing:
    def __init__(self) -> None:
        self.identities: dict[str, str] = {}

    def scope(self, scope: Scope, indent: str) -> Iterator[str]:
        """Yield a scope's boxes, then its arrows: the reader meets the states in the definition's order."""
        here = {name: f"s{len(self.identities) + number}" for number, name in enumerate(scope.states)}
        self.identities |= here
        for state in scope.states.values():
            left, right = SHAPES.get(state.type, ("[", "]"))
            yield f"{indent}{here[state.name]}{left}{_quoted(state.name)}{right}"
        for state in scope.states.values():
            for way in ways(state):
                arrow = "-->" if way.kind == PLAIN else "-.->"
                said = f"|{_quoted(way.words)}|" if way.words else ""
                yield f"{indent}{here[state.name]} {arrow}{said} {here[way.target]}"
        for state in scope.states.values():
            yield from self._within(state, here[state.name], indent)

    def _within(self, state: State, identity: str, indent: str) -> Iterator[str]:
        for number, inner in enumerate(scopes_within(state)):
            name = "each item" if state.type == "Map" else f"branch {number + 1}"
            yield f"{indent}subgraph {identity}_{number}[{_quoted(f'{state.name}: {name}')}]"
            yield from self.scope(inner, indent + "  ")
            yield f"{indent}end"
            start = self.identities[str(inner.body["StartAt"])]
            yield f"{indent}{identity} --- {start}"


def _quoted(text: str) -> str:
    escaped = text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
    return f'"{escaped}"'


def with_picture(document: str, name: str, picture: str) -> str:
    """Return the document with the picture between its markers; raises ValueError where it has none."""
    start = f"<!-- picture of {name} -->"
    before, found, rest = document.partition(start)
    _, end, after = rest.partition(END_MARKER)
    if not found or not end:
        raise ValueError(f"the document has no place for the picture: add the lines {start} and {END_MARKER}")
    return f"{before}{start}\n\n```mermaid\n{picture}```\n\n{END_MARKER}{after}"
