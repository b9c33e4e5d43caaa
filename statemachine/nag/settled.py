"""A template with its conditions decided, for rules that look at values and not at what might become one."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from statemachine.template import Document, section

NOTHING = {"Ref": "AWS::NoValue"}


def settled(document: Document, given: Mapping[str, str]) -> Document:
    """Return the template as these parameters make it: no conditions, no Fn::If, and those parameters written out.

    Raises KeyError where a condition asks for a parameter that has neither a value nor a default.
    """
    defaults = {
        name: spec["Default"] for name, spec in section(document, "Parameters").items() if "Default" in spec
    }
    values = {**defaults, **given}
    holds = {name: _truth(what, values) for name, what in section(document, "Conditions").items()}
    resources = {
        name: _decided(resource, holds, given)
        for name, resource in section(document, "Resources").items()
        if holds.get(resource.get("Condition"), True)
    }
    for resource in resources.values():
        resource.pop("Condition", None)
    kept = {name: value for name, value in document.items() if name not in ("Conditions", "Outputs")}
    return deepcopy({**kept, "Resources": resources})


def _truth(what: Any, values: Mapping[str, Any]) -> bool:
    ((function, operands),) = what.items()
    if function == "Fn::Not":
        return not _truth(operands[0], values)
    if function != "Fn::Equals":
        raise ValueError(f"{function}: only Fn::Not and Fn::Equals are decided here")
    left, right = (values[each["Ref"]] if isinstance(each, dict) else each for each in operands)
    return bool(left == right)


def _decided(value: Any, holds: Mapping[str, bool], given: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        items = (_decided(item, holds, given) for item in value)
        return [item for item in items if item != NOTHING]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        condition, then, otherwise = value["Fn::If"]
        return _decided(then if holds[condition] else otherwise, holds, given)
    if value.get("Ref") in given:
        return given[value["Ref"]]
    decided = {key: _decided(item, holds, given) for key, item in value.items()}
    return {key: item for key, item in decided.items() if item != NOTHING}
