"""Services and task definitions as ECS showed them: how many tasks there are to be, and what each of them asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.common.model import Task

DEFAULT_STOP_TIMEOUT = timedelta(seconds=30)
"""Of a container without `stopTimeout`, where the agent's ECS_CONTAINER_STOP_TIMEOUT isn't set either."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A placement constraint of a service or a task definition; `expression` is for memberOf alone."""

    type: str
    expression: str = ""


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """A task definition: what one task of it asks of a container instance."""

    cpu: int = 0
    """CPU units: 1,024 are one vCPU."""
    memory: int = 0
    """MiB that are subtracted at placement: the task's, or its containers' reservations."""
    gpus: int = 0
    tcp_ports: frozenset[int] = frozenset()
    """Static host ports; a dynamic one (0) needs nothing."""
    udp_ports: frozenset[int] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Attributes that the instance must have, by name; "" where any value will do."""
    constraints: tuple[Constraint, ...] = ()
    pinned_volumes: tuple[str, ...] = ()
    """Volumes of a driver whose disks live in one Availability Zone (EBS)."""
    stop_timeout: timedelta = DEFAULT_STOP_TIMEOUT
    """The longest of its containers' stop timeouts: SIGKILL follows SIGTERM so much later."""
    health_check_interval: timedelta | None = None
    """Of the slowest container health check; None where no container has one."""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Empty unless they were asked for."""


@dataclass(frozen=True, slots=True)
class Share:
    """One item of a capacity provider strategy.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
    """

    provider: str
    base: int = 0
    """So many tasks of the service go to it first."""
    weight: int = 0
    """Its share of the tasks beyond the base."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of a service (a task set, for the CODE_DEPLOY and EXTERNAL controllers)."""

    id: str
    status: str = "PRIMARY"
    rollout_state: str = "COMPLETED"
    rollout_state_reason: str = ""
    failed_tasks: int = 0
    desired: int = 0
    running: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """One line of a service's event log."""

    created_at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service, as DescribeServices showed it, with as many of its tasks as were read."""

    name: str
    desired: int
    running: int
    pending: int = 0
    minimum_percent: int = 100
    maximum_percent: int = 200
    strategy: str = "REPLICA"
    launch_type: str = ""
    """Empty where it has a capacity provider strategy, its own or the cluster's default."""
    shares: tuple[Share, ...] = ()
    """Its own capacity provider strategy."""
    controller: str = "ECS"
    task_definition_arn: str = ""
    """Of the primary deployment: what a replacement is started from, whatever the old task runs."""
    constraints: tuple[Constraint, ...] = ()
    target_group_arns: tuple[str, ...] = ()
    health_check_grace: timedelta = timedelta(0)
    deployments: tuple[Deployment, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    tasks: tuple[Task, ...] = ()
    """Its tasks in the whole cluster, those on the draining instance too; empty when they weren't read."""
    cluster: str = ""
    """As it was asked for."""
    arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Empty unless they were asked for."""

    @property
    def is_daemon(self) -> bool:
        """Whether it keeps one task on each container instance."""
        return self.strategy == "DAEMON"
