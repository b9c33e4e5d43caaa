"""Whether identity policies allow a request: as much of IAM's evaluation as our policies use, and no guessing.

IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators": an explicit Deny wins,
what nothing allows is denied, actions compare without regard to case, and an operator we don't know is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

ACCOUNT = "123456789012"
Statement = Mapping[str, Any]


class UnknownOperator(ValueError):  # noqa: N818  # reads as what it is
    """A condition that this evaluator would have to guess."""


@dataclass(frozen=True)
class Request:
    """One action on one resource, by a principal of our account."""

    action: str
    """As IAM names it: `states:StartExecution`."""
    resource: str
    """Its ARN, or `*` where the action takes none."""
    context: tuple[tuple[str, str], ...] = ()
    """Condition keys that the action brings, beside the global ones: `events:source`."""

    @property
    def facts(self) -> dict[str, str]:
        """The condition keys that the request carries; a resource of nobody has no account."""
        parts = self.resource.split(":")
        owner = {"aws:ResourceAccount": parts[4] or ACCOUNT} if len(parts) > 4 else {}
        return {"aws:PrincipalAccount": ACCOUNT, **owner, **dict(self.context)}


def allows(statements: Iterable[Statement], request: Request) -> bool:
    """Say whether the statements allow the request."""
    effects = {statement["Effect"] for statement in statements if applies(statement, request)}
    return "Allow" in effects and "Deny" not in effects


def applies(statement: Statement, request: Request) -> bool:
    """Say whether a statement speaks of the request."""
    return (
        any(matches(action.lower(), request.action.lower()) for action in listed(statement["Action"]))
        and any(matches(resource, request.resource) for resource in listed(statement["Resource"]))
        and all(
            _holds(operator, key, values, request.facts)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def matches(pattern: str, text: str) -> bool:
    """Say whether `*` and `?` of the pattern stand for something in the text; brackets are brackets."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


def _holds(operator: str, key: str, values: Any, facts: Mapping[str, str]) -> bool:
    if operator not in ("StringEquals", "StringLike", "ArnEquals", "ArnLike"):
        raise UnknownOperator(f"{operator}: teach the evaluator, or do without")
    if key not in facts:
        return False
    wanted = [re.sub(r"\$\{([^}]+)\}", lambda found: facts[found[1]], value) for value in listed(values)]
    if operator == "StringEquals":
        return facts[key] in wanted
    return any(matches(value, facts[key]) for value in wanted)


def listed(value: Any) -> list[Any]:
    """Return a list, also of what the policy language lets stand alone."""
    return list(value) if isinstance(value, list | tuple) else [value]
