"""Puts instances into a group as they were found, without a launch."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from unittest.mock import patch

from moto.autoscaling.models import ASG_NAME_TAG
from moto.ec2.models.instances import Instance

from embedded_aws.autoscaling import lifecycle, machines
from embedded_aws.autoscaling.activities import INTO_SERVICE, begin
from embedded_aws.autoscaling.members import Group, GroupInstance


def run_as(
    group: Group,
    instance_id: str,
    *,
    subnet_id: str,
    instance_type: str,
    launched_at: datetime,
    is_spot: bool,
) -> Instance:
    """Run an EC2 instance under the id it had, in its subnet and of its type."""
    template = group.template_version()
    with patch("moto.ec2.models.instances.random_instance_id", return_value=instance_id):
        (instance,) = group.ec2_backend.run_instances(
            machines.image_of(group),
            1,
            group.user_data,
            group.security_groups,
            instance_type=instance_type,
            tags={"instance": {**group.instance_tags, ASG_NAME_TAG: group.name}},
            region_name=group.region,
            placement=None,
            subnet_id=subnet_id,
            launch_config=group.launch_config,
            launch_template={"LaunchTemplateId": template.template.id, "Version": template.number},
            is_instance_type_default=False,
            associate_public_ip=None,
            instance_market_options=None,
        ).instances
    instance.lifecycle = "spot" if is_spot else None
    instance.launch_time = launched_at.replace(tzinfo=None)  # as moto keeps it
    return instance


def put_member(
    group: Group, instance: Any, state: str, *, health: str = "Healthy", is_protected: bool = False
) -> GroupInstance:
    """Take a running instance into the group in the lifecycle state it was in; a pending one comes up anew."""
    member = group.take(GroupInstance(instance, group), state)
    member.health_status, member.protected_from_scale_in = health, is_protected
    if state == "InService":
        machines.register(member)
    elif state.startswith("Pending"):
        member.lifecycle_state = "Pending"
        begin("Launch", member, "an instance was being launched.", INTO_SERVICE)
        come_up = partial(lifecycle.come_up, member, INTO_SERVICE)
        member.after(lifecycle.boot_seconds(group), come_up, "comes up")
    return member
