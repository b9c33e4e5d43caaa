"""Gives an open drain a later deadline: another execution takes it over, with the same request and the longer time.

No execution's deadline moves later by itself ("deadlines only tighten"): a person says so, and the execution that they
start is on record as theirs. It takes over as any does that finds the holder of the ledger's entry dead. What Auto
Scaling's hook, or AWS itself, leaves of time is not extended, so what doesn't fit there is refused.
docs/decisions/extending.md
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.common.ledger import Record
from chalicelib.common.model import instant, stamp
from chalicelib.common.trigger import Trigger
from chalicelib.common.wording import one_line
from chalicelib.events import DrainRequest, execution_input
from chalicelib.explain.words import spell
from chalicelib.gateways import stepfunctions
from chalicelib.gateways.ledger import read_records
from chalicelib.plan.making import STOPPING
from chalicelib.policy import OnDeadline
from chalicelib.policy.deadline import CEILING_MARGIN, earlier
from cli import executions
from cli.desk import Desk
from cli.drains import Found, find_open
from cli.exit_codes import ExitCode
from cli.problems import Halt

LEAST = timedelta(minutes=1)
EXTENDED = "-extended-"
"""In the name of an execution that extends another one's deadline."""
TAKEN_OVER = "TakenOver"
"""The error with which the machine itself stops an execution whose drain another one goes on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An open drain, and how much later its deadline may be."""

    found: Found
    state: Mapping[str, Any]
    deadline_at: datetime
    latest_at: datetime | None
    """The latest deadline that leaves time to answer Auto Scaling; None where nobody waits for the instance."""

    @property
    def instance_id(self) -> str:
        """The EC2 id."""
        return self.found.instance_id


def read_extension(desk: Desk, instance_id: str) -> Extension:
    """Return what is to be known before a deadline is extended; raises Halt where that can't be done."""
    found = find_open(desk, instance_id)
    if found is None:
        raise Halt(f"No drain of {instance_id} is open", code=ExitCode.NOT_FOUND)
    state = desk.ask(executions.latest_state, found.execution)
    why_not = refusal(found.execution, state, desk.now())
    if why_not:
        raise Halt(f"The deadline of {instance_id} can't be extended: {why_not}", code=ExitCode.REFUSED)
    began_at = began_first(found.execution, desk.ask(read_records, desk.installation.ledger, instance_id))
    if began_at is None and EXTENDED in found.execution.rsplit(":", 1)[-1]:
        raise Halt(
            f"The deadline of {instance_id} was extended a moment ago",
            "try again in some seconds",
            ExitCode.REFUSED,
        )
    return Extension(
        found=found,
        state=state,
        deadline_at=instant(state["deadline"]["at"]),
        latest_at=latest_of(state, began_at),
    )


def refusal(execution: str, state: Mapping[str, Any], now: datetime) -> str | None:
    """Return why a drain's deadline can't be extended, given its whole state; None where it can."""
    if not state:
        return "it is being planned; try again in some seconds"
    drain = state["drain"]
    if "-fleet-" in execution.rsplit(":", 1)[-1]:
        return "its fleet waits for this very execution; `ecs-drainer fleet cancel` stops the fleet first"
    if drain["trigger"] == Trigger.MANAGED_DRAINING:
        return "ECS drains it by itself, and Auto Scaling waits for ECS's own hook"
    if drain.get("gone_at"):
        return f"AWS takes the instance away at {drain['gone_at']} whatever we do"
    if state["stopped"]["asked"] and drain["policy"]["on_deadline"] == OnDeadline.STOP_TASKS:
        return "its tasks are being stopped already"
    return "it has passed" if instant(state["deadline"]["at"]) <= now else None


def began_first(execution: str, records: Iterable[Record]) -> datetime | None:
    """Return when the first of the drains began that this one, by its ARN, extends; None for one that extends none."""
    before = {record.taken_over_by: record for record in records if record.taken_over_by}
    began_at = None
    while EXTENDED in execution.rsplit(":", 1)[-1] and execution in before:
        began_at, execution = before[execution].started_at, before[execution].execution
    return began_at


def latest_of(state: Mapping[str, Any], began_at: datetime | None = None) -> datetime | None:
    """Return the latest deadline that fits what Auto Scaling's hook leaves; None without a lifecycle action.

    `began_at`: when the first drain of this lifecycle action began, where this one extends it. Each counts the hook's
    time from its own start.
    """
    ceiling = state["drain"].get("ceiling_at")
    if not ceiling:
        return None
    if began_at:
        ceiling = stamp(instant(ceiling) - (instant(state["drain"]["started_at"]) - began_at))
    stops = state["drain"]["policy"]["on_deadline"] == OnDeadline.STOP_TASKS
    return instant(ceiling) - CEILING_MARGIN - (STOPPING if stops else timedelta(0))


def extended_to(extension: Extension, longer: timedelta) -> datetime:
    """Return the later deadline; raises Halt where it is hardly later, or later than the hook holds the instance."""
    if longer < LEAST:
        raise Halt(f"{spell(longer)} is no extension: expected {spell(LEAST)} or more", code=ExitCode.USAGE)
    wanted = extension.deadline_at + longer
    if earlier(wanted, extension.latest_at) != wanted:
        latest = extension.latest_at
        raise Halt(
            f"The deadline of {extension.instance_id} can't be {stamp(wanted)}: Auto Scaling's hook holds the instance "
            f"no longer than until {stamp(latest) if latest else ''}, the margin for the answer taken off",
            "extend it by less; a longer heartbeat timeout of the hook gives later drains more",
            ExitCode.REFUSED,
        )
    return wanted


def extend(desk: Desk, extension: Extension, longer: timedelta, why: str) -> str:
    """Extend the deadline; returns the ARN of the execution that goes on with the drain.

    The open execution is stopped first: while it runs, the machine leaves the drain to it. Raises Halt where it had
    ended by itself, and then nothing is started; and where none could be started, which `drain` or the reconciler does.
    """
    deadline_at = extended_to(extension, longer)
    old, now, who = extension.found.execution, desk.now(), desk.installation.who
    name = f"{extension.instance_id}{EXTENDED}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    described = desk.ask(executions.describe, old)
    asked = json.loads(described.input or "{}") if described else {}
    payload = execution_input(later_request(asked, deadline_at - now, f"{who} extends it: {why}"))
    new = desk.installation.execution(name)
    if new == old:
        raise Halt("It was extended this very second", "try again", ExitCode.REFUSED)
    desk.ask(
        executions.stop, old, TAKEN_OVER, f"Taken over by {new}, with which {who} extends its deadline: {why}"
    )
    ended = desk.ask(executions.describe, old)
    if ended is None or ended.error != TAKEN_OVER:
        raise Halt(
            "The drain had ended by itself a moment before: nothing was extended", code=ExitCode.NOT_FOUND
        )
    try:
        started = desk.ask(stepfunctions.start, desk.installation.state_machine, name, payload)
    except Exception as error:
        raise Halt(
            f"The drain of {extension.instance_id} is stopped, and the one that goes on could not be started: {error}",
            f"start it with `ecs-drainer drain {extension.instance_id} --force`; where a lifecycle action waits, the "
            "reconciler does within 5 minutes",
        ) from error
    desk.say(f"Drain {name} goes on with {extension.instance_id}; its deadline is {stamp(deadline_at)}.")
    return started.execution


def later_request(asked: Mapping[str, Any], left: timedelta, why: str) -> DrainRequest:
    """Return the request of the drain that goes on, from the input of the one that is stopped.

    The lifecycle action goes without its token: so the first heartbeat is recorded at once, as the hook's timer has run
    since the stopped drain's last.
    """
    request = DrainRequest.from_state(asked)
    action = request.lifecycle_action
    return replace(
        request,
        lifecycle_action=replace(action, token=None) if action else None,
        settings={**request.settings, "deadline": f"{int(left.total_seconds())}s"},
        reason=one_line("; ".join(filter(None, (request.reason, why))))[:1000],
    )
