"""One invocation, from the concurrency limit to the log lines; in no time on the virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from embedded_aws import aws
from embedded_aws.awslambda.bootstrap import LambdaContext, Outcome
from embedded_aws.awslambda.state import Invocation, lambda_state
from embedded_aws.requests import AwsError


class TooManyRequestsError(AwsError):
    """Every execution that the function's reserved concurrency allows is in use."""

    def __init__(self) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")


def run(function: Any, event: Any, request_id: str) -> Outcome:
    """Invoke moto's `LambdaFunction` once; raises TooManyRequestsError where it may not run now."""
    state, clock = lambda_state(), aws.current().clock
    with _concurrency(function):
        with clock.busy():
            began_at = clock.now()
            outcome = _outcome(function, event, request_id)
        if outcome.seconds:
            clock.sleep(outcome.seconds)
    state.invocations.append(Invocation(began_at, function.function_name, request_id, event, outcome))
    _log(function, request_id, outcome.log)
    return outcome


def _outcome(function: Any, event: Any, request_id: str) -> Outcome:
    state = lambda_state()
    if state.is_next(state.crashes, function.function_name):
        return Outcome.exited(request_id, "exit status 1")
    if state.is_next(state.time_outs, function.function_name):
        return Outcome.timed_out(request_id, float(function.timeout))
    return state.runtime.run(function, event, _context(function, request_id))


@contextmanager
def _concurrency(function: Any) -> Iterator[None]:
    running, name = lambda_state().running, function.function_name
    reserved = function.reserved_concurrency
    if reserved is not None and running[name] >= int(reserved):
        raise TooManyRequestsError
    running[name] += 1
    try:
        yield
    finally:
        running[name] -= 1


def _context(function: Any, request_id: str) -> LambdaContext:
    return LambdaContext(
        function_name=function.function_name,
        function_version="$LATEST",
        invoked_function_arn=function.function_arn,
        memory_limit_in_mb=str(function.memory_size),
        aws_request_id=request_id,
        log_group_name=function.logs_group_name,
        log_stream_name=_log_stream(function),
        timeout_seconds=float(function.timeout),
    )


def _log_stream(function: Any) -> str:
    streams, now = lambda_state().log_streams, aws.now()
    if function.function_name not in streams:
        streams[function.function_name] = f"{now:%Y/%m/%d}/[$LATEST]{uuid4().hex}"
    return streams[function.function_name]


def _log(function: Any, request_id: str, printed: str) -> None:
    backend, group, stream = function.logs_backend, function.logs_group_name, _log_stream(function)
    backend.ensure_log_group(group)
    if stream not in backend.groups[group].streams:
        backend.create_log_stream(group, stream)
    lines = [
        f"START RequestId: {request_id} Version: $LATEST",
        *printed.splitlines(),
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tMemory Size: {function.memory_size} MB",
    ]
    at = int(aws.now().timestamp() * 1000)
    backend.put_log_events(group, stream, [{"timestamp": at, "message": line} for line in lines])
