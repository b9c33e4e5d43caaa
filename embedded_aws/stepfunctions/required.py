"""Parameters that an API requires: a service refuses a request without one, or with null for it.

moto's services take such a request, or break on it. Recorded on 2023-05-16 (DynamoDB) and 2023-06-22 (SQS): the
error is one that the service's model doesn't name, so `DynamoDb.DynamoDbException`, `SQS.AmazonSQSException` and
the like.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)

from embedded_aws.stepfunctions.casing import operation_of
from embedded_aws.stepfunctions.integrations import SERVICES

QUERY = {"query", "ec2"}
"""Protocols whose services name a missing parameter as SQS does, which once was one of them."""


def install() -> None:
    """Check what a Task sends."""
    for service in (StateTaskServiceAwsSdk, *SERVICES):
        if not getattr(service, "is_checked", False):
            service.is_checked = True
            service._eval_service_task = _checking(service._eval_service_task)


def _checking(call: Any) -> Any:
    def checked(task: Any, *, normalised_parameters: dict[str, Any], **named: Any) -> None:
        operation = operation_of(task._get_boto_service_name(), task.resource.api_action)
        if operation.input_shape is not None:
            missing = list(_missing(normalised_parameters, operation.input_shape))
            if missing:
                raise _refusal(operation, missing)
        call(task, normalised_parameters=normalised_parameters, **named)

    return checked


def _missing(value: Any, shape: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every required member that isn't there, or is null."""
    if shape.type_name == "structure" and isinstance(value, dict):
        yield from _missing_members(value, shape, path)
    elif shape.type_name == "list" and isinstance(value, list):
        for number, each in enumerate(value, start=1):
            yield from _missing(each, shape.member, (*path, str(number), "member"))
    elif shape.type_name == "map" and isinstance(value, dict):
        for name, each in value.items():
            yield from _missing(each, shape.value, (*path, name, "member"))


def _missing_members(value: dict[str, Any], shape: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    given = {_told(name): each for name, each in value.items() if each is not None}
    for name, member in shape.members.items():
        if _told(name) in given:
            yield from _missing(given[_told(name)], member, (*path, _told(name)))
        elif name in shape.required_members:
            yield (*path, _told(name))


def _told(name: str) -> str:
    """Return a member's name as the service tells it, whatever case the integration uses."""
    return name[:1].lower() + name[1:]


def _refusal(operation: Any, missing: list[tuple[str, ...]]) -> ClientError:
    service = operation.service_model
    if service.metadata["protocol"] in QUERY or service.service_name == "sqs":
        name = missing[0][0]
        code, message = (
            "MissingParameter",
            f"The request must contain the parameter {name[:1].upper() + name[1:]}.",
        )
    else:
        faults = [
            f"Value null at '{'.'.join(path)}' failed to satisfy constraint: Member must not be null"
            for path in missing
        ]
        errors = "error" if len(faults) == 1 else "errors"
        code, message = (
            "ValidationException",
            f"{len(faults)} validation {errors} detected: {'; '.join(faults)}",
        )
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": ""},
    }
    return ClientError(answer, operation.name)
