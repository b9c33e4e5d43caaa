"""Watches services while a rehearsal, or what it is compared with, goes on: counts of tasks from instant to instant."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.ecs.models import ecs_backends

from embedded_aws.aws import ACCOUNT_ID, REGION, now
from embedded_aws.ecs.arithmetic import Bounds
from embedded_aws.ecs.runtime import ecs
from rehearsal.result import Below, Point, ServiceSeries


@dataclass
class ServiceWatch:
    """Points of each service of a cluster, from the moment it is made."""

    cluster: str
    points: dict[str, list[Point]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for service in self.services():
            self._note(service)
        ecs().observers.append(self.task_changed)

    def task_changed(self, task: Any) -> None:
        """Note how the task's service stands now."""
        if task.service is not None and task.service.cluster_name == self.cluster:
            self._note(task.service)

    def services(self) -> list[Any]:
        """Return the services of the cluster."""
        backend = ecs_backends[ACCOUNT_ID][REGION]
        return [each for each in backend.services.values() if each.cluster_name == self.cluster]

    def _note(self, service: Any) -> None:
        live = [task for task in service.tasks.values() if task.is_live]
        running = sum(task.last_status == "RUNNING" for task in live)
        healthy = sum(task.is_healthy for task in live)
        point = Point(_whole(now()), running, healthy, len(live) - running, service.desired_count)
        points = self.points.setdefault(service.name, [])
        if points and points[-1].at == point.at:
            points.pop()  # of one second, how it ends
        if not points or _figures(points[-1]) != _figures(point):
            points.append(point)

    def series(self, ended_at: datetime) -> tuple[ServiceSeries, ...]:
        """Return each service's points and the times below its minimum, in alphabetical order."""
        return tuple(
            _series(service, self.points.get(service.name, []), ended_at)
            for service in sorted(self.services(), key=lambda each: str(each.name))
        )


def _figures(point: Point) -> tuple[int, ...]:
    return point.running, point.healthy, point.pending, point.desired


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _series(service: Any, points: list[Point], ended_at: datetime) -> ServiceSeries:
    bounds = Bounds.of(service.desired_count, *service.percents)
    is_daemon = service.scheduling_strategy == "DAEMON"
    below = [] if is_daemon else _below(points, bounds.lower, ended_at)
    return ServiceSeries(
        service.name, is_daemon, 0 if is_daemon else bounds.lower, bounds.upper, tuple(points), tuple(below)
    )


def _below(points: list[Point], minimum: int, ended_at: datetime) -> list[Below]:
    """Return when fewer tasks than the minimum were healthy; points of one service, oldest first."""
    found: list[Below] = []
    ends = [point.at for point in points[1:]] + [max(ended_at, points[-1].at)] if points else []
    for point, end in zip(points, ends, strict=True):
        if point.healthy >= minimum:
            continue
        if found and found[-1].ends_at == point.at:
            found[-1] = Below(found[-1].begins_at, end, min(found[-1].fewest, point.healthy))
        else:
            found.append(Below(point.at, end, point.healthy))
    return found
