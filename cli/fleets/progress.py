"""How a fleet stands, from the history of its execution. Pure: `advance` folds one event into what is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.common.history import state_after
from chalicelib.fleet.notice import ALREADY_OPEN, CANCELLED, GIVEN_BACK, GOES_ON, KEPT, WELL_ENDED, WORDS
from cli.executions import Event
from cli.exit_codes import ExitCode

WAITING, DRAINING = "waiting", "draining"


@dataclass(frozen=True, slots=True)
class Seat:
    """One instance of a fleet."""

    instance_id: str
    drain: str
    """The name of its drain, whether or not that has begun."""
    state: str = WAITING
    """`waiting`, `draining`, or how its drain ended."""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    set_draining: bool = False
    """Whether the fleet sets it DRAINING ahead of its drain."""
    held_by: str = ""
    """The name of the drain that had it already when its turn came."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it here."""
        return self.state not in (WAITING, DRAINING)

    @property
    def words(self) -> str:
        """Its state as people read it."""
        if self.state == ALREADY_OPEN and self.held_by:
            return f"left to drain {self.held_by}, which had it already"
        return WORDS.get(self.state, self.state)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a fleet from the events so far."""

    name: str
    last_id: int = 0
    status: str = "planning"
    """`planning`, `open`, `drained`, `incomplete`, `stopped`, `cancelled`, `failed` or `aborted`."""
    why: str = ""
    """What the plan, or a failure, says."""
    max_concurrent: int = 0
    who: str = ""
    reason: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seats: Mapping[str, Seat] = field(default_factory=dict)
    """By EC2 instance id, in the order in which they are drained."""
    notices: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the fleet has ended."""
        return self.status not in ("planning", "open")

    @property
    def exit_code(self) -> ExitCode:
        """What its end means to a script."""
        if not self.is_over or self.status == "drained":
            return ExitCode.OK
        return ExitCode.FAILED if self.status in ("failed", "aborted") else ExitCode.NOT_DRAINED

    def is_waiting(self, instance_id: str) -> bool:
        """Whether the fleet will drain an instance yet."""
        seat = self.seats.get(instance_id)
        return not self.is_over and seat is not None and seat.state == WAITING

    def count(self, *states: str) -> int:
        """Return how many instances are in one of these states."""
        return sum(seat.state in states for seat in self.seats.values())

    @property
    def summary(self) -> str:
        """Say in a line how many are where."""
        if self.status == "planning":
            return "it is being planned"
        over = [seat for seat in self.seats.values() if seat.is_over]
        good = sum(seat.state in WELL_ENDED for seat in over)
        if left := [f"{self.count(state)} {words}" for state, words in LEFT.items() if self.count(state)]:
            return ", ".join([f"{good} of {len(self.seats)} drained", *left])
        told = f"{good} of {len(self.seats)} drained, {self.count(DRAINING)} draining, {self.count(WAITING)} waiting"
        return told if good == len(over) else f"{told}, {len(over) - good} need somebody"


def with_outcomes(progress: Progress, outcomes: Mapping[str, str]) -> Progress:
    """Return what is known with how instances ended after the history's end, by EC2 id: of a cancelled fleet."""
    seats = {
        instance_id: replace(seat, state=outcomes.get(instance_id, seat.state))
        for instance_id, seat in progress.seats.items()
    }
    return replace(progress, seats=seats)


def advance(progress: Progress, event: Event) -> Progress:
    """Return what is known after one more event."""
    progress = replace(progress, last_id=event.id)
    if event.type == "ExecutionStarted":
        asked = _data(event, "input")
        who, reason = asked.get("who") or "-", asked.get("reason") or "-"
        return replace(progress, started_at=event.at, who=who, reason=reason)
    if event.type in ENDED:
        error, cause = event.details.get("error"), event.details.get("cause")
        is_ours = event.type == "ExecutionAborted" and error == CANCELLED_BY_US
        why = str(cause) if is_ours else ": ".join(filter(None, (error, cause))) or progress.why
        status = CANCELLED if is_ours else ENDED[event.type]
        return replace(progress, status=status, ended_at=event.at, why=why)
    if event.type == "ExecutionSucceeded":
        outcome = _data(event, "output").get("notice", {}).get("outcome", "drained")
        return replace(progress, status=outcome, ended_at=event.at)
    return _of_state(progress, event)


def _of_state(progress: Progress, event: Event) -> Progress:
    if event.state == "Plan the fleet" and event.type.endswith("Exited"):
        return _planned(progress, state_after({}, event.details) or _data(event, "output"))
    if event.type == "TaskSucceeded":
        return _held(progress, _data(event, "output").get("Output"))
    if event.state == "Drain the instance" and event.type.endswith("Entered"):
        given = _data(event, "input")
        return _seated(progress, given.get("drain", given), state=DRAINING, began_at=event.at)
    if event.state in SEEN_TO and event.type.endswith("Exited"):
        output = _data(event, "output")
        return _seated(progress, output, state=output.get("outcome", "ended"), ended_at=event.at)
    return progress


SEEN_TO = ("Seen to", "Tell how it ended")
"""Where the Map is done with an instance; the second is of the release before."""

LEFT = {
    GOES_ON: "left to their own drains",
    CANCELLED: "cancelled",
    GIVEN_BACK: "not begun",
    KEPT: "left DRAINING",
}
"""How the others stand in a fleet that was cancelled."""

CANCELLED_BY_US = "Cancelled"
"""The error with which the command stops a fleet's execution."""

ENDED = {"ExecutionFailed": "failed", "ExecutionTimedOut": "failed", "ExecutionAborted": "aborted"}


def _planned(progress: Progress, output: Mapping[str, Any]) -> Progress:
    fleet = output.get("fleet", {})
    batches = output.get("to_set_draining", [])
    first = {arn for batch in batches for arn in batch["container_instances"]}
    seats = {
        one["instance_id"]: Seat(
            one["instance_id"], one["name"], set_draining=one.get("container_instance") in first
        )
        for one in output.get("drains", [])
    }
    return replace(
        progress,
        status="open",
        why=output.get("room", ""),
        max_concurrent=fleet.get("max_concurrent", 0),
        seats=seats,
        notices=tuple(fleet.get("notices", ())),
    )


def _held(progress: Progress, end: Any) -> Progress:
    """Learn from the end of a drain that found another one open whose that was."""
    drain = end if isinstance(end, dict) else {}
    if drain.get("outcome", {}).get("name") != "drain":
        return progress
    other = drain.get("open", {}).get("Item", {}).get("execution", {}).get("S", "")
    return _seated(progress, drain.get("drain", {}), held_by=other.rsplit(":", 1)[-1])


def _seated(progress: Progress, drain: Mapping[str, Any], **changed: Any) -> Progress:
    seat = progress.seats.get(str(drain.get("instance_id")))
    if seat is None:
        return progress
    return replace(progress, seats={**progress.seats, seat.instance_id: replace(seat, **changed)})


def _data(event: Event, name: str) -> dict[str, Any]:
    try:
        data = json.loads(event.details.get(name) or "{}")
    except ValueError:  # AWS cuts data of more than 256 KiB
        return {}
    return data if isinstance(data, dict) else {}
