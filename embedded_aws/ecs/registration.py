"""Registration: the container instance that an EC2 instance becomes, with the resources of its type."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.moto_api._internal import mock_random

from embedded_aws.aws import now
from embedded_aws.ecs.model import ContainerInstance

MEMORY_SHARE = 0.95
"""The share of an instance type's memory that the agent registers; the kernel keeps the rest."""


def register(
    cluster: Any, ec2_instance: Any, attributes: dict[str, str | None], tags: list[dict[str, str]]
) -> ContainerInstance:
    """Make the container instance of moto's EC2 instance, with the resources of its instance type."""
    kind = ec2_instance.instance_type
    cpu, memory, interfaces = _resources(kind)
    arn = cluster.arn.replace(":cluster/", ":container-instance/") + f"/{mock_random.uuid4().hex}"
    own = {
        "ecs.ami-id": ec2_instance.image_id,
        "ecs.availability-zone": ec2_instance.availability_zone,
        "ecs.instance-type": kind,
        "ecs.os-type": "windows" if ec2_instance.platform == "windows" else "linux",
        "ecs.capability.task-eni": None,
    }
    return ContainerInstance(
        arn,
        cluster.name,
        cluster.arn,
        ec2_instance.id,
        cpu,
        memory,
        interfaces,
        {**own, **attributes},
        tags,
        now(),
    )


def _resources(instance_type: str) -> tuple[int, int, int]:
    """Return CPU units, MiB and network interfaces for awsvpc tasks (all but the instance's own)."""
    kind = INSTANCE_TYPES[instance_type]
    memory = int(kind["MemoryInfo"]["SizeInMiB"] * MEMORY_SHARE)
    return (
        kind["VCpuInfo"]["DefaultVCpus"] * 1024,
        memory,
        kind["NetworkInfo"]["MaximumNetworkInterfaces"] - 1,
    )
