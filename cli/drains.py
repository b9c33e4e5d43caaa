"""Finds drains, open and past, in the ledger and in Step Functions, by their own names or by their instances'."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.common.ledger import Record
from chalicelib.common.model import stamp
from chalicelib.events.fields import INSTANCE_ID
from chalicelib.explain.words import spell
from chalicelib.gateways.ledger import read_record, read_records
from cli import executions
from cli.asking import said
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.fleets.reading import fleet_machine
from cli.instances import AN_INSTANCE, refuse_what_is_no_name
from cli.inventory import find_instances, read_stage
from cli.problems import Halt
from cli.prospects import open_execution


@dataclass(frozen=True, slots=True)
class Found:
    """A drain that was found."""

    instance_id: str
    execution: str
    """The ARN of its execution."""
    is_open: bool
    record: Record | None = None
    """What the ledger says; None in the first seconds, before the plan."""


def open_drains(desk: Desk) -> list[Found]:
    """Return every open drain, latest first."""
    installation = desk.installation
    records = {record.execution: record for record in desk.ask(read_records, installation.ledger)}
    arns = desk.ask(executions.running, installation.state_machine)
    return [Found(instance_in(desk, arn, records.get(arn)), arn, True, records.get(arn)) for arn in arns]


def instance_in(desk: Desk, arn: str, record: Record | None) -> str:
    """Return the EC2 id of the instance that an execution drains; `?` where nobody can tell."""
    if record:
        return record.instance_id
    execution = desk.ask(executions.describe, arn)
    return str(json.loads(execution.input or "{}").get("instance_id", "?")) if execution else "?"


def find_drain(desk: Desk, name: str) -> Found:
    """Return the drain that a name means: its own name or ARN, or an instance's open drain, else its latest.

    Raises Halt where there is none, or where it is a fleet's.
    """
    refuse_what_is_no_name(
        [name], "DRAIN", f"a drain's name or ARN as `ecs-drainer history` shows it, or {AN_INSTANCE}"
    )
    found = _by_name(desk, name.rsplit(":", 1)[-1])
    if found is None:
        _refuse_fleet(desk, name.rsplit(":", 1)[-1])
    return found or find_drain_of(desk, _instance_meant(desk, name))


def _instance_meant(desk: Desk, name: str) -> str:
    """Return the EC2 id that a name means which is no drain's; raises Halt, saying both, where it means none."""
    try:
        return instance_id_of(desk, name)
    except Halt as halt:
        if halt.problem.code is not ExitCode.NOT_FOUND:
            raise
        sentence = f"No drain of stage {desk.stage} is called {name}, and {halt.problem.sentence}"
        remedy = "; ".join(
            filter(None, ("`ecs-drainer history` shows what drains are called", halt.problem.remedy))
        )
        raise Halt(sentence, remedy, ExitCode.NOT_FOUND) from None


def _refuse_fleet(desk: Desk, name: str) -> None:
    machine = fleet_machine(desk.installation).replace(":stateMachine:", ":execution:")
    if name.startswith("fleet-") and desk.ask(executions.describe, f"{machine}:{name}"):
        remedy = f"`ecs-drainer fleet status {name}` shows how it stands, and the names of its drains"
        raise Halt(f"{name} is a fleet, not a drain", remedy, ExitCode.NOT_FOUND)


def find_drain_of(desk: Desk, instance_id: str) -> Found:
    """Return an instance's open drain, else its latest; raises Halt where there is none."""
    running = find_open(desk, instance_id)
    if running:
        return running
    records = desk.ask(read_records, desk.installation.ledger, instance_id)
    if not records:  # one that failed before its plan was written down
        arn = desk.ask(executions.latest_named, desk.installation.state_machine, f"{instance_id}-")
        if arn:
            return Found(instance_id, arn, False)
        remedy = f"`ecs-drainer drain {instance_id}` starts one"
        raise Halt(f"No drain of {instance_id} is known to stage {desk.stage}", remedy, ExitCode.NOT_FOUND)
    return Found(instance_id, records[0].execution, False, records[0])


def find_open(desk: Desk, instance_id: str) -> Found | None:
    """Return an instance's open drain, or None."""
    ledger = desk.installation.ledger
    arn = desk.ask(open_execution, ledger, instance_id)
    if arn is None:  # one that is planning has no entry yet; its name begins with the instance's id
        arns = desk.ask(executions.running, desk.installation.state_machine)
        arn = next((each for each in arns if each.rsplit(":", 1)[-1].startswith(f"{instance_id}-")), None)
    if arn is None:
        return None
    return Found(instance_id, arn, True, desk.ask(read_record, ledger, arn.rsplit(":", 1)[-1]))


def instance_id_of(desk: Desk, name: str) -> str:
    """Return the EC2 id that a name means; an EC2 id is taken at its word, as the instance may be gone."""
    if INSTANCE_ID.fullmatch(name):
        return name
    stage = desk.ask(read_stage, desk.installation)
    return find_instances(desk, [name], None, stage.settings)[0]


def _by_name(desk: Desk, name: str) -> Found | None:
    if INSTANCE_ID.fullmatch(name) or "/" in name or "." in name:
        return None
    record = desk.ask(read_record, desk.installation.ledger, name)
    execution = desk.ask(executions.describe, desk.installation.execution(name))
    if record is None and execution is None:
        return None
    is_open = execution is not None and execution.status == "RUNNING"
    arn = execution.arn if execution else desk.installation.execution(name)
    return Found(instance_in(desk, arn, record), arn, is_open, record)


OPEN_HEADER = ("instance", "since", "left", "trigger", "who", "why", "drain")


def open_row(found: Found, now: datetime) -> Sequence[str]:
    """Return one line of the table of open drains."""
    name, record = found.execution.rsplit(":", 1)[-1], found.record
    if record is None:
        return (found.instance_id, "", "", "", "", "it is being planned", name)
    return (
        found.instance_id,
        stamp(record.started_at),
        left(record, now),
        record.trigger,
        said(record.who) or "",
        said(record.reason) or "",
        name,
    )


def left(record: Record, now: datetime) -> str:
    """Return how much of the time to the deadline is left, in words."""
    if record.deadline_at is None:
        return ""
    return spell(record.deadline_at - now) if record.deadline_at > now else "passed"


PAST_HEADER = ("instance", "started", "took", "ended as", "trigger", "who", "why", "drain")


def past_row(record: Record) -> Sequence[str]:
    """Return one line of the table of past drains."""
    took = spell(record.ended_at - record.started_at) if record.ended_at else ""
    return (
        record.instance_id,
        stamp(record.started_at),
        took,
        record.status,
        record.trigger,
        said(record.who) or "",
        said(record.reason) or "",
        record.name,
    )


def document(record: Record, now: datetime) -> dict[str, Any]:
    """Return a drain for programs."""
    open_for = record.deadline_at - now if record.deadline_at and record.is_open else None
    return {
        "drain": record.name,
        "execution": record.execution,
        "instance_id": record.instance_id,
        "status": record.status,
        "trigger": record.trigger,
        "who": said(record.who),
        "reason": said(record.reason),
        "started_at": stamp(record.started_at),
        "deadline_at": record.deadline_at and stamp(record.deadline_at),
        "left_seconds": None if open_for is None else max(0, int(open_for.total_seconds())),
        "ended_at": record.ended_at and stamp(record.ended_at),
        "summary": record.summary,
        "looks": None if record.is_open else record.looks,  # the ledger is told at the end
        "forced_stops": list(record.forced_stops),
        "taken_over_by": record.taken_over_by,
    }
