"""The sample world: an ECS cluster on an Auto Scaling group with a lifecycle hook, made through AWS's own API.

Three container instances in three Availability Zones, a service behind a target group, and what else a story needs.
How tasks behave is written in Docker labels, which `embedded_aws.ecs.script` reads.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

CLUSTER = "web"
GROUP = "web-ecs"
HOOK = "ecs-drain"
INSTANCE_TYPE = "m5.large"
REGISTERED_WITHIN = 60
"""Seconds from launch until the agents of all instances have registered them."""
STEADY_WITHIN = 120
"""Seconds from CreateService until its tasks are RUNNING, and healthy behind their target group."""


@dataclass(frozen=True)
class Service:
    """A service of the sample world; seconds are the simulated containers' own times."""

    name: str = "web"
    desired: int = 3
    minimum_percent: int = 100
    maximum_percent: int = 200
    is_daemon: bool = False
    has_target_group: bool = True
    deregistration_delay: int = 60
    labels: Mapping[str, str] = field(default_factory=dict)
    """Beyond the usual: healthy after 45 s, stopped after 20 s."""
    stop_timeout: int = 30
    cpu: int = 64
    memory: int = 64
    tags: Mapping[str, str] = field(default_factory=dict)
    constraints: tuple[Mapping[str, str], ...] = ()
    host_port: int = 0
    launch_type: str = ""
    providers: tuple[str, ...] = ()
    """Capacity providers of its strategy, each of weight 1; it is created once the story's world has them."""


@dataclass(frozen=True)
class Hook:
    """The lifecycle hook that lets a drain hold an instance."""

    heartbeat_timeout: int = 900
    default_result: str = "CONTINUE"
    metadata: Mapping[str, Any] | None = None


ENROLLED = Hook(metadata={"cluster": CLUSTER})
"""The hook as `ecs-drainer enroll --cluster` puts it."""


class World:
    """Builds a sample world in an account; `client` makes boto3 clients, `wait` lets time pass."""

    def __init__(self, client: Callable[[str], Any], wait: Callable[[float], object]) -> None:
        self.client = client
        self.wait = wait

    def build(
        self,
        services: tuple[Service, ...] = (Service(),),
        hook: Hook | None = Hook(),
        *,
        instances: int = 3,
        tags: Mapping[str, str] | None = None,
        tasks: tuple[Service, ...] = (),
    ) -> list[str]:
        """Make the group, the cluster and the services, wait until all of it is steady, and start standalone tasks.

        Those are started on the first instance. Returns the instances' ids, oldest first.
        """
        self.make_ground()
        self.add_group(GROUP, instances, tags)
        self.wait(REGISTERED_WITHIN)
        if hook:
            self.put_hook(hook)
        for service in services:
            self.create_service(service)
        self.wait(STEADY_WITHIN)
        found = self.instances()
        for task in tasks:
            self.start_task(found[0], task)
        return found

    def put_hook(self, hook: Hook, name: str = HOOK, group: str = GROUP) -> None:
        """Put a terminate lifecycle hook on a group."""
        metadata = {"NotificationMetadata": json.dumps(hook.metadata)} if hook.metadata else {}
        self.client("autoscaling").put_lifecycle_hook(
            AutoScalingGroupName=group,
            LifecycleHookName=name,
            LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
            HeartbeatTimeout=hook.heartbeat_timeout,
            DefaultResult=hook.default_result,
            **metadata,
        )

    def instances(self, group: str = GROUP) -> list[str]:
        """Return the ids of a group's instances in service, oldest first."""
        found = self.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        members = found["AutoScalingGroups"][0]["Instances"]
        return [member["InstanceId"] for member in members if member["LifecycleState"] == "InService"]

    def terminate(self, instance_id: str, *, replace: bool = False) -> None:
        """Ask Auto Scaling to terminate an instance, as scaling in or an instance refresh does."""
        self.client("autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId=instance_id, ShouldDecrementDesiredCapacity=not replace
        )

    def create_service(self, service: Service) -> str:
        """Register the task definition, create the service and return its ARN."""
        balancer = {"loadBalancers": [self._target_group(service)]} if service.has_target_group else {}
        percents = {
            "minimumHealthyPercent": service.minimum_percent,
            "maximumPercent": service.maximum_percent,
        }
        strategy: dict[str, Any] = {"schedulingStrategy": "DAEMON"}
        if not service.is_daemon:
            spread = [{"type": "spread", "field": "instanceId"}]
            strategy = {"desiredCount": service.desired, "placementStrategy": spread}
            strategy["placementConstraints"] = [dict(constraint) for constraint in service.constraints]
        answer = self.client("ecs").create_service(
            cluster=CLUSTER,
            serviceName=service.name,
            taskDefinition=self.register(service),
            deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100}
            if service.is_daemon
            else percents,
            tags=[{"key": key, "value": value} for key, value in service.tags.items()],
            **strategy,
            **balancer,
            **_placed(service),
        )
        return str(answer["service"]["serviceArn"])

    def register(self, service: Service) -> str:
        """Register the task definition of a service, or of a standalone task, and return its ARN."""
        container = {
            "name": service.name,
            "image": "example/sample",
            "cpu": service.cpu,
            "memory": service.memory,
            "essential": True,
            "stopTimeout": service.stop_timeout,
            "dockerLabels": {f"embedded-aws/{key}": value for key, value in service.labels.items()},
        }
        if service.has_target_group or service.host_port:
            container["portMappings"] = [{"containerPort": 8080, "hostPort": service.host_port}]
        answer = self.client("ecs").register_task_definition(
            family=service.name, containerDefinitions=[container]
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def start_task(self, instance_id: str, task: Service, started_by: str = "nightly-batch") -> str:
        """Start a standalone task on an instance and return its ARN."""
        answer = self.client("ecs").start_task(
            cluster=CLUSTER,
            taskDefinition=self.register(task),
            containerInstances=[self.container_instance(instance_id)],
            startedBy=started_by,
        )
        return str(answer["tasks"][0]["taskArn"])

    def container_instance(self, instance_id: str) -> str:
        """Return the ARN of the container instance that an EC2 instance is in the cluster."""
        answer = self.client("ecs").list_container_instances(
            cluster=CLUSTER, filter=f"ec2InstanceId == {instance_id}"
        )
        return str(answer["containerInstanceArns"][0])

    def make_ground(self) -> None:
        """Make the cluster, and the launch template of its groups' instances."""
        self.client("ecs").create_cluster(clusterName=CLUSTER)
        ec2 = self.client("ec2")
        user_data = base64.b64encode(
            f"#!/bin/bash\necho ECS_CLUSTER={CLUSTER} >> /etc/ecs/ecs.config\n".encode()
        )
        image = ec2.register_image(Name="ecs-optimized")["ImageId"]
        ec2.create_launch_template(
            LaunchTemplateName=GROUP,
            LaunchTemplateData={
                "ImageId": image,
                "InstanceType": INSTANCE_TYPE,
                "UserData": user_data.decode(),
            },
        )

    def add_group(
        self, name: str, instances: int, tags: Mapping[str, str] | None = None, zone: str = ""
    ) -> None:
        """Make an Auto Scaling group of so many instances, over all Availability Zones unless one is named."""
        zones: list[dict[str, Any]] = [{"Name": "default-for-az", "Values": ["true"]}]
        zones += [{"Name": "availability-zone", "Values": [zone]}] if zone else []
        subnets = self.client("ec2").describe_subnets(Filters=zones)["Subnets"]
        self.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": GROUP, "Version": "$Latest"},
            MinSize=0,
            MaxSize=max(100, instances),
            DesiredCapacity=instances,
            VPCZoneIdentifier=",".join(subnet["SubnetId"] for subnet in subnets),
            Tags=[
                {"Key": key, "Value": value, "PropagateAtLaunch": False}
                for key, value in (tags or {}).items()
            ],
        )

    def _target_group(self, service: Service) -> dict[str, Any]:
        elb = self.client("elbv2")
        network = self.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        # Three checks, 15 s apart, are the 45 s after which the sample tasks are healthy.
        checks = {"HealthCheckIntervalSeconds": 15, "HealthyThresholdCount": 3}
        group = elb.create_target_group(
            Name=service.name, Protocol="HTTP", Port=8080, VpcId=network, **checks
        )
        arn = group["TargetGroups"][0]["TargetGroupArn"]
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": str(service.deregistration_delay)}
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
        return {"targetGroupArn": arn, "containerName": service.name, "containerPort": 8080}


def _placed(service: Service) -> dict[str, Any]:
    """Return where ECS may place a service's tasks: by providers, by a launch type, or as the cluster says."""
    if service.providers:
        shares = [{"capacityProvider": name, "weight": 1} for name in service.providers]
        return {"capacityProviderStrategy": shares}
    return {"launchType": service.launch_type} if service.launch_type else {}
