"""`ecs-drainer fleet cancel`: no further drain begins, and no instance is left DRAINING that nobody drains."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chalicelib.common.model import stamp
from chalicelib.fleet.notice import CANCELLED, GIVEN_BACK
from chalicelib.gateways.ledger import read_fleet
from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.fleets.progress import Progress, with_outcomes
from cli.fleets.reading import find_fleet, read_progress
from cli.fleets.stopping import Stopping, close, see_to, stop_execution
from cli.inventory import clusters, read_stage
from cli.options import Reason, Yes
from cli.problems import Halt

Fleet = Annotated[str, typer.Argument(metavar="FLEET", help="A fleet's name or ARN.")]
Drains = Annotated[
    bool, typer.Option("--drains", help="Cancel the drains that are open too, as `cancel INSTANCE` does.")
]
BY_ITSELF = ("drained", "incomplete", "stopped")


@command
def cancel(
    desk: Desk, *, fleet: Fleet, drains: Drains = False, reason: Reason = None, yes: Yes = False
) -> ExitCode:
    """Stop a fleet: no further drain begins, and instances whose drain had not begun are ACTIVE again.

    Drains that are open go on, and each is listed with the command that cancels it; --drains cancels them as well.
    A fleet whose execution somebody stopped in the console is tidied up the same way. Exit code 4 for a fleet that is
    unknown or has ended.
    """
    arn = find_fleet(desk, fleet)
    known = read_progress(desk, arn)
    _check_open(desk, known)
    _confirm(desk, known, drains=drains, yes=yes)
    stage = desk.ask(read_stage, desk.installation)
    where = clusters(desk, None, stage.settings)
    stopping = Stopping(arn, reason or "no reason was given", drains, where)
    known = stop_execution(desk, stopping, known)
    if known.status in BY_ITSELF:
        raise _ended(known)
    desk.say(f"Fleet {known.name} is stopped: no further drain begins.")
    seats = see_to(desk, stopping, known)
    close(desk, stopping, known, seats)
    told = with_outcomes(known, {seat.instance_id: seat.state for seat in seats})
    desk.report(f"fleet {told.name} is {CANCELLED}: {told.summary}", _document(told))
    return ExitCode.OK


def _check_open(desk: Desk, known: Progress) -> None:
    """One whose execution was stopped but whose entry is open still has instances to be seen to."""
    if not known.is_over:
        return
    entry = desk.ask(read_fleet, desk.installation.ledger, known.name)
    if entry is None or not entry.is_open:
        raise _ended(known)


def _ended(known: Progress) -> Halt:
    at = f" at {stamp(known.ended_at)}" if known.ended_at else ""
    sentence = f"Fleet {known.name} is {known.status}; it ended{at}, and there is nothing to cancel"
    remedy = "`ecs-drainer list` shows the drains that are open, `ecs-drainer cancel INSTANCE` cancels one"
    return Halt(sentence, remedy, ExitCode.NOT_FOUND)


def _confirm(desk: Desk, known: Progress, *, drains: bool, yes: bool) -> None:
    if yes:
        return
    with_them = " and its open drains" if drains else ""
    what = f"Cancel fleet {known.name}{with_them}, with {known.summary}"
    if not desk.edge.can_ask:
        raise Halt(f"{what}? Nobody is there to answer", "give --yes", ExitCode.REFUSED)
    if not typer.confirm(f"{what}?", err=True):
        raise Halt("Nothing was cancelled", code=ExitCode.REFUSED)


def _document(told: Progress) -> dict[str, Any]:
    return {
        "fleet": told.name,
        "status": CANCELLED,
        "summary": told.summary,
        "instances": [
            {
                "instance_id": seat.instance_id,
                "state": seat.state,
                "drain": None if seat.state == GIVEN_BACK else seat.drain,
            }
            for seat in told.seats.values()
        ],
    }
