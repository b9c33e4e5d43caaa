"""`ecs-drainer drain`: refuses first, then starts the deployed state machine, then follows.

The state machine is started here, by StartExecution with the name and the input that `start_manual_drain` would give
it, rather than by invoking that function: CloudTrail then names the person, and `states:StartExecution` is all that
they need. The reasons stand in docs/decisions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from chalicelib.common.model import stamp
from chalicelib.events import execution_input, execution_name
from chalicelib.explain.words import count
from chalicelib.gateways import stepfunctions
from cli import plan_view
from cli.command import command
from cli.commands.plan import read_prospects
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.followed import Followed
from cli.following import follow
from cli.inventory import StageSettings, read_stage, refusal
from cli.naming import names_of
from cli.options import Cluster, DrainSettings, DryRun, Instances, Reason, Yes
from cli.problems import Halt
from cli.prospects import Prospect, with_open_execution
from cli.refusals import objections, split
from cli.requests import Wishes

Detach = Annotated[bool, typer.Option("--detach", help="Start the drain and return at once.")]
Force = Annotated[bool, typer.Option("--force", help="Drain although objections name this flag.")]


@command
def drain(
    desk: Desk,
    *,
    instances: Instances,
    cluster: Cluster = None,
    settings: DrainSettings,
    reason: Reason = None,
    detach: Detach = False,
    dry_run: DryRun = False,
    force: Force = False,
    yes: Yes = False,
) -> ExitCode:
    """Drain instances and follow until every task is STOPPED.

    Refuses before anything is touched, and names the flag that overrides. Ctrl-C stops following; the drain goes on.
    """
    wishes = Wishes(settings=settings, cluster=cluster, reason=reason, who=desk.installation.who)
    stage, prospects = _look(desk, instances, wishes)
    _refuse(desk, prospects, force=force)
    if dry_run:
        return _show(desk, prospects)
    _confirm(desk, prospects, yes=yes)
    drains = [_start(desk, stage, prospect) for prospect in prospects]
    return ExitCode.OK if detach else _follow(desk, drains)


def _look(desk: Desk, names: Sequence[str], wishes: Wishes) -> tuple[StageSettings, list[Prospect]]:
    stage, ledger = deployed(desk), desk.installation.ledger
    prospects = read_prospects(desk, names, wishes, stage)
    return stage, [desk.ask(with_open_execution, prospect, ledger) for prospect in prospects]


def deployed(desk: Desk) -> StageSettings:
    """Return the stage's settings; raises Halt where the stage is not deployed."""
    stage = desk.ask(read_stage, desk.installation)
    if not stage.is_deployed:
        raise refusal(desk)
    return stage


def _refuse(desk: Desk, prospects: Sequence[Prospect], *, force: bool) -> None:
    """Tell every objection; raises Halt unless all are overridden."""
    standing, overridden = split(objections(prospects), force=force)
    for objection in overridden:
        desk.warn(f"Warning: {objection.instance_id}: {objection.sentence}")
    if not standing:
        return
    if desk.is_json:
        desk.report("", {"refused": [objection.record for objection in standing]})
    sentences = "\n  ".join(str(objection) for objection in standing)
    raise Halt(f"Nothing was drained, because\n  {sentences}", code=ExitCode.REFUSED)


def _show(desk: Desk, prospects: Sequence[Prospect]) -> ExitCode:
    texts = [
        f"{plan_view.render(each)}\n  Would start: {execution_input(each.request)}" for each in prospects
    ]
    documents = [
        {**plan_view.record(each), "would_start": json.loads(execution_input(each.request))}
        for each in prospects
    ]
    desk.report("\n\n".join([*texts, "Dry run: nothing was touched."]), documents)
    return ExitCode.OK


def _confirm(desk: Desk, prospects: Sequence[Prospect], *, yes: bool) -> None:
    if yes:
        return
    ids = ", ".join(each.instance_id for each in prospects)
    what = f"Drain {count(len(prospects), 'instance')}: {ids}"
    if not desk.edge.can_ask:
        raise Halt(f"{what}? Nobody is there to answer", "give --yes", ExitCode.REFUSED)
    for each in prospects:
        desk.warn(plan_view.render(each))
    if not typer.confirm(f"{what}?", err=True):
        raise Halt("Nothing was drained", code=ExitCode.REFUSED)


def _start(desk: Desk, stage: StageSettings, prospect: Prospect) -> Followed:
    at, request = desk.now(), prospect.request
    machine = stage.settings.state_machine_arn or desk.installation.state_machine
    started = desk.ask(stepfunctions.start, machine, execution_name(request, at), execution_input(request))
    name = started.execution.rsplit(":", 1)[-1]
    facts = {
        "at": stamp(at),
        "instance_id": request.instance_id,
        "kind": "started",
        "execution": started.execution,
    }
    desk.report_line(f"{stamp(at)} {request.instance_id} drain {name} is started", facts)
    names = names_of(task for world in prospect.worlds for task in world.tasks)
    return Followed(request.instance_id, started.execution, names=names)


def _follow(desk: Desk, drains: Sequence[Followed]) -> ExitCode:
    desk.warn("Ctrl-C stops following; the drain goes on in AWS.")
    return follow(desk, drains)
