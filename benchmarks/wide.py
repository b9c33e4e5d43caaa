"""A cluster of thousands of container instances as explanations and fleets see it: values, no AWS."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Service, TaskDefinition
from chalicelib.explain import Circumstances, explain
from chalicelib.fleet.room import Cramped, room_for

SERVICES = 50
EACH = 4
"""Tasks a container instance, each of another service."""


def an_instance(number: int) -> ContainerInstance:
    """Return a container instance of the cluster by number, half full."""
    zone = f"eu-west-1{'abc'[number % 3]}"
    return ContainerInstance(
        arn=f"arn:aws:ecs:eu-west-1:123456789012:container-instance/web/{number:032x}",
        ec2_instance_id=f"i-{number:017x}",
        cpu=1024,
        memory=4096,
        registered_cpu=2048,
        registered_memory=7680,
        attributes={"ecs.availability-zone": zone, "ecs.instance-type": "m5.large"},
        running_tasks=EACH,
    )


def a_cluster(
    instances: int, doomed: int, *, cpu: int = 256
) -> tuple[Circumstances, list[ContainerInstance]]:
    """Return a cluster of so many instances, and those of them that are to be drained; `cpu` of each task."""
    every = [an_instance(number) for number in range(instances)]
    tasks: dict[str, list[Task]] = {f"service-{one}": [] for one in range(SERVICES)}
    for number, instance in enumerate(every):
        for one in range(EACH):
            arn = f"arn:aws:ecs:eu-west-1:123456789012:task/web/{number * EACH + one:032x}"
            tasks[f"service-{(number + one) % SERVICES}"].append(
                Task(arn, container_instance_arn=instance.arn)
            )
    services = {
        name: Service(name, len(several), len(several), task_definition_arn="td", tasks=tuple(several))
        for name, several in tasks.items()
    }
    needs = {"td": TaskDefinition(cpu=cpu, memory=512)}
    mine = tuple(
        Task(task.arn, "RUNNING", group=f"service:{name}", task_definition_arn="td")
        for name, several in tasks.items()
        for task in several
        if task.container_instance_arn == every[0].arn
    )
    world = Circumstances(
        "web", every[0], mine, tuple(every[doomed:]), services=services, task_definitions=needs
    )
    return world, every[:doomed]


def seconds_of(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds that a call takes, and what it returns."""
    began = time.process_time()
    said = call()
    return time.process_time() - began, said


def explaining(instances: int, *, cpu: int = 256) -> tuple[float, Any]:
    """Explain one drain of a cluster; returns CPU seconds and the blockers."""
    world, _ = a_cluster(instances, 1, cpu=cpu)
    return seconds_of(lambda: explain(world, datetime(2026, 3, 2, 10, tzinfo=UTC)))


def planning(instances: int, doomed: int) -> tuple[float, tuple[Cramped, ...]]:
    """Say whether a fleet has room elsewhere; returns CPU seconds and what has none."""
    world, several = a_cluster(instances, doomed)
    return seconds_of(lambda: room_for(world, several))
