"""Small worlds in which a drain is held up: a story each, told for every kind of blocker.

The gallery shows what an operator reads in each; the tests hold the same stories to their kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Service, TaskDefinition
from chalicelib.explain import explain
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.circumstances import Circumstances, TargetGroup

NOW = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
BEGAN_AT = NOW - timedelta(minutes=20)

REGION_AND_ACCOUNT = "eu-west-1:123456789012"
DEFINITION = f"arn:aws:ecs:{REGION_AND_ACCOUNT}:task-definition/api:41"
TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION_AND_ACCOUNT}:targetgroup/api/6d0ecf831eec9f09"
HOME = "i-0aaaaaaaaaaaaaaaa"
OTHER = "i-0bbbbbbbbbbbbbbbb"
THIRD = "i-0cccccccccccccccc"


@dataclass(frozen=True, slots=True)
class World:
    """A story and the circumstances it is told of."""

    kind: BlockerKind
    story: str
    circumstances: Circumstances

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """What holds the drain in it."""
        return explain(self.circumstances, NOW)


def task_arn(number: int) -> str:
    """Return the ARN of the task with this number; its id begins with the number in hex."""
    return f"arn:aws:ecs:{REGION_AND_ACCOUNT}:task/web/{number:08x}{'0' * 24}"


def instance_arn(instance_id: str) -> str:
    """Return the container instance ARN of an EC2 instance."""
    return f"arn:aws:ecs:{REGION_AND_ACCOUNT}:container-instance/web/{instance_id[2:]:0<32}"


def a_task(number: int = 1, service: str = "api", **changes: Any) -> Task:
    """Return a running task of a service on the draining instance."""
    given: dict[str, Any] = {
        "arn": task_arn(number),
        "last_status": "RUNNING",
        "group": f"service:{service}",
        "started_by": "ecs-svc/1234567890123456789",
        "task_definition_arn": DEFINITION,
        "created_at": NOW - timedelta(days=2),
        "started_at": NOW - timedelta(days=2),
    }
    return Task(**given | changes)


def leaving(number: int = 1, told: timedelta = timedelta(minutes=1), **changes: Any) -> Task:
    """Return a task that ECS told to stop so long ago."""
    given: dict[str, Any] = {
        "last_status": "STOPPING",
        "desired_status": "STOPPED",
        "stopping_at": NOW - told,
    }
    return a_task(number, **given | changes)


def a_service(**changes: Any) -> Service:
    """Return a service of two tasks, one here and one elsewhere, that may start one more."""
    given: dict[str, Any] = {"name": "api", "desired": 2, "running": 2, "task_definition_arn": DEFINITION}
    return Service(**given | changes)


def elsewhere(number: int = 9, instance_id: str = OTHER, **changes: Any) -> Task:
    """Return a task of the service on another instance."""
    given: dict[str, Any] = {
        "arn": task_arn(number),
        "container_instance_arn": instance_arn(instance_id),
        "started_at": NOW - timedelta(minutes=15),
        "created_at": NOW - timedelta(minutes=15),
    }
    return Task(**given | changes)


def an_instance(instance_id: str = OTHER, **changes: Any) -> ContainerInstance:
    """Return a container instance of 2 vCPU and 4 GB with half of both left."""
    given: dict[str, Any] = {
        "arn": instance_arn(instance_id),
        "ec2_instance_id": instance_id,
        "cpu": 1024,
        "memory": 1900,
        "registered_cpu": 2048,
        "registered_memory": 3800,
        "attributes": {"ecs.availability-zone": "eu-west-1b", "ecs.instance-type": "m5.large"},
        "tcp_ports_in_use": frozenset({22, 2375, 2376, 51678, 51679}),
    }
    return ContainerInstance(**given | changes)


def home(**changes: Any) -> ContainerInstance:
    """Return the instance that is being drained."""
    attributes = {"ecs.availability-zone": "eu-west-1a", "ecs.instance-type": "m5.large"}
    return an_instance(HOME, **{"status": "DRAINING", "attributes": attributes} | changes)


def a_world(*services: Service, **changes: Any) -> Circumstances:
    """Return a cluster of the draining instance with one task of service "api", and one other with room."""
    given: dict[str, Any] = {
        "cluster": "web",
        "instance": home(),
        "tasks": (a_task(),),
        "others": (an_instance(),),
        "services": {service.name: service for service in services or (a_service(),)},
        "task_definitions": {DEFINITION: TaskDefinition(cpu=512, memory=512)},
        "auto_scaling_group": "web-ecs",
        "drain_began_at": BEGAN_AT,
    }
    return Circumstances(**given | changes)


DAEMON = a_service(name="logs", strategy="DAEMON", minimum_percent=0, maximum_percent=100)
BEHIND_A_LOAD_BALANCER = a_service(target_group_arns=(TARGET_GROUP,))
GROUP = TargetGroup(TARGET_GROUP, "api", timedelta(seconds=300), timedelta(seconds=150), healthy=2)
