"""The one place where moto's requests pass through the log: `BaseResponse.call_action`.

Requests to Amazon S3 do not go through it (moto dispatches them on its own); nothing here uses S3.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ReadTimeoutError
from moto.core import responses
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model, method_names_from_class

from embedded_aws import aws
from embedded_aws.requests import bodies, picking, reading, writing
from embedded_aws.requests.endings import ProcessEnded, spend
from embedded_aws.requests.log import Call, Fault, RequestLog
from embedded_aws.requests.principals import principal_of
from embedded_aws.requests.refusals import AwsError

Answer = tuple[int, dict[str, Any], Any]

WAITING = {"lambda:Invoke", "sqs:ReceiveMessage"}
"""Requests that wait for others must not keep them out; nor Step Functions', which has its own locks."""


def install() -> None:
    """Let every request into moto pass through the log of the embedded AWS that runs."""
    BaseResponse.call_action = _recorded(BaseResponse.call_action)
    # moto looks through all of a class for the names of its methods at each request; they stay the same.
    responses.method_names_from_class = functools.cache(method_names_from_class)
    for part in (picking, writing, reading, bodies):
        part.install()


def _recorded(answer: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    @functools.wraps(answer)
    def call_action(response: Any) -> Answer:
        operation = response._get_action()
        if not operation or not aws.is_running():  # moto alone, as a test of something else may use it
            return answer(response)
        embedded = aws.current()
        call = _call(response, operation, embedded)
        with embedded.clock.busy(), _turn(embedded.requests, call):
            return _answered(response, call, embedded.requests, answer)

    return call_action


def _answered(response: Any, call: Call, log: RequestLog, answer: Callable[[Any], Answer]) -> Answer:
    fault = log.enter(call)
    if fault is not None and not fault.lost_answer:
        return _instead(response, fault)
    try:
        status, headers, body = answer(response)
    except Exception as error:
        call.error = type(error).__name__
        raise
    refused = _error_code(status, headers, body)
    call.took_effect = refused is None
    if fault is not None:
        return _instead(response, fault)
    call.error = refused
    return status, headers, body


@contextmanager
def _turn(log: RequestLog, call: Call) -> Iterator[None]:
    if call.action in WAITING or call.service == "stepfunctions":
        yield
    else:
        with log.lock:
            yield


def _call(response: Any, operation: str, embedded: aws.EmbeddedAws) -> Call:
    key = response.access_key
    return Call(
        at=embedded.clock.now(),
        service=response.boto3_service_name,
        operation=operation,
        principal=principal_of(response.current_account, key),
        access_key=key,
        region=response.region,
        parameters=_parameters(response, operation),
    )


def _parameters(response: Any, operation: str) -> dict[str, Any]:
    """Read the request as botocore's model of the service does, whatever its protocol."""
    request, service = response.normalized_request, get_service_model(response.boto3_service_name)
    protocol = determine_request_protocol(service, request.content_type)
    parsed: dict[str, Any] = PROTOCOL_PARSERS[protocol](
        service.operation_model(operation), map_type=dict
    ).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": response.uri_match,
        }
    )
    return parsed


def _instead(response: Any, fault: Fault) -> Answer:
    """Give the caller what the fault has for it: an error, no answer at all, or its own end."""
    if fault.ends is not None:
        raise ProcessEnded(fault.ends)
    if fault.hangs:
        spend(fault.hangs)
        raise ReadTimeoutError(endpoint_url=response.uri)
    return _refusal(response, fault)


def _refusal(response: Any, fault: Fault) -> Answer:
    """Put the fault into the service's own protocol, so that botocore raises its ClientError."""
    _, headers, body = response.serialized(ActionResult(AwsError(fault.code, fault.message)))
    return fault.status, {**headers, "status": str(fault.status)}, body


def _error_code(status: int, headers: dict[str, Any], body: Any) -> str | None:
    if int(status) < 400:
        return None
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    named = str({key.lower(): value for key, value in headers.items()}.get("x-amzn-errortype", ""))
    found = re.search(r'"__type"\s*:\s*"([^"]+)"|<Code>([^<]+)</Code>', text)
    code = named or (next(group for group in found.groups() if group) if found else str(status))
    return code.split("#")[-1].split(":")[0]
