"""Parameters of native calls, held against botocore's model of the operation: names, enums, kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from statemachine.checks.expressions import is_expression
from statemachine.checks.finding import MISSING, Finding, did_you_mean
from statemachine.checks.integrations import Integration
from statemachine.checks.machine import State

_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "string": (str, "text"),
    "integer": (int, "a whole number"),
    "long": (int, "a whole number"),
    "boolean": (bool, "true or false"),
    "structure": (dict, "an object"),
    "map": (dict, "an object"),
    "list": (list, "a list"),
}
_HARD_CODED_ACCOUNT = re.compile(r"arn:aws[\w-]*:\w+:[\w-]*:\d{12}:")


def check_parameters(state: State, integration: Integration) -> Iterator[Finding]:
    """Yield what the operation's model refuses in a Task's Parameters or Arguments."""
    shape = integration.operation.input_shape
    template = state.body.get(state.arguments_field, {})
    if isinstance(template, dict) and shape is not None:
        yield from _Checker(state, integration).structure(state.arguments_field, shape, template)


def pascal(member: str) -> str:
    """Return a member's name as aws-sdk spells it, the AWS SDK for Java's way: DBName → DbName."""
    name = member[0].upper() + member[1:]
    return re.sub(r"([A-Z])([A-Z]+)(?=[A-Z][a-z])", lambda found: found[1] + found[2].lower(), name)


class _Checker:
    def __init__(self, state: State, integration: Integration) -> None:
        self.state = state
        self.integration = integration

    @property
    def or_read(self) -> str:
        """How else a value can be given: each query language has its own words."""
        return ", or an expression" if self.state.jsonata else ", or its '.$' form"

    def structure(self, at: str, shape: Any, template: dict[str, Any]) -> Iterator[Finding]:
        spell = pascal if self.integration.sdk else lambda member: member[0].upper() + member[1:]
        members = {spell(member): inner for member, inner in shape.members.items()}
        given = {key.removesuffix(".$"): key for key in template}
        yield from self._unknown(at, members, given)
        for member in shape.required_members:
            if spell(member) not in given:
                expected = f"{spell(member)}, which {self.integration.operation.name} can't do without"
                yield self.state.finding(f"{at}.{spell(member)}", MISSING, expected, f"add it{self.or_read}")
        for member, key in given.items():
            if member in members and not key.endswith(".$"):
                yield from self._value(f"{at}.{key}", member, members[member], template[key])

    def _unknown(self, at: str, members: dict[str, Any], given: dict[str, str]) -> Iterator[Finding]:
        for member, key in given.items():
            if member not in members:
                expected = f"a parameter of {self.integration.operation.name}, in PascalCase"
                remedy = did_you_mean(member, members, f"use one of {', '.join(sorted(members))}")
                yield self.state.finding(f"{at}.{key}", key, expected, remedy)

    def _value(self, at: str, member: str, shape: Any, value: object) -> Iterator[Finding]:
        if member in self.integration.free or (self.state.jsonata and is_expression(value)):
            return
        kind, words = _KINDS.get(shape.type_name, (object, ""))
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            yield self.state.finding(at, value, words, f"write such a value{self.or_read}")
        elif isinstance(value, str):
            yield from self._text(at, shape, value)
        elif shape.type_name in ("structure", "map", "list"):
            yield from self._members(at, shape, value)

    def _members(self, at: str, shape: Any, value: Any) -> Iterator[Finding]:
        if shape.type_name == "structure":
            yield from self.structure(at, shape, value)
        elif shape.type_name == "map":
            for key in (key for key in value if not key.endswith(".$")):
                yield from self._value(f"{at}.{key}", "", shape.value, value[key])
        else:
            for number, each in enumerate(value):
                yield from self._value(f"{at}[{number}]", "", shape.member, each)

    def _text(self, at: str, shape: Any, value: str) -> Iterator[Finding]:
        if "${" in value:
            return
        known = getattr(shape, "enum", [])
        if known and value not in known:
            expected = f"one of {', '.join(known)}"
            yield self.state.finding(at, value, expected, did_you_mean(value, known, "use one of these"))
        if not value and (shape.metadata.get("min") or at.endswith(("Arn", "Url", "Name"))):
            yield self.state.finding(
                at, value, "text that isn't empty", "name what it means, as a substitution"
            )
        if _HARD_CODED_ACCOUNT.match(value):
            expected = "an ARN that deploying fills in"
            yield self.state.finding(
                at, value, expected, "write a substitution such as ${NotificationTopicArn}"
            )
