"""Calls of a state machine that AWS never answers: the state waits until its TimeoutSeconds have passed.

Step Functions developer guide, "Task workflow state": a state that runs longer than TimeoutSeconds fails with
`States.Timeout`. Whatever the service did meanwhile stays done.
"""

from __future__ import annotations

import math
from typing import Any

from botocore.exceptions import ReadTimeoutError
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)

from embedded_aws.stepfunctions.frames import rest
from embedded_aws.stepfunctions.integrations import SERVICES


def install() -> None:
    """Let every integration wait for an answer that doesn't come."""
    for service in (StateTaskServiceAwsSdk, *SERVICES):
        if "_is_patient" not in vars(service):
            service._is_patient = True
            service._eval_service_task = _patient(service._eval_service_task)


def _patient(ask: Any) -> Any:
    def eval_service_task(task: Any, env: Any, **named: Any) -> None:
        try:
            ask(task, env, **named)
        except ReadTimeoutError as error:
            rest(env, math.inf)
            raise EvalTimeoutError from error

    return eval_service_task
