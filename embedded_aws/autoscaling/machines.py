"""The EC2 instances under the groups: run, start and terminate them; the ECS agents on them hear of it."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG
from moto.ec2.models.instances import Instance, StateReason
from moto.elbv2 import elbv2_backends

from embedded_aws.autoscaling.members import Group, GroupInstance
from embedded_aws.ecs import agent


def run(group: Group) -> Instance:
    """Run an instance of the group's launch template, user data included, where the group has fewest."""
    version, override = group.template_version(), _override(group)
    subnet_id, zone = _place(group)
    template = version and {"LaunchTemplateId": version.template.id, "Version": version.number}
    market = version and version.data.get("InstanceMarketOptions")
    reservation = group.ec2_backend.run_instances(
        image_of(group),
        1,
        group.user_data,
        group.security_groups,
        instance_type=override.get("InstanceType") or group.instance_type,
        tags={"instance": {**group.get_propagated_tags(), **group.instance_tags, ASG_NAME_TAG: group.name}},
        region_name=group.region,
        placement=None if subnet_id else zone,  # a subnet has its zone, which needn't be one of this Region
        subnet_id=subnet_id,
        launch_config=group.launch_config,
        launch_template=template,
        is_instance_type_default=False,
        associate_public_ip=None,
        instance_market_options=market,
    )
    return reservation.instances[0]


def image_of(group: Group) -> str:
    """Return the AMI that the group launches from."""
    return str(_override(group).get("ImageId") or group.image_id)


def _override(group: Group) -> dict[str, Any]:
    """Return the first override of a mixed instances policy: capacity is never short here."""
    template = (group.mixed_instances_policy or {}).get("LaunchTemplate", {})
    return next(iter(template.get("Overrides") or []), {})


def _place(group: Group) -> tuple[str | None, str]:
    """Choose subnet and Availability Zone: where fewest instances count, in the group's order."""
    if group.vpc_zone_identifier:
        ids = group.vpc_zone_identifier.split(",")
        by_id = {subnet.id: subnet for subnet in group.ec2_backend.describe_subnets(subnet_ids=ids)}
        places = [(subnet_id.strip(), by_id[subnet_id.strip()].availability_zone) for subnet_id in ids]
    else:
        places = [(None, zone) for zone in group.availability_zones]
    zones = [member.availability_zone for member in group.counted]
    return min(places, key=lambda place: zones.count(place[1]))


def boot(instance: Instance) -> None:
    """Start an instance where it is stopped, and the ECS agent on it."""
    if instance.state == "stopped":
        instance.start()
    else:
        agent.instance_started(instance.id)


def terminate(instance: Instance, reason: StateReason | None = None) -> None:
    """Terminate an instance, unless it is gone already."""
    if instance.state != "terminated":
        instance.terminate()
        instance.state_reason = reason or instance.state_reason
        ec2 = instance.ec2_backend
        elbv2_backends[ec2.account_id][ec2.region_name].notify_terminate_instances([instance.id])


def register(member: GroupInstance) -> None:
    """Register an instance with the target groups attached to its Auto Scaling group."""
    for arn in member.group.target_group_arns:
        member.group.autoscaling_backend.elbv2_backend.register_targets(arn, [{"Id": member.instance_id}])


def deregister(member: GroupInstance) -> int:
    """Take an instance off the group's own target groups; returns their longest delay in seconds."""
    delays = [0]
    for arn in member.group.target_group_arns:
        target_group = member.group.autoscaling_backend.elbv2_backend.target_groups[arn]
        targets = [one for one in target_group.targets.values() if one["Id"] == member.instance_id]
        if targets:
            target_group.deregister([{"Id": one["Id"], "Port": one["Port"]} for one in targets])
            delays.append(int(target_group.attributes["deregistration_delay.timeout_seconds"]))
    return max(delays)
