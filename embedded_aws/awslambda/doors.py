"""The ways into a function: the Invoke API and moto's own services; EventInvokeConfig as AWS keeps it."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import EventInvokeConfig, LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse

from embedded_aws.awslambda.asynchronous import accept, invoke_config
from embedded_aws.awslambda.bootstrap import Outcome
from embedded_aws.awslambda.invoking import run
from embedded_aws.requests import AwsError

Answer = tuple[int, dict[str, Any], str]

LARGEST_PAYLOAD = {"Event": 1024 * 1024, "RequestResponse": 6 * 1024 * 1024}
"""Lambda quotas: 1 MB for an asynchronous invocation, 6 MB for a synchronous one."""
TAIL_BYTES = 4096

_moto_add_permission = LambdaResponse.add_permission


def install() -> None:
    """Make moto's Lambda run functions without Docker."""
    LambdaResponse.invoke = _invoke
    LambdaFunction.invoke = _invoked_by_moto
    LambdaResponse.add_permission = _add_permission
    LambdaBackend.put_function_event_invoke_config = _put_event_invoke_config
    LambdaBackend.update_function_event_invoke_config = _update_event_invoke_config


def _invoke(self: Any) -> Answer:
    """Answer the Invoke API: RequestResponse, Event or DryRun."""
    name, qualifier = unquote(self.path.rsplit("/", 2)[-2]), self._get_param("Qualifier")
    function = _find(self.backend, name, qualifier)
    kind = self.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    payload = _checked(self.body, kind)
    if kind == "DryRun":
        return 204, {"status": 204}, ""
    if kind == "Event":
        accept(function, payload)
        return 202, {"status": 202}, ""
    outcome = run(function, json.loads(payload), str(uuid4()))
    return 200, _headers(outcome, self.headers.get("X-Amz-Log-Type") == "Tail"), outcome.payload


def _find(backend: Any, name: str, qualifier: str | None) -> Any:
    """Return the function; one that isn't there is told with the version asked for (recorded 2025-11-25)."""
    try:
        return backend.get_function(name, qualifier)
    except UnknownFunctionException as error:
        arn = error.message.removeprefix("Function not found: ")
        raise UnknownFunctionException(f"{arn}:$LATEST" if arn.count(":") == 6 else arn) from error


def _checked(body: str | bytes | None, kind: str) -> str:
    payload = body.decode() if isinstance(body, bytes) else body or "{}"
    largest = LARGEST_PAYLOAD.get(kind, LARGEST_PAYLOAD["RequestResponse"])
    if len(payload.encode()) > largest:
        raise AwsError("RequestTooLargeException", f"Request must be smaller than {largest} bytes")
    try:
        json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise AwsError("InvalidRequestContentException", message) from error
    return payload


def _headers(outcome: Outcome, tail: bool) -> dict[str, Any]:
    headers = {"status": 200, "content-type": "application/json", "x-amz-executed-version": "$LATEST"}
    if outcome.error:
        # moto says "Handled", which AWS does not, and Chalice looks for "Unhandled".
        headers["x-amz-function-error"] = "Unhandled"
    if tail:
        headers["x-amz-log-result"] = base64.b64encode(outcome.log.encode()[-TAIL_BYTES:]).decode()
    return headers


def _invoked_by_moto(self: Any, body: str, request_headers: Any, response_headers: Any) -> str:
    """Run the function for a service of moto's that reads the answer, such as an SQS event source mapping."""
    del request_headers
    outcome = run(self, json.loads(body or "{}"), str(uuid4()))
    if outcome.error:
        response_headers["x-amz-function-error"] = "Unhandled"
    return outcome.payload


def _add_permission(self: Any) -> str:
    """Refuse a second statement of the same id, as AWS does; moto's own takes it."""
    function = self.backend.get_function(unquote(self.path.split("/")[-2]), None)
    statement_id = json.loads(self.body).get("StatementId")
    if any(statement.get("Sid") == statement_id for statement in function.policy.statements):
        message = (
            f"The statement id ({statement_id}) provided already exists. Please provide a new statement id."
        )
        raise AwsError("ResourceConflictException", message)
    return str(_moto_add_permission(self))


def _put_event_invoke_config(self: Any, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Put means replace; moto would append the new one and go on using the first."""
    function = self.get_function(function_name)
    configured = EventInvokeConfig(function.function_arn, function.last_modified, config)
    function.event_invoke_config = [configured]
    response: dict[str, Any] = configured.response()
    return response


def _update_event_invoke_config(self: Any, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Update keeps what it does not name."""
    merged = invoke_config(self.get_function(function_name)) | config
    return _put_event_invoke_config(self, function_name, merged)
