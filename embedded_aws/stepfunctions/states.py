"""States in virtual time: Wait, the pause before a retry, TimeoutSeconds; and the times that the context tells."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl import (
    JitterStrategy,
    JitterStrategyDecl,
)
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError, TimeoutSeconds
from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from embedded_aws.aws import current
from embedded_aws.stepfunctions.choices import timestamp_of
from embedded_aws.stepfunctions.copies import copied
from embedded_aws.stepfunctions.errors import fail_execution
from embedded_aws.stepfunctions.expected_types import typed
from embedded_aws.stepfunctions.expressions import fail_evaluation, told_of
from embedded_aws.stepfunctions.frames import has_timed_out, identifier, rest, time_out

LONGEST_WAIT_SECONDS = 2**31 - 1
"""Recorded 2023-12-13: 24,855 days are waited for, 24,856 fail the state."""

_from_state_props = ExecutionState.from_state_props


def install() -> None:
    """Count the time of states on the virtual clock."""
    WaitFunction._wait_interval = _wait_interval
    Timestamp._get_wait_seconds = _seconds_until_timestamp
    RetrierDecl._eval_body = _retry
    JitterStrategyDecl._eval_body = _jitter
    ExecutionState.from_state_props = _read_timeouts
    ExecutionState._evaluate_with_timeout = _evaluate_with_timeout
    state_module.StateData = _state_data


def aws_time(at: datetime) -> str:
    """Write an instant as the context object does: `2026-03-02T10:00:00.000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _state_data(EnteredTime: str, Name: str) -> dict[str, str]:  # noqa: N803  # moto names them so, as AWS does
    return {"EnteredTime": aws_time(datetime.fromisoformat(EnteredTime)), "Name": Name}


def _wait_interval(_: Any, env: Any, wait_seconds: float) -> None:
    if wait_seconds > LONGEST_WAIT_SECONDS:
        raise fail_execution(env, "States.Runtime", "Wait state delay is too long.")
    if wait_seconds > 0:
        rest(env, wait_seconds)


def _seconds_until_timestamp(wait: Any, env: Any) -> float:
    """Wait until the very instant, which moto rounds down to the second and reads in local time.

    A space for the T and a missing zone were recorded (2023-12-11) as States.Runtime; of expressions the guide
    says that a value they may not give is States.QueryEvaluationError.
    """
    timestamp = _timestamp(wait, env)
    at = timestamp_of(timestamp)
    if at is not None:
        return (at - current().clock.now()).total_seconds()
    if isinstance(wait.string, StringJSONata):
        cause = f"{told_of(wait.string)} returned no RFC3339 timestamp: {timestamp}"
        raise fail_evaluation(env, wait.string, cause)
    raise FailureEventException(wait._create_failure_event(env, timestamp))


def _timestamp(wait: Any, env: Any) -> Any:
    if isinstance(wait.string, StringJSONata):
        return typed(wait.string, env, "string")
    try:
        wait.string.eval(env=env)
    except NoSuchJsonPathError as error:  # as recorded of SecondsPath, 2024-06-10
        cause = f"The TimestampPath parameter does not reference an input value: {error.json_path}"
        raise fail_execution(env, "States.Runtime", cause) from error
    return env.stack.pop()


def _retry(retrier: Any, env: Any) -> None:
    """Answer whether the state is to be tried again, after the pause."""
    retrier.error_equals.eval(env)
    if not env.stack.pop():
        env.stack.append(RetrierOutcome.Skipped)
        return
    retrier.max_attempts.eval(env=env)
    if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
        env.stack.append(RetrierOutcome.Failed)
        return
    for part in ("interval_seconds", "backoff_rate", "max_delay_seconds", "jitter_strategy"):
        getattr(retrier, part).eval(env=env)
    rest(env, env.stack.pop())
    env.stack.append(RetrierOutcome.Executed)


def _jitter(jitter: Any, env: Any) -> None:
    """Take FULL jitter: 0 to the whole interval, and the same in each run."""
    if jitter.jitter_strategy != JitterStrategy.NONE:
        chance = random.Random(identifier(env, "jitter"))  # noqa: S311  # no secret: a pause
        env.stack.append(chance.uniform(0, env.stack.pop()))


def _read_timeouts(state: Any, state_props: Any) -> None:
    """HeartbeatSeconds alone gives no time-out of 60 s, as moto has it: the default is 99,999,999 s."""
    _from_state_props(state, state_props)
    if isinstance(state.timeout, TimeoutSeconds) and state.timeout.is_default_value():
        state.timeout = TimeoutSeconds(TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS, is_default=True)


@contextmanager
def _time_limit(frame: Any, seconds: float) -> Iterator[None]:
    if seconds >= TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS:
        yield
        return
    timer = current().clock.call_later(seconds, partial(time_out, frame), "TimeoutSeconds of a state")
    try:
        yield
    finally:
        timer.cancel()


def _evaluate_with_timeout(state: Any, env: Any) -> None:
    """Evaluate one try of the state; raises EvalTimeoutError when its time is up, else what the try raises."""
    state.timeout.eval(env=env)
    seconds = env.stack.pop()
    frame = env.open_frame()
    frame.states.reset(input_value=env.states.get_input())
    frame.stack = copied(env.stack)
    failure: Exception | None = None
    try:
        with _time_limit(frame, seconds):
            state._eval_execution(frame)
    except Exception as raised:  # a frame that was ended midway fails in any way
        failure = raised
    is_late = has_timed_out(frame)
    frame.set_ended()
    env.close_frame(frame)
    if not env.is_running():
        return  # stopped, or timed out around this state: nobody asks for its result
    if is_late:
        raise EvalTimeoutError
    if failure is not None:
        raise _with_request_id(failure, env)
    _take_result(state, env, frame.stack.pop())


def _with_request_id(failure: Exception, env: Any) -> Exception:
    """moto prints the request's id in the cause, but makes up another in each run, or none."""
    if isinstance(failure, ClientError):
        failure.response["ResponseMetadata"]["RequestId"] = identifier(env, "request")
    return failure


def _take_result(state: Any, env: Any, result: Any) -> None:
    env.stack.append(result)
    if not state._is_language_query_jsonpath():
        env.states.set_result(result)
    for part in (state.assign_decl, state.result_selector):
        if part:
            part.eval(env=env)
    if state.result_path:
        state.result_path.eval(env)
    else:
        env.states.reset(input_value=env.stack.pop())
