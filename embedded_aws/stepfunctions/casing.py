"""AWS SDK integrations speak PascalCase both ways, whatever the API's own case; times are ISO 8601 strings.

Source: Step Functions developer guide, "Using AWS SDK service integrations": parameters and results have the
names of the AWS SDK for Java in PascalCase (`ContainerInstances`, `Bool`), and a name that the API doesn't have
fails with `States.Runtime`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.response import StreamingBody
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

OWN_NAMES = {
    "sfn": "stepfunctions",
    "states": "stepfunctions",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
}
"""Services that boto3 calls by another name than Step Functions."""


class UnknownFieldError(ValueError):
    """A parameter that the API doesn't have."""


def install() -> None:
    """Translate parameters and results of AWS SDK integrations, and of nested executions."""
    StateTaskServiceAwsSdk._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES = OWN_NAMES
    StateTaskServiceAwsSdk._normalise_parameters = _normalise_parameters
    StateTaskServiceAwsSdk._normalise_response = _normalise_response
    StateTaskServiceSfn._normalise_parameters = _normalise_nested_parameters
    StateTaskServiceSfn._normalise_response = _normalise_nested_response


def pascal(member: str) -> str:
    """Return the name that Step Functions gives to a member of an API: `vpcId` is VpcId, `BOOL` is Bool."""
    leading = re.match(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]+(?![a-z])|[A-Za-z]", member)
    start = leading.group() if leading else ""
    return start.capitalize() + member[len(start) :]


def to_api(value: Any, shape: Any) -> Any:
    """Return a parameter as botocore takes it; raises UnknownFieldError for a name that the API lacks."""
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {pascal(member): member for member in shape.members}
        names.update((member, member) for member in shape.members if member[:1].isupper())
        unknown = sorted(set(value) - set(names))
        if unknown:
            raise UnknownFieldError(f'The field "{unknown[0]}" is not supported by Step Functions')
        return {names[name]: to_api(each, shape.members[names[name]]) for name, each in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [to_api(each, shape.member) for each in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: to_api(each, shape.value) for name, each in value.items()}
    if shape.type_name == "string" and not isinstance(value, str) and value is not None:
        return to_json_str(value, separators=(",", ":"))
    return value


def from_api(value: Any, shape: Any, epoch: bool = False) -> Any:
    """Return what botocore answered as the state's result; `epoch`: times as milliseconds, not as strings."""
    if isinstance(value, StreamingBody):
        return value.read().decode()
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000) if epoch else sdk_time(value)
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name: member for name, member in shape.members.items() if name in value}
        return {pascal(name): from_api(value[name], member, epoch) for name, member in members.items()}
    if shape.type_name == "list":
        return [from_api(each, shape.member, epoch) for each in value]
    if shape.type_name == "map":
        return {name: from_api(each, shape.value, epoch) for name, each in value.items()}
    return value


def sdk_time(at: datetime) -> str:
    """Write an instant as Java's `Instant` does: with three, six or no digits of a second's fraction."""
    digits = f"{at.microsecond:06d}".removesuffix("000") if at.microsecond else ""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + (f".{digits}" if digits else "") + "Z"


@cache
def operation_of(service: str, action: str) -> Any:
    """Return botocore's model of an action, as `startExecution` or `start_execution`; raises KeyError."""
    model = botocore.session.get_session().get_service_model(service)
    names = {name.lower(): name for name in model.operation_names}
    return model.operation_model(names[action.replace("_", "").lower()])


def _replace(target: dict[str, Any], content: dict[str, Any]) -> None:
    target.clear()
    target.update(content)


def _normalise_parameters(task: Any, parameters: dict[str, Any], *_: Any, **__: Any) -> None:
    operation = operation_of(task._get_boto_service_name(), task.resource.api_action)
    if operation.input_shape is not None:
        _replace(parameters, to_api(parameters, operation.input_shape))


def _normalise_response(task: Any, response: Any, *_: Any, **__: Any) -> None:
    operation = operation_of(task._get_boto_service_name(), task.resource.api_action)
    if isinstance(response, dict) and operation.output_shape is not None:
        _replace(response, from_api(response, operation.output_shape))


def _normalise_nested_parameters(_: Any, parameters: dict[str, Any], **__: Any) -> None:
    _replace(parameters, {"Input": {}, **parameters})
    _replace(parameters, to_api(parameters, operation_of("stepfunctions", "startExecution").input_shape))


def _normalise_nested_response(
    _: Any, response: Any, *__: Any, service_action_name: str | None = None
) -> None:
    """Times of `states:startExecution` are milliseconds, as the integration's own API prints them.

    Of redriving nothing is told (recorded 2023-07-05 and 2023-08-12, before there was any).
    """
    if "executionArn" in response:
        for name in [each for each in response if each.startswith("redrive")]:
            del response[name]
        shape = operation_of("stepfunctions", service_action_name or "startExecution").output_shape
        _replace(response, from_api(response, shape, epoch=True))
