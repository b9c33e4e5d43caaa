"""Starts a drain that a person asks for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.common.errors import InvalidRequest
from chalicelib.events import DrainRequest, parse_manual
from chalicelib.gateways import stepfunctions
from chalicelib.policy import Reach
from chalicelib.policy.settings import Settings
from chalicelib.policy.table import BY_NAME
from chalicelib.steps.start_drain import start

Event = Mapping[str, Any]


def start_manual_drain(request: Event, function_arn: str, request_id: str) -> dict[str, Any]:
    """Start a drain that a person asks for; raises InvalidRequest, and nothing is started.

    `request_id`: the invocation's, which names a drain without a key of the caller's. Lambda tries an asynchronous
    invocation again under the same one, a minute or three later, when an empty instance's drain is over:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    asked = parse_manual(request)
    if asked.idempotency_key is None:
        asked = replace(asked, idempotency_key=f"{asked.instance_id}-{asked.trigger.label}-{request_id}")
    _refuse_what_is_out_of_reach(asked, Settings.from_environment(os.environ).at(function_arn).reach)
    answer = start(asked, function_arn, None)
    if answer["already_started"]:
        _refuse_another_instance(asked, answer["execution"])
    return answer


def _refuse_what_is_out_of_reach(asked: DrainRequest, reach: Reach | None) -> None:
    for name, given in asked.settings.items():
        value = BY_NAME[name].parse(given)
        problem = reach.why_not(name, value, is_of_stage=False) if reach else None
        if problem:
            raise InvalidRequest(f"{name} of the request: {problem}")


def _refuse_another_instance(asked: DrainRequest, execution: str) -> None:
    """Raise InvalidRequest where the key that names the execution was used for another instance."""
    drained = json.loads(stepfunctions.input_of(execution)).get("instance_id")
    if drained != asked.instance_id:
        raise InvalidRequest(
            f"the idempotency key {asked.idempotency_key} was used for the drain of {drained}: "
            f"expected another key for {asked.instance_id}"
        )
