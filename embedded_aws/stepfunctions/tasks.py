"""Task states: their parameters, the Lambda functions they call, and the names of their time-outs."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

from botocore.exceptions import ReadTimeoutError
from moto.stepfunctions.parser.api import (
    HistoryEventType,
    TaskFailedEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import HeartbeatTimeoutError
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.quotas import is_within_size_quota

from embedded_aws.agenda import Signal
from embedded_aws.stepfunctions.branches import run_beside
from embedded_aws.stepfunctions.frames import rest

_eval_parameters = StateTask._eval_parameters
_from_error = StateTask._from_error
_before = StateTaskService._before_eval_execution


def install() -> None:
    """Correct Task states."""
    StateTask._eval_parameters = _parameters_or_input
    StateTask._from_error = _task_error
    StateTaskService._before_eval_execution = _refuse_large_parameters
    lambda_eval_utils.execute_lambda_function_integration = _invoke_beside


def _parameters_or_input(task: Any, env: Any) -> Any:
    """Without Parameters, a Task's effective input (after InputPath) is the request."""
    if task.parargs is not None or not isinstance(env.stack[-1], dict):
        return _eval_parameters(task, env)
    supported = task._get_supported_parameters()
    return {
        name: value
        for name, value in copy.deepcopy(env.stack[-1]).items()
        if supported is None or name in supported
    }


def _refuse_large_parameters(task: Any, env: Any, *, raw_parameters: Any, **named: Any) -> None:
    """The 256 KiB of a payload hold for the request too, not only for what comes back."""
    if not is_within_size_quota(raw_parameters):
        error = "States.DataLimitExceeded"
        details = TaskFailedEventDetails(
            resource=task._get_sfn_resource(),
            resourceType=task._get_sfn_resource_type(),
            error=error,
            cause=f"The request of the state '{task.name}' is larger than 262144 bytes.",
        )
        raise FailureEventException(
            failure_event=FailureEvent(
                env=env,
                error_name=ErrorName(error_name=error),
                event_type=HistoryEventType.TaskFailed,
                event_details=EventDetails(taskFailedEventDetails=details),
            )
        )
    _before(task, env, raw_parameters=raw_parameters, **named)


def _task_error(task: Any, env: Any, ex: Exception) -> Any:
    """A missed heartbeat is `States.Timeout` (recorded 2024-04-18); a Catch may say `States.HeartbeatTimeout` too.

    Source of the latter: Step Functions developer guide, "Handling errors": that name is for Catch and Retry.
    """
    if not isinstance(ex, HeartbeatTimeoutError):
        return _from_error(task, env, ex)
    failure = task._get_timed_out_failure_event(env)
    failure.error_name.also_caught_as = "States.HeartbeatTimeout"
    return failure


def _invoke_beside(env: Any, parameters: Any, region: str, state_credentials: Any) -> None:
    """Invoke a function on a thread of its own: it may take virtual time, and the state's own time may end."""
    answers: list[Any] = []
    done = Signal()

    def invoke() -> None:
        try:
            answers.append(lambda_eval_utils._invoke_lambda_function(parameters, region, state_credentials))
        except ReadTimeoutError:
            return  # the answer is lost: the state waits for its own time to be up
        except Exception as raised:
            answers.append(raised)
        done.set()

    run_beside(invoke, env, f"function of the state {env.next_state_name}")
    rest(env, math.inf, done)
    if not done.is_set():
        raise EvalTimeoutError
    env.stack.append(_invocation_result(answers[0]))


def _invocation_result(answer: Any) -> dict[str, Any]:
    if isinstance(answer, Exception):
        raise answer
    if answer.get("FunctionError"):
        payload = json.dumps(answer["Payload"], separators=(",", ":"))
        raise lambda_eval_utils.LambdaFunctionErrorException(answer["FunctionError"], payload)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
