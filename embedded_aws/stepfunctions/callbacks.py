"""Task tokens: waiting for them and for heartbeats in virtual time.

A token belongs to one try of a state and is void after it. What arrives before the wait begins counts: a
function may answer with the token it was given before its invocation returns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackEndpoint,
    CallbackOutcomeTimedOut,
    HeartbeatTimedOut,
)

from embedded_aws.agenda import Signal
from embedded_aws.stepfunctions.frames import identifier, rest

_execute = StateTaskService._eval_execution


def install() -> None:
    """Wait for task tokens on the virtual clock."""
    CallbackEndpoint.is_void = False
    CallbackEndpoint.frame = None
    CallbackEndpoint.is_open = _is_open
    CallbackEndpoint.notify_heartbeat = _notify_heartbeat
    StateTaskServiceCallback._eval_body = _eval_body
    StateTaskServiceCallback._eval_execution = _eval_execution
    StateTaskServiceCallback._eval_wait_for_task_token = _await_token


def _eval_body(task: Any, env: Any) -> None:
    super(StateTaskServiceCallback, task)._eval_body(env=env)
    env.states.context_object.context_object_data.pop("Task", None)


def _eval_execution(task: Any, env: Any) -> None:
    if task.resource.condition is None:
        _execute(task, env)
        return
    task._assert_integration_pattern_is_supported()
    if ResourceCondition.WaitForTaskToken in task._supported_integration_patterns:
        with _token(env):
            _execute(task, env)
    else:
        _execute(task, env)


@contextmanager
def _token(env: Any) -> Iterator[None]:
    """Put a new token into `$$.Task.Token` for one try; the same one in each run."""
    token = identifier(env, "task token")
    env.states.context_object.context_object_data["Task"] = {"Token": token}
    endpoint = env.callback_pool_manager.add(token)
    endpoint.frame, endpoint._notify_event = env, Signal()
    try:
        yield
    finally:
        endpoint.is_void = True


def _is_open(endpoint: Any) -> bool:
    """Tell whether the task still waits: not if its time is up, though its thread has not noticed yet."""
    return not endpoint.is_void and endpoint.get_outcome() is None and endpoint.frame.is_running()


def _notify_heartbeat(endpoint: Any) -> bool:
    endpoint._notify_event.set()
    return True


def _await_token(_: Any, env: Any, callback_endpoint: Any, heartbeat_endpoint: Any, **__: Any) -> Any:
    """Return the outcome that was sent, or HeartbeatTimedOut; the state's own time-out ends `env`."""
    patience = heartbeat_endpoint._heartbeat_seconds if heartbeat_endpoint else math.inf
    while env.is_running():
        outcome = callback_endpoint.get_outcome()
        if outcome is not None:
            return outcome
        callback_endpoint._notify_event.clear()
        if rest(env, patience, callback_endpoint._notify_event):
            return HeartbeatTimedOut()
    return CallbackOutcomeTimedOut(callback_id=callback_endpoint.callback_id)
