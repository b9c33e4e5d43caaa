"""Whether a resource policy lets an AWS service in: enough for functions, queues and topics. And whether a role may.

Source: IAM user guide, "Policy evaluation logic": an explicit Deny wins, and what nothing allows is denied. A
condition with an operator or key that is not known here does not hold: refused rather than guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.models import iam_backends

from embedded_aws.aws import ACCOUNT_ID

OPERATORS = ("arnlike", "arnequals", "stringlike", "stringequals", "bool")
"""All five take wildcards or stand for values without any, so that one comparison serves them."""


@dataclass(frozen=True)
class ServiceRequest:
    """A service that asks for an action on behalf of a resource, such as EventBridge on behalf of a rule."""

    service: str
    action: str
    source_arn: str
    source_account: str = ACCOUNT_ID
    context: Mapping[str, str] = field(default_factory=dict)
    """Further condition keys that the request has, such as KMS's encryption context."""

    @property
    def facts(self) -> dict[str, str]:
        """The condition keys that the request has, in lower case as they are compared; services speak TLS."""
        source = {"aws:sourcearn": self.source_arn, "aws:sourceaccount": self.source_account}
        return {
            **source,
            "aws:securetransport": "true",
            **{key.lower(): value for key, value in self.context.items()},
        }


def lets_in(policy: str | dict[str, Any] | None, request: ServiceRequest) -> bool:
    """Say whether the resource policy (JSON text, document or None) allows the request."""
    document = json.loads(policy) if isinstance(policy, str) and policy else policy or {}
    statements = _listed(document.get("Statement", [])) if isinstance(document, dict) else []
    effects = {each["Effect"] for each in statements if _applies(each, request)}
    return "Allow" in effects and "Deny" not in effects


def role_allows(role_arn: str, action: str, resource: str) -> bool:
    """Say whether the inline policies of a role allow an action on an ARN; one that doesn't exist allows everything.

    Conditions are moto's to judge. Machines of tests have no role that exists; those that are deployed have.
    """
    partition, account = role_arn.split(":")[1], role_arn.split(":")[4]
    roles = iam_backends[account][partition].roles.values()
    role = next((each for each in roles if each.arn == role_arn), None)
    if role is None:
        return True
    policies = [
        IAMPolicy(text if isinstance(text, str) else json.dumps(text)) for text in role.policies.values()
    ]
    found = {policy.is_action_permitted(action, resource) for policy in policies}
    return PermissionResult.PERMITTED in found and PermissionResult.DENIED not in found


def _applies(statement: dict[str, Any], request: ServiceRequest) -> bool:
    actions = [action.lower() for action in _listed(statement.get("Action", []))]
    return (
        _names(statement.get("Principal"), request.service)
        and any(fnmatchcase(request.action.lower(), _bare(action)) for action in actions)
        and _hold(statement.get("Condition") or {}, request.facts)
    )


def _bare(action: str) -> str:
    """SNS and SQS policies may say `SQS:` in capitals, and all of them `*`."""
    return action if ":" in action or action == "*" else f"*:{action}"


def _names(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    named = _listed((principal or {}).get("Service", [])) + _listed((principal or {}).get("AWS", []))
    return service in named or "*" in named


def _hold(conditions: dict[str, dict[str, Any]], facts: dict[str, str]) -> bool:
    return all(
        operator.lower() in OPERATORS
        and any(fnmatchcase(facts.get(key.lower(), ""), str(value)) for value in _listed(values))
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
