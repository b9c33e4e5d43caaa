"""AWS's answers to any call, as each service words them, with what they mean to the drain.

What a call may be answered because something is gone follows from the parameters that name it, and from the
`failures` that its answer has a place for, both in botocore's models of the services.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from chalicelib.gateways.aws import client


@dataclass(frozen=True)
class Answer:
    """One answer: an error with its code, an exception on the way, or `failures` in an answer of HTTP 200."""

    kind: str
    """The column of the table: `throttled`, `down`, `denied`, `refused`, `condition`, `gone`, `missing`, `unknown`."""
    code: str = ""
    message: str = "no"
    status: int = 400
    loss: Exception | None = None
    content: dict[str, Any] = field(default_factory=dict)
    """Of an answer of HTTP 200, or of an error beyond code and message."""

    def __str__(self) -> str:
        """Name it in a failing test."""
        return f"{self.kind}: {self.loss!r}" if self.loss else f"{self.kind}: {self.code} {self.message}"


def _cancelled(kind: str, reasons: tuple[str, ...]) -> Answer:
    listed = ", ".join(reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{listed}]"
    content = {"CancellationReasons": [{"Code": reason} for reason in reasons]}
    return Answer(kind, "TransactionCanceledException", message, content=content)


THROTTLES = {
    "autoscaling": ("Throttling", "RequestLimitExceeded", "ResourceContention"),
    "dynamodb": ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"),
    "ecs": ("ThrottlingException", "RequestLimitExceeded"),
    "elbv2": ("Throttling", "RequestLimitExceeded"),
    "events": ("ThrottlingException", "ThrottledException"),
    "sns": ("Throttled", "ThrottledException", "Throttling", "KMSThrottling"),
    "sqs": ("RequestThrottled", "ThrottlingException", "KmsThrottled"),
    "stepfunctions": ("ThrottlingException", "KmsThrottlingException", "ExecutionLimitExceeded"),
}
DENIALS = {
    "autoscaling": "AccessDenied",
    "dynamodb": "AccessDeniedException",
    "ecs": "AccessDeniedException",
    "elbv2": "AccessDenied",
    "events": "AccessDeniedException",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
    "stepfunctions": "AccessDeniedException",
}
REFUSALS = {
    "autoscaling": ("ValidationError", "1 validation error detected"),
    "dynamodb": ("ResourceNotFoundException", "Requested resource not found"),
    "ecs": ("InvalidParameterException", "Identifier is for us-east-1. Did you mean eu-west-1?"),
    "elbv2": ("ValidationError", "is not a valid target group ARN"),
    "events": ("ValidationException", "1 validation error detected"),
    "sns": ("InvalidParameter", "Invalid parameter: Message too long"),
    "sqs": ("InvalidAttributeName", "Unknown Attribute"),
    "stepfunctions": ("StateMachineDoesNotExist", "State Machine Does Not Exist"),
}
"""Of DynamoDB and Step Functions the drain's own table and machine: without them nothing is deployed."""

DOWN = (
    ("InternalServerError", 500),
    ("InternalFailure", 500),
    ("ServiceUnavailable", 503),
    ("ServerException", 400),
    ("504", 504),
)

CONDITION = (Answer("condition", "ConditionalCheckFailedException", "The conditional request failed"),)
CANCELLATIONS = (
    ("condition", ("None", "ConditionalCheckFailed")),
    ("condition", ("ConditionalCheckFailed", "ConditionalCheckFailed")),
    ("throttled", ("ThrottlingError", "None")),
    ("throttled", ("ProvisionedThroughputExceeded", "ConditionalCheckFailed")),
    ("throttled", ("ConditionalCheckFailed", "TransactionConflict")),
    ("denied", ("ConditionalCheckFailed", "AccessDenied")),
    ("refused", ("ConditionalCheckFailed", "ValidationError")),
    ("refused", ("None",)),
)
CONDITIONS = {
    "put_item": CONDITION,
    "update_item": CONDITION,
    "delete_item": CONDITION,
    "transact_write_items": (
        *(_cancelled(kind, reasons) for kind, reasons in CANCELLATIONS),
        Answer("throttled", "TransactionInProgressException"),
        Answer("throttled", "TransactionConflictException"),
    ),
}
"""What conditional writes may be answered besides."""

LOSSES: tuple[Exception, ...] = (
    EndpointConnectionError(endpoint_url="https://x"),
    ConnectTimeoutError(endpoint_url="https://x"),
    ReadTimeoutError(endpoint_url="https://x"),
    ConnectionClosedError(endpoint_url="https://x"),
    ResponseParserError("invalid XML received"),
)

_CLUSTER = (
    ("ClusterNotFoundException", "Cluster not found."),
    ("ClusterNotFoundException", "The referenced cluster was inactive."),
    (
        "InvalidParameterException",
        "The specified cluster is inactive. Specify an active cluster and try again.",
    ),
)
_QUEUE = (
    ("QueueDoesNotExist", "The specified queue does not exist."),
    ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist for this wsdl version."),
)
_TARGET_GROUP = (("TargetGroupNotFound", "One or more target groups not found"),)

GONE = {
    ("ecs", "cluster"): _CLUSTER,
    ("ecs", "containerInstance"): (
        ("InvalidParameterException", "The container instance arn:... is not found or is inactive."),
        ("InvalidParameterException", "Referenced container instance arn:... was not found."),
    ),
    ("ecs", "serviceName"): (("ServiceNotFoundException", "Service not found."),),
    ("ecs", "task"): (("InvalidParameterException", "The referenced task was not found."),),
    ("ecs", "taskDefinition"): (
        ("ClientException", "Unable to describe task definition."),
        ("ClientException", "TaskDefinition is inactive"),
    ),
    ("autoscaling", "AutoScalingGroupName"): (
        ("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup 'web-ecs' not found"),
    ),
    ("autoscaling", "LifecycleHookNames"): (
        ("ValidationError", "No Lifecycle Hook found with name ecs-drain"),
    ),
    ("sqs", "QueueUrl"): _QUEUE,
    ("sqs", "QueueName"): _QUEUE,
    ("sns", "TopicArn"): (("NotFound", "Topic does not exist"),),
    ("elbv2", "TargetGroupArn"): _TARGET_GROUP,
    ("elbv2", "TargetGroupArns"): _TARGET_GROUP,
    ("stepfunctions", "taskToken"): (
        ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"),
        ("TaskDoesNotExist", "Task Does Not Exist"),
        ("InvalidToken", "Invalid Token: 'Invalid token'"),
    ),
    ("stepfunctions", "executionArn"): (("ExecutionDoesNotExist", "Execution Does Not Exist"),),
}
"""By service and the parameter that names what is gone."""


def answers_to(service: str, method: str) -> Iterator[Answer]:
    """Yield every kind of answer that a call may get, but for the one that it is made for."""
    yield from (Answer("throttled", code) for code in THROTTLES[service])
    yield Answer("throttled", "TooManyRequests", status=429)
    yield from (Answer("down", code, status=status) for code, status in DOWN)
    yield from (Answer("down", loss=loss) for loss in LOSSES)
    yield Answer("denied", DENIALS[service], status=403)
    yield Answer("refused", *REFUSALS[service])
    yield from (Answer("gone", *words) for words in gone_answers(service, method))
    yield from _failures(service, method)
    yield from CONDITIONS.get(method, ())


def gone_answers(service: str, method: str) -> list[tuple[str, str]]:
    """Return the codes and sentences that say that something is gone, which this call names."""
    named = _model(service, method).input_shape.members
    return [words for name in named for words in GONE.get((service, name), ())]


def _failures(service: str, method: str) -> Iterator[Answer]:
    members = _model(service, method).output_shape.members
    if "failures" not in members:
        return
    nothing: dict[str, Any] = {name: [] for name, shape in members.items() if shape.type_name == "list"}
    for kind, reason in (("missing", "MISSING"), ("missing", "INACTIVE"), ("unknown", "BUSY")):
        failures = [{"arn": "arn:x", "reason": reason}]
        yield Answer(kind, reason, content={**nothing, "failures": failures})


def _model(service: str, method: str) -> Any:
    meta = client(service).meta
    return meta.service_model.operation_model(meta.method_to_api_mapping[method])
