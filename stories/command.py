"""Runs an `aws` command as a person would paste it, through boto3: what the demo shows is what it does.

>>> parsed("aws ecs update-service --service web --deployment-configuration maximumPercent=150")
('ecs', 'update_service', {'service': 'web', 'deployment-configuration': 'maximumPercent=150'})
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

from botocore import xform_name

WHOLE = {"integer", "long"}


class NotACommand(ValueError):  # noqa: N818  # reads as the sentence that it carries
    """A text that is no `aws` command of the simple form."""


def run(client: Callable[[str], Any], command: str) -> dict[str, Any]:
    """Run `aws SERVICE OPERATION --option value ...`; raises NotACommand, and what boto3 raises."""
    service, operation, options = parsed(command)
    api = client(service)
    try:
        name = api.meta.method_to_api_mapping[operation]
    except KeyError as error:
        raise NotACommand(f"{command!r}: {service} has no operation {operation}") from error
    members = api.meta.service_model.operation_model(name).input_shape.members
    by_option = {xform_name(member, "-"): member for member in members}
    if unknown := options.keys() - by_option.keys():
        raise NotACommand(f"{command!r}: {operation} has no option --{sorted(unknown)[0]}")
    given = {by_option[option]: _value(members[by_option[option]], text) for option, text in options.items()}
    answer: dict[str, Any] = getattr(api, operation)(**given)
    return answer


def shown(command: str, width: int) -> str:
    """Return a command as it reads in a terminal of a width: broken before an option, and still to be pasted."""
    lines = [""]
    for part in re.split(r" (?=--)", command):
        if lines[-1] and len(lines[-1]) + len(part) > width - 4:
            lines.append(part)
        else:
            lines[-1] = f"{lines[-1]} {part}".strip()
    return " \\\n    ".join(lines)


def parsed(command: str) -> tuple[str, str, dict[str, str]]:
    """Return service, operation and options; raises NotACommand."""
    words = shlex.split(command)
    names, values = words[3::2], words[4::2]
    if len(words) < 3 or words[0] != "aws" or len(names) != len(values):
        raise NotACommand(f"{command!r}: expected `aws SERVICE OPERATION --option value ...`")
    if wrong := [name for name in names if not name.startswith("--")]:
        raise NotACommand(f"{command!r}: {wrong[0]} is no option")
    options = {name.removeprefix("--"): value for name, value in zip(names, values, strict=True)}
    return words[1], words[2].replace("-", "_"), options


def _value(shape: Any, text: str) -> Any:
    """Read a value as the AWS CLI does, as far as remedies need: text, numbers, `key=value,key=value`."""
    if shape.type_name == "structure":
        parts = dict(part.split("=", 1) for part in text.split(","))
        return {name: _value(shape.members[name], part) for name, part in parts.items()}
    return int(text) if shape.type_name in WHOLE else text
