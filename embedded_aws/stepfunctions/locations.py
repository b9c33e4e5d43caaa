"""Where in its state an expression stands: `Output`, `Arguments/Key`, `Choices[0]/Condition`.

AWS tells it in `location` of EvaluationFailed and in the cause; moto knows only the class that it evaluates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.component import Component
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp

FIELDS = {
    "assign": "Assign",
    "assign_decl": "Assign",
    "catchers": "Catch",
    "cause": "Cause",
    "comparison": "Condition",
    "error": "Error",
    "heartbeat": "HeartbeatSeconds",
    "item_selector": "ItemSelector",
    "items": "Items",
    "max_concurrency_decl": "MaxConcurrency",
    "output": "Output",
    "parargs": "Arguments",
    "parameters": "Arguments",
    "rules": "Choices",
    "timeout": "TimeoutSeconds",
    "tolerated_failure_count_decl": "ToleratedFailureCount",
    "tolerated_failure_percentage_decl": "ToleratedFailurePercentage",
    "wait_function": "Seconds",
}
"""The field of a state that each attribute of moto's parts stands for."""

INDEXED = {"catchers", "rules", "values"}
"""Attributes that are a list of which each part is told by its number."""


def locate(part: Any, path: tuple[str, ...] = ()) -> None:
    """Tell every expression in a part of a program where it stands."""
    if isinstance(part, StringJSONata):
        part.location = "/".join(path)
        return
    if isinstance(part, CommonStateField):
        path = ()
    elif isinstance(identifier := getattr(part, "identifier", None), str):
        path = (*path, identifier)
    for name, value in vars(part).items():
        for each, number in _parts(value):
            locate(each, ("Timestamp",) if isinstance(each, Timestamp) else _below(path, name, number))


def _below(path: tuple[str, ...], name: str, number: int) -> tuple[str, ...]:
    index = f"[{number}]" if name in INDEXED else ""
    if name in FIELDS:
        return (*path, FIELDS[name] + index)
    return (*path[:-1], path[-1] + index) if path else path


def _parts(value: Any) -> Iterator[tuple[Any, int]]:
    if isinstance(value, dict):
        value = list(value.values())
    for number, each in enumerate(value if isinstance(value, list) else [value]):
        if isinstance(each, Component):
            yield each, number
