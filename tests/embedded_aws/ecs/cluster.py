"""A cluster to tell stories about: made with real API calls, moved with the virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.ecs import agent

AMI = "ami-12c6146b"
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")


class Cluster:
    """The cluster `web`, its EC2 instances, and short words for what tests do with them."""

    def __init__(self, aws: EmbeddedAws, instances: int) -> None:
        self.aws = aws
        self.ecs: Any = client("ecs")
        self.ec2: Any = client("ec2")
        self.ecs.create_cluster(clusterName="web")
        self.ids: list[str] = []
        for _ in range(instances):
            self.add_instance()
        aws.clock.advance(15)

    def add_instance(
        self, user_data: str = "#!/bin/sh\necho ECS_CLUSTER=web >> /etc/ecs/ecs.config\n"
    ) -> str:
        """Start one more EC2 instance, in the next Availability Zone; its agent needs 15 s to register."""
        zone = ZONES[len(self.ids) % len(ZONES)]
        run = self.ec2.run_instances(
            ImageId=AMI,
            InstanceType="m5.large",
            MinCount=1,
            MaxCount=1,
            UserData=user_data,
            Placement={"AvailabilityZone": zone},
        )
        instance_id = str(run["Instances"][0]["InstanceId"])
        self.ids.append(instance_id)
        agent.instance_started(instance_id)
        return instance_id

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.aws.clock.advance(seconds)

    def arn(self, instance_id: str) -> str:
        """Return the ARN of the instance's container instance."""
        return self.find(f"ec2InstanceId == {instance_id}")[0]

    def find(self, query: str) -> list[str]:
        """List container instances by a filter."""
        found: list[str] = self.ecs.list_container_instances(cluster="web", filter=query)[
            "containerInstanceArns"
        ]
        return found

    def describe_instance(self, arn: str) -> dict[str, Any]:
        """Describe one container instance."""
        answer = self.ecs.describe_container_instances(
            cluster="web", containerInstances=[arn], include=["TAGS"]
        )
        return dict(answer["containerInstances"][0])

    def set_status(self, arn: str, status: str = "DRAINING") -> None:
        """Set a container instance DRAINING or ACTIVE."""
        answer = self.ecs.update_container_instances_state(
            cluster="web", containerInstances=[arn], status=status
        )
        assert answer["failures"] == []

    def define(
        self, family: str = "app", port: int | None = None, definition: Any = None, **container: Any
    ) -> str:
        """Register a task definition of one container; labels come without their prefix, as `script`."""
        script = container.pop("script", {})
        answer = self.ecs.register_task_definition(
            family=family,
            containerDefinitions=[
                {
                    "name": "app",
                    "image": "app:1",
                    "cpu": 10,
                    "memory": 16,
                    "dockerLabels": {f"embedded-aws/{key}": str(value) for key, value in script.items()},
                    "portMappings": [] if port is None else [{"containerPort": 80, "hostPort": port}],
                    **container,
                }
            ],
            **(definition or {}),
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def serve(
        self, name: str, desired: int | None, bounds: tuple[int, int] | None = None, **more: Any
    ) -> None:
        """Create a service and let it come up; `bounds` are minimum and maximum percent."""
        more.setdefault("taskDefinition", "app")
        if bounds:
            more["deploymentConfiguration"] = dict(
                zip(("minimumHealthyPercent", "maximumPercent"), bounds, strict=True)
            )
        if desired is not None:
            more["desiredCount"] = desired
        self.ecs.create_service(cluster="web", serviceName=name, **more)
        self.advance(60)

    def target_group(self, delay: int = 60) -> str:
        """Make a target group with a deregistration delay in seconds; returns its ARN."""
        elb = client("elbv2")
        group = elb.create_target_group(
            Name="web", Protocol="HTTP", Port=80, VpcId=self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        )["TargetGroups"][0]["TargetGroupArn"]
        attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}
        elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[attribute])
        return str(group)

    def balanced(self, group: str) -> list[dict[str, Any]]:
        """Return the loadBalancers parameter of a service behind the group."""
        return [{"targetGroupArn": group, "containerName": "app", "containerPort": 80}]

    def tasks(self, **which: Any) -> list[dict[str, Any]]:
        """Describe the tasks that ListTasks finds."""
        arns = [
            arn
            for page in self.ecs.get_paginator("list_tasks").paginate(cluster="web", **which)
            for arn in page["taskArns"]
        ]
        return [task for at in range(0, len(arns), 100) for task in self.describe(arns[at : at + 100])]

    def everything_on(self, arn: str) -> list[dict[str, Any]]:
        """Describe all tasks of a container instance, stopping and stopped ones too."""
        return [
            *self.tasks(containerInstance=arn),
            *self.tasks(containerInstance=arn, desiredStatus="STOPPED"),
        ]

    def describe(self, arns: list[str]) -> list[dict[str, Any]]:
        """Describe tasks by ARN."""
        return list(self.ecs.describe_tasks(cluster="web", tasks=arns)["tasks"]) if arns else []

    def task(self, arn: str) -> dict[str, Any]:
        """Describe one task."""
        return self.describe([arn])[0]

    def service(self, name: str) -> dict[str, Any]:
        """Describe one service."""
        return dict(self.ecs.describe_services(cluster="web", services=[name])["services"][0])

    def run(self, **more: Any) -> str:
        """Run one standalone task; returns its ARN."""
        answer = self.ecs.run_task(cluster="web", **{"taskDefinition": "app", **more})
        assert answer["failures"] == []
        return str(answer["tasks"][0]["taskArn"])


@contextmanager
def cluster_of(instances: int) -> Iterator[Cluster]:
    """Run an embedded AWS with a cluster of that many m5.large instances, one Availability Zone after another."""
    with embedded_aws() as aws:
        yield Cluster(aws, instances)
