"""Load balancer targets by id *and* port, with the states that a target walks through.

moto keys a target group's targets by id alone and calls each of them healthy; a container instance holds many
tasks of a service on ports of their own, and a deregistered target drains for the group's delay before it leaves
(Elastic Load Balancing, target-group-health-checks and deregistration delay).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from moto.elbv2 import elbv2_backends
from moto.elbv2.exceptions import InvalidTargetError, TargetNotRunning
from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

from embedded_aws.aws import ACCOUNT_ID, REGION, later
from embedded_aws.ecs.model import Task

REASONS = {
    "initial": ("Elb.RegistrationInProgress", "Target registration is in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unused": ("Target.NotRegistered", "Target is not registered to the target group"),
}


def install() -> None:
    """Teach moto's target groups to tell ports and states apart."""
    FakeTargetGroup.register = _register
    FakeTargetGroup.deregister = _deregister
    FakeTargetGroup.deregister_terminated_instances = _drop_terminated
    FakeTargetGroup.health_for = _health_for


def find(arn: str, account_id: str = ACCOUNT_ID, region: str = REGION) -> Any:
    """Return moto's target group, or None."""
    return elbv2_backends[account_id][region].target_groups.get(arn)


def delay_seconds(group: Any) -> float:
    """Return the group's deregistration delay, 300 s unless set."""
    return float(group.attributes["deregistration_delay.timeout_seconds"])


def set_state(group: Any, target_id: str, port: int, state: str) -> None:
    """Say how the load balancer finds a registered target; one that has left is left alone."""
    target = group.targets.get(f"{target_id}:{port}")
    if target is not None and target["State"] != "draining":
        target["State"] = state


def _key(target: dict[str, Any], group: Any) -> str:
    return f"{target['Id']}:{target.get('Port') or group.port}"


def _register(group: Any, targets: list[dict[str, Any]]) -> None:
    for target in targets:
        instance = group.ec2_backend.get_instance_by_id(target["Id"])
        if instance is not None and instance.state != "running":
            raise TargetNotRunning(instance_id=target["Id"])
        registered = {"Id": target["Id"], "Port": target.get("Port") or group.port}
        group.targets[_key(target, group)] = {**registered, "State": target.get("State", "healthy")}


def _deregister(group: Any, targets: list[dict[str, Any]]) -> None:
    for target in targets:
        known = group.targets.get(_key(target, group))
        if known is None:
            raise InvalidTargetError()
        known["State"] = "draining"
        later(delay_seconds(group), partial(_leave, group, known), "target drained")


def _leave(group: Any, target: dict[str, Any]) -> None:
    key = _key(target, group)
    if group.targets.get(key) is target:  # it may have been registered anew meanwhile
        del group.targets[key]


def _drop_terminated(group: Any, instance_ids: list[str]) -> None:
    for key, target in list(group.targets.items()):
        if target["Id"] in instance_ids:
            del group.targets[key]


def _health_for(group: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
    known = group.targets.get(_key(target, group))
    state = known["State"] if known else "unused"
    port = target.get("Port") or group.port
    instance = ec2_backend.get_instance_by_id(target["Id"])
    if known and instance is not None and instance.state == "stopped":
        reason = ("Target.InvalidState", "Target is in the stopped state")
        return FakeHealthStatus(target["Id"], port, group.health_check_port, "unused", *reason)
    return FakeHealthStatus(target["Id"], port, group.health_check_port, state, *REASONS.get(state, ()))


def has_targets(task: Task) -> bool:
    """Whether the task's service stands behind a target group."""
    return bool(_wanted(task))


def register(task: Task) -> None:
    """Register the task in its service's target groups, where it is `initial` until it is healthy."""
    for balancer in _wanted(task):
        group = find(balancer["targetGroupArn"])
        if group is None:  # deleted since the service was created
            continue
        target_id, port = _target(task, balancer)
        group.register([{"Id": target_id, "Port": port, "State": "initial"}])
        task.targets.append((balancer["targetGroupArn"], target_id, port))
    if task.targets and task.service is not None:
        task.service.say_of_targets("registered", [arn for arn, _, _ in task.targets])


def report_health(task: Task) -> None:
    """Pass on to the load balancers what their health checks would find."""
    for arn, target_id, port in task.targets:
        group = find(arn)
        if group is not None:
            set_state(group, target_id, port, "healthy" if task.is_healthy else "unhealthy")


def deregister(task: Task) -> float:
    """Deregister the task everywhere; returns the longest deregistration delay in seconds, 0 without targets."""
    leaving, task.targets = task.targets, []
    delays = [0.0]
    for arn, target_id, port in leaving:
        group = find(arn)
        if group is None:
            continue
        delays.append(delay_seconds(group))
        if f"{target_id}:{port}" in group.targets:  # a person may have deregistered it already
            group.deregister([{"Id": target_id, "Port": port}])
    if leaving and task.service is not None:
        task.service.say_of_targets("deregistered", [arn for arn, _, _ in leaving])
    return max(delays)


def _wanted(task: Task) -> list[dict[str, Any]]:
    balancers = task.service.load_balancers if task.service is not None else []
    return [balancer for balancer in balancers if balancer.get("targetGroupArn")]


def groups_of(task: Task) -> list[Any]:
    """Return moto's target groups that the task's service stands behind."""
    found = [find(balancer["targetGroupArn"]) for balancer in _wanted(task)]
    return [group for group in found if group is not None]


def _target(task: Task, balancer: dict[str, Any]) -> tuple[str, int]:
    """Return the target that the task is: its instance and host port, or the address of its own network interface."""
    if task.needs.interfaces:
        number = int(task.id[:6] or "0", 16)
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", int(balancer["containerPort"])
    return task.instance.ec2_instance_id, _host_port(task, balancer)


def _host_port(task: Task, balancer: dict[str, Any]) -> int:
    wanted = balancer.get("containerPort")
    return next(int(binding["hostPort"]) for binding in task.bindings if binding["containerPort"] == wanted)
