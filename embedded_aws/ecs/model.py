"""Container instances, tasks and services: what ECS knows of them. `lifecycle`, `services` and `agent` move them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.moto_api._internal import mock_random

from embedded_aws.agenda import Timer
from embedded_aws.aws import now
from embedded_aws.ecs.script import Script

View = dict[str, Any]
"""Something as the API describes it; a None is left out of the answer."""

Rule = Mapping[str, Any]
"""A placement constraint or strategy as the API gives it: type, and expression or field."""

SPREAD: tuple[Rule, ...] = (
    {"type": "spread", "field": "attribute:ecs.availability-zone"},
    {"type": "spread", "field": "instanceId"},
)
"""Task placement strategies: services without one spread over Availability Zones, then over instances."""

AGENT_PORTS = ("22", "2375", "2376", "51678", "51679")
"""Ports that the agent reports as taken: SSH, Docker and its own."""
FIRST_EPHEMERAL_PORT = 32768
MEMORY_SHARE = 0.95
"""The share of an instance type's memory that the agent registers; the kernel keeps the rest."""
REMEMBERED_FOR = timedelta(hours=1)
"""How long what has ended may be described: an INACTIVE container instance for an hour, a STOPPED task for at least
one (DescribeTasks); here, for exactly one."""


@dataclass(frozen=True)
class Requirements:
    """What one task takes: CPU units, MiB, network interfaces, and port bindings (hostPort 0 is dynamic)."""

    cpu: int
    memory: int
    interfaces: int = 0
    bindings: tuple[Mapping[str, Any], ...] = ()


def requirements(definition: Any) -> Requirements:
    """Sum up moto's task definition; the task's own cpu and memory go before those of its containers."""
    containers = definition.container_definitions
    is_awsvpc = definition.network_mode == "awsvpc"
    return Requirements(
        cpu=int(definition.cpu or sum(container.get("cpu") or 0 for container in containers)),
        memory=int(definition.memory or sum(map(_memory, containers))),
        interfaces=1 if is_awsvpc else 0,
        bindings=() if is_awsvpc else tuple(_bindings(containers, definition.network_mode)),
    )


def _memory(container: Rule) -> int:
    # ContainerDefinition, memoryReservation: where both are given, the reservation is what placement takes.
    return int(container.get("memoryReservation") or container.get("memory") or 0)


def _bindings(containers: Iterable[Rule], network_mode: str) -> Iterable[dict[str, Any]]:
    for container in containers:
        for mapping in container.get("portMappings") or ():
            inside = mapping["containerPort"]
            outside = inside if network_mode == "host" else mapping.get("hostPort") or 0
            protocol = mapping.get("protocol") or "tcp"
            yield {"bindIP": "0.0.0.0", "containerPort": inside, "hostPort": outside, "protocol": protocol}  # noqa: S104  # what the agent reports; nothing listens


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
    groups: Counter[str] = field(default_factory=Counter)
    """How many of the tasks it holds are of each group; placement asks each instance for each task."""
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
        self.groups[task.launch.group] += 1
        self._take(needed, 1)
        for binding in task.bindings:
            if not binding["hostPort"]:
                binding["hostPort"] = self._free_port(binding)
            self.ports[_port_set(binding)].append(str(binding["hostPort"]))

    def release(self, task: Task, needed: Requirements) -> None:
        """Give a STOPPED task's resources back."""
        del self.tasks[task.arn]
        self.groups[task.launch.group] -= 1
        self._take(needed, -1)
        for binding in task.bindings:
            self.ports[_port_set(binding)].remove(str(binding["hostPort"]))

    def _free_port(self, binding: dict[str, Any]) -> int:
        taken = set(self.ports[_port_set(binding)])
        while str(self._next_port) in taken:
            self._next_port += 1
        self._next_port += 1
        return self._next_port - 1

    def _take(self, needed: Requirements, times: int) -> None:
        self.remaining_cpu -= times * needed.cpu
        self.remaining_memory -= times * needed.memory
        self.remaining_interfaces -= times * needed.interfaces


class Nowhere(ContainerInstance):
    """In place of an instance: where a task is that waits for one, or that runs on Fargate."""

    def hold(self, task: Task, needed: Requirements) -> None:  # noqa: ARG002  # as on an instance
        """Know the task; nothing is taken."""
        self.tasks[task.arn] = task

    def release(self, task: Task, needed: Requirements) -> None:  # noqa: ARG002  # as on an instance
        """Forget the task."""
        self.tasks.pop(task.arn, None)


def nowhere(cluster: Any) -> Nowhere:
    """Return the place of tasks that are on no container instance."""
    return Nowhere("", cluster.name, cluster.arn, "", 0, 0, 0, {}, [], now())


def _port_set(binding: dict[str, Any]) -> str:
    return "PORTS_UDP" if binding["protocol"] == "udp" else "PORTS"


BEFORE_RUNNING = ("PROVISIONING", "PENDING", "ACTIVATING")
UP_TO_RUNNING = (*BEFORE_RUNNING, "RUNNING")


@dataclass
class Launch:
    """What a caller says about a new task; `cluster` and `definition` are moto's."""

    cluster: Any
    definition: Any
    group: str
    constraints: Sequence[Rule] = ()
    strategy: Sequence[Rule] = SPREAD
    started_by: str | None = None
    service: Service | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    capacity_provider: str | None = None
    """To which its strategy sent it; None for a launch type."""


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


REMEMBERED_EVENTS = 100
"""DescribeServices, events: at most the hundred latest."""
PERCENT_DEFAULTS = {"REPLICA": (100, 200), "DAEMON": (0, 100)}
"""DeploymentConfiguration: minimumHealthyPercent and maximumPercent where the API is given none."""


@dataclass(eq=False)
class Deployment:
    """One rollout of a task definition."""

    definition: Any
    created_at: datetime
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"

    def __post_init__(self) -> None:
        self.id = f"ecs-svc/{mock_random.randint(10**18, 10**19 - 1)}"
        self.updated_at = self.created_at

    @property
    def reason(self) -> str:
        """The rollout state in AWS's sentence."""
        if self.rollout_state == "FAILED":
            return "ECS deployment circuit breaker: task failed to start."
        state = "completed" if self.rollout_state == "COMPLETED" else "in progress"
        return f"ECS deployment {self.id} {state}."


@dataclass(eq=False)
class Service:
    """A service of the REPLICA or the DAEMON strategy; `tasks` holds those that are not STOPPED."""

    cluster: Any
    name: str
    scheduling_strategy: str
    desired_count: int
    settings: dict[str, Any]
    """What CreateService and UpdateService gave, in the API's words, and DescribeServices repeats."""
    tags: list[dict[str, str]]
    created_at: datetime
    deployments: list[Deployment] = field(default_factory=list)
    status: str = "ACTIVE"
    tasks: dict[str, Task] = field(default_factory=dict)
    events: list[View] = field(default_factory=list)
    is_starved: bool = False
    """Whether it waits for room on some container instance."""
    is_steady: bool = False
    last_refusal: str | None = None
    task_sets: list[Any] = field(default_factory=list)
    """Always empty, for moto's tag calls: the EXTERNAL deployment controller isn't simulated."""

    @property
    def arn(self) -> str:
        """The long ARN, with the cluster's name in it."""
        prefix: str = self.cluster.arn.replace(":cluster/", ":service/")
        return f"{prefix}/{self.name}"

    physical_resource_id = arn

    @property
    def cluster_name(self) -> str:
        """The cluster's name, as moto's own service has it."""
        return str(self.cluster.name)

    @property
    def primary(self) -> Deployment:
        """The deployment that new tasks belong to."""
        return self.deployments[0]

    @property
    def load_balancers(self) -> list[dict[str, Any]]:
        """The target groups it stands behind."""
        return self.settings.get("loadBalancers") or []

    @property
    def percents(self) -> tuple[int, int]:
        """Return minimumHealthyPercent and maximumPercent.

        DeploymentConfiguration: a daemon's maximum is always 100; services under CODE_DEPLOY or EXTERNAL drain
        with the defaults, whatever they say.
        """
        low, high = PERCENT_DEFAULTS[self.scheduling_strategy]
        given = self.settings.get("deploymentConfiguration") or {}
        if (self.settings.get("deploymentController") or {}).get("type", "ECS") != "ECS":
            given = {}
        low = given.get("minimumHealthyPercent", low)
        return low, high if self.scheduling_strategy == "DAEMON" else given.get("maximumPercent", high)

    @property
    def provider_strategy(self) -> list[dict[str, Any]]:
        """Its capacity provider strategy; empty for a launch type, and for daemons, which have none."""
        is_daemon = self.scheduling_strategy == "DAEMON"
        return [] if is_daemon else self.settings.get("capacityProviderStrategy") or []

    def launch(self) -> Launch:
        """Return what one more of its tasks is to be."""
        definition, settings = self.primary.definition, self.settings
        source = settings.get("propagateTags")
        tags = self.tags if source == "SERVICE" else definition.tags if source == "TASK_DEFINITION" else []
        return Launch(
            self.cluster,
            definition,
            f"service:{self.name}",
            [*(settings.get("placementConstraints") or ()), *definition.placement_constraints],
            settings.get("placementStrategy") or SPREAD,
            started_by=self.primary.id,
            service=self,
            tags=list(tags),
        )

    def say(self, message: str) -> None:
        """Add a service event, the latest first."""
        event = {
            "id": str(mock_random.uuid4()),
            "createdAt": now(),
            "message": f"(service {self.name}) {message}",
        }
        self.events = [event, *self.events[: REMEMBERED_EVENTS - 1]]

    def say_of_targets(self, verb: str, arns: list[str]) -> None:
        """Say that a task came to its target groups or left them."""
        for arn in arns:
            self.say(f"{verb} 1 targets in (target-group {arn})")
