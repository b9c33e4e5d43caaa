"""A group across three Availability Zones, and what the stories ask about it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.eventbridge import events_state

USER_DATA = "#!/bin/bash\necho ECS_CLUSTER=web >> /etc/ecs/ecs.config\n"
GROUP = "web-ecs"
TERMINATE = "EC2 Instance-terminate Lifecycle Action"
LAUNCH = "EC2 Instance-launch Lifecycle Action"
TERMINATING, LAUNCHING = "autoscaling:EC2_INSTANCE_TERMINATING", "autoscaling:EC2_INSTANCE_LAUNCHING"


@dataclass
class World:
    """One embedded AWS with one group."""

    aws: EmbeddedAws

    @property
    def autoscaling(self) -> Any:
        """The client of Auto Scaling."""
        return client("autoscaling")

    def group(self, name: str = GROUP) -> dict[str, Any]:
        """Describe a group."""
        found = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return next(iter(found["AutoScalingGroups"]), {})

    def ids(self, state: str | None = None) -> list[str]:
        """Return the ids of the group's instances, or of those in the state."""
        members = self.group().get("Instances", [])
        return [one["InstanceId"] for one in members if state in (None, one["LifecycleState"])]

    def states(self) -> list[str]:
        """Return the lifecycle states of the group's instances, sorted."""
        return sorted(one["LifecycleState"] for one in self.group()["Instances"])

    def state(self, instance_id: str) -> str | None:
        """Return the lifecycle state of an instance; None where no group has it."""
        found = self.autoscaling.describe_auto_scaling_instances(InstanceIds=[instance_id])
        states = [one["LifecycleState"] for one in found["AutoScalingInstances"]]
        return states[0] if states else None

    def ec2_state(self, instance_id: str) -> str:
        """Return what EC2 says of the instance."""
        found = client("ec2").describe_instances(InstanceIds=[instance_id])
        return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])

    def hook(self, name: str = "drain", transition: str = TERMINATING, **more: Any) -> None:
        """Put a lifecycle hook on the group."""
        self.autoscaling.put_lifecycle_hook(
            AutoScalingGroupName=GROUP, LifecycleHookName=name, LifecycleTransition=transition, **more
        )

    def complete(self, result: str = "CONTINUE", hook: str = "drain", **who: str) -> None:
        """Complete a lifecycle action."""
        self.autoscaling.complete_lifecycle_action(
            AutoScalingGroupName=GROUP, LifecycleHookName=hook, LifecycleActionResult=result, **who
        )

    def heartbeat(self, hook: str = "drain", **who: str) -> None:
        """Record a heartbeat of a lifecycle action."""
        self.autoscaling.record_lifecycle_action_heartbeat(
            AutoScalingGroupName=GROUP, LifecycleHookName=hook, **who
        )

    def terminate(self, instance_id: str, decrement: bool = True) -> None:
        """Terminate an instance through its group."""
        self.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=instance_id, ShouldDecrementDesiredCapacity=decrement
        )

    def scale_to(self, capacity: int) -> None:
        """Set the desired capacity."""
        self.autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=capacity)

    def after(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.aws.clock.advance(seconds)

    def events(self, detail_type: str) -> list[dict[str, Any]]:
        """Return the events of the detail type so far."""
        return [event for event in events_state().emitted if event["detail-type"] == detail_type]

    def actions(self, detail_type: str = TERMINATE) -> list[dict[str, Any]]:
        """Return the details of lifecycle action events so far."""
        return [event["detail"] for event in self.events(detail_type)]

    def container_instances(self, instance_id: str) -> list[tuple[str, bool]]:
        """Return status and agentConnected of the cluster's container instances on an EC2 instance."""
        ecs = client("ecs")
        arns = ecs.list_container_instances(cluster="web")["containerInstanceArns"]
        found = ecs.describe_container_instances(cluster="web", containerInstances=arns) if arns else {}
        return [
            (one["status"], one["agentConnected"])
            for one in found.get("containerInstances", [])
            if one["ec2InstanceId"] == instance_id
        ]

    def zones(self) -> dict[str, str]:
        """Return the Availability Zone of each instance."""
        return {one["InstanceId"]: one["AvailabilityZone"] for one in self.group()["Instances"]}


def subnets() -> str:
    """Make a subnet in each of three Availability Zones; returns them as a VPCZoneIdentifier."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"eu-west-1{letter}")
        for number, letter in enumerate("abc")
    ]
    return ",".join(subnet["Subnet"]["SubnetId"] for subnet in made)


def template(image: str = "ami-11111111") -> None:
    """Make the launch template, with the user data that lets an ECS agent join the cluster `web`."""
    client("ec2").create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={
            "ImageId": image,
            "InstanceType": "m5.large",
            "UserData": base64.b64encode(USER_DATA.encode()).decode(),
        },
    )


def create(**more: Any) -> None:
    """Create the group of three instances."""
    settings: dict[str, Any] = {
        "AutoScalingGroupName": GROUP,
        "MinSize": 0,
        "MaxSize": 6,
        "DesiredCapacity": 3,
        "VPCZoneIdentifier": subnets(),
        **more,
    }
    if "MixedInstancesPolicy" not in settings:
        settings["LaunchTemplate"] = {"LaunchTemplateName": "web", "Version": "$Latest"}
    client("autoscaling").create_auto_scaling_group(**settings)


@contextmanager
def world(**more: Any) -> Iterator[World]:
    """Run an embedded AWS with a group whose three instances are in service."""
    with embedded_aws() as aws:
        client("ecs").create_cluster(clusterName="web")
        template()
        create(**more)
        aws.clock.advance(60)
        yield World(aws)
