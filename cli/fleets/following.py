"""Follows a fleet to its end: a line for each drain that begins or ends; Ctrl-C detaches."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.common.model import stamp
from chalicelib.fleet.notice import CANCELLED
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.fleets.progress import DRAINING, Progress, Seat
from cli.fleets.reading import read_progress

LOOK_EVERY = 10.0
"""Seconds between two readings of the fleet's history."""


def follow(desk: Desk, arn: str) -> ExitCode:
    """Tell what changes until the fleet has ended; return what its end means."""
    known = Progress(arn.rsplit(":", 1)[-1])
    try:
        while not known.is_over:
            before, known = known, read_progress(desk, arn, known)
            for seat in changed(before, known):
                _tell(desk, seat)
            if not known.is_over:
                desk.edge.sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        desk.warn(
            f"\nDetached: the fleet goes on in AWS. `ecs-drainer fleet status {known.name}` tells how it stands."
        )
        return ExitCode.DETACHED
    document = {"fleet": known.name, "kind": "ended", "outcome": known.status, "summary": known.summary}
    at = known.ended_at or desk.now()
    why = f": {known.why}" if known.status in ("failed", "aborted", CANCELLED) else ""
    desk.report_line(f"{stamp(at)} fleet {known.name} is {known.status}: {known.summary}{why}", document)
    return known.exit_code


def changed(before: Progress, after: Progress) -> Iterator[Seat]:
    """Yield the instances whose drain has begun or ended since, in the order in which that happened."""
    news = [
        seat
        for instance_id, seat in after.seats.items()
        if seat.began_at is not None
        and (instance_id not in before.seats or before.seats[instance_id].state != seat.state)
    ]
    return iter(sorted(news, key=lambda seat: (seat.ended_at or seat.began_at, seat.instance_id)))


def _tell(desk: Desk, seat: Seat) -> None:
    at = seat.ended_at or seat.began_at or desk.now()
    text = f"drain {seat.drain} begins" if seat.state == DRAINING else seat.words
    document = {"at": at, "instance_id": seat.instance_id, "drain": seat.drain, "kind": seat.state}
    desk.report_line(f"{stamp(at)} {seat.instance_id} {text}", document)
