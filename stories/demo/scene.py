"""What is known of the scene: instances, tasks and drains, put together from what AWS itself tells. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

LEAVING_STATUSES = ("DEACTIVATING", "STOPPING", "DEPROVISIONING")
"""Between RUNNING and STOPPED: no longer counted by `runningTasksCount`, and still there."""

WAITS_FOR_EVENTS = "Wait for events"
"""The state of a drain that ends its wait when ECS tells something, or when something is due."""


@dataclass(frozen=True)
class Move:
    """A task's step from one status to another."""

    task: str
    """Its name and id."""
    before: str
    after: str
    note: str = ""

    @property
    def text(self) -> str:
        """The step as a line tells it."""
        return f"{self.task}  {self.before or 'new'} -> {self.after}{f': {self.note}' if self.note else ''}"


@dataclass(frozen=True)
class Entry:
    """One thing that happened, as a line tells it."""

    at: datetime
    text: str
    tone: str = "aws"
    """Who speaks: `aws`, `drain`, `task`, `elsewhere` (replacements); or `good`, `bad`, `held`."""
    instance_id: str = ""
    move: Move | None = None


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with all steps that a task takes in the same instant as one."""
    found: dict[object, Entry] = {}
    for number, entry in enumerate(entries):
        key: object = (entry.at, entry.move.task) if entry.move else number
        first = found.get(key)
        if first and first.move and entry.move:
            move = replace(entry.move, before=first.move.before)
            found[key] = replace(entry, move=move, text=move.text)
        else:
            found[key] = entry
    return list(found.values())


@dataclass
class Task:
    """A task, with every status that ECS told of."""

    arn: str
    group: str
    """As ECS writes it: `service:web`, `family:nightly-report`."""
    container_instance: str
    spans: list[tuple[datetime, str]] = field(default_factory=list)
    """When each status began, oldest first."""

    @property
    def id(self) -> str:
        """The first characters of its id, enough to tell tasks apart."""
        return self.arn.rsplit("/", 1)[-1][:8]

    @property
    def name(self) -> str:
        """The service that it is of, or the family of a standalone task."""
        return self.group.partition(":")[2]

    @property
    def is_standalone(self) -> bool:
        """Whether no service runs it."""
        return not self.group.startswith("service:")

    @property
    def status(self) -> str:
        """The last status."""
        return self.spans[-1][1]

    @property
    def is_stopped(self) -> bool:
        """Whether it is over: the one status that lets an instance go."""
        return self.status == "STOPPED"

    def status_at(self, at: datetime) -> str | None:
        """Return the status at an instant, or None before the task was there."""
        return next((status for since, status in reversed(self.spans) if since <= at), None)

    def since(self, status: str) -> datetime | None:
        """Return when it first had a status."""
        return next((at for at, found in self.spans if found == status), None)


@dataclass
class Instance:
    """A container instance."""

    arn: str
    instance_id: str
    zone: str
    status: str


@dataclass
class Drain:
    """One instance that Auto Scaling takes, and the execution that drains it."""

    instance_id: str
    began_at: datetime
    hook: str = ""
    execution: str = ""
    status: str = ""
    """Of the execution: `RUNNING`, `SUCCEEDED`, `FAILED`, ...; empty before there is one."""
    state: str = ""
    """The state that the machine is in."""
    wait_seconds: float = 0
    next_look_at: datetime | None = None
    """When the next look is due if no event comes before; None for a drain that polls."""
    wait_ends_at: datetime | None = None
    waits_for_events: bool = False
    """Whether it has begun to."""
    summary: str = ""
    """What the last look saw."""
    looks: list[datetime] = field(default_factory=list)
    heartbeats: list[datetime] = field(default_factory=list)
    transitions: int = 1
    """States entered; the start counts as one."""
    explanation: str = ""
    explained_at: datetime | None = None
    draining_at: datetime | None = None
    continued_at: datetime | None = None
    terminated_at: datetime | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    """The machine's variables, as its history has them."""
    trouble: str = ""
    """What the last call of the present state met; empty after a success."""
    outcome: str = ""
    cause: str = ""
    """Why the execution failed, if it did."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it: its instance is gone, or its execution failed."""
        return self.terminated_at is not None or self.status not in ("", "RUNNING", "SUCCEEDED")


@dataclass
class Scene:
    """All of it, in the order in which it came to be known."""

    daemons: frozenset[str] = frozenset()
    """The names of the daemon services, which ECS stops last."""
    instances: dict[str, Instance] = field(default_factory=dict)
    """By the ARN of the container instance."""
    tasks: dict[str, Task] = field(default_factory=dict)
    """By ARN."""
    drains: dict[str, Drain] = field(default_factory=dict)
    """By the id of the EC2 instance."""
    comments: dict[str, str] = field(default_factory=dict)
    """What the definition says about each state, by the state's name."""

    def instance_of(self, task: Task) -> str:
        """Return the id of the EC2 instance that a task is on."""
        found = self.instances.get(task.container_instance)
        return found.instance_id if found else ""

    def tasks_on(self, instance_id: str) -> Iterator[Task]:
        """Yield the tasks of an instance, in the order in which they began."""
        return (task for task in self.tasks.values() if self.instance_of(task) == instance_id)

    def tasks_of(self, drain: Drain) -> list[Task]:
        """Return the tasks that a drain had to do with: those not over when it began, daemons last."""
        there = [
            task
            for task in self.tasks_on(drain.instance_id)
            if (task.status_at(drain.began_at) or "STOPPED") != "STOPPED"
        ]
        return sorted(there, key=self._rank)

    def last_stopped_at(self, drain: Drain) -> datetime | None:
        """Return when the last task of a drain was STOPPED."""
        stopped = [task.since("STOPPED") for task in self.tasks_of(drain)]
        return max((at for at in stopped if at is not None), default=None)

    def delay(self, drain: Drain) -> timedelta | None:
        """Return the time from the last STOPPED to CONTINUE."""
        stopped_at = self.last_stopped_at(drain)
        return drain.continued_at - stopped_at if drain.continued_at and stopped_at else None

    def _rank(self, task: Task) -> int:
        return 2 if task.name in self.daemons else int(task.is_standalone)


def minutes(passed: timedelta) -> str:
    """Return a time since the beginning: `2:08`, `1:02:08`."""
    whole = max(0, int(passed.total_seconds()))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
