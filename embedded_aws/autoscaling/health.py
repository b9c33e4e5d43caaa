"""Health: what makes Auto Scaling replace an instance that still counts, be it done to EC2 by hand."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import autoscaling_backends
from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses.instances import InstanceResponse

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


def install() -> None:
    """Let RunInstances and StopInstances be followed up; TerminateInstances is by moto."""
    os.environ.setdefault(
        "MOTO_EC2_LOAD_DEFAULT_AMIS", "false"
    )  # 5,000 objects at each reset, and none needed
    for operation, follow_up in (("run", _ran), ("stop", _stopped)):
        name = f"{operation}_instances"
        setattr(InstanceResponse, name, _followed_up(getattr(InstanceResponse, name), follow_up))
    InstanceBackend.get_instance, InstanceBackend.get_instance_by_id = _instance, _instance_or_none


def _instance(backend: Any, instance_id: str) -> Any:
    """Find an instance; raises InvalidInstanceIdError."""
    instance = _instance_or_none(backend, instance_id)
    if instance is None:
        raise InvalidInstanceIdError(instance_id)
    return instance


def _instance_or_none(backend: Any, instance_id: str) -> Any:
    """Find an instance, or None, without moto's copy of every reservation: n instances would cost n² of them."""
    reservations = list(backend.reservations.values())
    return next((each for one in reservations for each in one.instances if each.id == instance_id), None)


def _followed_up(
    original: Callable[[Any], Any], follow_up: Callable[[Any, Any], None]
) -> Callable[[Any], Any]:
    @functools.wraps(original)
    def operation(response: Any) -> Any:
        answer = original(response)
        follow_up(response, answer.result)
        return answer

    return operation


def _ran(_: Any, reservation: Any) -> None:
    for instance in reservation.instances:
        later(lifecycle.BOOT_SECONDS, partial(_boot, instance), f"{instance.id} comes up")


def _boot(instance: Any) -> None:
    if instance.state == "running":
        machines.boot(instance)


def _stopped(response: Any, answer: dict[str, Any]) -> None:
    for stopped in answer["StoppingInstances"]:
        check(autoscaling_backends[response.current_account][response.region], stopped["InstanceId"])
