"""Stops a fleet in its course: what becomes of each instance, of the fleet's entry, and who is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chalicelib.fleet import notice
from chalicelib.fleet.notice import CANCELLED, GIVEN_BACK, GOES_ON, KEPT
from chalicelib.gateways.ledger import close_fleet_cancelled
from cli import executions
from cli.desk import Desk
from cli.executions import Execution
from cli.fleets.progress import CANCELLED_BY_US, DRAINING, WAITING, Progress, Seat
from cli.fleets.reading import read_progress
from cli.giving_back import Case, give_back, read_case
from cli.telling import tell

SETTLES = 5.0
"""Seconds after which a drain that Step Functions stops along with its fleet is seen to have been stopped."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """How a fleet is to be stopped."""

    arn: str
    """Of the fleet's execution."""
    why: str
    with_drains: bool
    """Whether the drains that are open are cancelled too."""
    clusters: Sequence[str]
    """Where its instances are."""


def stop_execution(desk: Desk, stopping: Stopping, known: Progress) -> Progress:
    """Stop the fleet's execution, unless it has ended; return what its history says at its end."""
    if known.is_over:
        return known
    cause = f"Cancelled by {desk.installation.who}: {stopping.why}"
    desk.ask(executions.stop, stopping.arn, CANCELLED_BY_US, cause)
    desk.edge.sleep(SETTLES)
    return read_progress(desk, stopping.arn, known)


def see_to(desk: Desk, stopping: Stopping, known: Progress) -> list[Seat]:
    """Give back what nobody drains now, and cancel open drains if asked to; return how each instance stands."""
    return [replace(seat, state=_see_to(desk, stopping, seat)) for seat in known.seats.values()]


def _see_to(desk: Desk, stopping: Stopping, seat: Seat) -> str:
    if seat.state == DRAINING:
        execution = desk.ask(executions.describe, desk.installation.execution(seat.drain))
        if execution is not None:
            return _of_a_drain(desk, stopping, seat, execution)
    elif seat.state != WAITING:
        return seat.state
    return _of_one_not_begun(desk, stopping, seat)


def _of_a_drain(desk: Desk, stopping: Stopping, seat: Seat, execution: Execution) -> str:
    if execution.status == "RUNNING":
        return _of_an_open_drain(desk, stopping, seat)
    if execution.status == "SUCCEEDED":
        return str(json.loads(execution.output)["outcome"]["name"])
    if execution.status != "ABORTED":
        return "failed"
    if execution.error:  # a person cancelled it, or another drain took it over and goes on
        return CANCELLED if execution.error == CANCELLED_BY_US else GOES_ON
    desk.warn(f"Note: AWS stopped drain {seat.drain} along with the fleet.")
    kept = _set_active(desk, stopping, seat) == KEPT
    return KEPT if kept else CANCELLED


def _of_an_open_drain(desk: Desk, stopping: Stopping, seat: Seat) -> str:
    if not stopping.with_drains:
        remedy = f"`ecs-drainer cancel {seat.instance_id}` cancels that too"
        desk.say(f"{seat.instance_id}: its drain goes on; {remedy}")
        return GOES_ON
    case = read_case(desk, seat.instance_id, stopping.clusters)
    if case.doom:
        desk.say(f"{case.doom.sentence(desk.now())}. Its drain goes on.")
        return GOES_ON
    give_back(desk, case, stopping.why)
    return CANCELLED


def _of_one_not_begun(desk: Desk, stopping: Stopping, seat: Seat) -> str:
    return _set_active(desk, stopping, seat) if seat.set_draining else GIVEN_BACK


def _set_active(desk: Desk, stopping: Stopping, seat: Seat) -> str:
    """Set ACTIVE again what the fleet has set DRAINING, unless somebody else has it by now."""
    case = read_case(desk, seat.instance_id, stopping.clusters)
    if case.found or case.doom:
        desk.say(_whose(desk, case))
        return KEPT
    if case.draining:
        give_back(desk, case, stopping.why)
    return GIVEN_BACK


def _whose(desk: Desk, case: Case) -> str:
    if case.doom:
        return case.fate(desk)[1]
    drain = case.found.execution.rsplit(":", 1)[-1] if case.found else ""
    return f"{case.instance_id} is left to drain {drain}, which is not the fleet's"


def close(desk: Desk, stopping: Stopping, known: Progress, seats: Sequence[Seat]) -> None:
    """Close the fleet's entry in the ledger, and tell the stage's topic."""
    results, at, who = list(_results(seats)), desk.now(), desk.installation.who
    why, ledger = f"cancelled: {stopping.why}", desk.installation.ledger
    desk.ask(close_fleet_cancelled, ledger, known.name, who=who, why=why, results=results, at=at)
    fleet = {"name": known.name, "who": known.who, "reason": known.reason, "notices": known.notices}
    state = {"fleet": fleet, "results": results, "cancelled": {"who": who, "why": stopping.why}}
    tell(desk, notice.compose(state, stopping.arn, at), desk.installation.topic)


def _results(seats: Sequence[Seat]) -> Iterator[dict[str, str]]:
    """Yield how each instance stands, as the machine itself would record it."""
    for seat in seats:
        yield {"instance_id": seat.instance_id, "drain": seat.drain, "outcome": seat.state}
