"""What optimised integrations answer: names and causes of their errors, and the metadata beside their results.

They were written with the AWS SDK for Java 1, and it shows: an error that the service's model names is
`DynamoDB.ResourceNotFoundException`, and any other that of the service itself, `DynamoDB.AmazonDynamoDBException`
(recorded 2023-05-12; for SQS 2023-06-22). Step Functions developer guide, "Best practices": so
`Lambda.AWSLambdaException` and `ECS.AmazonECSException`.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import (
    HistoryEventType,
    LambdaFunctionFailedEventDetails,
    TaskFailedEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_dynamodb,
    state_task_service_ecs,
    state_task_service_events,
    state_task_service_lambda,
    state_task_service_sfn,
    state_task_service_sns,
    state_task_service_sqs,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_events import (
    SfnFailedEntryCountException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from embedded_aws.stepfunctions.frames import identifier


class Client(NamedTuple):
    """A service's client in the AWS SDK for Java 1."""

    prefix: str
    service: str
    exception: str
    tells_metadata: bool = True
    """Whether results come with SdkHttpMetadata and SdkResponseMetadata."""


CLIENTS = {
    "dynamodb": Client("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
    "ecs": Client("ECS", "AmazonECS", "AmazonECSException", tells_metadata=False),
    "events": Client("EventBridge", "AmazonEventBridge", "AmazonEventBridgeException", tells_metadata=False),
    "lambda": Client("Lambda", "AWSLambda", "AWSLambdaException"),
    "sns": Client("SNS", "AmazonSNS", "AmazonSNSException"),
    "sqs": Client("SQS", "AmazonSQS", "AmazonSQSException"),
    "states": Client("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"),
}
"""By the service's name in a Resource. That putEvents tells no metadata was recorded on 2023-09-12."""

SERVICES = (
    state_task_service_dynamodb.StateTaskServiceDynamoDB,
    state_task_service_ecs.StateTaskServiceEcs,
    state_task_service_events.StateTaskServiceEvents,
    state_task_service_lambda.StateTaskServiceLambda,
    state_task_service_sfn.StateTaskServiceSfn,
    state_task_service_sns.StateTaskServiceSns,
    state_task_service_sqs.StateTaskServiceSqs,
)

_lambda_error = StateTaskLambda._from_error
_payload = lambda_eval_utils.to_payload_type


def install() -> None:
    """Let moto's integrations answer as those of AWS."""
    for service in SERVICES:
        _correct(service)
    StateTaskLambda._from_error = _function_error
    lambda_eval_utils.to_payload_type = _payload_or_null


def error_and_cause(service: str, error: ClientError) -> tuple[str, str]:
    """Return what the integration of a service makes of a client's error."""
    client = CLIENTS[service]
    name = type(error).__name__
    is_modelled = name != "ClientError"  # botocore gives a code that the service's model lacks no class
    exception = f"{re.sub('(Fault|Exception)$', '', name)}Exception" if is_modelled else client.exception
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    metadata = error.response["ResponseMetadata"]
    details = (
        f"Service: {client.service}; Status Code: {metadata['HTTPStatusCode']}; Error Code: {code}; "
        f"Request ID: {metadata['RequestId']}; Proxy: null"
    )
    return f"{client.prefix}.{exception}", f"{message} ({details})"


def _correct(service: Any) -> None:
    if getattr(service, "is_corrected", False):
        return
    service.is_corrected = True
    is_dynamodb = service is state_task_service_dynamodb.StateTaskServiceDynamoDB
    # moto takes even a time-out for an error of DynamoDB.
    _from_error = StateTask._from_error if is_dynamodb else service._from_error
    _after = service._after_eval_execution

    def from_error(task: Any, env: Any, ex: Exception) -> Any:
        if isinstance(ex, ClientError):
            return _failure(task, env, *error_and_cause(task.resource.service_name, ex))
        if isinstance(ex, SfnFailedEntryCountException):  # moto gives the answer as it is, AWS as JSON
            cause = json.dumps(ex.cause, separators=(",", ":"), sort_keys=True)
            return _failure(task, env, "EventBridge.FailedEntry", cause)
        return _from_error(task, env, ex)

    def after(task: Any, env: Any, **named: Any) -> None:
        if CLIENTS[task.resource.service_name].tells_metadata and isinstance(env.stack[-1], dict):
            env.stack[-1].update(_metadata(env))
        _after(task, env, **named)

    service._from_error, service._after_eval_execution = from_error, after


def _failure(task: Any, env: Any, error: str, cause: str) -> Any:
    details = TaskFailedEventDetails(
        error=error,
        cause=cause,
        resource=task._get_sfn_resource(),
        resourceType=task._get_sfn_resource_type(),
    )
    return FailureEvent(
        env=env,
        error_name=ErrorName(error_name=error),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(taskFailedEventDetails=details),
    )


def _function_error(task: Any, env: Any, ex: Exception) -> Any:
    """A function that is called by its ARN and can't be invoked."""
    if not isinstance(ex, ClientError):
        return _lambda_error(task, env, ex)
    error, cause = error_and_cause("lambda", ex)
    details = LambdaFunctionFailedEventDetails(error=error, cause=cause)
    return FailureEvent(
        env=env,
        error_name=ErrorName(error_name=error),
        event_type=HistoryEventType.LambdaFunctionFailed,
        event_details=EventDetails(lambdaFunctionFailedEventDetails=details),
    )


def _metadata(env: Any) -> dict[str, Any]:
    """What the client of Java tells of a request (recorded 2025-02-03), with the headers that mean something here."""
    headers = {"x-amzn-RequestId": identifier(env, "request")}
    http = {
        "AllHttpHeaders": {name: [value] for name, value in headers.items()},
        "HttpHeaders": headers,
        "HttpStatusCode": 200,
    }
    request = {"RequestId": headers["x-amzn-RequestId"]}
    return {"SdkHttpMetadata": http, "SdkResponseMetadata": request}


def _payload_or_null(payload: Any) -> Any:
    """Null goes to the function as it is (recorded 2023-08-04); moto makes an empty object of it."""
    return b"null" if payload is None else _payload(payload)
