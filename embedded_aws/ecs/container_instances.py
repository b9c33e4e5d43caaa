"""A container instance: its status, its agent, and what its tasks leave of its resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.moto_api._internal import mock_random

from embedded_aws.ecs.runtime import now

if TYPE_CHECKING:
    from embedded_aws.ecs.placement import Requirements
    from embedded_aws.ecs.tasks import Task

AGENT_PORTS = ("22", "2375", "2376", "51678", "51679")
"""Ports that the agent reports as taken: SSH, Docker and its own."""
FIRST_EPHEMERAL_PORT = 32768
REMEMBERED_FOR = timedelta(hours=1)
"""Container instance life cycle: an INACTIVE instance may be described for an hour."""
MEMORY_SHARE = 0.95
"""The share of an instance type's memory that the agent registers; the kernel keeps the rest."""


@dataclass(eq=False)
class ContainerInstance:
    """One registration of an EC2 instance in a cluster; `tasks` holds those that are not STOPPED, by ARN."""

    arn: str
    cluster_name: str
    cluster_arn: str
    ec2_instance_id: str
    cpu: int
    memory: int
    interfaces: int
    attributes: dict[str, str | None]
    tags: list[dict[str, str]]
    registered_at: datetime
    status: str = "ACTIVE"
    agent_connected: bool = True
    version: int = 1
    tasks: dict[str, Task] = field(default_factory=dict)
    orphans: list[Task] = field(default_factory=list)
    inactive_at: datetime | None = None
    capacity_provider: str | None = None
    """The one that its Auto Scaling group belongs to, in clusters that have any."""
    is_orphaned: bool = False
    """Whether its agent has lost the state that named it, and registers anew."""
    ports: dict[str, list[str]] = field(default_factory=lambda: {"PORTS": list(AGENT_PORTS), "PORTS_UDP": []})
    _next_port: int = FIRST_EPHEMERAL_PORT

    def __post_init__(self) -> None:
        self.remaining_cpu, self.remaining_memory = self.cpu, self.memory
        self.remaining_interfaces = self.interfaces

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def container_instance_arn(self) -> str:
        """The ARN under the name that moto's attribute calls use."""
        return self.arn

    @property
    def running_tasks_count(self) -> int:
        """ContainerInstance, runningTasksCount: tasks whose *desired* status is RUNNING."""
        return sum(task.desired_status == "RUNNING" for task in self.tasks.values())

    @property
    def pending_tasks_count(self) -> int:
        """ContainerInstance, pendingTasksCount: tasks in PENDING, or on their way to it."""
        return sum(task.is_pending for task in self.tasks.values())

    @property
    def is_forgotten(self) -> bool:
        """Whether it has been INACTIVE for so long that describing it answers MISSING."""
        return self.inactive_at is not None and now() - self.inactive_at >= REMEMBERED_FOR

    def hold(self, task: Task, needed: Requirements) -> None:
        """Take the task's resources at placement; a dynamic host port is chosen here."""
        self.tasks[task.arn] = task
        self._take(needed, 1)
        for binding in task.bindings:
            if not binding["hostPort"]:
                binding["hostPort"] = self._next_port
                self._next_port += 1
            self.ports[_port_set(binding)].append(str(binding["hostPort"]))

    def release(self, task: Task, needed: Requirements) -> None:
        """Give a STOPPED task's resources back."""
        del self.tasks[task.arn]
        self._take(needed, -1)
        for binding in task.bindings:
            self.ports[_port_set(binding)].remove(str(binding["hostPort"]))

    def _take(self, needed: Requirements, times: int) -> None:
        self.remaining_cpu -= times * needed.cpu
        self.remaining_memory -= times * needed.memory
        self.remaining_interfaces -= times * needed.interfaces


def _port_set(binding: dict[str, Any]) -> str:
    return "PORTS_UDP" if binding["protocol"] == "udp" else "PORTS"


def register(
    cluster: Any, ec2_instance: Any, attributes: dict[str, str | None], tags: list[dict[str, str]]
) -> ContainerInstance:
    """Make the container instance of moto's EC2 instance, with the resources of its instance type."""
    kind = ec2_instance.instance_type
    cpu, memory, interfaces = _resources(kind)
    arn = cluster.arn.replace(":cluster/", ":container-instance/") + f"/{mock_random.uuid4().hex}"
    own = {
        "ecs.ami-id": ec2_instance.image_id,
        "ecs.availability-zone": ec2_instance.availability_zone,
        "ecs.instance-type": kind,
        "ecs.os-type": "windows" if ec2_instance.platform == "windows" else "linux",
        "ecs.capability.task-eni": None,
    }
    return ContainerInstance(
        arn,
        cluster.name,
        cluster.arn,
        ec2_instance.id,
        cpu,
        memory,
        interfaces,
        {**own, **attributes},
        tags,
        now(),
    )


def _resources(instance_type: str) -> tuple[int, int, int]:
    """Return CPU units, MiB and network interfaces for awsvpc tasks (all but the instance's own)."""
    kind = INSTANCE_TYPES[instance_type]
    memory = int(kind["MemoryInfo"]["SizeInMiB"] * MEMORY_SHARE)
    return (
        kind["VCpuInfo"]["DefaultVCpus"] * 1024,
        memory,
        kind["NetworkInfo"]["MaximumNetworkInterfaces"] - 1,
    )
