"""How many tasks of a service may go and come at once: the rounding that makes small services deadlock.

ECS rounds the minimum healthy percent up and the maximum percent down to whole tasks
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html). A task leaves a
DRAINING instance only by a step inside these bounds: *stop first* (stop it, then replace it) or *start first*
(replace it, then stop it).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.common.model import Task
from chalicelib.common.services import Service, TaskDefinition
from chalicelib.explain.circumstances import Circumstances

HEALTHY_AFTER = timedelta(seconds=40)
"""So long after RUNNING a task without health check and load balancer counts as healthy (same page)."""

OWN_CONTROLLERS = frozenset({"CODE_DEPLOY", "EXTERNAL"})
"""Deployment controllers for which ECS uses the default percents while draining, whatever is set."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The fewest healthy tasks and the most running or pending tasks that ECS allows itself."""

    fewest: int
    most: int

    @property
    def room(self) -> int:
        """How many tasks can be on the move at once."""
        return max(0, self.most - self.fewest)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a service stands between its bounds right now."""

    bounds: Bounds
    running: int
    pending: int
    healthy: int

    @property
    def can_stop_first(self) -> bool:
        """Whether one healthy task fewer is still enough."""
        return self.healthy - 1 >= self.bounds.fewest

    @property
    def can_start_first(self) -> bool:
        """Whether one task more is allowed; whether there is a place for it is another question."""
        return self.running + self.pending + 1 <= self.bounds.most


def bounds_of(desired: int, minimum_percent: int, maximum_percent: int) -> Bounds:
    """Return ceil(desired * minimum) and floor(desired * maximum), in whole tasks and exactly."""
    return Bounds(fewest=-(-desired * minimum_percent // 100), most=desired * maximum_percent // 100)


def is_deadlocked(desired: int, minimum_percent: int, maximum_percent: int) -> bool:
    """Say whether a service at its desired count can never move a task, however much room the cluster has."""
    bounds = bounds_of(desired, minimum_percent, maximum_percent)
    return desired > 0 and desired - 1 < bounds.fewest and desired + 1 > bounds.most


def can_never_move(service: Service) -> bool:
    """Say whether a service's percents let it move no task of a DRAINING instance; daemons are stopped, not moved."""
    return not service.is_daemon and is_deadlocked(service.desired, *percents_of(service))


def percents_of(service: Service) -> tuple[int, int]:
    """Return the minimum and maximum percent that hold while draining."""
    if service.controller in OWN_CONTROLLERS:
        return 100, 200
    return service.minimum_percent, service.maximum_percent


def least_maximum_percent(desired: int) -> int:
    """Return the smallest maximum percent that lets a service start one task more."""
    return -(-(desired + 1) * 100 // max(1, desired))


def greatest_minimum_percent(desired: int) -> int:
    """Return the greatest minimum healthy percent that lets a service stop one task first."""
    return max(0, desired - 1) * 100 // max(1, desired)


def standing_of(world: Circumstances, service: Service, at: datetime) -> Standing:
    """Count a service's running, pending and healthy tasks against its bounds."""
    bounds = bounds_of(service.desired, *percents_of(service))
    return Standing(bounds, service.running, service.pending, healthy_count(world, service, at))


def healthy_count(world: Circumstances, service: Service, at: datetime) -> int:
    """Return how many tasks ECS counts as healthy: by container health check and by every target group.

    Where the tasks weren't read, each running task counts, unless a target group says otherwise.
    """
    counts = [group.healthy for group in world.target_groups_of(service)]
    if service.tasks:
        definition = world.definition_of(service.task_definition_arn)
        counts.append(sum(is_healthy(service, definition, task, at) for task in service.tasks))
    return min([service.running, *counts])


def is_healthy(service: Service, definition: TaskDefinition, task: Task, at: datetime) -> bool:
    """Say whether one task is healthy by its own status; targets are counted by target group."""
    if task.last_status != "RUNNING" or task.desired_status != "RUNNING" or task.health_status == "UNHEALTHY":
        return False
    if definition.health_check_interval is not None:
        return task.health_status == "HEALTHY"
    if service.target_group_arns or task.started_at is None:
        return True
    return at - task.started_at >= HEALTHY_AFTER


def health_time(world: Circumstances, service: Service) -> timedelta:
    """Return the least time from RUNNING until a replacement counts as healthy."""
    times = [group.health_time for group in world.target_groups_of(service)]
    interval = world.definition_of(service.task_definition_arn).health_check_interval
    if interval is not None:
        times.append(interval)
    return max(times, default=HEALTHY_AFTER)
