"""Decides whether an execution is told, why, and what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.common.model import ContainerInstance, stamp
from chalicelib.wake.row import Waiting, agent_word
from chalicelib.wake.seen import ServiceTrouble

EMPTIED = "emptied"
INSTANCE = "instance"
SERVICE = "service"
GATES = "gates"

MOST_SERVICES = 20
"""An execution takes 256 KiB, and all of them are in the row."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a batch brought for one waiting row."""

    row: Waiting
    """After the last write: it alone counts, as an execution may have looked and waited anew between two."""
    has_stops: bool = False
    stopped_at: datetime | None = None
    change: ContainerInstance | None = None
    troubles: tuple[ServiceTrouble, ...] = ()
    may_open_gates: bool = False
    """Whether a task runs, or has answered, that closed gates may wait for."""
    letters: frozenset[str] = field(default_factory=frozenset)

    def and_also(self, later: Heard) -> Heard:
        """Return this with what came after it."""
        return Heard(
            row=later.row,
            has_stops=self.has_stops or later.has_stops,
            stopped_at=max((at for at in (self.stopped_at, later.stopped_at) if at), default=None),
            change=later.change or self.change,
            troubles=tuple(dict.fromkeys((*self.troubles, *later.troubles))),
            may_open_gates=self.may_open_gates or later.may_open_gates,
            letters=self.letters | later.letters,
        )


def why(heard: Heard, view: ContainerInstance | None = None) -> str | None:
    """Return why the execution is to be told, or None: nobody waits, or nothing that matters has happened.

    Emptied is told again for each further event of a STOPPED task, until the token is gone: whether the last telling
    arrived is not known. It is never told while the row has a task left. `view`: the instance, once it was described:
    an event that came late may speak of what is over, such as ACTIVE from just before the drain.
    """
    if heard.row.token is None:
        return None
    if heard.has_stops and heard.row.is_empty_handed:
        return EMPTIED
    if heard.change is not None and differs(heard.row, view or heard.change):
        return INSTANCE
    if heard.troubles:
        return SERVICE
    return GATES if heard.may_open_gates and heard.row.is_at_gates else None


def differs(row: Waiting, view: ContainerInstance) -> bool:
    """Whether a container instance isn't as its execution last saw it: in status, or in its agent's connection."""
    return (view.status, agent_word(view.agent_connected)) != (row.status, row.agent)


def among(described: Iterable[ContainerInstance], row: Waiting) -> ContainerInstance:
    """Return the row's container instance among those described; MISSING where ECS does not know it any more."""
    missing = ContainerInstance(row.instance, cluster=row.cluster, status="MISSING", agent_connected=False)
    return next((each for each in described if each.arn == row.instance), missing)


def newest(described: ContainerInstance, change: ContainerInstance | None) -> ContainerInstance:
    """Return the newer of a description and an event: what ECS describes is only eventually consistent.

    One that is MISSING has no version, and is never there again.
    """
    if change is None or not described.version or change.version <= described.version:
        return described
    return change


def output(reason: str, heard: Heard, view: ContainerInstance | None, read_at: datetime) -> Mapping[str, Any]:
    """Return what an execution is given by its token.

    `read_at`: an instant before the instance was read, so that nothing counts as seen later than it was.
    """
    return {
        "why": reason,
        "events": heard.row.events,
        "looks": heard.row.looks,
        "read_at": stamp(read_at),
        "stopped_at": heard.stopped_at and stamp(heard.stopped_at),
        "instance": view and _state_of(view),
        "services": [trouble.to_state() for trouble in heard.troubles[:MOST_SERVICES]],
    }


def _state_of(view: ContainerInstance) -> dict[str, Any]:
    """Return a container instance as the state machine reads it."""
    return {
        "arn": view.arn,
        "cluster": view.cluster,
        "status": view.status,
        "agent_connected": view.agent_connected,
        "running": view.running_tasks,
        "pending": view.pending_tasks,
    }
