"""Health: what makes Auto Scaling replace an instance that still counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.autoscaling.exceptions import ValidationError

from embedded_aws.autoscaling import lifecycle, machines
from embedded_aws.autoscaling.members import GroupInstance, member_of_any
from embedded_aws.aws import later, now

REACTION_SECONDS = 1.0
"""From an instance marked unhealthy until its termination begins."""
HEALTH_CHECK_SECONDS = 60.0
"""Until the EC2 status checks tell that an instance is stopped or gone."""


def set_health(backend: Any, request: dict[str, Any]) -> None:
    """Mark an instance; an unhealthy one is replaced, unless its grace period still runs and is respected.

    User Guide, "Set up a custom health check", "Set the health check grace period". Raises ValidationError.
    """
    instance_id, status = request["InstanceId"], request["HealthStatus"]
    if status not in ("Healthy", "Unhealthy"):
        raise ValidationError("Valid instance health states are: [Healthy, Unhealthy]")
    member = backend.member(instance_id)
    if request.get("ShouldRespectGracePeriod", True) and _in_grace(member):
        return
    member.health_status = status
    if status == "Unhealthy":
        later(REACTION_SECONDS, lambda: _replace(member), f"{instance_id} is replaced")


def check(backend: Any, instance_id: str) -> None:
    """Have a group find out, a while later, that its EC2 instance was stopped or terminated."""
    member = member_of_any(backend, instance_id)
    if member is not None:
        later(HEALTH_CHECK_SECONDS, lambda: _fail(member), f"{instance_id} fails its status check")


def stopped(backend: Any, instance_id: str) -> None:
    """Follow up on an EC2 instance that somebody stopped."""
    machines.halt(backend.ec2_backend.get_instance(instance_id))
    check(backend, instance_id)


def terminated(backend: Any, instance_id: str) -> None:
    """Follow up on an EC2 instance that somebody terminated: hooks can't hold it, yet they run, too late."""
    machines.mourn(instance_id)
    check(backend, instance_id)


def _in_grace(member: GroupInstance) -> bool:
    grace = timedelta(seconds=int(member.group.health_check_grace_period or 0))
    return member.lifecycle_state == "InService" and now() < member.in_service_at + grace


def _fail(member: GroupInstance) -> None:
    if not member.gone and member.instance.state != "running" and member.counts:
        member.health_status = "Unhealthy"
        _replace(member)


def _replace(member: GroupInstance) -> None:
    halted = member.group.suspended("ReplaceUnhealthy") or member.group.suspended("Terminate")
    if member.counts and member.health_status == "Unhealthy" and not member.gone and not halted:
        lifecycle.terminate(member, "an instance was taken out of service after a failed health check.")
        member.group.changed()
