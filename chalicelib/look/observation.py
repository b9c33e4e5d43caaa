"""One look's observation, and how a drain's memory takes it in. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.common.model import ContainerInstance, Task, TaskKind
from chalicelib.look.memory import MOST_REMEMBERED, Memory
from chalicelib.plan.findings import IN_CLUSTER


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look read from ECS, and when."""

    at: datetime
    tasks: tuple[Task, ...]
    """The tasks that were described: all of them in a full listing, the remembered unstopped ones otherwise."""
    gone: frozenset[str] = frozenset()
    """ARNs of remembered tasks that ECS no longer knows: STOPPED tasks are kept for about an hour."""
    is_full: bool = False
    """Whether ListTasks was asked for both desired statuses, so that nothing can be missing."""
    instances: tuple[ContainerInstance, ...] | None = None
    """The container instances, where this look described them."""
    agents_connected: bool = True
    asked_services: frozenset[str] = frozenset()
    """The services that this look asked ECS about."""
    immovable_services: frozenset[str] = frozenset()
    """Of those, the ones whose percents let no task be moved, however much room there is."""
    daemon_services: frozenset[str] = frozenset()
    """Of those, the ones that run one task on each container instance."""
    trusts_ends: bool = False
    """Whether a task seen STOPPED on an instance that is gone had ended before: where ECS drains, it lets go last."""
    daemon_stop: timedelta | None = None
    """How long the daemon tasks may take to stop, where this look had to ask."""

    @property
    def unstopped(self) -> tuple[Task, ...]:
        """The tasks of which something is left, oldest ARN first."""
        return tuple(sorted((task for task in self.tasks if not task.is_stopped), key=lambda task: task.arn))

    @property
    def is_gone(self) -> bool:
        """Whether this look saw that no container instance is left; a deregistered one is INACTIVE, then MISSING."""
        return self.instances is not None and not any(
            instance.status in IN_CLUSTER for instance in self.instances
        )

    @property
    def counts_more(self) -> bool:
        """Whether ECS counts more tasks on the container instances than this look knows of."""
        counted = sum(each.running_tasks + each.pending_tasks for each in self.instances or ())
        return counted > len(self.unstopped)

    @property
    def is_cut_off(self) -> bool:
        """Whether this look saw every container instance with its agent disconnected."""
        return self.instances is not None and not any(each.agent_connected for each in self.instances)


def remember(memory: Memory, seen: Observation) -> Memory:
    """Return the memory after one more look."""
    kept = seen.unstopped[:MOST_REMEMBERED]
    now_unstopped = {task.arn: task.last_status for task in kept}
    stopped = [task.arn for task in seen.tasks if task.is_stopped] + sorted(seen.gone)
    daemons = memory.daemon_services | seen.daemon_services
    lost = memory.lost + count_lost(memory, seen)
    return replace(
        memory,
        looks=memory.looks + 1,
        changed_at=memory.changed_at if now_unstopped == dict(memory.tasks) else seen.at,
        tasks=now_unstopped,
        groups={task.arn: task.group for task in kept},
        more=len(seen.unstopped) - len(kept) if seen.is_full else memory.more,
        listed_at=seen.at if seen.is_full else memory.listed_at,
        stopped=_newest(memory.stopped, stopped),
        last_stopped_at=max([*_stops(seen.tasks), *_known(memory.last_stopped_at)], default=None),
        checked_at=memory.checked_at if seen.instances is None else seen.at,
        daemon_services=daemons,
        known_services=memory.known_services | seen.asked_services,
        daemons_alone_at=_since(memory.daemons_alone_at, only_daemons(seen.unstopped, daemons), seen.at),
        daemon_stop=memory.daemon_stop or seen.daemon_stop,
        disconnected_at=_since(memory.disconnected_at, not seen.agents_connected, seen.at),
        lost=lost,
        # A stopped EC2 instance stays registered; that its tasks went with it tells it from one out of reach.
        is_gone=memory.is_gone or seen.is_gone or (lost > 0 and seen.is_cut_off),
    )


def count_lost(memory: Memory, seen: Observation) -> int:
    """Count the tasks that were not STOPPED at the last look and went with the instance since.

    Where no container instance is left that is all of them: nobody saw how they ended. A watch lets ECS say it, whose
    own hook is completed within seconds of the last STOPPED, before any look.
    """
    if seen.is_gone:
        ended = {task.arn for task in seen.tasks if task.is_stopped and not task.went_with_its_host}
        alive = memory.tasks.keys() | {task.arn for task in seen.unstopped}
        return memory.more + len(alive - ended if seen.trusts_ends else alive)
    return sum(task.went_with_its_host for task in seen.tasks if task.arn in memory.tasks)


def _stops(tasks: Iterable[Task]) -> list[datetime]:
    return [task.stopped_at for task in tasks if task.is_stopped and task.stopped_at]


def _known(at: datetime | None) -> list[datetime]:
    return [] if at is None else [at]


def only_daemons(unstopped: Iterable[Task], daemon_services: frozenset[str]) -> bool:
    """Whether tasks are left and all of them belong to daemon services."""
    kinds = {task.kind(daemon_services) for task in unstopped}
    return kinds == {TaskKind.DAEMON}


def _since(before: datetime | None, holds: bool, at: datetime) -> datetime | None:
    """Return since when something holds without a break, or None when it doesn't."""
    return (before or at) if holds else None


def _newest(before: tuple[str, ...], more: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before, *more)))
