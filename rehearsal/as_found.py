"""What a snapshot says of the tasks that were found: read without an embedded AWS, whose imports take a second."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.snapshot import Item, Snapshot
from rehearsal.timings import SETTLING_SECONDS, seconds_between

UNREHEARSED_TAGS = ("ecs-drainer:drain-queue", "ecs-drainer:sign-off")
"""Of stateful services: their queues, and those who sign off, aren't in a snapshot."""


def is_waiting(task: Item) -> bool:
    """Whether a task is PROVISIONING on no instance: a capacity provider is to bring one (cluster-auto-scaling)."""
    return (
        task["lastStatus"] == "PROVISIONING"
        and not task.get("containerInstanceArn")
        and not str(task.get("capacityProviderName", "FARGATE")).startswith("FARGATE")
    )


def how_long_they_lasted(snapshot: Snapshot, family: str) -> list[float]:
    """Return the seconds that the standalone tasks of a family ran that ended by themselves lately."""
    return [
        seconds_between(task["startedAt"], task["executionStoppedAt"])
        for task in snapshot.tasks
        if task.get("group") == f"family:{family}"
        and task.get("stopCode") == "EssentialContainerExited"
        and {"startedAt", "executionStoppedAt"} <= task.keys()
    ]


def bindings_of(task: Item) -> list[Item]:
    """Return the port bindings of all containers of a task."""
    return [
        binding
        for container in task.get("containers", [])
        for binding in container.get("networkBindings", [])
    ]


def health_by_task(snapshot: Snapshot) -> dict[str, str]:
    """Return by ARN whether a task was `healthy`, `unhealthy` or not yet known to be either (`initial`).

    By its targets, else by its container health check, else by the 40 s that one without any check takes.
    """
    hosts = {each["containerInstanceArn"]: each["ec2InstanceId"] for each in snapshot.instances}
    states = _target_states(snapshot)
    return {
        task["taskArn"]: _health(task, hosts.get(task.get("containerInstanceArn", ""), ""), states, snapshot)
        for task in snapshot.tasks
    }


def _health(task: Item, host: str, states: Mapping[tuple[str, int], str], snapshot: Snapshot) -> str:
    if task["lastStatus"] != "RUNNING":
        return "initial"
    own = {states.get((host, binding.get("hostPort", 0))) for binding in bindings_of(task)} - {None}
    if "unhealthy" in own or task.get("healthStatus") == "UNHEALTHY":
        return "unhealthy"
    if own or task.get("healthStatus") == "HEALTHY":
        return "initial" if "initial" in own else "healthy"
    taken_at = str(snapshot.document["taken_at"])
    ran = seconds_between(str(task.get("startedAt", taken_at)), taken_at)
    return "healthy" if ran >= SETTLING_SECONDS else "initial"


def _target_states(snapshot: Snapshot) -> dict[tuple[str, int], str]:
    return {
        (target["id"], target.get("port", 0)): target["state"]
        for group in snapshot.target_groups.values()
        for target in group.get("targets", [])
    }
