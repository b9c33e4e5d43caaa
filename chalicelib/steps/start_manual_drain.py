"""Starts a drain that a person asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.errors import InvalidRequest
from chalicelib.events import DrainRequest, parse_manual
from chalicelib.gateways import stepfunctions
from chalicelib.steps.start_drain import start

Event = Mapping[str, Any]


def start_manual_drain(request: Event, function_arn: str, at: datetime) -> dict[str, Any]:
    """Start a drain that a person asks for; raises InvalidRequest, and nothing is started."""
    asked = parse_manual(request)
    answer = start(asked, function_arn, at)
    if answer["already_started"]:
        _refuse_another_instance(asked, answer["execution"])
    return answer


def _refuse_another_instance(asked: DrainRequest, execution: str) -> None:
    """Raise InvalidRequest where the key that names the execution was used for another instance."""
    drained = json.loads(stepfunctions.input_of(execution)).get("instance_id")
    if drained != asked.instance_id:
        raise InvalidRequest(
            f"the idempotency key {asked.idempotency_key} was used for the drain of {drained}: "
            f"expected another key for {asked.instance_id}"
        )
