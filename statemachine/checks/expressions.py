"""Expressions (`{% … %}`): whether they compile, and which variables they read.

Step Functions speaks JSONata 2.0.6 with functions of its own: developer guide, "Transforming data with JSONata".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException

AWS_FUNCTIONS = frozenset({"partition", "range", "hash", "random", "uuid", "parse"})
"""What Step Functions adds to JSONata (it has no $eval): developer guide, "Transforming data with JSONata"."""

RESERVED = "states"
"""The variable that Step Functions fills itself: input, result, errorOutput, context."""

FUNCTIONS = (frozenset(Jsonata.static_frame.bindings) | AWS_FUNCTIONS) - {"eval"}
_NAMES_OF_STEPS = ("name", "string")


class ExpressionError(ValueError):
    """An expression that doesn't compile; its text is what the parser says."""


@dataclass
class Reads:
    """What an expression reads beside its own local names."""

    variables: set[str] = field(default_factory=set)
    """Variables, without their `$`; `states` and functions are not among them."""
    paths: set[tuple[str, ...]] = field(default_factory=set)
    """Paths below `$states`, as deep as they are written: ("context", "State", "EnteredTime")."""
    unknown_functions: set[str] = field(default_factory=set)


def is_expression(value: object) -> bool:
    """Say whether a value of a definition is an expression: one whole string between {% and %}."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


@cache
def compiled(expression: str) -> Any:
    """Return the compiled form of `{% … %}`; raises ExpressionError where it doesn't compile."""
    try:
        program = Jsonata(expression[2:-2].strip())
    except JException as error:
        raise ExpressionError(str(error)) from None
    except (TypeError, IndexError, AttributeError):
        # jsonata-python stumbles over some texts instead of refusing them, an empty one for example.
        raise ExpressionError("the parser can't make sense of it") from None
    program.set_output_convert_nulls(False)
    return program


@cache
def reads_of(expression: str) -> Reads:
    """Return what an expression reads; raises ExpressionError where it doesn't compile."""
    found = Reads()
    _read(compiled(expression).ast, frozenset(), found)
    return found


def _read(node: Any, local: frozenset[str], found: Reads) -> None:
    if isinstance(node, list | tuple):
        for each in node:
            _read(each, local, found)
    elif hasattr(node, "type"):
        _READERS.get(node.type, _read_parts)(node, local, found)


def _read_parts(node: Any, local: frozenset[str], found: Reads) -> None:
    for each in _parts(node):
        _read(each, local, found)


def _parts(node: Any) -> Iterator[Any]:
    for name, value in vars(node).items():
        if name != "_outer_instance" and (isinstance(value, list | tuple) or hasattr(value, "type")):
            yield value


def _read_block(node: Any, local: frozenset[str], found: Reads) -> None:
    """A name bound in a block holds for what comes after it in the block."""
    for each in node.expressions:
        _read(each, local, found)
        if each.type == "bind":
            local = local | {str(each.lhs.value)}


def _read_bind(node: Any, local: frozenset[str], found: Reads) -> None:
    _read(node.rhs, local | ({str(node.lhs.value)} if node.rhs.type == "lambda" else set()), found)


def _read_lambda(node: Any, local: frozenset[str], found: Reads) -> None:
    _read(node.body, local | {str(each.value) for each in node.arguments}, found)


def _read_call(node: Any, local: frozenset[str], found: Reads) -> None:
    procedure = node.procedure
    name = str(getattr(procedure, "value", ""))
    if getattr(procedure, "type", None) == "variable" and name not in local:
        if name not in FUNCTIONS:
            found.unknown_functions.add(name)
    else:
        _read(procedure, local, found)
    _read(node.arguments, local, found)


def _read_variable(node: Any, local: frozenset[str], found: Reads) -> None:
    name = str(node.value)
    if name == RESERVED:
        found.paths.add(())
    elif name and name != "$" and name not in local and name not in FUNCTIONS:
        found.variables.add(name)
    _read_parts(node, local, found)


def _read_path(node: Any, local: frozenset[str], found: Reads) -> None:
    first, *rest = node.steps
    if first.type == "variable" and first.value == RESERVED:
        found.paths.add(_names(rest))
        _read_parts(first, local, found)
    else:
        _read(first, local, found)
    for step in node.steps:
        # `@$name` and `#$name` bind a name for the steps that follow.
        local = local | {str(each) for each in (step.focus, step.index) if isinstance(each, str)}
    _read(rest, local, found)
    _read(node.group, local, found)


def _names(steps: list[Any]) -> tuple[str, ...]:
    names: list[str] = []
    for step in steps:
        if step.type not in _NAMES_OF_STEPS:
            break
        names.append(str(step.value))
    return tuple(names)


_READERS = {
    "block": _read_block,
    "bind": _read_bind,
    "lambda": _read_lambda,
    "function": _read_call,
    "partial": _read_call,
    "variable": _read_variable,
    "path": _read_path,
}
