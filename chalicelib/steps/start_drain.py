"""Starts a drain for each instance that an AWS event names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.errors import DrainerError, InvalidEvent
from chalicelib.common.telemetry import logger
from chalicelib.common.tracing import FIELD, trace_id
from chalicelib.common.trigger import Trigger
from chalicelib.events import (
    DrainRequest,
    Ignored,
    execution_input,
    execution_name,
    parse_event,
)
from chalicelib.events.autoscaling import MANAGED_DRAINING_HOOK
from chalicelib.gateways import stepfunctions
from chalicelib.gateways.find import find_group
from chalicelib.plan.findings import Findings
from chalicelib.plan.making import is_admitted
from chalicelib.policy.settings import Settings

Event = Mapping[str, Any]


def start_drain(event: Event, function_arn: str) -> list[dict[str, Any]]:
    """Start a drain for each instance that an AWS event names.

    Raises InvalidEvent, so that Lambda keeps the event in the dead-letter queue; of several messages in one
    event, those that can be acted on are first. Raises what every gateway does, so that Lambda tries again.
    """
    try:
        outcomes, refusal = parse_event(event), None
    except InvalidEvent as error:
        outcomes, refusal = error.understood, error
    answers, failures = [], list[DrainerError]([refusal] if refusal else [])
    for outcome in outcomes:
        try:
            answers.append(start(outcome, function_arn, None))
        except (
            DrainerError
        ) as error:  # the others are started first: what is tried again then finds them started
            failures.append(error)
    if failures:
        raise failures[0]
    return answers


def start(outcome: DrainRequest | Ignored, function_arn: str, at: datetime | None) -> dict[str, Any]:
    """Start the drain that is asked for, or say why none is; `at`: the reconciler's tick."""
    settings = Settings.from_environment(os.environ)
    reason = why_not(outcome, settings) or why_not_watched(outcome, settings)
    if reason is not None or isinstance(outcome, Ignored):
        logger.info("no drain is started", extra={"instance": outcome.instance_id, "reason": reason})
        return {"instance_id": outcome.instance_id, "ignored": reason}
    machine = machine_of(settings, function_arn)
    started = stepfunctions.start(machine, execution_name(outcome, at), execution_input(outcome))
    words = "a drain is started" if started.is_new else "this drain was started before"
    traced = {"execution": started.execution, FIELD: trace_id(started.execution)}
    logger.info(words, extra={"instance": outcome.instance_id, **traced})
    return {
        "instance_id": outcome.instance_id,
        "execution": started.execution,
        "already_started": not started.is_new,
    }


def machine_of(settings: Settings, function_arn: str) -> str:
    """Return the ARN of the state machine: of the settings, or of the stack that the function is of."""
    return settings.state_machine_arn or stepfunctions.state_machine_of(function_arn)


def why_not(outcome: DrainRequest | Ignored, settings: Settings) -> str | None:
    """Return why no drain is started, or None where one is."""
    if isinstance(outcome, Ignored):
        return outcome.reason
    action = outcome.lifecycle_action
    if action and action.hook == MANAGED_DRAINING_HOOK:
        return f"{action.hook} is ECS's own hook: ECS completes it"
    return settings.why_not_ours(action) if action else None


def why_not_watched(outcome: DrainRequest | Ignored, settings: Settings) -> str | None:
    """Return why a drain of ECS's own is not watched, or None where it is, or the request is another.

    Only where the stage doesn't ask for it is the group read, whose tags may. Raises what every gateway does.
    """
    if isinstance(outcome, Ignored) or outcome.trigger is not Trigger.MANAGED_DRAINING:
        return None
    stage = settings.policy
    if is_admitted(outcome, Findings(), stage) or is_admitted(outcome, find_group(outcome), stage):
        return None
    return f"{MANAGED_DRAINING_HOOK} is ECS's own hook: ECS completes it, and `triggers` doesn't name {outcome.trigger}"
