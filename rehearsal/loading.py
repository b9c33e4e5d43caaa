"""Puts a snapshot into the embedded AWS: the same instances, tasks and settings under the same names.

ARNs are those of the embedded account and Region; ids and names stay. What the embedded AWS can't behave like
is refused, or listed by `rehearsal.unknown`.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2 import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ecs.models import ecs_backends

from chalicelib.common.errors import InvalidInput
from embedded_aws.autoscaling import restored as restored_groups
from embedded_aws.autoscaling.hooks import TERMINATING
from embedded_aws.autoscaling.lifecycle import BOOT_SECONDS
from embedded_aws.aws import ACCOUNT_ID, REGION
from embedded_aws.clients import client
from embedded_aws.ecs.managed_draining import HOOK as OF_ECS
from embedded_aws.ecs.model import ContainerInstance
from embedded_aws.ecs.restored import instance_of, put_instance
from embedded_aws.ecs.runtime import Registration, behaviour, ecs
from rehearsal.loading_services import load_services, load_target_groups
from rehearsal.snapshot import Item, Snapshot
from rehearsal.timings import Timings, at_pace, boot_seconds_of

FIRST_BLOCK, MOST_ZONES = 4, 12
"""Of the /20 blocks in moto's default VPC, those behind its own subnets."""
UNGROUPED = "instances-without-a-group"


@dataclass
class Loaded:
    """What was loaded, and under which names the embedded AWS knows it."""

    cluster: Any
    """moto's."""
    subnets: dict[str, str] = field(default_factory=dict)
    """By Availability Zone."""
    places: dict[str, ContainerInstance] = field(default_factory=dict)
    """Container instances by the ARN in the snapshot."""
    target_groups: dict[str, str] = field(default_factory=dict)
    """ARNs by the ARN in the snapshot."""


def load(snapshot: Snapshot, timings: Mapping[str, Timings], pace: str = "usual") -> Loaded:
    """Load a snapshot into the running embedded AWS, which is empty, and whose time is the snapshot's.

    `pace`: which of the times of new instances counts. Raises InvalidInput for what can't be behaved like.
    """
    _refuse_unknown_types(snapshot)
    client("ecs").create_cluster(clusterName=snapshot.cluster)
    loaded = Loaded(ecs_backends[ACCOUNT_ID][REGION].cluster(snapshot.cluster))
    loaded.subnets = _make_subnets(snapshot)
    loaded.target_groups = load_target_groups(snapshot)
    for group in _groups(snapshot):
        _load_group(group, snapshot, loaded, pace)
    for item in _in_order_of_registration(snapshot):
        if _is_ec2(item):
            loaded.places[item["containerInstanceArn"]] = _load_instance(item, snapshot, loaded)
    _load_providers(snapshot)
    load_services(snapshot, timings, loaded.places, loaded.target_groups)
    return loaded


def _in_order_of_registration(snapshot: Snapshot) -> list[Item]:
    """Return the container instances as they came: those of one instant in the order of their groups' lists."""
    members = [one["InstanceId"] for group in snapshot.groups for one in _members(group)]
    places = {instance: place for place, instance in enumerate(members)}
    return sorted(
        snapshot.instances,
        key=lambda item: (str(item.get("registeredAt", "")), places.get(item["ec2InstanceId"], len(places))),
    )


def _is_ec2(item: Item) -> bool:
    return str(item["ec2InstanceId"]).startswith("i-")


def _refuse_unknown_types(snapshot: Snapshot) -> None:
    for each in snapshot.ec2.values():
        if each["InstanceType"] not in INSTANCE_TYPES:
            raise InvalidInput(
                f"`InstanceType` of {each['InstanceId']} is {each['InstanceType']!r}: the embedded AWS knows no such "
                "instance type, and can't say what a new one would offer; a later `ecs-drainer[sandbox]` may"
            )


def _groups(snapshot: Snapshot) -> list[Item]:
    """Return the Auto Scaling groups, and one that never acts for instances that are in none."""
    members = {one["InstanceId"] for group in snapshot.groups for one in _members(group)}
    alone = [each for each in snapshot.ec2.values() if each["InstanceId"] not in members]
    if not alone:
        return snapshot.groups
    instances = [{"InstanceId": each["InstanceId"], "LifecycleState": "Detached"} for each in alone]
    idle: Item = {"AutoScalingGroupName": UNGROUPED, "MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}
    return [*snapshot.groups, {**idle, "Instances": instances}]


def _members(group: Item) -> list[Item]:
    return [*group.get("Instances", []), *group.get("warmPool", {}).get("Instances", [])]


def _make_subnets(snapshot: Snapshot) -> dict[str, str]:
    zones = {zone for group in snapshot.groups for zone in group.get("AvailabilityZones", [])}
    zones |= {_zone(each) for each in snapshot.ec2.values()}
    if len(zones) > MOST_ZONES:
        raise InvalidInput(f"the snapshot has {len(zones)} Availability Zones: expected {MOST_ZONES} at most")
    backend = ec2_backends[ACCOUNT_ID][REGION]
    network = backend.get_default_vpc().id
    free = [f"172.31.{16 * number}.0/20" for number in range(FIRST_BLOCK, FIRST_BLOCK + MOST_ZONES)]
    return {
        zone: str(backend.create_subnet(network, block, availability_zone=zone).id)
        for zone, block in zip(sorted(zones), free, strict=False)
    }


def _zone(ec2_instance: Item) -> str:
    return str(ec2_instance.get("Placement", {}).get("AvailabilityZone", f"{REGION}a"))


def _load_group(group: Item, snapshot: Snapshot, loaded: Loaded, pace: str) -> None:
    name = group["AutoScalingGroupName"]
    own = [snapshot.ec2[one["InstanceId"]] for one in _members(group) if one["InstanceId"] in snapshot.ec2]
    _make_template(name, own, snapshot.cluster)
    zones = group.get("AvailabilityZones") or sorted({_zone(each) for each in own}) or sorted(loaded.subnets)
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"},
        MinSize=0,
        MaxSize=0,
        DesiredCapacity=0,
        VPCZoneIdentifier=",".join(loaded.subnets[zone] for zone in zones),
        HealthCheckGracePeriod=group.get("HealthCheckGracePeriod", 0),
        NewInstancesProtectedFromScaleIn=group.get("NewInstancesProtectedFromScaleIn", False),
        CapacityRebalance=group.get("CapacityRebalance", False),
        TargetGroupARNs=[
            loaded.target_groups[arn]
            for arn in group.get("TargetGroupARNs", [])
            if arn in loaded.target_groups
        ],
        Tags=[{**tag, "PropagateAtLaunch": False} for tag in group.get("Tags", [])],
        **({"InstanceLifecyclePolicy": policy} if (policy := group.get("InstanceLifecyclePolicy")) else {}),
    )
    made = autoscaling_backends[ACCOUNT_ID][REGION].group(name)
    _say_what_new_instances_are(made, group, snapshot, pace)
    _load_members(made, group, snapshot, loaded)
    made.suspended_processes = [each["ProcessName"] for each in group.get("SuspendedProcesses", [])]
    made.min_size, made.max_size = group["MinSize"], group["MaxSize"]
    made.desired_capacity = group["DesiredCapacity"]
    _put_hooks(name, group.get("hooks", []))
    if "warmPool" in group:
        wanted = ("MinSize", "MaxGroupPreparedCapacity", "PoolState", "InstanceReusePolicy")
        pool = {key: group["warmPool"][key] for key in wanted if key in group["warmPool"]}
        client("autoscaling").put_warm_pool(AutoScalingGroupName=name, **pool)


def _make_template(name: str, instances: list[Item], cluster: str) -> None:
    types = Counter(each["InstanceType"] for each in instances)
    spot = sum(each.get("InstanceLifecycle") == "spot" for each in instances)
    script = f"#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n"
    data: Item = {
        "ImageId": "ami-00000001",
        "InstanceType": types.most_common(1)[0][0] if types else "m5.large",
        "UserData": base64.b64encode(script.encode()).decode(),
    }
    if spot * 2 > len(instances):
        data["InstanceMarketOptions"] = {"MarketType": "spot"}
    client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)


def _say_what_new_instances_are(made: Any, group: Item, snapshot: Snapshot, pace: str) -> None:
    """Let new instances register what the group's latest one has, after as long as its instances took."""
    ids = {one["InstanceId"] for one in _members(group)}
    known = [each for each in snapshot.instances if each["ec2InstanceId"] in ids]
    if known:
        latest = max(known, key=lambda each: str(each.get("registeredAt", "")))
        attributes = {name: value for name, value in attributes_of(latest).items() if "zone" not in name}
        cpu, memory = (resource(latest, "registeredResources", name) for name in ("CPU", "MEMORY"))
        ecs().registrations[made.name] = Registration(cpu, memory, attributes)
    seconds = boot_seconds_of(snapshot, group)
    if seconds is not None:
        registration = behaviour().registration_delay_seconds
        made.boot_seconds = max(1.0, at_pace(seconds, pace, f"boot of {made.name}") - registration)
    else:
        made.boot_seconds = BOOT_SECONDS


def _load_members(made: Any, group: Item, snapshot: Snapshot, loaded: Loaded) -> None:
    for one in _members(group):
        told = snapshot.ec2.get(one["InstanceId"])
        if told is None:
            continue
        instance = restored_groups.run_as(
            made,
            told["InstanceId"],
            subnet_id=loaded.subnets[_zone(told)],
            instance_type=told["InstanceType"],
            launched_at=datetime.fromisoformat(told["LaunchTime"]),
            is_spot=told.get("InstanceLifecycle") == "spot",
        )
        if one["LifecycleState"] != "Detached":
            health, is_protected = one.get("HealthStatus", "Healthy"), one.get("ProtectedFromScaleIn", False)
            restored_groups.put_member(
                made, instance, one["LifecycleState"], health=health.title(), is_protected=is_protected
            )


def _put_hooks(group: str, hooks: list[Item]) -> None:
    for hook in hooks:
        if hook["LifecycleHookName"] == OF_ECS:
            continue  # ECS puts it itself
        if hook["LifecycleTransition"] != TERMINATING:
            continue  # whoever answers it isn't here: the time it takes is in that of new instances
        kept = (
            "LifecycleHookName",
            "LifecycleTransition",
            "HeartbeatTimeout",
            "DefaultResult",
            "NotificationMetadata",
        )
        given = {name: hook[name] for name in kept if name in hook}
        client("autoscaling").put_lifecycle_hook(AutoScalingGroupName=group, **given)


def resource(item: Item, which: str, name: str) -> int:
    """Return a container instance's CPU or MEMORY, of its `registeredResources` or `remainingResources`."""
    return next((int(each["integerValue"]) for each in item.get(which, []) if each["name"] == name), 0)


def attributes_of(item: Item) -> dict[str, str | None]:
    """Return a container instance's attributes; None where one has no value."""
    return {each["name"]: each.get("value") for each in item.get("attributes", [])}


def _load_instance(item: Item, snapshot: Snapshot, loaded: Loaded) -> ContainerInstance:
    backend = ecs_backends[ACCOUNT_ID][REGION]
    ec2_instance = ec2_backends[ACCOUNT_ID][REGION].get_instance_by_id(item["ec2InstanceId"])
    if ec2_instance is None:
        raise InvalidInput(f"`ec2_instances` of the snapshot lacks {item['ec2InstanceId']}: take it anew")
    interfaces = INSTANCE_TYPES[ec2_instance.instance_type]["NetworkInfo"]["MaximumNetworkInterfaces"] - 1
    instance = instance_of(
        loaded.cluster,
        item["containerInstanceArn"].rsplit("/", 1)[-1],
        ec2_instance,
        cpu=resource(item, "registeredResources", "CPU"),
        memory=resource(item, "registeredResources", "MEMORY"),
        interfaces=interfaces,
        attributes=attributes_of(item),
        registered_at=datetime.fromisoformat(str(item.get("registeredAt", snapshot.document["taken_at"]))),
        status=item["status"],
        agent_connected=item.get("agentConnected", True),
    )
    return put_instance(backend, instance)


def _load_providers(snapshot: Snapshot) -> None:
    ecs_client, known = client("ecs"), {group["AutoScalingGroupName"] for group in snapshot.groups}
    arns = {
        group["AutoScalingGroupName"]: group["AutoScalingGroupARN"]
        for group in client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    }
    names = []
    for provider in snapshot.document["capacity_providers"]:
        told = provider.get("autoScalingGroupProvider", {})
        group = str(told.get("autoScalingGroupArn", "")).rsplit("/", 1)[-1]
        if group in known:
            ecs_client.create_capacity_provider(
                name=provider["name"],
                autoScalingGroupProvider={**told, "autoScalingGroupArn": arns[group]},
            )
            names.append(provider["name"])
    fargate = [
        each
        for each in snapshot.document["cluster"].get("capacityProviders", [])
        if each.startswith("FARGATE")
    ]
    default = snapshot.document["cluster"].get("defaultCapacityProviderStrategy", [])
    if names or fargate:
        ecs_client.put_cluster_capacity_providers(
            cluster=snapshot.cluster,
            capacityProviders=[*names, *fargate],
            defaultCapacityProviderStrategy=[
                share for share in default if share["capacityProvider"] in (*names, *fargate)
            ],
        )
