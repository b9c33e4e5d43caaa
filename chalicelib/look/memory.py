"""What a drain remembers from one look to the next, as the state machine carries it.

Only tasks that are not STOPPED yet are kept with their status; of the stopped ones the newest ids are, so that the
listing before the end need not describe them again. A state may hold 256 KiB: two hundred tasks take about 25.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.model import instant, stamp

STOPPED_IDS_KEPT = 200
TROUBLES_KEPT = 20


@dataclass(frozen=True, slots=True)
class Memory:
    """What the looks so far have seen of one drain."""

    started_at: datetime
    changed_at: datetime
    """When a task last appeared, moved to another status or was gone."""
    looks: int = 0
    wait: timedelta = timedelta(0)
    """The last wait, from which the next grows."""
    tasks: Mapping[str, str] = field(default_factory=dict)
    """The last status of every task not yet STOPPED, by ARN."""
    stopped: tuple[str, ...] = ()
    """ARNs of tasks that are STOPPED, newest last."""
    last_stopped_at: datetime | None = None
    """When the last of them was STOPPED, by ECS's own clock."""
    checked_at: datetime | None = None
    """When the container instance itself was last described."""
    daemon_services: frozenset[str] = frozenset()
    known_services: frozenset[str] = frozenset()
    """The services of which ECS was asked whether they are daemons."""
    daemons_alone_at: datetime | None = None
    """Since when nothing but daemon tasks is left."""
    daemon_stop: timedelta | None = None
    """How long the daemons may take to stop, from their task definitions."""
    disconnected_at: datetime | None = None
    """Since when the agent was seen disconnected without a break."""
    stop_asked: tuple[str, ...] = ()
    """ARNs of tasks that StopTask was called for."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """The group of every task not yet STOPPED, by ARN: `service:web`, `family:job`."""
    listed_at: datetime | None = None
    """When all tasks were last listed."""
    awaited: frozenset[str] = frozenset()
    """ARNs of the tasks whose STOPPED events are waited for."""
    polls: bool = False
    """Whether events were lost, so that the looks follow each other by the clock alone."""
    next_read_at: datetime | None = None
    """When ECS is asked again, whatever no event tells."""
    safety_wait: timedelta | None = None
    """How long before that it was asked."""
    troubles: tuple[str, ...] = ()
    """What ECS said of services on the instance, and was explained."""
    is_gone: bool = False
    """Whether the instance is gone, or stopped, whatever was left on it."""
    lost: int = 0
    """How many tasks were not STOPPED at the last look before they went with it."""

    @classmethod
    def at_start(cls, started_at: datetime) -> Memory:
        """Return the memory of a drain that has not looked yet."""
        return cls(started_at=started_at, changed_at=started_at)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Memory:
        """Read what `to_state` wrote."""
        return cls(
            started_at=instant(state["started_at"]),
            changed_at=instant(state["changed_at"]),
            looks=state["looks"],
            wait=timedelta(seconds=state["wait_seconds"]),
            tasks=state["tasks"],
            stopped=tuple(state["stopped"]),
            last_stopped_at=_instant_or_none(state["last_stopped_at"]),
            checked_at=_instant_or_none(state["checked_at"]),
            daemon_services=frozenset(state["daemon_services"]),
            known_services=frozenset(state["known_services"]),
            daemons_alone_at=_instant_or_none(state["daemons_alone_at"]),
            daemon_stop=_seconds_or_none(state["daemon_stop_seconds"]),
            disconnected_at=_instant_or_none(state["disconnected_at"]),
            stop_asked=tuple(state["stop_asked"]),
            # A drain that the release before began remembers none of what follows.
            groups=state.get("groups", {}),
            listed_at=_instant_or_none(state.get("listed_at")),
            awaited=frozenset(state.get("awaited", ())),
            polls=state.get("polls", False),
            next_read_at=_instant_or_none(state.get("next_read_at")),
            safety_wait=_seconds_or_none(state.get("safety_wait_seconds")),
            troubles=tuple(state.get("troubles", ())),
            is_gone=state.get("is_gone", False),
            lost=state.get("lost", 0),
        )

    def to_state(self) -> dict[str, Any]:
        """Return the JSON that the state machine carries to the next look."""
        return {
            "started_at": stamp(self.started_at),
            "changed_at": stamp(self.changed_at),
            "looks": self.looks,
            "wait_seconds": int(self.wait.total_seconds()),
            "tasks": dict(self.tasks),
            "stopped": list(self.stopped[-STOPPED_IDS_KEPT:]),
            "last_stopped_at": self.last_stopped_at and stamp(self.last_stopped_at),
            "checked_at": self.checked_at and stamp(self.checked_at),
            "daemon_services": sorted(self.daemon_services),
            "known_services": sorted(self.known_services),
            "daemons_alone_at": self.daemons_alone_at and stamp(self.daemons_alone_at),
            "daemon_stop_seconds": self.daemon_stop and int(self.daemon_stop.total_seconds()),
            "disconnected_at": self.disconnected_at and stamp(self.disconnected_at),
            "stop_asked": list(self.stop_asked),
            "groups": dict(self.groups),
            "listed_at": self.listed_at and stamp(self.listed_at),
            "awaited": sorted(self.awaited),
            "polls": self.polls,
            "next_read_at": self.next_read_at and stamp(self.next_read_at),
            "safety_wait_seconds": self.safety_wait and int(self.safety_wait.total_seconds()),
            "troubles": list(self.troubles[-TROUBLES_KEPT:]),
            "is_gone": self.is_gone,
            "lost": self.lost,
        }

    def with_asked(self, arns: tuple[str, ...]) -> Memory:
        """Return this memory with StopTask called for more tasks."""
        return replace(self, stop_asked=tuple(dict.fromkeys((*self.stop_asked, *arns))))


def _instant_or_none(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def _seconds_or_none(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
