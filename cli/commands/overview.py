"""`ecs-drainer list`, `history`, `status` and `watch`: open and past drains."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chalicelib.explain.words import some
from chalicelib.gateways.ledger import read_records
from cli import drains, executions, standing
from cli.command import command
from cli.desk import Desk
from cli.drains import Found, find_drain, instance_id_of, open_drains
from cli.exit_codes import ExitCode
from cli.followed import Followed
from cli.following import follow
from cli.options import SomeInstances

Limit = Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, help="How many, newest first.")]
Watched = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="DRAIN", help="A drain's name or ARN, or an instance. Every open drain, if none is named."
    ),
]


@command
def list_(desk: Desk) -> ExitCode:
    """List the open drains: since when, how much time is left, who asked, and why."""
    found, now = open_drains(desk), desk.now()
    documents = [_open_document(each, desk) for each in found]
    rows = [drains.open_row(each, now) for each in found]
    desk.table(drains.OPEN_HEADER, rows, documents, "No drain is open.")
    return ExitCode.OK


def _open_document(found: Found, desk: Desk) -> dict[str, Any]:
    if found.record:
        return drains.document(found.record, desk.now())
    return {"instance_id": found.instance_id, "execution": found.execution, "status": "planning"}


@command
def history(desk: Desk, *, instances: SomeInstances = None, limit: Limit = 20) -> ExitCode:
    """List past drains, newest first: how each ended, how long it took, who asked, and why."""
    wanted = {instance_id_of(desk, name) for name in instances or ()}
    records = [
        record
        for record in desk.ask(read_records, desk.installation.ledger)
        if not record.is_open and (not wanted or record.instance_id in wanted)
    ][:limit]
    rows = [drains.past_row(record) for record in records]
    documents = [drains.document(record, desk.now()) for record in records]
    desk.table(drains.PAST_HEADER, rows, documents, _no_past_drain(wanted))
    return ExitCode.OK


def _no_past_drain(wanted: set[str]) -> str:
    whose = f" of {some(sorted(wanted))}" if wanted else ""
    return f"The ledger knows no past drain{whose}."


@command
def status(desk: Desk, *, instances: SomeInstances = None) -> ExitCode:
    """Say how drains stand: what holds them, how much time is left, what was explained last."""
    found = [find_drain(desk, name) for name in instances] if instances else open_drains(desk)
    told = [_standing(desk, each) for each in found]
    texts = [text for text, _ in told] or ["No drain is open."]
    desk.report("\n\n".join(texts), [document for _, document in told])
    return ExitCode.OK


def _standing(desk: Desk, found: Found) -> tuple[str, dict[str, Any]]:
    document = _open_document(found, desk)
    state = desk.ask(executions.latest_state, found.execution) if found.is_open else {}
    if not found.is_open:
        return standing.ended(found.instance_id, found.record), document
    if not state:
        return f"{found.instance_id}: a drain is being planned", document
    return standing.text(found.execution, state, desk.now()), {**document, **standing.facts(state)}


def _running_successor(desk: Desk, found: Found) -> Found:
    """Return the open drain that took this one over, if one did; else this one."""
    if found.record is None or found.record.taken_over_by is None:
        return found
    successor = find_drain(desk, found.record.taken_over_by)
    return successor if successor.is_open else found


@command
def watch(desk: Desk, *, names: Watched = None) -> ExitCode:
    """Follow drains that were started before, by anyone or anything, to their end."""
    found = (
        [_running_successor(desk, find_drain(desk, name)) for name in names] if names else open_drains(desk)
    )
    for each in found:
        if not each.is_open:
            desk.warn(standing.ended(each.instance_id, each.record))
    still = [Followed(each.instance_id, each.execution) for each in found if each.is_open]
    if not still:
        desk.say("No drain is open: there is nothing to watch.")
        return ExitCode.OK
    return follow(desk, still)
