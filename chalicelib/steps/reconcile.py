"""Starts the drains that lost events and failed executions left undone, and closes what ended drains left open."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib.common.errors import InvalidInput
from chalicelib.common.telemetry import logger
from chalicelib.common.tracing import FIELD, trace_id
from chalicelib.events import DrainRequest
from chalicelib.events.autoscaling import reconciled
from chalicelib.gateways import autoscaling, stepfunctions
from chalicelib.gateways import waiting as rows
from chalicelib.gateways.ledger import close_late, ledger_of, read_entry, read_record
from chalicelib.plan.reconciling import (
    Waiting,
    has_an_execution,
    in_service_beside_a_warm_pool,
    waiting_instances,
    why_not_to_start,
)
from chalicelib.policy.settings import Settings
from chalicelib.steps.return_to_service import bring_back
from chalicelib.steps.start_drain import machine_of, start, why_not

Each = TypeVar("Each")
Found = TypeVar("Found")

LATE = timedelta(minutes=10)
"""After an execution's end: what it left to its successor, or wrote late itself, is seen to by then."""


def reconcile(function_arn: str, at: datetime) -> list[dict[str, Any]]:
    """Start a drain for each instance that waits under our hook without one: its event or its drain was lost.

    EventBridge gets Auto Scaling's events as best effort only:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
    Raises what every gateway does at once, so that Lambda tries again; and InvalidInput for an entry of the ledger that
    can't be read once all others are seen to.
    """
    settings = Settings.from_environment(os.environ)
    groups = autoscaling.all_groups()
    running = stepfunctions.running_names(machine_of(settings, function_arn))
    waiting = [each for each in waiting_instances(groups) if not has_an_execution(each.instance_id, running)]
    unread: list[InvalidInput] = []
    requests = _all_of(waiting, lambda each: _request_for(each, settings, function_arn, at), unread)
    started = [start(request, function_arn, at) for request in requests]
    tidy(ledger_of(function_arn), at)
    back = _all_of(
        in_service_beside_a_warm_pool(groups),
        lambda each: _brought_back(each, ledger_of(function_arn)),
        unread,
    )
    if unread:
        raise unread[0]
    return [*started, *back]


def _all_of(
    each: Iterable[Each], step: Callable[[Each], Found | None], unread: list[InvalidInput]
) -> list[Found]:
    """Return what a step finds for each, and add the refusals of entries that can't be read to `unread`."""
    found: list[Found] = []
    for one in each:
        try:
            answer = step(one)
        except InvalidInput as refusal:
            logger.error(f"an entry of the ledger can't be read: {refusal}")
            unread.append(refusal)
        else:
            found += [] if answer is None else [answer]
    return found


def _brought_back(instance_id: str, table: str) -> dict[str, Any] | None:
    """Bring an instance back whose return into service nobody noticed, its event being lost; None for any other."""
    return bring_back(table, instance_id) if read_entry(table, instance_id).awaits_return else None


def _request_for(
    waiting: Waiting, settings: Settings, function_arn: str, at: datetime
) -> DrainRequest | None:
    hooks = (hook.name for hook in autoscaling.terminate_hooks(waiting.group))
    requests = (
        reconciled(waiting.instance_id, waiting.group, hook, destination=waiting.destination)
        for hook in hooks
    )
    ours = [request for request in requests if why_not(request, settings) is None]
    entry = read_entry(ledger_of(function_arn), waiting.instance_id)
    is_running = entry.execution is not None and stepfunctions.is_running(entry.execution)
    reason = why_not_to_start(entry, is_running, at) if ours else "none of its group's hooks is ours"
    if reason:
        logger.info("left alone", extra={"instance": waiting.instance_id, "reason": reason})
    return None if reason else ours[0]


def tidy(table: str, at: datetime) -> list[str]:
    """Close the records of executions that ended without doing so, and delete their rows; returns their names.

    A drain has a row of its own from its first look until its record is closed, so the rows name them all.
    Raises what every gateway does: the schedule tries again, and its alarm rings while that fails.
    """
    closed = []
    for row in rows.all_waiting(table):
        ended = stepfunctions.how_it_ended(row.execution)
        if ended is None or at - ended.at < LATE:
            continue
        name = row.execution.rsplit(":", 1)[-1]
        if record := read_record(table, name):
            close_late(table, record, ended.outcome, ended.at)
        rows.delete_stale(table, row.instance, row.execution)
        logger.error(
            "a drain had left its ledger entry open",
            extra={"drain": name, FIELD: trace_id(row.execution), "outcome": ended.outcome},
        )
        closed.append(name)
    return closed
