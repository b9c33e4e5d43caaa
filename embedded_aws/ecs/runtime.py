"""What the parts of the embedded ECS share: its switches, and the record of killed tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from embedded_aws import aws


@dataclass
class Behaviour:
    """Switches for what AWS leaves open or lets vary; a test sets them on `behaviour()`."""

    list_tasks_lag_seconds: float = 0.0
    """ListTasks answers as things were so long ago: ECS reads are eventually consistent."""
    draining_respects_protection: bool = True
    """Whether DRAINING leaves protected tasks alone until their protection ends; AWS documents neither."""
    stopping_counts_towards_maximum: bool = True
    """Service definition parameters, maximumPercent: an upper limit on RUNNING, STOPPING or PENDING tasks."""
    tells_of_set_states: bool = False
    """Whether UpdateContainerInstancesState is an event by itself; it isn't among the documented triggers."""
    provisioning_gives_up_seconds: float = 900.0
    """How long a task may wait for an instance of its capacity provider: 10 to 30 minutes, says AWS."""
    managed_draining_begins_seconds: float = 1.0
    """From the first capacity provider with managed draining until ECS first looks: AWS promises no time."""
    managed_draining_leaves_active: bool = False
    """Whether what is set ACTIVE while ECS's managed draining holds it stays so; else it is DRAINING again at ECS's
    next look. AWS documents neither."""
    draining_twice: Literal["accepted", "failed", "refused"] = "accepted"
    """DRAINING of a DRAINING instance: nothing, an entry in `failures`, or an error. UpdateContainerInstancesState in
    the API reference speaks of ACTIVE ones only."""
    keeps_container_instance: bool = False
    """Whether an agent whose root volume is replaced is the container instance that it was; the Auto Scaling user
    guide, "Replace root volumes", names no ECS agent."""
    registration_delay_seconds: float = 15.0
    """From the start of an EC2 instance until its agent registers a container instance."""


@dataclass(frozen=True)
class KilledTask:
    """A task whose containers died with their EC2 instance: the harm that a drain exists to prevent."""

    instance_id: str
    task_arn: str
    last_status: str
    at: datetime


@dataclass(frozen=True)
class Registration:
    """What the agents on the instances of an Auto Scaling group register, where it isn't what their type says."""

    cpu: int
    memory: int
    attributes: Mapping[str, str | None] = field(default_factory=dict)


@dataclass
class Ecs:
    """What one embedded AWS remembers of ECS beyond moto's backend."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    killed: list[KilledTask] = field(default_factory=list)
    registrations: dict[str, Registration] = field(default_factory=dict)
    """By the name of the Auto Scaling group."""
    observers: list[Callable[[Any], None]] = field(default_factory=list)
    """Are told of each change of a task, its health behind a load balancer included, which no event tells."""


def ecs() -> Ecs:
    """Return the ECS of the running embedded AWS; raises RuntimeError where none runs."""
    return aws.current().part("ecs", Ecs)


def behaviour() -> Behaviour:
    """Return the switches of the running embedded ECS."""
    return ecs().behaviour
