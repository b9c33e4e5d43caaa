"""Values for tests, one sensible default a field: `a_task(last_status="STOPPED")`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.timers import Timers
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation
from chalicelib.policy import DrainPolicy
from chalicelib.policy.table import BY_NAME

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/web"
INSTANCE_ARN = "arn:aws:ecs:eu-west-1:123456789012:container-instance/web/0a1b2c3d4e5f60718293a4b5c6d7e8f9"
TOKEN = "c3a1f0de-1111-4222-8333-444455556666"


def after(**time: float) -> datetime:
    """Return the instant so long after the start of the drain."""
    return START + timedelta(**time)


def task_arn(number: int = 1) -> str:
    """Return the ARN of a task by number."""
    return f"arn:aws:ecs:eu-west-1:123456789012:task/web/{number:032x}"


def a_task(last_status: str = "RUNNING", number: int = 1, **fields: Any) -> Task:
    """Return a task of the service `web`, unless `group` says otherwise."""
    desired = "RUNNING" if last_status in ("PENDING", "RUNNING") else "STOPPED"
    given: dict[str, Any] = {"group": "service:web", "desired_status": desired, **fields}
    return Task(arn=task_arn(number), last_status=last_status, **given)


def a_standalone_task(last_status: str = "RUNNING", number: int = 9, **fields: Any) -> Task:
    """Return a task that RunTask started."""
    return a_task(last_status, number, group="family:batch", started_by="nightly", **fields)


def a_daemon_task(last_status: str = "RUNNING", number: int = 5, **fields: Any) -> Task:
    """Return a task of the daemon service `logs`."""
    return a_task(last_status, number, group="service:logs", **fields)


def a_container_instance(status: str = "DRAINING", **fields: Any) -> ContainerInstance:
    """Return the container instance that is drained."""
    given = {"arn": INSTANCE_ARN, "cluster": CLUSTER, "ec2_instance_id": "i-0123456789abcdef0", **fields}
    return ContainerInstance(status=status, **given)


def an_observation(*tasks: Task, at: datetime = START, **fields: Any) -> Observation:
    """Return one look's observation of these tasks."""
    return Observation(at=at, tasks=tasks, **fields)


def a_memory(**fields: Any) -> Memory:
    """Return the memory of a drain that knows `logs` as its one daemon service."""
    return replace(Memory.at_start(START), daemon_services=frozenset({"logs"}), **fields)


def timers(**fields: Any) -> Timers:
    """Return the timers of a drain with a deadline of an hour and no lifecycle action."""
    return Timers(**{"started_at": START, "deadline_at": after(hours=1), **fields})


def a_policy(**settings: Any) -> DrainPolicy:
    """Return the default policy with some settings as a person writes them: `standalone_tasks="stop"`."""
    written = {name: BY_NAME[name].parse(value) for name, value in settings.items()}
    return replace(DrainPolicy.default(), **written)
