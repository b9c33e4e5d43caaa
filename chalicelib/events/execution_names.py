"""Names a drain's execution and writes its input, so that one event delivered twice makes one drain.

Step Functions answers a second start with the first execution only if name and input are the same bytes:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from chalicelib.common.trigger import Trigger
from chalicelib.events.fields import TOKEN
from chalicelib.events.request import DrainRequest

LONGEST_NAME = 80


def execution_name(request: DrainRequest, at: datetime | None = None) -> str:
    """Return the execution's name: at most 80 letters, digits, dashes and underscores.

    `at`, the present instant, counts for requests of the command and the reconciler's; all other names come from the
    event, or from the invocation that asks, alone. Raises ValueError where it is needed and not given.
    """
    if request.idempotency_key:
        return request.idempotency_key
    if request.lifecycle_action and request.lifecycle_action.token:
        return f"{request.instance_id}-{request.lifecycle_action.token}"
    named_at = request.event_at or at
    if named_at is None:
        raise ValueError(f"a drain by trigger {request.trigger} is named for the instant at which it starts")
    return f"{request.instance_id}-{request.trigger.label}-{named_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def answers_an_action(name: str, instance_id: str) -> bool:
    """Whether an execution of this name is of this EC2 instance, and was begun to answer a lifecycle action.

    One that was not leaves the action to its timer: a person's, a warning's, or a watch of ECS's own drain.
    """
    head, _, rest = name.partition(f"{instance_id}-")
    return not head and (TOKEN.fullmatch(rest) is not None or rest.startswith(f"{Trigger.RECONCILER.label}-"))


def execution_input(request: DrainRequest) -> str:
    """Return the execution's input: the same bytes for the same request, on whichever way it came."""
    return json.dumps(request.to_state(), sort_keys=True, separators=(",", ":"))
