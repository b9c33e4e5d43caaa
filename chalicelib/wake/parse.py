"""Turns the body of a queue's record, an event of ECS, into what it says.

Unknown properties are passed over, as ECS adds new ones:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.model import ContainerInstance
from chalicelib.common.wording import shown
from chalicelib.events.fields import Fields
from chalicelib.wake.instances import parse_instance
from chalicelib.wake.seen import Ignored, ServiceTrouble, TaskRunning, TaskStopped
from chalicelib.wake.services import parse_deployment, parse_service
from chalicelib.wake.tasks import parse_task

Happening = TaskStopped | TaskRunning | ContainerInstance | ServiceTrouble | Ignored


def parse(body: object) -> Happening:
    """Return what an event says, given the body of its record.

    Raises InvalidEvent for a body that is no event, or an event without what its kind must have.
    """
    event = _event(body)
    parser = PARSERS.get(str(event.get("detail-type")))
    if parser is None:
        return Ignored(f"no drain waits for {shown(event.get('detail-type'))}")
    return parser(event)


def _event(body: object) -> Mapping[str, Any]:
    try:
        event = json.loads(body) if isinstance(body, str) else None
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"the record's body is {shown(body)}: expected an event of ECS as JSON")
    Fields(event, "the event", InvalidEvent).mapping("detail", "an object")
    return event


PARSERS: Mapping[str, Callable[[Mapping[str, Any]], Happening]] = {
    "ECS Task State Change": parse_task,
    "ECS Container Instance State Change": parse_instance,
    "ECS Service Action": parse_service,
    "ECS Deployment State Change": parse_deployment,
}
"""By the event's detail-type: the four that the rule lets through."""
