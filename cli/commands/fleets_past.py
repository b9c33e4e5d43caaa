"""`ecs-drainer fleet status` and `list`: how fleets stand, open and past."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from chalicelib.common.model import stamp
from chalicelib.explain.words import spell
from chalicelib.fleet.notice import CANCELLED
from cli.asking import said
from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.fleets.progress import Progress
from cli.fleets.reading import find_fleet, fleets, read_progress

Fleet = Annotated[
    str | None, typer.Argument(metavar="FLEET", help="A fleet's name or ARN; the newest otherwise.")
]


@command
def status(desk: Desk, *, fleet: Fleet = None) -> ExitCode:
    """Say how a fleet stands: which instances wait, which are draining, how the others ended."""
    known = read_progress(desk, find_fleet(desk, fleet))
    rows = [
        (seat.instance_id, seat.words, _time(seat.began_at), _time(seat.ended_at), seat.drain)
        for seat in known.seats.values()
    ]
    desk.say(_headline(known))
    header = ("instance", "state", "began", "ended", "drain")
    desk.table(header, rows, _document(known), known.why or "It has not been planned yet.")
    return ExitCode.OK


@command
def list_(desk: Desk) -> ExitCode:
    """List the newest fleets, open and past."""
    known = [read_progress(desk, arn) for arn in desk.ask(fleets, desk.installation)]
    rows = [
        (
            one.name,
            _time(one.started_at),
            one.status,
            one.summary,
            said(one.who) or "",
            said(one.reason) or "",
        )
        for one in known
    ]
    header = ("fleet", "started", "status", "instances", "who", "why")
    desk.table(header, rows, [_document(one) for one in known], "No fleet was drained yet.")
    return ExitCode.OK


def _time(at: datetime | None) -> str:
    return stamp(at) if at else ""


def _headline(known: Progress) -> str:
    took = f" after {spell(known.ended_at - known.started_at)}" if known.ended_at and known.started_at else ""
    why = f"\n{known.why}" if known.status in ("failed", "aborted", CANCELLED) else ""
    told = f"fleet {known.name} is {known.status}{took}: {known.summary}"
    reason = f" ({known.reason})" if said(known.reason) else ""
    return f"{told}; asked for by {known.who}{reason}{why}"


def _document(known: Progress) -> dict[str, Any]:
    return {
        "fleet": known.name,
        "status": known.status,
        "why": known.why,
        "summary": known.summary,
        "started_at": known.started_at,
        "ended_at": known.ended_at,
        "who": said(known.who),
        "reason": said(known.reason),
        "instances": [
            {"instance_id": seat.instance_id, "state": seat.state, "drain": seat.drain}
            for seat in known.seats.values()
        ],
    }
