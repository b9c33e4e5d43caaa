"""AWS's answers about services, task definitions, instances and target groups as the values of `chalicelib.explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.common.wording import one_line
from chalicelib.explain.capacity import Provider, ScalingGroup, Share
from chalicelib.explain.circumstances import (
    DEFAULT_STOP_TIMEOUT,
    Constraint,
    Deployment,
    DescribedInstance,
    Needs,
    Service,
    ServiceEvent,
    ServiceTask,
    Target,
    TargetGroup,
)

Answer = dict[str, Any]

EVENTS_KEPT = 10
"""Newest of the hundred that DescribeServices returns."""

ZONAL_DRIVERS = ("ebs",)
"""Docker volume drivers (`rexray/ebs`) whose disks can't leave their Availability Zone."""

DEFAULT_INTERVAL_SECONDS = 30
"""Of a container health check: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html"""


def needs(definition: Answer) -> Needs:
    """Return what a task of a task definition asks of a container instance."""
    containers = definition.get("containerDefinitions", [])
    mode = definition.get("networkMode") or "bridge"
    return Needs(
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


def instance(answer: Answer) -> DescribedInstance:
    """Return a container instance with what is left on it."""
    left = {one["name"]: one for one in answer.get("remainingResources", [])}
    registered = {one["name"]: one for one in answer.get("registeredResources", [])}
    return DescribedInstance(
        arn=answer["containerInstanceArn"],
        ec2_instance_id=answer.get("ec2InstanceId", ""),
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
        agent_version=answer.get("versionInfo", {}).get("agentVersion", ""),
        capacity_provider=answer.get("capacityProviderName") or "",
    )


def _number(resources: dict[str, Answer], name: str) -> int:
    return int(resources.get(name, {}).get("integerValue", 0))


def _ports(resources: dict[str, Answer], name: str) -> frozenset[int]:
    # Of ports, "remaining" lists those that are taken: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html
    return frozenset(int(port) for port in resources.get(name, {}).get("stringSetValue", []))


def service(answer: Answer, tasks: tuple[ServiceTask, ...] = ()) -> Service:
    """Return a service with its tasks in the whole cluster."""
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
        tasks=tasks,
    )


def shares(answer: Sequence[Answer] | None) -> tuple[Share, ...]:
    """Return a capacity provider strategy; a weight that isn't given is 0."""
    return tuple(
        Share(one["capacityProvider"], one.get("base", 0), one.get("weight", 0)) for one in answer or ()
    )


def provider(answer: Answer, groups: Mapping[str, ScalingGroup]) -> Provider:
    """Return a capacity provider with its Auto Scaling group, if that is among these, by name."""
    own = answer.get("autoScalingGroupProvider") or {}
    scaling = own.get("managedScaling") or {}
    name = group_name(answer)
    return Provider(
        name=answer["name"],
        group_name=name,
        manages_scaling=scaling.get("status") == "ENABLED",
        target_capacity=scaling.get("targetCapacity") or 100,
        drains=own.get("managedDraining") == "ENABLED",
        protects=own.get("managedTerminationProtection") == "ENABLED",
        launches_itself="managedInstancesProvider" in answer,
        group=groups.get(name),
    )


def group_name(answer: Answer) -> str:
    """Return the name of a capacity provider's Auto Scaling group from its ARN, or nothing for Fargate."""
    own = answer.get("autoScalingGroupProvider") or {}
    return str(own.get("autoScalingGroupArn", "")).rpartition("autoScalingGroupName/")[-1]


def scaling_group(answer: Answer) -> ScalingGroup:
    """Return an Auto Scaling group in numbers of instances."""
    instances = answer.get("Instances", [])
    states = [one["LifecycleState"] for one in instances]
    launching = sum(state.startswith("Pending") for state in states)
    return ScalingGroup(
        name=answer["AutoScalingGroupName"],
        desired=answer.get("DesiredCapacity", 0),
        maximum=answer.get("MaxSize", 0),
        counted=launching + states.count("InService"),
        launching=launching,
        warm=answer.get("WarmPoolSize", 0),
        leaving=frozenset(
            one["InstanceId"] for one in instances if one["LifecycleState"].startswith("Terminating")
        ),
        suspended=frozenset(one["ProcessName"] for one in answer.get("SuspendedProcesses", [])),
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


def service_task(answer: Answer) -> ServiceTask:
    """Return a task of a service anywhere in the cluster."""
    return ServiceTask(
        arn=answer["taskArn"],
        container_instance_arn=answer.get("containerInstanceArn", ""),
        last_status=answer["lastStatus"],
        desired_status=answer.get("desiredStatus", "RUNNING"),
        health_status=answer.get("healthStatus", "UNKNOWN"),
        created_at=answer.get("createdAt"),
        started_at=answer.get("startedAt"),
        stopped_reason=one_line(answer.get("stoppedReason", ""))
        if answer.get("stopCode") == "TaskFailedToStart"
        else "",
        capacity_provider=answer.get("capacityProviderName") or "",
    )


def target_group(group: Answer, attributes: Sequence[Answer], health: Sequence[Answer]) -> TargetGroup:
    """Return a target group with its deregistration delay and the targets that aren't healthy."""
    values = {one["Key"]: one["Value"] for one in attributes}
    targets = [_target(one) for one in health]
    checks = group.get("HealthyThresholdCount", 0)
    return TargetGroup(
        arn=group["TargetGroupArn"],
        name=group.get("TargetGroupName", ""),
        deregistration_delay=timedelta(
            seconds=int(values.get("deregistration_delay.timeout_seconds", "300"))
        ),
        health_time=timedelta(seconds=checks * group.get("HealthCheckIntervalSeconds", 0)),
        healthy=sum(target.state == "healthy" for target in targets),
        others=tuple(target for target in targets if target.state != "healthy"),
    )


def _target(answer: Answer) -> Target:
    health = answer.get("TargetHealth") or {}
    return Target(answer["Target"]["Id"], health.get("State", "unknown"), health.get("Reason", ""))
