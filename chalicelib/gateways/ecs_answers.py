"""ECS's answers as the values of `chalicelib.common`: read here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import (
    DEFAULT_STOP_TIMEOUT,
    Constraint,
    Deployment,
    Service,
    ServiceEvent,
    Share,
    TaskDefinition,
)
from chalicelib.common.wording import one_line
from chalicelib.explain.capacity import Provider
from chalicelib.explain.circumstances import Protection

Answer = dict[str, Any]

EVENTS_KEPT = 10
"""Newest of the hundred that DescribeServices returns."""

ZONAL_DRIVERS = ("ebs",)
"""Docker volume drivers (`rexray/ebs`) whose disks can't leave their Availability Zone."""

DEFAULT_INTERVAL_SECONDS = 30
"""Of a container health check: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html"""


def task_definition(answer: Answer) -> TaskDefinition:
    """Return what a task of a task definition asks of a container instance, given DescribeTaskDefinition's answer."""
    definition = answer["taskDefinition"]
    containers = definition.get("containerDefinitions", [])
    mode = definition.get("networkMode") or "bridge"
    return TaskDefinition(
        cpu=_units(definition.get("cpu")) or sum(one.get("cpu", 0) for one in containers),
        memory=_units(definition.get("memory")) or sum(_reserved_memory(one) for one in containers),
        gpus=sum(_gpus(one) for one in containers),
        tcp_ports=_static_ports(containers, mode, "tcp"),
        udp_ports=_static_ports(containers, mode, "udp"),
        attributes={one["name"]: one.get("value", "") for one in definition.get("requiresAttributes", [])},
        constraints=_constraints(definition),
        pinned_volumes=tuple(one["name"] for one in definition.get("volumes", []) if _is_zonal(one)),
        stop_timeout=_stop_timeout(containers),
        health_check_interval=_health_check_interval(containers),
        tags=_tags(answer),
    )


def _units(text: str | None) -> int:
    # AWS stores "1 vCPU" and "2 GB" as 1024 and 2048 when the task definition is registered.
    return int(text) if text and text.isdigit() else 0


def _reserved_memory(container: Answer) -> int:
    # The reservation is subtracted where there is one, else the hard limit (ContainerDefinition.memoryReservation).
    return int(container.get("memoryReservation") or container.get("memory") or 0)


def _gpus(container: Answer) -> int:
    wanted = [one for one in container.get("resourceRequirements", []) if one["type"] == "GPU"]
    return sum(_units(one["value"]) for one in wanted)


def _static_ports(containers: Sequence[Answer], mode: str, protocol: str) -> frozenset[int]:
    if mode == "awsvpc":
        return frozenset()
    mappings = [one for container in containers for one in container.get("portMappings", [])]
    own = [one for one in mappings if one.get("protocol", "tcp") == protocol]
    ports = (one.get("hostPort") or (one.get("containerPort") if mode == "host" else 0) for one in own)
    return frozenset(port for port in ports if port)


def _constraints(answer: Answer) -> tuple[Constraint, ...]:
    found = answer.get("placementConstraints") or []
    return tuple(Constraint(one["type"], one.get("expression", "")) for one in found)


def _is_zonal(volume: Answer) -> bool:
    driver = (volume.get("dockerVolumeConfiguration") or {}).get("driver", "")
    return driver.rpartition("/")[-1].partition(":")[0] in ZONAL_DRIVERS


def _stop_timeout(containers: Sequence[Answer]) -> timedelta:
    own = [
        timedelta(seconds=one["stopTimeout"]) if one.get("stopTimeout") else DEFAULT_STOP_TIMEOUT
        for one in containers
    ]
    return max(own, default=DEFAULT_STOP_TIMEOUT)


def _health_check_interval(containers: Sequence[Answer]) -> timedelta | None:
    checks = [one["healthCheck"] for one in containers if one.get("healthCheck")]
    intervals = [timedelta(seconds=check.get("interval") or DEFAULT_INTERVAL_SECONDS) for check in checks]
    return max(intervals, default=None)


def _tags(answer: Answer) -> dict[str, str]:
    return {one["key"]: one.get("value", "") for one in answer.get("tags", [])}


def container_instance(cluster: str, answer: Answer) -> ContainerInstance:
    """Return a container instance of a cluster with what is left on it."""
    left = {one["name"]: one for one in answer.get("remainingResources", [])}
    registered = {one["name"]: one for one in answer.get("registeredResources", [])}
    return ContainerInstance(
        arn=answer["containerInstanceArn"],
        ec2_instance_id=answer.get("ec2InstanceId", ""),
        cluster=cluster,
        status=answer["status"],
        agent_connected=answer.get("agentConnected", True),
        cpu=_number(left, "CPU"),
        memory=_number(left, "MEMORY"),
        gpus=len(left.get("GPU", {}).get("stringSetValue", [])),
        registered_cpu=_number(registered, "CPU"),
        registered_memory=_number(registered, "MEMORY"),
        tcp_ports_in_use=_ports(left, "PORTS"),
        udp_ports_in_use=_ports(left, "PORTS_UDP"),
        attributes={one["name"]: one.get("value") or "" for one in answer.get("attributes", [])},
        running_tasks=answer.get("runningTasksCount", 0),
        pending_tasks=answer.get("pendingTasksCount", 0),
        agent_version=answer.get("versionInfo", {}).get("agentVersion", ""),
        capacity_provider=answer.get("capacityProviderName") or "",
        registered_at=answer.get("registeredAt"),
        version=answer.get("version", 0),
    )


def _number(resources: dict[str, Answer], name: str) -> int:
    return int(resources.get(name, {}).get("integerValue", 0))


def _ports(resources: dict[str, Answer], name: str) -> frozenset[int]:
    # Of ports, "remaining" lists those that are taken: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html
    return frozenset(int(port) for port in resources.get(name, {}).get("stringSetValue", []))


def service(cluster: str, answer: Answer) -> Service:
    """Return a service of a cluster, without its tasks."""
    is_daemon = answer.get("schedulingStrategy") == "DAEMON"
    percents = answer.get("deploymentConfiguration") or {}
    return Service(
        name=answer["serviceName"],
        desired=answer["desiredCount"],
        running=answer.get("runningCount", 0),
        pending=answer.get("pendingCount", 0),
        minimum_percent=percents.get("minimumHealthyPercent", 0 if is_daemon else 100),
        maximum_percent=percents.get("maximumPercent", 100 if is_daemon else 200),
        strategy="DAEMON" if is_daemon else "REPLICA",
        launch_type=answer.get("launchType", ""),
        shares=shares(answer.get("capacityProviderStrategy")),
        controller=(answer.get("deploymentController") or {}).get("type", "ECS"),
        task_definition_arn=answer.get("taskDefinition", ""),
        constraints=_constraints(answer),
        target_group_arns=tuple(
            one["targetGroupArn"] for one in answer.get("loadBalancers", []) if one.get("targetGroupArn")
        ),
        health_check_grace=timedelta(seconds=answer.get("healthCheckGracePeriodSeconds") or 0),
        deployments=tuple(_deployment(one) for one in answer.get("deployments", [])),
        events=tuple(
            ServiceEvent(one["createdAt"], one_line(one["message"]))
            for one in answer.get("events", [])[:EVENTS_KEPT]
        ),
        cluster=cluster,
        arn=answer.get("serviceArn", ""),
        tags=_tags(answer),
    )


def shares(answer: Sequence[Answer] | None) -> tuple[Share, ...]:
    """Return a capacity provider strategy; a weight that isn't given is 0."""
    return tuple(
        Share(one["capacityProvider"], one.get("base", 0), one.get("weight", 0)) for one in answer or ()
    )


def capacity_provider(answer: Answer) -> Provider:
    """Return a capacity provider, without its Auto Scaling group."""
    own = answer.get("autoScalingGroupProvider") or {}
    scaling = own.get("managedScaling") or {}
    return Provider(
        name=answer.get("name", ""),
        # Nothing for Fargate.
        group_name=str(own.get("autoScalingGroupArn", "")).rpartition("autoScalingGroupName/")[-1],
        manages_scaling=scaling.get("status") == "ENABLED",
        target_capacity=scaling.get("targetCapacity") or 100,
        drains=own.get("managedDraining") == "ENABLED",
        protects=own.get("managedTerminationProtection") == "ENABLED",
        launches_itself="managedInstancesProvider" in answer,
    )


def _deployment(answer: Answer) -> Deployment:
    return Deployment(
        id=answer["id"],
        status=answer.get("status", ""),
        rollout_state=answer.get("rolloutState", ""),
        rollout_state_reason=one_line(answer.get("rolloutStateReason", "")),
        failed_tasks=answer.get("failedTasks", 0),
        desired=answer.get("desiredCount", 0),
        running=answer.get("runningCount", 0),
        created_at=answer.get("createdAt"),
    )


def task(answer: Answer) -> Task:
    """Return a task, wherever in its cluster it is."""
    return Task(
        arn=answer["taskArn"],
        last_status=answer["lastStatus"],
        desired_status=answer.get("desiredStatus", "RUNNING"),
        group=answer.get("group", ""),
        started_by=answer.get("startedBy", ""),
        task_definition_arn=answer.get("taskDefinitionArn", ""),
        container_instance_arn=answer.get("containerInstanceArn", ""),
        capacity_provider=answer.get("capacityProviderName") or "",
        health_status=answer.get("healthStatus", "UNKNOWN"),
        connectivity=answer.get("connectivity", "CONNECTED"),
        created_at=answer.get("createdAt"),
        started_at=answer.get("startedAt"),
        stopping_at=answer.get("stoppingAt"),
        stopped_at=answer.get("stoppedAt"),
        stop_code=answer.get("stopCode") or "",
        stopped_reason=one_line(answer.get("stoppedReason") or ""),
        tags=_tags(answer),
    )


def protections(answers: Iterable[Answer]) -> dict[str, Protection]:
    """Return by ARN the tasks that are protected."""
    return {
        one["taskArn"]: Protection(one.get("expirationDate")) for one in answers if one["protectionEnabled"]
    }
