"""`ecs-drainer cancel`: stops a drain and gives the instance back, or says why that would help nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from chalicelib.findings import Findings
from chalicelib.gateways import autoscaling, ecs
from chalicelib.gateways.find import find
from chalicelib.gateways.ledger import close_cancelled, read_record
from cli import executions
from cli.cancelling import Doom, doom_of
from cli.command import command
from cli.desk import Desk
from cli.drains import Found, find_open, instance_id_of
from cli.exit_codes import ExitCode
from cli.inventory import clusters, read_stage
from cli.options import Instances, Reason, Yes
from cli.problems import Halt
from cli.requests import Wishes

Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Stop the drain although Auto Scaling takes the instance; leaves it DRAINING."
    ),
]


@dataclass(frozen=True, slots=True)
class Case:
    """One instance to be given back."""

    instance_id: str
    findings: Findings
    found: Found | None
    doom: Doom | None

    @property
    def draining(self) -> bool:
        """Whether it takes no tasks now."""
        return any(one.status == "DRAINING" for one in self.findings.in_service)


@command
def cancel(
    desk: Desk, *, instances: Instances, reason: Reason = None, force: Force = False, yes: Yes = False
) -> ExitCode:
    """Stop a drain and set the instance ACTIVE again; tasks that moved away stay where they are.

    An instance that Auto Scaling is terminating can't be saved: that is said, with the time, and refused without
    --force. An instance that an earlier drain left DRAINING is set ACTIVE as well.
    """
    cases = [_case(desk, instance_id_of(desk, name)) for name in instances]
    doomed = [case.doom.sentence(desk.now()) for case in cases if case.doom]
    if doomed and not force:
        sentences = "\n  ".join(doomed)
        remedy = "let the drain go on; or give --force to stop it, which leaves the tasks to be killed"
        raise Halt(f"Nothing was cancelled, because\n  {sentences}", remedy, ExitCode.REFUSED)
    if not yes:
        _confirm(desk, cases)
    why = reason or "no reason was given"
    documents = [_cancel(desk, case, why) for case in cases]
    if desk.is_json:
        desk.report("", documents)
    return ExitCode.OK


def _case(desk: Desk, instance_id: str) -> Case:
    stage = desk.ask(read_stage, desk.installation)
    found = find_open(desk, instance_id)
    findings = desk.ask(find, Wishes().request(instance_id), clusters(desk, None, stage.settings))
    state: dict[str, Any] = desk.ask(executions.latest_state, found.execution) if found else {}
    group = findings.group
    hook_name = (state.get("lifecycle_action") or {}).get("LifecycleHookName")
    hook = desk.ask(autoscaling.describe_hook, group.name, hook_name) if group and hook_name else None
    case = Case(instance_id, findings, found, doom_of(instance_id, group, hook, state))
    if found is None and not case.draining:
        raise Halt(f"No drain of {instance_id} is open, and it isn't DRAINING", code=ExitCode.NOT_FOUND)
    return case


def _confirm(desk: Desk, cases: list[Case]) -> None:
    what = f"Cancel the drain of {', '.join(case.instance_id for case in cases)}"
    if not desk.edge.can_ask:
        raise Halt(f"{what}? Nobody is there to answer", "give --yes", ExitCode.REFUSED)
    if not typer.confirm(f"{what}?", err=True):
        raise Halt("Nothing was cancelled", code=ExitCode.REFUSED)


def _cancel(desk: Desk, case: Case, why: str) -> dict[str, Any]:
    """Stop the execution, close its record, set the instance ACTIVE, in this order; each is harmless twice."""
    if case.found:
        _stop(desk, case.found, why)
    if case.doom:
        desk.say(f"{case.doom.sentence(desk.now())}. It stays DRAINING, so that no new task comes to it.")
    else:
        for cluster, arns in case.findings.containers().items():
            desk.ask(ecs.set_state, cluster, arns, "ACTIVE")
        desk.say(
            f"{case.instance_id} is ACTIVE again: ECS may place tasks on it; those that moved away stay there."
        )
    return {
        "instance_id": case.instance_id,
        "cancelled": case.found.execution if case.found else None,
        "is_active": case.doom is None,
        "terminated_at": case.doom.ends_at if case.doom else None,
    }


def _stop(desk: Desk, found: Found, why: str) -> None:
    who, name = desk.installation.who, found.execution.rsplit(":", 1)[-1]
    desk.ask(executions.stop, found.execution, "Cancelled", f"Cancelled by {who}: {why}")
    ended = desk.ask(executions.describe, found.execution)
    if ended and ended.error != "Cancelled":
        desk.warn(f"Note: drain {name} had ended by itself a moment before, as {ended.status}.")
        return
    record = desk.ask(read_record, desk.installation.ledger, name)
    if record:
        desk.ask(close_cancelled, desk.installation.ledger, record, who, f"cancelled: {why}", desk.now())
    desk.say(f"Drain {name} is stopped.")
