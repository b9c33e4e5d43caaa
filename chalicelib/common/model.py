"""The frozen values that every part of the drain speaks in: container instances and tasks as ECS showed them.

Nothing here decides or calls; the standard library is all it imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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


def short(arn: str) -> str:
    """Return the last part of an ARN, which is a cluster's name or a task's id; a name is its own."""
    return arn.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Task:
    """One task, wherever in its cluster it is: as DescribeTasks showed it."""

    arn: str
    last_status: str = "RUNNING"
    desired_status: str = "RUNNING"
    group: str = ""
    started_by: str = ""
    task_definition_arn: str = ""
    container_instance_arn: str = ""
    """Empty while it is placed on none."""
    capacity_provider: str = ""
    """To which its service's strategy sent it; empty for a launch type."""
    health_status: str = "UNKNOWN"
    connectivity: str = "CONNECTED"
    """Of the agent on its container instance."""
    created_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str = ""
    """Why ECS says that it was stopped, in a word: `UserInitiated`, `TerminationNotice`, ..."""
    stopped_reason: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Empty unless they were asked for."""

    @property
    def id(self) -> str:
        """The last part of the ARN, as people and consoles name a task."""
        return short(self.arn)

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

    @property
    def has_lost_its_agent(self) -> bool:
        """Whether something of it is left, and its agent is out of reach."""
        return not self.is_stopped and self.connectivity == "DISCONNECTED"

    def kind(self, daemon_services: frozenset[str]) -> TaskKind:
        """Return its kind, given the names of the daemon services, which only DescribeServices tells."""
        if self.service_name is None:
            return TaskKind.STANDALONE
        return TaskKind.DAEMON if self.service_name in daemon_services else TaskKind.SERVICE


@dataclass(frozen=True, slots=True)
class ContainerInstance:
    """One container instance, as DescribeContainerInstances or one of its events showed it."""

    arn: str
    ec2_instance_id: str = ""
    cluster: str = ""
    """As it was asked for, or the ARN where an event says it."""
    status: str = "ACTIVE"
    """As ECS words it; MISSING where ECS does not know it any more."""
    agent_connected: bool = True
    cpu: int = 0
    memory: int = 0
    gpus: int = 0
    """`cpu`, `memory` and `gpus` are what no task has reserved yet (remainingResources)."""
    registered_cpu: int = 0
    registered_memory: int = 0
    tcp_ports_in_use: frozenset[int] = frozenset()
    udp_ports_in_use: frozenset[int] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    running_tasks: int = 0
    """ECS's own count; it leaves out tasks from DEACTIVATING on, so that 0 alone is not drained."""
    pending_tasks: int = 0
    agent_version: str = ""
    capacity_provider: str = ""
    """The one that its Auto Scaling group belongs to; empty without any."""
    registered_at: datetime | None = None
    version: int = 0
    """Raised by ECS at each change; 0 where it isn't known."""

    @property
    def availability_zone(self) -> str | None:
        """Where it runs, from the attribute that the agent registers."""
        return self.attributes.get("ecs.availability-zone") or None

    @property
    def takes_tasks(self) -> bool:
        """Whether ECS places anything on it: ACTIVE, with a connected agent."""
        return self.status == "ACTIVE" and self.agent_connected


@dataclass(frozen=True, slots=True)
class LifecycleHook:
    """What DescribeLifecycleHooks says of the hook that holds the instance; seconds as AWS counts them."""

    auto_scaling_group: str
    name: str
    heartbeat_timeout_seconds: int
    global_timeout_seconds: int
    default_result: str
    notification_metadata: str | None = None


@dataclass(frozen=True, slots=True)
class AutoScalingGroup:
    """One Auto Scaling group, as DescribeAutoScalingGroups showed it."""

    name: str
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    retains_on_abandon: bool = False
    """Whether ABANDON keeps the instance (InstanceLifecyclePolicy, TerminateHookAbandon = retain)."""
    states: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The lifecycle state of each instance, by EC2 instance id."""
    has_warm_pool: bool = False
    warm: int = 0
    """How many instances wait in its warm pool."""
    desired: int = 0
    maximum: int = 0
    suspended: frozenset[str] = frozenset()
    """Its suspended processes."""

    @property
    def launching(self) -> int:
        """How many instances count towards the desired capacity and aren't in service yet."""
        return sum(state.startswith("Pending") for state in self.states.values())

    @property
    def counted(self) -> int:
        """How many count towards the desired capacity: in service or on their way there."""
        return self.launching + list(self.states.values()).count("InService")

    @property
    def leaving(self) -> frozenset[str]:
        """The EC2 ids of the instances that it terminates."""
        return frozenset(one for one, state in self.states.items() if state.startswith("Terminating"))

    @property
    def is_launching(self) -> bool:
        """Whether an instance is on its way, or would be at once."""
        return self.launching > 0 or self.counted < self.desired

    @property
    def is_full(self) -> bool:
        """Whether it may grow no more."""
        return self.desired >= self.maximum


def instant(text: str) -> datetime:
    """Read an instant that Step Functions wrote (`$states.context.State.EnteredTime`): RFC 3339 in UTC."""
    return datetime.fromisoformat(text)


def stamp(at: datetime) -> str:
    """Write an aware instant as Choice states compare it: RFC 3339, whole seconds, `Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
