"""What a served embedded AWS answers beside AWS: its clock, its request log, faults, events and mishaps.

`GET  /_embedded-aws/state`            now, whether anything runs, and how fast time passes
`POST /_embedded-aws/advance`          {"seconds": 60}
`GET  /_embedded-aws/calls`            the request log; `?service=ecs&operation=DescribeTasks` narrows it
`POST /_embedded-aws/fault`            {"service", "operation", "code", "message", "status", "times", "lost_answer"}
`POST /_embedded-aws/event`            {"source", "detail_type", "detail", "resources"}: an event of an AWS service
`POST /_embedded-aws/mishap`           {"detail_type", "copies", "times"}: lose (0) or duplicate (2) such events
`POST /_embedded-aws/ecs-events`       {"latency", "lost", "doubled", "late", ...}: how events of ECS come from now on
`GET  /_embedded-aws/events`           the events that AWS's services emitted
`GET  /_embedded-aws/invocations`      which function was invoked when, and with what
`GET  /_embedded-aws/killed-tasks`     the tasks that died with their instance
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response

from embedded_aws import aws, eventbridge
from embedded_aws.awslambda import lambda_state
from embedded_aws.ecs.agent import killed_tasks

PREFIX = "/_embedded-aws/"

Application = Callable[[Any, Any], Iterable[bytes]]


class ControlPanel:
    """A WSGI application that answers the control endpoints and hands everything else on to moto."""

    def __init__(self, moto: Application, advance: Callable[[float], None]) -> None:
        self._moto = moto
        self._advance = advance

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if not environ.get("PATH_INFO", "").startswith(PREFIX):
            return self._moto(environ, start_response)
        request = Request(environ)
        try:
            answer = self._answer(request)
        except HTTPException as error:
            return error(environ, start_response)
        except (KeyError, ValueError, TypeError) as error:
            said = f"{type(error).__name__}: {error}"
            return Response(json.dumps({"error": said}), 400, mimetype="application/json")(
                environ, start_response
            )
        body = json.dumps(answer, default=_plain)
        return Response(body, mimetype="application/json")(environ, start_response)

    def _answer(self, request: Request) -> Any:
        name = f"{request.method} {request.path.removeprefix(PREFIX)}"
        given = json.loads(request.get_data() or b"{}")
        if name == "POST advance":
            self._advance(float(given["seconds"]))
            return _state()
        answers: dict[str, Callable[[], Any]] = {
            "GET state": _state,
            "GET calls": lambda: _calls(request.args.to_dict()),
            "GET events": lambda: eventbridge.events_state().emitted,
            "GET invocations": lambda: [
                {"at": each.at, "function_name": each.function_name, "event": each.event}
                for each in lambda_state().invocations
            ],
            "GET killed-tasks": lambda: [vars(each) for each in killed_tasks()],
            "POST fault": lambda: _fail(given),
            "POST event": lambda: eventbridge.emit(**given),
            "POST ecs-events": lambda: _deliver(given),
            "POST mishap": lambda: _mishap(**given),
        }
        if name not in answers:
            raise NotFound
        return answers[name]()


def _state() -> dict[str, Any]:
    clock = aws.current().clock
    return {"now": clock.now(), "speed": clock.speed or 0, "calls": len(aws.current().requests.calls)}


def _calls(narrower: dict[str, Any]) -> list[dict[str, Any]]:
    return [vars(call) for call in aws.current().requests.matching(**narrower)]


def _fail(given: dict[str, Any]) -> dict[str, Any]:
    aws.current().requests.fail_next(**given)
    return _state()


def _deliver(given: dict[str, Any]) -> dict[str, Any]:
    eventbridge.events_state().ecs.change(**given)
    return _state()


def _mishap(detail_type: str, copies: int, times: int = 1) -> dict[str, Any]:
    mishap = eventbridge.Mishap(lambda event: event["detail-type"] == detail_type, copies=copies, times=times)
    eventbridge.events_state().mishaps.append(mishap)
    return _state()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
