"""What a drain remembers from one look to the next, as the state machine carries it.

Only tasks that are not STOPPED yet are kept with their status; of the stopped ones the newest ids are, so that the
listing before the end need not describe them again. A state may hold 256 KiB: two hundred tasks take about 25.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.carried import Carried, state_of

STOPPED_IDS_KEPT = 200
TROUBLES_KEPT = 20


@dataclass(frozen=True, slots=True)
class Memory(Carried):
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

    def to_state(self) -> dict[str, Any]:
        """Return the JSON that the state machine carries to the next look: the newest of what only grows."""
        newest = replace(
            self, stopped=self.stopped[-STOPPED_IDS_KEPT:], troubles=self.troubles[-TROUBLES_KEPT:]
        )
        return state_of(newest)

    def with_asked(self, arns: tuple[str, ...]) -> Memory:
        """Return this memory with StopTask called for more tasks."""
        return replace(self, stop_asked=tuple(dict.fromkeys((*self.stop_asked, *arns))))
