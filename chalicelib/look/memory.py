"""What a drain remembers from one look to the next, as the state machine carries it.

Only tasks that are not STOPPED yet are kept with their status; of the stopped ones the newest ids are, so that the
listing before the end need not describe them again. A state may hold 256 KiB: a thousand tasks take about 35.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.carried import Carried, state_of, values_of
from chalicelib.common.packing import (
    PACKED_ABOVE,
    is_packed,
    pack,
    pack_tasks,
    unpack,
    unpack_groups,
    unpack_tasks,
)

STOPPED_IDS_KEPT = 200
TROUBLES_KEPT = 20
MOST_REMEMBERED = 1_500
"""Tasks that are followed at a time, 33 bytes each, and as many again where they are told to stop; once all of them are
STOPPED, a full listing names the next."""
ALL_BUT = "all_but"


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
    more: int = 0
    """How many tasks that are not STOPPED the last listing named beyond MOST_REMEMBERED."""

    @classmethod
    def at_start(cls, started_at: datetime) -> Memory:
        """Return the memory of a drain that has not looked yet."""
        return cls(started_at=started_at, changed_at=started_at)

    def to_state(self) -> dict[str, Any]:
        """Return the JSON that the state machine carries to the next look: the newest of what only grows."""
        newest = replace(
            self, stopped=self.stopped[-STOPPED_IDS_KEPT:], troubles=self.troubles[-TROUBLES_KEPT:]
        )
        return {
            **state_of(newest),
            "tasks": pack_tasks(self.tasks, self.groups),
            "groups": dict(self.groups) if len(self.tasks) <= PACKED_ABOVE else {},
            "stopped": pack(newest.stopped),
            "awaited": self._awaited(),
            # More of them the machine carries once, as `stopped`.
            "stop_asked": list(self.stop_asked) if len(self.stop_asked) <= PACKED_ABOVE else [],
        }

    def _awaited(self) -> Any:
        if len(self.awaited) <= PACKED_ABOVE or not self.awaited <= self.tasks.keys():
            return pack(sorted(self.awaited))
        return {ALL_BUT: pack(sorted(self.tasks.keys() - self.awaited))}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Memory:
        """Read what `to_state` wrote; raises InvalidInput, which names the field that lacks or is wrong."""
        return cls(**values_of(cls, {**state, **_unpacked(state)}))

    def with_asked(self, arns: tuple[str, ...]) -> Memory:
        """Return this memory with StopTask called for more tasks."""
        return replace(self, stop_asked=tuple(dict.fromkeys((*self.stop_asked, *arns))))


def _unpacked(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return those fields of a memory that are packed, as they are by the rule."""
    found: dict[str, Any] = {}
    if is_packed(tasks := state.get("tasks")):
        found |= {"tasks": unpack_tasks(tasks), "groups": unpack_groups(tasks)}
    if isinstance(stopped := state.get("stopped"), Mapping):
        found["stopped"] = unpack(stopped)
    if isinstance(awaited := state.get("awaited"), Mapping):
        is_rest = ALL_BUT in awaited
        named = unpack(awaited[ALL_BUT] if is_rest else awaited)
        found["awaited"] = sorted(found["tasks"].keys() - set(named)) if is_rest else named
    return found
