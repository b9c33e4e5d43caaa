"""The one reader of ECS: container instances, tasks, services and task definitions as our values, and the two deeds.

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
from chalicelib.common.services import DEFAULT_STOP_TIMEOUT, Service, Share, TaskDefinition
from chalicelib.explain.capacity import Provider
from chalicelib.explain.circumstances import Protection
from chalicelib.gateways import ecs_answers, ecs_calls, error_codes
from chalicelib.gateways.aws import all_pages, client, in_batches, translated

DESCRIBED_AT_ONCE = 100
SERVICES_AT_ONCE = 10
TAGS: dict[str, Any] = {"include": ["TAGS"]}


@dataclass(frozen=True, slots=True)
class DescribedTasks:
    """What DescribeTasks answered."""

    tasks: tuple[Task, ...]
    gone: frozenset[str]
    """ARNs asked for that ECS no longer knows; all of them where the cluster is gone."""


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


def all_container_instances(cluster: str) -> tuple[ContainerInstance, ...]:
    """Return all container instances of a cluster but INACTIVE ones; none of one that is gone."""
    try:
        arns = all_pages(client("ecs").list_container_instances, "containerInstanceArns", cluster=cluster)
    except Gone:
        return ()
    return describe_container_instances(cluster, arns)


def describe_container_instances(cluster: str, arns: Sequence[str]) -> tuple[ContainerInstance, ...]:
    """Return the container instances that ECS still knows, INACTIVE ones included; none of a cluster that is gone."""
    return tuple(
        ecs_answers.container_instance(cluster, answer)
        for batch in in_batches(arns, DESCRIBED_AT_ONCE)
        for answer in ecs_calls.read_container_instances(cluster, batch)
    )


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


def tasks_where(cluster: str, **asked: str) -> list[str]:
    """Return the ARNs of the tasks of a cluster that ECS wants RUNNING; none of whatever is gone.

    `asked`: ListTasks' own parameters (`serviceName`, `containerInstance`, `desiredStatus`) for fewer, or for others:
    those with the desired status STOPPED, which ECS keeps for about an hour.
    """
    try:
        return all_pages(client("ecs").list_tasks, "taskArns", cluster=cluster, **asked)
    except Gone:
        return []


def describe_tasks(cluster: str, arns: Sequence[str], *, with_tags: bool = False) -> DescribedTasks:
    """Return the tasks with these ARNs, and which of them ECS has forgotten."""
    tasks: list[Task] = []
    gone: set[str] = set()
    for batch in in_batches(arns, DESCRIBED_AT_ONCE):
        answers, missing = ecs_calls.read_tasks(cluster, batch, **TAGS if with_tags else {})
        tasks += map(ecs_answers.task, answers)
        gone |= missing
    return DescribedTasks(tuple(tasks), frozenset(gone))


def describe_services(cluster: str, names: Iterable[str], *, with_tags: bool = False) -> tuple[Service, ...]:
    """Return these services, without their tasks; one that was deleted is left out."""
    return tuple(
        ecs_answers.service(cluster, answer)
        for batch in in_batches(sorted(names), SERVICES_AT_ONCE)
        for answer in ecs_calls.read_services(cluster, batch, **TAGS if with_tags else {})
    )


def list_services(cluster: str) -> list[str]:
    """Return the ARNs of a cluster's services; none of one that is gone."""
    try:
        return all_pages(client("ecs").list_services, "serviceArns", cluster=cluster, maxResults=100)
    except Gone:
        return []


def task_definitions(arns: Iterable[str], *, with_tags: bool = False) -> dict[str, TaskDefinition]:
    """Return task definitions by ARN, one call each; one that was deleted is left out."""
    more = TAGS if with_tags else {}
    answers = {arn: ecs_calls.read_task_definition(arn, **more) for arn in sorted(set(arns))}
    return {arn: ecs_answers.task_definition(answer) for arn, answer in answers.items() if answer}


def longest_stop(arns: Iterable[str]) -> timedelta:
    """Return the longest stopTimeout among the containers of these task definitions, 30 s where none is set.

    One that was deleted sets none: ECS keeps a task definition for as long as a task runs from it.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/delete-task-definition-v2.html
    """
    return max([DEFAULT_STOP_TIMEOUT, *(each.stop_timeout for each in task_definitions(arns).values())])


def protections(cluster: str, arns: Sequence[str]) -> dict[str, Protection]:
    """Return by ARN those of these tasks, each of a service, that are under scale-in protection."""
    return ecs_answers.protections(
        answer
        for batch in in_batches(arns, DESCRIBED_AT_ONCE)
        for answer in ecs_calls.read_protections(cluster, batch)
    )


def default_shares(cluster: str) -> tuple[Share, ...]:
    """Return the default capacity provider strategy of a cluster; none of one that is gone."""
    return tuple(
        share
        for answer in ecs_calls.read_cluster(cluster)
        for share in ecs_answers.shares(answer.get("defaultCapacityProviderStrategy"))
    )


def capacity_providers(names: Iterable[str]) -> dict[str, Provider]:
    """Return these capacity providers by name, without their Auto Scaling groups; deleted ones are left out."""
    wanted = sorted(names)
    found = map(ecs_answers.capacity_provider, ecs_calls.read_capacity_providers(wanted) if wanted else ())
    return {each.name: each for each in found}


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
