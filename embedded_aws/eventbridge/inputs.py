"""What a target is given: the event, a constant, a part of it, or a template filled from it.

Source: EventBridge user guide, "Amazon EventBridge input transformation": a variable between quotes is put in
as text, one outside them as JSON; `<aws.events.event.json>` and its kin are always there.
"""

from __future__ import annotations

import json
import re
from typing import Any

STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]")
VARIABLE = re.compile(r"<([\w.-]+)>")


def input_of(target: dict[str, Any], event: dict[str, Any], rule: Any) -> str:
    """Return, as JSON text, what the target of the rule gets for the event."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(at_path(event, target["InputPath"]))
    transformer = target.get("InputTransformer")
    if transformer:
        return _transformed(transformer, event, rule)
    return json.dumps(event)


def at_path(event: Any, path: str) -> Any:
    """Follow `$.detail.EC2InstanceId` or `$.resources[0]`; None where it leads nowhere."""
    found = event
    for name, index, quoted in STEP.findall(path):
        try:
            found = found[int(index)] if index else found[name or quoted]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def _transformed(transformer: dict[str, Any], event: dict[str, Any], rule: Any) -> str:
    paths = transformer.get("InputPathsMap") or {}
    values = {name: at_path(event, path) for name, path in paths.items()} | {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event.json": event,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
    }
    return _filled(transformer["InputTemplate"], values)


def _filled(template: str, values: dict[str, Any]) -> str:
    """Put the values in; an odd number of unescaped quotes before a variable means that it is inside a string."""

    def put(variable: re.Match[str]) -> str:
        if variable[1] not in values:
            return variable[0]
        value = values[variable[1]]
        before = template[: variable.start()].replace('\\"', "")
        if before.count('"') % 2 == 0:
            return json.dumps(value)
        text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
        return json.dumps(text)[1:-1]

    return VARIABLE.sub(put, template)
