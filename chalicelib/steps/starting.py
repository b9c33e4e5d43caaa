"""Starts drains: from AWS's events, for people, and for instances whose event was lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.errors import InvalidEvent, InvalidRequest
from chalicelib.common.telemetry import logger
from chalicelib.events import (
    DrainRequest,
    Ignored,
    execution_input,
    execution_name,
    parse_event,
    parse_manual,
)
from chalicelib.events.autoscaling import MANAGED_DRAINING_HOOK, reconciled
from chalicelib.gateways import autoscaling, stepfunctions
from chalicelib.gateways.ledger import ledger_of, read_entry
from chalicelib.plan.reconciling import (
    Waiting,
    has_an_execution,
    in_service_beside_a_warm_pool,
    waiting_instances,
    why_not_to_start,
)
from chalicelib.policy.settings import Settings
from chalicelib.steps.returning import bring_back
from chalicelib.steps.tidying import tidy

Event = Mapping[str, Any]


def start_drain(event: Event, function_arn: str) -> list[dict[str, Any]]:
    """Start a drain for each instance that an AWS event names.

    Raises InvalidEvent, so that Lambda keeps the event in the dead-letter queue; of several messages in one
    event, those that can be read are acted on first.
    """
    try:
        outcomes, refusal = parse_event(event), None
    except InvalidEvent as error:
        outcomes, refusal = error.understood, error
    answers = [_start(outcome, function_arn, None) for outcome in outcomes]
    if refusal:
        raise refusal
    return answers


def start_manual_drain(request: Event, function_arn: str, at: datetime) -> dict[str, Any]:
    """Start a drain that a person asks for; raises InvalidRequest, and nothing is started."""
    asked = parse_manual(request)
    answer = _start(asked, function_arn, at)
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


def reconcile(function_arn: str, at: datetime) -> list[dict[str, Any]]:
    """Start a drain for each instance that waits under our hook without one: its event or its drain was lost.

    EventBridge gets Auto Scaling's events as best effort only:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
    """
    settings = Settings.from_environment(os.environ)
    groups = autoscaling.all_groups()
    running = stepfunctions.running_names(_machine(settings, function_arn))
    requests = [
        request
        for each in waiting_instances(groups)
        if not has_an_execution(each.instance_id, running)
        if (request := _request_for(each, settings, function_arn, at))
    ]
    started = [_start(request, function_arn, at) for request in requests]
    tidy(ledger_of(function_arn), at)
    return [*started, *_brought_back(in_service_beside_a_warm_pool(groups), function_arn)]


def _brought_back(instance_ids: Iterable[str], function_arn: str) -> list[dict[str, Any]]:
    """Bring back the instances whose return into service nobody noticed, its event being lost."""
    table = ledger_of(function_arn)
    awaited = [each for each in instance_ids if read_entry(table, each).awaits_return]
    return [bring_back(table, each) for each in awaited]


def _request_for(
    waiting: Waiting, settings: Settings, function_arn: str, at: datetime
) -> DrainRequest | None:
    hooks = (hook.name for hook in autoscaling.terminate_hooks(waiting.group))
    requests = (
        reconciled(waiting.instance_id, waiting.group, hook, destination=waiting.destination)
        for hook in hooks
    )
    ours = [request for request in requests if _why_not(request, settings) is None]
    entry = read_entry(ledger_of(function_arn), waiting.instance_id)
    is_running = entry.execution is not None and stepfunctions.is_running(entry.execution)
    reason = why_not_to_start(entry, is_running, at) if ours else "none of its group's hooks is ours"
    if reason:
        logger.info("left alone", extra={"instance": waiting.instance_id, "reason": reason})
    return None if reason else ours[0]


def _start(outcome: DrainRequest | Ignored, function_arn: str, at: datetime | None) -> dict[str, Any]:
    settings = Settings.from_environment(os.environ)
    reason = _why_not(outcome, settings)
    if reason is not None or isinstance(outcome, Ignored):
        logger.info("no drain is started", extra={"instance": outcome.instance_id, "reason": reason})
        return {"instance_id": outcome.instance_id, "ignored": reason}
    machine = _machine(settings, function_arn)
    started = stepfunctions.start(machine, execution_name(outcome, at), execution_input(outcome))
    words = "a drain is started" if started.is_new else "this drain was started before"
    logger.info(words, extra={"instance": outcome.instance_id, "execution": started.execution})
    return {
        "instance_id": outcome.instance_id,
        "execution": started.execution,
        "already_started": not started.is_new,
    }


def _machine(settings: Settings, function_arn: str) -> str:
    return settings.state_machine_arn or stepfunctions.state_machine_of(function_arn)


def _why_not(outcome: DrainRequest | Ignored, settings: Settings) -> str | None:
    if isinstance(outcome, Ignored):
        return outcome.reason
    action = outcome.lifecycle_action
    if action and action.hook == MANAGED_DRAINING_HOOK:
        return f"{action.hook} is ECS's own hook: ECS completes it"
    return settings.why_not_ours(action) if action else None
