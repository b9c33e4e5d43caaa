"""What a request to Step Functions must keep to before anything is looked up: the API's own model says it.

Recorded on 2024-03-08, 2024-03-14 and 2024-07-01: `ValidationException` with every constraint that isn't met, and
`InvalidArn` for a text that is no ARN. An empty text is left to what asks for it (an empty definition was recorded on
2025-10-19 as a fault of the definition).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from botocore import xform_name
from moto.core.utils import get_service_model

from embedded_aws.requests import AwsError

LOOKED_UP = ("stateMachineArn", "executionArn", "activityArn", "mapRunArn", "resourceArn")
"""The ARNs that name what a request is about."""


def check_requests_of(responses: Any) -> None:
    """Let each action of a class of moto's responses check its request first."""
    model = get_service_model("stepfunctions")
    for name in model.operation_names:
        method = xform_name(name)
        if hasattr(responses, method):
            setattr(responses, method, _checking(getattr(responses, method), model.operation_model(name)))


def check(shape: Any, arguments: dict[str, Any]) -> None:
    """Refuse arguments that the shape of an operation's input forbids; raises AwsError."""
    faults = list(_faults(shape, arguments))
    if faults:
        errors = "error" if len(faults) == 1 else "errors"
        message = f"{len(faults)} validation {errors} detected: {'; '.join(faults)}"
        raise AwsError("ValidationException", message)
    for name in LOOKED_UP:
        if not arguments.get(name, "arn:").startswith("arn:"):
            raise AwsError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arguments[name]}'")


def _checking(action: Callable[[Any], Any], operation: Any) -> Callable[[Any], Any]:
    @wraps(action)
    def checked(response: Any) -> Any:
        check(operation.input_shape, json.loads(response.body or "{}"))
        return action(response)

    return checked


def _faults(shape: Any, arguments: dict[str, Any]) -> Iterator[str]:
    for name, member in shape.members.items():
        value = arguments.get(name)
        if value is None and name in shape.required_members:
            yield f"Value null at '{name}' failed to satisfy constraint: Member must not be null"
        for fault in _faults_of(member, value) if value is not None else ():
            yield f"Value '{value}' at '{name}' failed to satisfy constraint: Member must {fault}"


def _faults_of(shape: Any, value: Any) -> Iterator[str]:
    limits = shape.metadata
    if isinstance(value, str):
        if limits.get("enum") and value not in limits["enum"]:
            yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"
        if len(value) > limits.get("max", len(value)):
            yield f"have length less than or equal to {limits['max']}"
    elif isinstance(value, int) and not isinstance(value, bool):
        if value > limits.get("max", value):
            yield f"have value less than or equal to {limits['max']}"
        if value < limits.get("min", value):
            yield f"have value greater than or equal to {limits['min']}"
