"""What people do to EC2 instances by hand reaches their Auto Scaling group and the ECS agent on them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses.instances import InstanceResponse

from embedded_aws.autoscaling import health, machines
from embedded_aws.autoscaling.lifecycle import BOOT_SECONDS
from embedded_aws.aws import later


def install() -> None:
    """Let RunInstances, StartInstances and StopInstances be followed up; TerminateInstances is by moto."""
    os.environ.setdefault(
        "MOTO_EC2_LOAD_DEFAULT_AMIS", "false"
    )  # 5,000 objects at each reset, and none needed
    for operation, follow_up in (("run", _ran), ("start", _started), ("stop", _stopped)):
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
        _boot_later(instance)


def _started(response: Any, answer: dict[str, Any]) -> None:
    for started in answer["StartingInstances"]:
        _boot_later(response.ec2_backend.get_instance(started["InstanceId"]))


def _stopped(response: Any, answer: dict[str, Any]) -> None:
    for stopped in answer["StoppingInstances"]:
        health.stopped(autoscaling_backends[response.current_account][response.region], stopped["InstanceId"])


def _boot_later(instance: Any) -> None:
    def boot() -> None:
        if instance.state == "running":
            machines.boot(instance)

    later(BOOT_SECONDS, boot, f"{instance.id} comes up")
