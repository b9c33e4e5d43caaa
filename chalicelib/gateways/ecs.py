"""What the drain asks of ECS: which container instance an EC2 instance is, and what runs on it.

What is missing, inactive or deleted is an answer; each function says which. A `failures` entry of any other reason
says nothing of what was asked for, and raises AwsUnavailable.

Batch sizes are ECS's own: 100 tasks or container instances a describe, 10 services.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.common.errors import AwsRefused, Gone
from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.wording import one_line
from chalicelib.explain.circumstances import Service
from chalicelib.gateways import described, error_codes
from chalicelib.gateways.aws import all_pages, client, in_batches, translated
from chalicelib.gateways.ecs_answers import (
    read_container_instances,
    read_services,
    read_task_definition,
    read_tasks,
)

DESCRIBED_AT_ONCE = 100
SERVICES_AT_ONCE = 10

# The agent's ECS_CONTAINER_STOP_TIMEOUT where a container names no stopTimeout of its own.
DEFAULT_STOP = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class DescribedTasks:
    """What DescribeTasks answered."""

    tasks: tuple[Task, ...]
    gone: frozenset[str]
    """ARNs asked for that ECS no longer knows; all of them where the cluster is gone."""
    agents_connected: bool


def list_clusters() -> list[str]:
    """Return the ARNs of all clusters of the account in this Region."""
    return all_pages(client("ecs").list_clusters, "clusterArns")


def container_instances_of(instance_id: str, cluster: str) -> list[str]:
    """Return the ARNs of the container instances that an EC2 instance is in a cluster: none, one, or more.

    More than one happens when the agent lost its state and registered again. Raises Gone where there is no such
    cluster: a name misspelt must not pass off a busy instance as one that no cluster knows.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
    """
    return all_pages(
        client("ecs").list_container_instances,
        "containerInstanceArns",
        cluster=cluster,
        filter=f"ec2InstanceId == {instance_id}",
    )


def describe_container_instances(cluster: str, arns: Sequence[str]) -> tuple[ContainerInstance, ...]:
    """Return the container instances that ECS still knows, INACTIVE ones included; none of a cluster that is gone."""
    found: list[ContainerInstance] = []
    for batch in in_batches(arns, DESCRIBED_AT_ONCE):
        found += [_container_instance(cluster, item) for item in read_container_instances(cluster, batch)]
    return tuple(found)


def list_tasks(cluster: str, container_instance: str) -> list[str]:
    """Return the ARNs of all tasks on a container instance, those told to stop included.

    Two listings, because without a desired status ListTasks leaves out every task from DEACTIVATING on, and those
    may still serve traffic. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
    Raises Gone where the container instance or its cluster is: nothing was listed then, which isn't an empty listing.
    """
    found: list[str] = []
    for desired in ("RUNNING", "STOPPED"):
        found += all_pages(
            client("ecs").list_tasks,
            "taskArns",
            cluster=cluster,
            containerInstance=container_instance,
            desiredStatus=desired,
        )
    return list(dict.fromkeys(found))


def describe_tasks(cluster: str, arns: Sequence[str]) -> DescribedTasks:
    """Return the tasks with these ARNs, and which of them ECS has forgotten."""
    tasks: list[Task] = []
    gone: set[str] = set()
    connected = True
    for batch in in_batches(arns, DESCRIBED_AT_ONCE):
        items, missing = read_tasks(cluster, batch)
        tasks += map(_task, items)
        gone |= missing
        connected = connected and not any(map(_agent_is_lost, items))
    return DescribedTasks(tuple(tasks), frozenset(gone), connected)


def all_tasks(cluster: str) -> list[str]:
    """Return the ARNs of the tasks of a cluster that ECS wants RUNNING; none of one that is gone."""
    try:
        return all_pages(client("ecs").list_tasks, "taskArns", cluster=cluster)
    except Gone:
        return []


def standalone_tasks(cluster: str) -> dict[str, list[Task]]:
    """Return by container instance the tasks that no service started and that ECS wants RUNNING.

    One listing of the cluster costs less than one for each of fifty container instances.
    """
    found: dict[str, list[Task]] = {}
    for batch in in_batches(all_tasks(cluster), DESCRIBED_AT_ONCE):
        for item in read_tasks(cluster, batch)[0]:
            task = _task(item)
            if task.service_name is None and not task.is_stopped:
                found.setdefault(item.get("containerInstanceArn", ""), []).append(task)
    return found


def describe_services(cluster: str, names: Iterable[str]) -> tuple[Service, ...]:
    """Return these services, without their tasks; one that was deleted is left out."""
    return tuple(
        described.service(answer)
        for batch in in_batches(sorted(names), SERVICES_AT_ONCE)
        for answer in read_services(cluster, batch)
    )


def longest_stop(task_definitions: Iterable[str]) -> timedelta:
    """Return the longest stopTimeout among the containers of these task definitions, 30 s where none is set.

    One that was deleted sets none: ECS keeps a task definition for as long as a task runs from it.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/delete-task-definition-v2.html
    """
    longest = DEFAULT_STOP
    for arn in sorted(set(task_definitions)):
        answer = read_task_definition(arn)
        for container in answer["taskDefinition"]["containerDefinitions"] if answer else []:
            longest = max(longest, timedelta(seconds=container.get("stopTimeout", 0)))
    return longest


def stop_task(cluster: str, arn: str, reason: str) -> bool:
    """Stop a task the graceful way: SIGTERM, and SIGKILL after its stopTimeout; returns False where it is gone."""
    try:
        with translated():
            client("ecs").stop_task(cluster=cluster, task=arn, reason=reason)
    except Gone:
        return False
    return True


def set_state(cluster: str, arns: Sequence[str], status: str) -> tuple[str, ...]:
    """Set container instances ACTIVE or DRAINING, ten a call, and return those that are: the others are gone.

    Raises AwsRefused for one that ECS refused for another reason: the call answers 200 even then.
    """
    done: list[str] = []
    for batch in in_batches(arns, 10):
        try:
            with translated():
                answer = client("ecs").update_container_instances_state(
                    cluster=cluster, containerInstances=list(batch), status=status
                )
        except Gone:
            return ()
        failures = {str(each.get("arn")): each.get("reason") for each in answer.get("failures", [])}
        for arn, reason in failures.items():
            if reason not in error_codes.GONE_REASONS:
                raise AwsRefused(f"ECS did not set {arn} {status}: {reason}")
        done += [arn for arn in batch if arn not in failures]
    return tuple(done)


def _task(item: dict[str, Any]) -> Task:
    return Task(
        arn=item["taskArn"],
        last_status=item["lastStatus"],
        desired_status=item.get("desiredStatus", "RUNNING"),
        group=item.get("group", ""),
        started_by=item.get("startedBy", ""),
        task_definition_arn=item.get("taskDefinitionArn", ""),
        health_status=item.get("healthStatus", "UNKNOWN"),
        created_at=item.get("createdAt"),
        started_at=item.get("startedAt"),
        stopping_at=item.get("stoppingAt"),
        stopped_at=item.get("stoppedAt"),
        stop_code=item.get("stopCode") or "",
        stopped_reason=one_line(item.get("stoppedReason") or ""),
    )


def _agent_is_lost(item: dict[str, Any]) -> bool:
    return item["lastStatus"] != "STOPPED" and item.get("connectivity") == "DISCONNECTED"


def _container_instance(cluster: str, item: dict[str, Any]) -> ContainerInstance:
    zones = [a.get("value") for a in item.get("attributes", []) if a["name"] == "ecs.availability-zone"]
    return ContainerInstance(
        arn=item["containerInstanceArn"],
        cluster=cluster,
        ec2_instance_id=item["ec2InstanceId"],
        status=item["status"],
        agent_connected=item.get("agentConnected", True),
        capacity_provider=item.get("capacityProviderName"),
        availability_zone=zones[0] if zones else None,
        running_tasks=item.get("runningTasksCount", 0),
        pending_tasks=item.get("pendingTasksCount", 0),
    )
