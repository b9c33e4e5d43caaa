"""The agent on each EC2 instance: it registers a container instance, connects, disconnects, and dies with it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from functools import partial
from typing import Any

from moto.ec2 import ec2_backends
from moto.ecs.models import ecs_backends

from embedded_aws import aws
from embedded_aws.aws import later
from embedded_aws.ecs import events, lifecycle
from embedded_aws.ecs.backend import EcsBackend
from embedded_aws.ecs.model import ContainerInstance
from embedded_aws.ecs.runtime import KilledTask, behaviour, ecs


def instance_started(instance_id: str) -> None:
    """Boot an EC2 instance: its agent connects again, or registers with the cluster that its user data names.

    `ECS_CLUSTER=name` in the user data makes it an ECS instance at all; `ECS_INSTANCE_ATTRIBUTES={...}` and
    `ECS_CONTAINER_INSTANCE_TAGS={...}` are honoured. Registration takes 15 s.
    """
    if _registered(instance_id):
        later(
            behaviour().registration_delay_seconds, partial(reconnect, instance_id), f"agent on {instance_id}"
        )
        return
    script = _user_data(_ec2_instance(instance_id))
    cluster = _setting(script, "ECS_CLUSTER")
    if cluster:
        register = partial(_register, instance_id, cluster, script)
        later(behaviour().registration_delay_seconds, register, f"agent on {instance_id}")


def instance_gone(instance_id: str) -> None:
    """Terminate an EC2 instance under its agent: its tasks die, its container instance is INACTIVE at once.

    API reference, DeregisterContainerInstance: an instance whose agent is not connected stays registered.
    """
    for instance in [each for each in _ever_registered(instance_id) if each.status != "INACTIVE"]:
        _record_kills(instance)
        if instance.agent_connected:
            for task in list(instance.tasks.values()):
                lifecycle.kill(task, "TerminationNotice", f"Host EC2 (instance {instance_id}) terminated.")
            _backend().deactivate(instance)
    for instance in _ever_registered(instance_id):
        _record_kills(instance)


def instance_stopped(instance_id: str) -> None:
    """Stop, not terminate, an EC2 instance: its tasks die, it stays registered with its agent disconnected."""
    for instance in _registered(instance_id):
        disconnect(instance_id)
        for task in list(instance.tasks.values()):
            lifecycle.kill(task, "TerminationNotice", f"Host EC2 (instance {instance_id}) stopped.")


def lose_state(instance_id: str) -> None:
    """Wipe the disk under the agent: its tasks die, and what it was registered as stays behind, disconnected.

    The agent keeps its state in /var/lib/ecs on the root volume; without it, it registers another container instance.
    """
    for instance in _registered(instance_id):
        instance_stopped(instance_id)
        instance.is_orphaned = not behaviour().keeps_container_instance


def register_again(instance_id: str) -> None:
    """Let the agent forget what it is, containers and all, and register another container instance at once.

    As after its data directory was lost: the tasks of the old one go on without anybody to report or stop them.
    """
    for instance in _registered(instance_id):
        _connect(instance, connected=False)
        instance.is_orphaned = True
    instance_started(instance_id)


def disconnect(instance_id: str) -> None:
    """Cut the agent off: until it is back, no task starts or stops there, as far as ECS can tell."""
    for instance in _registered(instance_id):
        _connect(instance, connected=False)


def reconnect(instance_id: str) -> None:
    """Bring the agent back: it does and reports what has waited for it."""
    for instance in _registered(instance_id):
        _connect(instance, connected=True)
        for task in list(instance.tasks.values()):
            lifecycle.agent_returned(task)
        _backend().scheduler.wake_cluster(instance.cluster_name)


def killed_tasks() -> list[KilledTask]:
    """Return the tasks whose containers died with their EC2 instance, in the order of their deaths."""
    return list(ecs().killed)


def _connect(instance: ContainerInstance, *, connected: bool) -> None:
    if instance.agent_connected != connected:
        instance.agent_connected = connected
        events.instance_changed(instance)
        for task in instance.tasks.values():
            lifecycle.connectivity_changed(task)


def _record_kills(instance: ContainerInstance) -> None:
    for task in [*instance.tasks.values(), *instance.orphans]:
        lifecycle.record_kill(task)


def _register(instance_id: str, cluster: str, script: str) -> None:
    ec2_instance, backend = _ec2_instance(instance_id), _backend()
    if ec2_instance is None or ec2_instance.state != "running" or cluster not in backend.clusters:
        return
    tags = _json_setting(script, "ECS_CONTAINER_INSTANCE_TAGS")
    backend.register_container_instance(
        cluster,
        instance_id,
        attributes=dict(_json_setting(script, "ECS_INSTANCE_ATTRIBUTES")),
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )


def _backend() -> EcsBackend:
    backend: EcsBackend = ecs_backends[aws.ACCOUNT_ID][aws.REGION]
    return backend


def _ec2_instance(instance_id: str) -> Any:
    return ec2_backends[aws.ACCOUNT_ID][aws.REGION].get_instance_by_id(instance_id)


def _ever_registered(instance_id: str) -> list[ContainerInstance]:
    return [each for each in _backend().all_instances() if each.ec2_instance_id == instance_id]


def _registered(instance_id: str) -> list[ContainerInstance]:
    known = _ever_registered(instance_id)
    return [instance for instance in known if instance.status != "INACTIVE" and not instance.is_orphaned]


def _user_data(ec2_instance: Any) -> str:
    """Return the user data as text, whether it came in base64 (the API's form) or plain."""
    data = getattr(ec2_instance, "user_data", None) or ""
    text = data.decode() if isinstance(data, bytes) else str(data)
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def _setting(script: str, name: str) -> str | None:
    found = re.search(rf"\b{name}=(['\"]?)(.+?)\1(?=\s|;|>|$)", script)
    return found[2] if found else None


def _json_setting(script: str, name: str) -> dict[str, str]:
    found = re.search(rf"\b{name}=['\"]?(\{{.*?\}})", script)
    return dict(json.loads(found[1])) if found else {}
