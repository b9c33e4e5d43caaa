"""The template's parameters: as the operator gives them, as they stay, and what is wrong with one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.common.wording import did_you_mean, one_of, shown
from chalicelib.policy.table import BY_NAME
from cli.exit_codes import ExitCode
from cli.problems import Halt

Declared = Mapping[str, Mapping[str, Any]]

OURS = ("Stage", "CodeBucket", "CodeKey")
"""What the command itself fills in."""
ASKED = ("Hooks", "Deadline", "OnDeadline", "NotificationEmail", "DeletionProtection")
"""What a person is asked at a first installation; everything else has a good default."""
SETTINGS = {"".join(word.capitalize() for word in name.split("_")): name for name in BY_NAME}
"""The drains' settings, by the parameter that stands for each."""


def read_parameters(texts: Sequence[str], declared: Declared) -> dict[str, str]:
    """Return what `--parameter Name=value` gave; raises Halt with what is wrong with it."""
    given: dict[str, str] = {}
    for text in texts:
        name, is_there, value = text.partition("=")
        if not is_there:
            raise Halt(f"--parameter {text!r}: expected Name=value", code=ExitCode.USAGE)
        given[name] = value
        _check(name, value, declared)
    return given


def _check(name: str, value: str, declared: Declared) -> None:
    open_ones = {each: spec for each, spec in declared.items() if each not in OURS}
    if name in OURS:
        remedy = {"Stage": "--stage says it"}.get(name, "--bucket says where the zip is to lie")
        raise Halt(f"--parameter {name}: it is filled in by the command", remedy, ExitCode.USAGE)
    if name not in open_ones:
        remedy = f"there are {', '.join(sorted(open_ones))}"
        raise Halt(
            f"The template has no parameter {name}{did_you_mean(name, open_ones)}", remedy, ExitCode.USAGE
        )
    if sentence := complaint(name, value, declared[name]):
        raise Halt(f"--parameter {name}: {sentence}", code=ExitCode.USAGE)


def complaint(name: str, value: str, spec: Mapping[str, Any]) -> str:
    """Return what is wrong with a parameter's value; nothing where it is right."""
    if value not in (allowed := [str(each) for each in spec.get("AllowedValues", [value])]):
        return f"{shown(value)}: expected {one_of(allowed)}"
    if spec["Type"] == "Number" and not value.isdecimal():
        return f"{shown(value)}: expected a whole number"
    if value and name in SETTINGS:
        try:
            BY_NAME[SETTINGS[name]].parse(value)
        except ValueError as error:
            return str(error)
    return ""


def default_of(spec: Mapping[str, Any]) -> str:
    """Return a parameter's default, as CloudFormation takes it."""
    return str(spec.get("Default", ""))


def request(
    declared: Declared, given: Mapping[str, str], before: Mapping[str, str] | None
) -> list[dict[str, Any]]:
    """Return the parameters of a change set.

    Args:
        declared: the template's.
        given: those of the operator and of the command.
        before: those that the stack has; what isn't given stays as it is there. None where there is no stack.
    """
    wanted: list[dict[str, Any]] = []
    for name in declared:
        if name in given:
            wanted.append({"ParameterKey": name, "ParameterValue": given[name]})
        elif before is not None and name in before:
            wanted.append({"ParameterKey": name, "UsePreviousValue": True})
    return wanted
