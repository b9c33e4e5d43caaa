"""Where chalicelib calls AWS, found in its source: `client("ecs").list_tasks`, or `client("ecs")` under a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

GATEWAYS = Path(__file__).parents[2] / "chalicelib" / "gateways"


def calls() -> frozenset[tuple[str, str, str]]:
    """Return each call as module and function, service, and the client's method."""
    return frozenset(call for path in GATEWAYS.glob("*.py") for call in _in_module(path))


def _in_module(path: Path) -> Iterator[tuple[str, str, str]]:
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef):
            for service, method in _in_function(function):
                yield f"{path.stem}.{function.name}", service, method


def _in_function(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    names = dict(_named(function))
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute):
            named = names.get(node.value.id) if isinstance(node.value, ast.Name) else None
            service = _service(node.value) or named
            if service and node.attr not in ("exceptions", "get_paginator"):
                yield service, node.attr
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get_paginator":
            operation = node.args[0]
            assert isinstance(node.func, ast.Attribute)
            assert isinstance(operation, ast.Constant)
            yield _service(node.func.value) or "", str(operation.value)


def _service(node: ast.expr) -> str | None:
    """Return the service of `client("ecs")`."""
    is_client = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "client"
    return str(node.args[0].value) if is_client and isinstance(node.args[0], ast.Constant) else None  # type: ignore[attr-defined]


def _named(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Yield the names that a function gives to clients: `elbv2, arn = client("elbv2"), group["TargetGroupArn"]`."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        values = value.elts if isinstance(value, ast.Tuple) else [value]
        for name, given in zip(names, values, strict=False):
            if isinstance(name, ast.Name) and (service := _service(given)):
                yield name.id, service
