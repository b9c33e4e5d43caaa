"""A task: what ECS knows of it. `lifecycle` moves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random

from embedded_aws.agenda import Timer
from embedded_aws.ecs.container_instances import ContainerInstance
from embedded_aws.ecs.placement import Requirements
from embedded_aws.ecs.runtime import now
from embedded_aws.ecs.script import Script

if TYPE_CHECKING:
    from embedded_aws.ecs.services import Service

REMEMBERED_FOR = timedelta(hours=1)
"""DescribeTasks: a stopped task shows in the results for at least an hour; here, for exactly one."""
BEFORE_RUNNING = ("PROVISIONING", "PENDING", "ACTIVATING")
UP_TO_RUNNING = (*BEFORE_RUNNING, "RUNNING")


@dataclass
class Launch:
    """What a caller says about a new task; `cluster` and `definition` are moto's."""

    cluster: Any
    definition: Any
    group: str
    started_by: str | None = None
    service: Service | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    capacity_provider: str | None = None


@dataclass(eq=False)
class Task:
    """One task on a container instance; instants are None until they have come."""

    arn: str
    instance: ContainerInstance
    launch: Launch
    needs: Requirements
    script: Script
    created_at: datetime
    wake: Callable[[Task], None]
    """Tells the service schedulers that this task changed."""
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    version: int = 1
    is_healthy: bool = False
    health_status: str = "UNKNOWN"
    connectivity: str | None = None
    connectivity_at: datetime | None = None
    pull_started_at: datetime | None = None
    pull_stopped_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    execution_stopped_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    exit_code: int | None = None
    protected_until: datetime | None = None
    targets: list[tuple[str, str, int]] = field(default_factory=list)
    """Registered load balancer targets: target group ARN, target id, port."""
    has_stopped_by_itself: bool = False
    is_killed: bool = False
    timers: list[Timer] = field(default_factory=list)
    unreported: list[Callable[[], None]] = field(default_factory=list)
    """What the agent will do and report once it is connected again."""

    def __post_init__(self) -> None:
        self.bindings = [dict(binding) for binding in self.needs.bindings]
        self.tags = self.launch.tags
        self.runtime_ids = [mock_random.uuid4().hex for _ in self.definition.container_definitions]

    @property
    def task_arn(self) -> str:
        """The ARN under the name that moto's tag calls use."""
        return self.arn

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def cluster(self) -> Any:
        """moto's cluster."""
        return self.launch.cluster

    @property
    def definition(self) -> Any:
        """moto's task definition."""
        return self.launch.definition

    @property
    def service(self) -> Service | None:
        """The service whose scheduler owns the task."""
        return self.launch.service

    @property
    def is_live(self) -> bool:
        """Whether it is meant to run."""
        return self.desired_status == "RUNNING"

    @property
    def is_pending(self) -> bool:
        """Whether it is placed, and none of its containers runs."""
        return self.last_status in ("PROVISIONING", "PENDING")

    @property
    def is_protected(self) -> bool:
        """Whether its scale-in protection holds now."""
        return self.protected_until is not None and now() < self.protected_until

    @property
    def is_forgotten(self) -> bool:
        """Whether it stopped so long ago that describing it answers MISSING."""
        return self.stopped_at is not None and now() - self.stopped_at >= REMEMBERED_FOR

    def desired_status_at(self, at: datetime) -> str | None:
        """Say what a reader who is behind sees: None for a task that did not exist then."""
        if at < self.created_at:
            return None
        return "STOPPED" if self.stopping_at is not None and self.stopping_at <= at else "RUNNING"

    def forget_timers(self) -> None:
        """Cancel what was booked for the task, and what its agent has not done yet."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
        self.unreported.clear()
