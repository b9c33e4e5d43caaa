"""Names of errors, and what a Retry or Catch catches by them.

Source: Step Functions developer guide, "Handling errors": `States.Runtime` always fails the execution, whatever catches
`States.ALL`; `States.TaskFailed` stands for every error but `States.Timeout`. That `States.ALL` catches
`States.DataLimitExceeded` was recorded on 2024-03-21, against the guide; of `States.TaskFailed` nothing is recorded.
Errors of AWS SDK integrations: `<Service>.<Error>Exception`, with the names that the AWS SDK for Java gives to both.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import botocore.session
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_lambda
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_lambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from embedded_aws.stepfunctions.behaviour import behaviour

ALWAYS_FATAL = {"States.Runtime"}
NOT_BY_TASK_FAILED = {"States.Runtime", "States.DataLimitExceeded", "States.Timeout"}

REPORTERS = (
    state_fail,
    iteration_worker,
    branches_decl,
    state_task_lambda,
    state_task_service_callback,
    state_task_service_lambda,
)
"""Modules that hand on the error of another program, which moto refuses where it is one of `States.…`."""


def install() -> None:
    """Name errors as AWS does, and catch what AWS catches."""
    EvalComponent._log_failure_event_exception = _keep_quiet
    EvalComponent._log_exception = _keep_quiet
    ErrorEqualsDecl._eval_body = _match
    StateTaskServiceAwsSdk._normalise_service_error_name = staticmethod(service_prefix)
    StateTaskServiceAwsSdk._normalise_exception_name = staticmethod(_sdk_error_name)
    for module in REPORTERS:
        module.CustomErrorName = _named


def catches(error_equals: set[str], error: str) -> bool:
    """Tell whether a Retry or Catch with these names in ErrorEquals catches the error."""
    if error in ALWAYS_FATAL:
        return False
    if "States.ALL" in error_equals:
        return True
    if "States.TaskFailed" in error_equals and error not in NOT_BY_TASK_FAILED:
        return True
    return error in error_equals


def fail_execution(env: Any, error: str, cause: str) -> FailureEventException:
    """Return the exception that fails the execution, whatever its states would catch."""
    details = EventDetails(executionFailedEventDetails=ExecutionFailedEventDetails(error=error, cause=cause))
    event = FailureEvent(
        env=env,
        error_name=_named(error),
        event_type=HistoryEventType.ExecutionFailed,
        event_details=details,
    )
    return FailureEventException(failure_event=event)


@cache
def service_prefix(service: str) -> str:
    """Return the prefix of a service's errors: `Ecs` for ecs, `AutoScaling` for autoscaling, `Sfn` for sfn."""
    boto_name = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}.get(
        service, service
    )
    service_id = botocore.session.get_session().get_service_model(boto_name).service_id
    words = re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z][a-z]+\d*|[a-z]+\d*", service_id)
    return "".join(word.capitalize() for word in words)


def _sdk_error_name(prefix: str, error: Exception) -> str:
    """Name an error: botocore gives a code that the service's model lacks the class ClientError."""
    name = type(error).__name__
    if name == "ClientError":
        name = _code(error) if behaviour().names_errors_by_code else prefix
    return f"{prefix}.{re.sub('(Fault|Exception)$', '', name)}Exception"


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {})["Error"]["Code"])


def _keep_quiet(*_: Any, **__: Any) -> None:
    """moto logs each error once for each level of the definition it passes; the history has it."""


def _named(error_name: str | None) -> Any:
    return ErrorName(error_name=error_name)


def _match(declaration: Any, env: Any) -> None:
    error = env.stack.pop()
    names = {name.error_name for name in declaration.error_names}
    also = getattr(error, "also_caught_as", None)
    env.stack.append(also in names or catches(names, (error.error_name if error else None) or ""))
