"""A task's place behind its service's load balancers."""

from __future__ import annotations

from typing import Any

from embedded_aws.ecs import target_groups
from embedded_aws.ecs.model import Task


def has_targets(task: Task) -> bool:
    """Whether the task's service stands behind a target group."""
    return bool(_wanted(task))


def register(task: Task) -> None:
    """Register the task in its service's target groups, where it is `initial` until it is healthy."""
    for balancer in _wanted(task):
        port = _host_port(task, balancer)
        group = _group(balancer["targetGroupArn"])
        target_id = task.instance.ec2_instance_id
        group.register([{"Id": target_id, "Port": port, "State": "initial"}])
        task.targets.append((balancer["targetGroupArn"], target_id, port))
    if task.targets and task.service is not None:
        task.service.say_of_targets("registered", [arn for arn, _, _ in task.targets])


def report_health(task: Task) -> None:
    """Pass on to the load balancers what their health checks would find."""
    for arn, target_id, port in task.targets:
        target_groups.set_state(_group(arn), target_id, port, "healthy" if task.is_healthy else "unhealthy")


def deregister(task: Task) -> float:
    """Deregister the task everywhere; returns the longest deregistration delay in seconds, 0 without targets."""
    leaving, task.targets = task.targets, []
    delays = [0.0]
    for arn, target_id, port in leaving:
        group = _group(arn)
        if group is not None:
            delays.append(_leave(group, target_id, port))
    if leaving and task.service is not None:
        task.service.say_of_targets("deregistered", [arn for arn, _, _ in leaving])
    return max(delays)


def _leave(group: Any, target_id: str, port: int) -> float:
    if f"{target_id}:{port}" in group.targets:  # a person may have deregistered it already
        group.deregister([{"Id": target_id, "Port": port}])
    return target_groups.delay_seconds(group)


def _wanted(task: Task) -> list[dict[str, Any]]:
    balancers = task.service.load_balancers if task.service is not None else []
    return [balancer for balancer in balancers if balancer.get("targetGroupArn")]


def _host_port(task: Task, balancer: dict[str, Any]) -> int:
    wanted = balancer.get("containerPort")
    return next(int(binding["hostPort"]) for binding in task.bindings if binding["containerPort"] == wanted)


def _group(arn: str) -> Any:
    _, _, _, region, account_id, _ = arn.split(":", 5)
    return target_groups.find(arn, account_id, region)
