"""The frozen values that every part of the drain speaks in: container instances and tasks as ECS showed them.

Nothing here decides or calls; the standard library is all it imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

STOPPED = "STOPPED"


class TaskKind(StrEnum):
    """What started a task, hence what makes it leave a DRAINING container instance."""

    SERVICE = "service"
    """Replaced elsewhere by its service within the minimum and maximum percent."""
    DAEMON = "daemon"
    """One on each container instance; ECS stops it after the others."""
    STANDALONE = "standalone"
    """Started with RunTask or StartTask; DRAINING leaves it alone."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task as DescribeTasks showed it."""

    arn: str
    last_status: str
    desired_status: str = "RUNNING"
    group: str = ""
    started_by: str = ""
    task_definition_arn: str = ""
    health_status: str = "UNKNOWN"
    created_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str = ""
    """Why ECS says that it was stopped, in a word: `UserInitiated`, `TerminationNotice`, ..."""
    stopped_reason: str = ""

    @property
    def id(self) -> str:
        """The last part of the ARN, as people and consoles name a task."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def service_name(self) -> str | None:
        """The service that started it, or None: ECS writes `service:<name>` as the group of its tasks."""
        prefix, _, name = self.group.partition(":")
        return name if prefix == "service" and name else None

    @property
    def is_stopped(self) -> bool:
        """Whether nothing of the task is left; not so before: at DEACTIVATING it may still serve traffic."""
        return self.last_status == STOPPED

    @property
    def went_with_its_host(self) -> bool:
        """Whether ECS has it STOPPED because its EC2 instance was stopped, terminated, or deregistered under it.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html (stopCode)
        """
        return self.is_stopped and self.stop_code == "TerminationNotice"

    def kind(self, daemon_services: frozenset[str]) -> TaskKind:
        """Return its kind, given the names of the daemon services, which only DescribeServices tells."""
        if self.service_name is None:
            return TaskKind.STANDALONE
        return TaskKind.DAEMON if self.service_name in daemon_services else TaskKind.SERVICE


@dataclass(frozen=True, slots=True)
class ContainerInstance:
    """One container instance as DescribeContainerInstances showed it."""

    arn: str
    cluster: str
    ec2_instance_id: str
    status: str
    agent_connected: bool = True
    capacity_provider: str | None = None
    availability_zone: str | None = None
    running_tasks: int = 0
    """ECS's own count; it leaves out tasks from DEACTIVATING on, so that 0 alone is not drained."""
    pending_tasks: int = 0


@dataclass(frozen=True, slots=True)
class LifecycleHook:
    """What DescribeLifecycleHooks says of the hook that holds the instance; seconds as AWS counts them."""

    auto_scaling_group: str
    name: str
    heartbeat_timeout_seconds: int
    global_timeout_seconds: int
    default_result: str
    notification_metadata: str | None = None


def instant(text: str) -> datetime:
    """Read an instant that Step Functions wrote (`$states.context.State.EnteredTime`): RFC 3339 in UTC."""
    return datetime.fromisoformat(text)


def stamp(at: datetime) -> str:
    """Write an aware instant as Choice states compare it: RFC 3339, whole seconds, `Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
