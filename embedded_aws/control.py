"""What a served embedded AWS answers beside AWS: its clock, its request log, faults, events and mishaps.

`GET  /_embedded-aws/state`            now, whether anything runs, and how fast time passes
`POST /_embedded-aws/advance`          {"seconds": 60}
`GET  /_embedded-aws/calls`            the request log; `?service=ecs&operation=DescribeTasks` narrows it
`POST /_embedded-aws/fault`            {"service", "operation", "code", "message", "status", "times", "lost_answer"}
`POST /_embedded-aws/end-function`     {"function", "ending", "times"}: its next invocations crash, or time out
`POST /_embedded-aws/deliver-again`    {"queue", "batches"}: SQS delivers batches again that a function has taken
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
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response

from embedded_aws import aws, eventbridge, sqs
from embedded_aws.awslambda import lambda_state
from embedded_aws.ecs.agent import killed_tasks

PREFIX = "/_embedded-aws/"
RESET = "/moto-api/reset"

Application = Callable[[Any, Any], Iterable[bytes]]


class ControlPanel:
    """A WSGI application that answers the control endpoints and hands everything else on to moto."""

    def __init__(self, moto: Application) -> None:
        self._moto = moto

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path == RESET:
            aws.current().clock.forget()  # else what the emptied account had begun would go on in the next one
        if not path.startswith(PREFIX):
            return self._moto(environ, start_response)
        request = Request(environ)
        try:
            answer = _answer(request)
        except HTTPException as error:
            return error(environ, start_response)
        except (KeyError, ValueError, TypeError) as error:
            answered = _refusal(400, f"{type(error).__name__}: {error}")
        except Exception:  # what was due may raise anything: who let time pass is told what and where
            answered = _refusal(500, traceback.format_exc())
        else:
            answered = Response(json.dumps(answer, default=_plain), mimetype="application/json")
        return answered(environ, start_response)


def _refusal(status: int, said: str) -> Response:
    return Response(json.dumps({"error": said}), status, mimetype="application/json")


def _answer(request: Request) -> Any:
    name = f"{request.method} {request.path.removeprefix(PREFIX)}"
    given = json.loads(request.get_data() or b"{}")
    narrower: dict[str, Any] = request.args.to_dict()
    embedded, events = aws.current(), eventbridge.events_state()
    deeds: dict[str, Callable[[], object]] = {
        "POST advance": lambda: embedded.clock.advance(float(given["seconds"])),
        "POST fault": lambda: embedded.requests.fail_next(**given),
        "POST ecs-events": lambda: events.ecs.change(**given),
        "POST mishap": lambda: events.befall(**given),
        "POST end-function": lambda: lambda_state().end_next(**given),
        "POST deliver-again": lambda: sqs.deliver_again(**given),
    }
    answers: dict[str, Callable[[], Any]] = {
        "GET state": _state,
        "GET calls": lambda: [vars(call) for call in embedded.requests.matching(**narrower)],
        "GET events": lambda: events.emitted,
        "GET invocations": lambda: [
            {"at": each.at, "function_name": each.function_name, "event": each.event}
            for each in lambda_state().invocations
        ],
        "GET killed-tasks": lambda: [vars(each) for each in killed_tasks()],
        "POST event": lambda: eventbridge.emit(**given),
    }
    if name in deeds:
        deeds[name]()
        return _state()
    if name not in answers:
        raise NotFound
    return answers[name]()


def _state() -> dict[str, Any]:
    clock = aws.current().clock
    return {"now": clock.now(), "speed": clock.speed or 0, "calls": len(aws.current().requests.calls)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
