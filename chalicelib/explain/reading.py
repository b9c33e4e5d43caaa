"""What explaining asks AWS for, decided from what was read so far. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Service, Share
from chalicelib.explain.capacity import FARGATE, Provider

PLACES_ASKED = 3
"""Of the instances on which replacements are PENDING: each costs two reads, and one tells enough."""


def services_to_ask_for(tasks: Iterable[Task]) -> frozenset[str]:
    """Return the names of the services of these tasks."""
    return frozenset(task.service_name for task in tasks if task.service_name)


def statuses_to_list(service: Service) -> tuple[str, ...]:
    """Return the desired statuses of which a service's tasks are listed: STOPPED ones where some fail to start.

    None of a daemon: nothing of it is replaced elsewhere.
    """
    if service.is_daemon:
        return ()
    return ("RUNNING", "STOPPED") if any(each.failed_tasks for each in service.deployments) else ("RUNNING",)


def definitions_to_ask_for(tasks: Iterable[Task], services: Iterable[Service]) -> frozenset[str]:
    """Return the ARNs of the task definitions of these tasks, and of their replacements."""
    own = (each.task_definition_arn for each in tasks)
    return frozenset(own).union(each.task_definition_arn for each in services) - {""}


def tasks_that_may_be_protected(tasks: Iterable[Task], services: Iterable[Service]) -> list[str]:
    """Return the ARNs of the tasks of services that replace them: GetTaskProtection refuses any other."""
    daemons = {service.name for service in services if service.is_daemon}
    return [task.arn for task in tasks if task.service_name and task.service_name not in daemons]


def places_of_pending(services: Iterable[Service]) -> list[str]:
    """Return the ARNs of the container instances, a few at most, on which replacements are PENDING."""
    places = {
        task.container_instance_arn
        for service in services
        for task in service.tasks
        if task.last_status == "PENDING" and task.desired_status == "RUNNING"
    }
    return sorted(places - {""})[:PLACES_ASKED]


def goes_by_default(services: Iterable[Service]) -> bool:
    """Whether one of these services has neither a launch type nor a capacity provider strategy of its own.

    It goes by the cluster's default: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
    """
    return any(not one.launch_type and not one.shares and not one.is_daemon for one in services)


def providers_to_ask_for(
    services: Iterable[Service], default: Iterable[Share], own: str = ""
) -> frozenset[str]:
    """Return the capacity providers that these strategies name, and the instance's; Fargate's have nothing to tell."""
    named = {share.provider for service in services for share in service.shares}
    return frozenset({own, *named, *(share.provider for share in default)} - {""} - FARGATE)


def drained_by(instance: ContainerInstance, providers: Mapping[str, Provider]) -> str | None:
    """Return the instance's capacity provider if that drains it by itself."""
    own = providers.get(instance.capacity_provider)
    return own.name if own and own.drains else None
