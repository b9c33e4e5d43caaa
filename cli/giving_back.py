"""Gives an instance back: stops its drain, closes the drain's record, sets the instance ACTIVE, and tells of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.gateways import autoscaling, ecs
from chalicelib.gateways.find import find
from chalicelib.gateways.ledger import close_cancelled, read_record
from chalicelib.plan.findings import Findings
from chalicelib.tell import notice
from cli import executions
from cli.cancelling import Doom, doom_of
from cli.desk import Desk
from cli.drains import Found, find_open
from cli.exit_codes import ExitCode
from cli.fleets.reading import fleet_that_waits_for
from cli.inventory import clusters, read_stage
from cli.problems import Halt
from cli.requests import Wishes
from cli.telling import tell


@dataclass(frozen=True, slots=True)
class Case:
    """One instance to be given back."""

    instance_id: str
    findings: Findings
    found: Found | None
    """Its open drain."""
    doom: Doom | None
    state: Mapping[str, Any] = field(default_factory=dict)
    """What the open drain knows; empty before its plan."""

    @property
    def draining(self) -> bool:
        """Whether it takes no tasks now."""
        return any(one.status == "DRAINING" for one in self.findings.in_service)

    def fate(self, desk: Desk) -> tuple[str, str]:
        """Return what becomes of the instance, in some words and in a sentence."""
        if self.doom:
            sentence = (
                f"{self.doom.sentence(desk.now())}. It stays DRAINING, so that no new task comes to it."
            )
            return "still DRAINING", sentence
        sentence = f"{self.instance_id} is ACTIVE again: ECS may place tasks on it; those that moved away stay there."
        return "and ACTIVE again", sentence


def read_case(desk: Desk, instance_id: str, clusters: Sequence[str]) -> Case:
    """Return what is to be known of an instance before it is given back; touches nothing."""
    found = find_open(desk, instance_id)
    findings = desk.ask(find, Wishes().request(instance_id), clusters)
    state: dict[str, Any] = desk.ask(executions.latest_state, found.execution) if found else {}
    group = findings.group
    hook_name = (state.get("lifecycle_action") or {}).get("LifecycleHookName")
    hook = desk.ask(autoscaling.describe_hook, group.name, hook_name) if group and hook_name else None
    return Case(instance_id, findings, found, doom_of(instance_id, group, hook, state), state)


def read_open_case(desk: Desk, instance_id: str) -> Case:
    """Return what is to be known of an instance; raises Halt where there is nothing to give back."""
    stage = desk.ask(read_stage, desk.installation)
    case = read_case(desk, instance_id, clusters(desk, None, stage.settings))
    if case.found is None and not case.draining:
        raise Halt(f"No drain of {instance_id} is open, and it isn't DRAINING", code=ExitCode.NOT_FOUND)
    return case


def refuse_doomed(desk: Desk, cases: Sequence[Case], *, force: bool) -> None:
    """Raise Halt where Auto Scaling takes an instance away whatever becomes of its drain, unless that is overridden."""
    doomed = [case.doom.sentence(desk.now()) for case in cases if case.doom]
    if doomed and not force:
        sentences = "\n  ".join(doomed)
        remedy = "let the drain go on; or give --force to stop it, which leaves the tasks to be killed"
        raise Halt(f"Nothing was cancelled, because\n  {sentences}", remedy, ExitCode.REFUSED)


def warn_of_fleet(desk: Desk, case: Case) -> None:
    """Say that an open fleet comes back for what it has not drained yet."""
    fleet = fleet_that_waits_for(desk, case.instance_id)
    if fleet:
        desk.warn(
            f"Warning: {case.instance_id} waits in fleet {fleet}, which will drain it; "
            f"`ecs-drainer fleet cancel {fleet}` stops that"
        )


def give_back(desk: Desk, case: Case, why: str) -> dict[str, Any]:
    """Stop the execution, close its record, set the instance ACTIVE, tell, in this order; each is harmless twice."""
    is_stopped = _stop(desk, case.found, why) if case.found else False
    if case.doom is None:
        for cluster, arns in case.findings.containers().items():
            desk.ask(ecs.set_state, cluster, arns, "ACTIVE")
    desk.say(case.fate(desk)[1])
    if case.found and is_stopped:
        _tell(desk, case, case.found.execution, why)
    return {
        "instance_id": case.instance_id,
        "cancelled": case.found.execution if case.found else None,
        "is_active": case.doom is None,
        "terminated_at": case.doom.ends_at if case.doom else None,
    }


def _stop(desk: Desk, found: Found, why: str) -> bool:
    """Stop a drain and close its record; returns False where it had ended by itself a moment before."""
    who, name = desk.installation.who, found.execution.rsplit(":", 1)[-1]
    desk.ask(executions.stop, found.execution, "Cancelled", f"Cancelled by {who}: {why}")
    ended = desk.ask(executions.describe, found.execution)
    if ended and ended.error != "Cancelled":
        desk.warn(f"Note: drain {name} had ended by itself a moment before, as {ended.status}.")
        return False
    record = desk.ask(read_record, desk.installation.ledger, name)
    if record:
        desk.ask(close_cancelled, desk.installation.ledger, record, who, f"cancelled: {why}", desk.now())
    desk.say(f"Drain {name} is stopped.")
    return True


def _tell(desk: Desk, case: Case, execution: str, why: str) -> None:
    fate, sentence = case.fate(desk)
    cancelled = {"who": desk.installation.who, "why": why, "fate": fate, "sentence": sentence}
    state = {"instance_id": case.instance_id, **case.state, "outcome": {"name": "cancelled"}}
    told = notice.compose("ended", {**state, "cancelled": cancelled}, execution, desk.now())
    has_failed_before = bool(case.state.get("untold"))
    own = case.state["drain"]["topic"] if case.state and not has_failed_before else desk.installation.topic
    tell(desk, told, own)
