"""`ecs-drainer fleet plan` and `drain`: many instances, some at a time, no task moved twice."""

from __future__ import annotations

import typer

from chalicelib.common.model import stamp
from chalicelib.explain.words import count
from chalicelib.fleet.request import DEFAULT_AT_ONCE, DEFAULT_STOP_AFTER, FleetRequest
from cli.command import command
from cli.commands.drain import deployed
from cli.commands.fleet_cancel import cancel
from cli.commands.fleets_past import list_, status
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.fleets import outlook as outlooks
from cli.fleets.choosing import choose, refuse
from cli.fleets.following import follow
from cli.fleets.options import (
    Asked,
    AtOnce,
    Detach,
    Force,
    Hops,
    StopAfter,
)
from cli.fleets.outlook import ALLOW_HOPS, Outlook
from cli.fleets.reading import begin, fleet_machine
from cli.inventory import read_stage
from cli.options import DrainSettings, DryRun, Reason, Yes
from cli.problems import Halt
from cli.refusals import FORCE
from cli.requests import Wishes

app = typer.Typer(
    help="Drain many instances, some at a time, without moving a task twice.", no_args_is_help=True
)


@app.command("plan")
@command
def plan(
    desk: Desk,
    *,
    asked: Asked,
    max_concurrent: AtOnce = DEFAULT_AT_ONCE,
    settings: DrainSettings,
) -> ExitCode:
    """Say which instances would be drained and whether the rest has room; touches nothing.

    Options of one kind are alternatives, kinds narrow each other down. Exit code 5 when something speaks against it.
    """
    stage = desk.ask(read_stage, desk.installation)
    if stage.notice:
        desk.warn(f"Note: {stage.notice}")
    found = choose(desk, asked, stage.settings, Wishes(settings=settings))
    desk.report(outlooks.render(found, max_concurrent, desk.now()), outlooks.record(found))
    return ExitCode.BLOCKED if found.is_blocked else ExitCode.OK


@app.command("drain")
@command
def drain(
    desk: Desk,
    *,
    asked: Asked,
    max_concurrent: AtOnce = DEFAULT_AT_ONCE,
    stop_after: StopAfter = DEFAULT_STOP_AFTER,
    allow_hops: Hops = False,
    settings: DrainSettings,
    reason: Reason = None,
    detach: Detach = False,
    dry_run: DryRun = False,
    force: Force = False,
    yes: Yes = False,
) -> ExitCode:
    """Drain many instances, some at a time, and follow until the last.

    All become DRAINING first, so that no task moves twice, but for those whose gates or drain budget come before it. A
    stuck one keeps its place until its own deadline; the others pass it by. Ctrl-C detaches; the fleet goes on.
    """
    wishes = Wishes(settings=settings, cluster=asked.cluster)
    found = choose(desk, asked, deployed(desk).settings, wishes)
    request = FleetRequest(
        instances=found.instance_ids,
        max_concurrent=max_concurrent,
        stop_after=stop_after,
        may_hop=allow_hops or (force and not found.staying),  # else the machine refuses for want of room
        settings=wishes.request(found.instance_ids[0]).settings,
        reason=reason,
        who=desk.installation.who,
    )
    overridden = {ALLOW_HOPS: allow_hops, FORCE: force}
    refuse(desk, found, overridden)
    told = outlooks.render(found, max_concurrent, desk.now(), overridden)
    if dry_run:
        return _show(desk, found, request, told)
    if not yes:
        _confirm(desk, request, told)
    return _start(desk, request, detach=detach)


def _show(desk: Desk, found: Outlook, request: FleetRequest, told: str) -> ExitCode:
    document = {**outlooks.record(found), "would_start": request.to_state()}
    desk.report(f"{told}\nDry run: nothing was touched.", document)
    return ExitCode.OK


def _confirm(desk: Desk, request: FleetRequest, told: str) -> None:
    what = f"Drain {count(len(request.instances), 'instance')}, {request.max_concurrent} at once"
    if not desk.edge.can_ask:
        raise Halt(f"{what}? Nobody is there to answer", "give --yes", ExitCode.REFUSED)
    desk.warn(told)
    if not typer.confirm(f"{what}?", err=True):
        raise Halt("Nothing was drained", code=ExitCode.REFUSED)


def _start(desk: Desk, request: FleetRequest, *, detach: bool) -> ExitCode:
    at = desk.now()
    name = f"fleet-{at:%Y%m%dT%H%M%SZ}"
    arn = desk.ask(begin, fleet_machine(desk.installation), name, request.to_state())
    document = {"at": stamp(at), "kind": "started", "fleet": name, "execution": arn}
    size = count(len(request.instances), "instance")
    desk.report_line(f"{stamp(at)} fleet {name} of {size} is started", document)
    if detach:
        return ExitCode.OK
    desk.warn("Ctrl-C stops following; the fleet goes on in AWS.")
    return follow(desk, arn)


app.command("cancel")(cancel)
app.command("status")(status)
app.command("list")(list_)
