"""Integrations: what a Task's Resource calls, and the botocore operation behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import UnknownServiceError

from statemachine.checks.finding import did_you_mean

_STATES_ARN = re.compile(
    r"arn:(?:aws|aws-cn|aws-us-gov|\$\{AWS::Partition\}):states:::"
    r"(?P<sdk>aws-sdk:)?(?P<service>[\w-]+):(?P<action>\w+)(?P<pattern>\.[\w:]+)?"
)
_LAMBDA_ARN = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:\S+|\$\{\w+FunctionArn\}")
_ACTIVITY_ARN = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:activity:\S+|\$\{\w+ActivityArn\}")

TOKEN_PATTERN = ".waitForTaskToken"  # noqa: S105  # the name of a pattern, not a secret

SDK_NAMES = {
    "sfn": "stepfunctions",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
    "elasticloadbalancingv2": "elbv2",
}
"""aws-sdk's service names where botocore says another: the rest are the same in both."""


@dataclass(frozen=True)
class Optimised:
    """A service that Step Functions integrates itself, outside aws-sdk."""

    botocore_name: str
    error_prefix: str
    actions: tuple[str, ...]
    patterns: tuple[str, ...] = (TOKEN_PATTERN,)
    free: frozenset[str] = frozenset()
    """Members that may hold any JSON: Step Functions serialises them."""


OPTIMISED: dict[str, Optimised] = {
    "lambda": Optimised("lambda", "Lambda", ("invoke",), free=frozenset({"Payload"})),
    "sns": Optimised("sns", "SNS", ("publish",), free=frozenset({"Message"})),
    "sqs": Optimised("sqs", "SQS", ("sendMessage",), free=frozenset({"MessageBody"})),
    "dynamodb": Optimised(
        "dynamodb", "DynamoDB", ("getItem", "putItem", "updateItem", "deleteItem"), patterns=()
    ),
    "states": Optimised(
        "stepfunctions",
        "StepFunctions",
        ("startExecution",),
        patterns=(".sync", ".sync:2", TOKEN_PATTERN),
        free=frozenset({"Input"}),
    ),
    "events": Optimised("events", "EventBridge", ("putEvents",), free=frozenset({"Detail"})),
    "ecs": Optimised("ecs", "ECS", ("runTask",), patterns=(".sync", TOKEN_PATTERN)),
}
"""The optimised integrations this project uses or may: developer guide, "Integrating optimized services"."""


@dataclass(frozen=True)
class Integration:
    """What a Task calls: a Lambda function, an activity, or an operation of a service."""

    operation: Any = None
    """The botocore OperationModel; None for a function or an activity."""
    error_prefix: str = "Lambda"
    service_errors: frozenset[str] = frozenset()
    pattern: str = ""
    free: frozenset[str] = frozenset()
    sdk: bool = False


class UnknownIntegrationError(ValueError):
    """A Resource that calls nothing; its text is the remedy."""


def integration_of(resource: str) -> Integration:
    """Return what a Resource calls; raises UnknownIntegrationError where there is no such thing."""
    if _LAMBDA_ARN.fullmatch(resource) or _ACTIVITY_ARN.fullmatch(resource):
        return Integration()
    found = _STATES_ARN.fullmatch(resource)
    if found is None:
        example = "arn:aws:states:::aws-sdk:ecs:describeTasks"
        raise UnknownIntegrationError(f"write an ARN such as {example}, or ${{LookFunctionArn}}")
    pattern = found["pattern"] or ""
    if found["sdk"]:
        return _sdk_integration(found["service"], found["action"], pattern)
    return _optimised_integration(found["service"], found["action"], pattern)


def _sdk_integration(service: str, action: str, pattern: str) -> Integration:
    model = service_model(SDK_NAMES.get(service, service))
    if model is None or _sdk_name(model) != service:
        known = [each for each in _botocore_names() if each not in SDK_NAMES.values()] + list(SDK_NAMES)
        right = (
            f"aws-sdk calls this service {_sdk_name(model)!r}"
            if model
            else "use a service that the AWS SDK has"
        )
        raise UnknownIntegrationError(right if model else did_you_mean(service, known, right))
    if pattern not in ("", TOKEN_PATTERN):
        raise UnknownIntegrationError(f"remove {pattern!r}: aws-sdk integrations know only {TOKEN_PATTERN}")
    operation = _operation(model, action, [_camel(name) for name in model.operation_names])
    return Integration(operation, sdk_prefix(model), error_names(model), pattern, sdk=True)


def _optimised_integration(service: str, action: str, pattern: str) -> Integration:
    known = OPTIMISED.get(service)
    if known is None:
        remedy = did_you_mean(
            service, OPTIMISED, f"write aws-sdk:{service}:…, or use one of {', '.join(OPTIMISED)}"
        )
        raise UnknownIntegrationError(remedy)
    if pattern not in ("", *known.patterns):
        raise UnknownIntegrationError(
            f"remove {pattern!r}: {service} knows {' '.join(known.patterns) or 'no pattern'}"
        )
    model = service_model(known.botocore_name)
    operation = _operation(model, action, list(known.actions))
    return Integration(operation, known.error_prefix, error_names(model), pattern, known.free)


def _operation(model: Any, action: str, known: list[str]) -> Any:
    if action not in known:
        otherwise = f"use an action of {model.service_id}, its first letter small"
        raise UnknownIntegrationError(did_you_mean(action, known, otherwise))
    return model.operation_model(action[0].upper() + action[1:])


@cache
def service_model(name: str) -> Any | None:
    """Return botocore's model of a service; None where botocore has none of that name."""
    try:
        return _session().get_service_model(name)
    except UnknownServiceError:
        return None


def error_names(model: Any) -> frozenset[str]:
    """Return a service's modelled errors as Step Functions names them: each ends in Exception."""
    names = {shape.name for shape in model.error_shapes}
    names |= {str(shape.metadata.get("error", {}).get("code", shape.name)) for shape in model.error_shapes}
    return frozenset(name if name.endswith("Exception") else f"{name}Exception" for name in names)


def sdk_prefix(model: Any) -> str:
    """Return the prefix of a service's error names under aws-sdk: ECS → Ecs, Auto Scaling → AutoScaling."""
    special = {"DynamoDB": "DynamoDb", "EventBridge": "EventBridge", "CloudWatch": "CloudWatch"}
    words = str(model.service_id).split()
    return "".join(special.get(word, word.capitalize()) for word in words)


def _sdk_name(model: Any) -> str:
    return str(model.service_id).lower().replace(" ", "")


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


@cache
def _session() -> Any:
    return botocore.session.Session()


@cache
def _botocore_names() -> list[str]:
    return list(_session().get_available_services())
