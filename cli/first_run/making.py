"""Creates what a first run tries things on: roles, state machines, and a small Auto Scaling group with a cluster.

Nothing is noted: what is created has the run's tag, by which `leftovers` finds and removes it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.exit_codes import ExitCode
from cli.first_run.account import TAG, Account, Run
from cli.problems import Halt

INSTANCES = 2
INSTANCE_TYPE = "t3.micro"
ROOT_GIB = 30
HOURS = 0.5
HOURLY = 0.0104 + 0.005 + ROOT_GIB * 0.08 / 730
"""US dollars an hour for an instance, its public address and its root volume; list prices of us-east-1:

https://aws.amazon.com/ec2/pricing/on-demand/, https://aws.amazon.com/vpc/pricing/, https://aws.amazon.com/ebs/pricing/
"""

IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html"""
CONTAINER = "busybox:stable"
STOP_TIMEOUT = 60
"""Seconds for which a task is STOPPING: `sleep` as the first process of a container takes no SIGTERM."""
REGISTERED_WITHIN = 600.0
OF_THE_AGENT = (
    "ecs:DiscoverPollEndpoint",
    "ecs:Poll",
    "ecs:RegisterContainerInstance",
    "ecs:DeregisterContainerInstance",
    "ecs:StartTelemetrySession",
    "ecs:SubmitContainerStateChange",
    "ecs:SubmitTaskStateChange",
    "ecs:UpdateContainerInstancesState",
)
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html"""


def price() -> str:
    """Say what a run with a group costs."""
    dollars = INSTANCES * HOURLY * HOURS
    return (
        f"{INSTANCES} {INSTANCE_TYPE} for half an hour are about ${dollars:.2f} at the list price of us-east-1, "
        f"${INSTANCES * HOURLY:.2f} for each hour that they stay"
    )


@dataclass(frozen=True)
class Maker:
    """Creates in one account for one run."""

    account: Account
    run: Run
    subnets: Sequence[str] = ()
    """Where the instances are launched; empty: in the subnets that the account has by default."""

    def role(self, part: str, service: str, allowed: Mapping[str, str | Sequence[str]]) -> str:
        """Create a role that a service assumes, with actions by resource; returns its ARN."""
        name, version = self.run.name(part), {"Version": "2012-10-17"}
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        statements = [
            {"Effect": "Allow", "Action": actions, "Resource": resource}
            for resource, actions in allowed.items()
        ]
        answer = self.account.ask(
            "iam",
            "create_role",
            RoleName=name,
            Path=self.run.path,
            AssumeRolePolicyDocument=json.dumps({**version, "Statement": [trust]}),
            Tags=self.run.tags(),
        )
        policy = json.dumps({**version, "Statement": statements})
        self.account.ask("iam", "put_role_policy", RoleName=name, PolicyName=part, PolicyDocument=policy)
        return str(answer["Role"]["Arn"])

    def machine(self, part: str, definition: Mapping[str, Any], role: str) -> str:
        """Create a state machine; returns its ARN."""
        answer = self.account.ask_until_taken(
            "stepfunctions",
            "create_state_machine",
            name=self.run.name(part),
            definition=json.dumps(definition),
            roleArn=role,
            tags=self.run.tags("key", "value"),
        )
        return str(answer["stateMachineArn"])

    def queue(self, part: str, service: str, source: str) -> tuple[str, str]:
        """Create a queue that takes messages of a service's resource; returns its URL and ARN."""
        tags = {TAG: self.run.tag}
        url = self.account.ask("sqs", "create_queue", QueueName=self.run.name(part), tags=tags)["QueueUrl"]
        told = self.account.ask("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
        arn = told["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.account.ask("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": policy})
        return url, arn

    def group(self) -> tuple[str, str]:
        """Create the cluster and the Auto Scaling group, with an instance each way; returns their names."""
        cluster = group = self.run.name("group")
        self.account.ask("ecs", "create_cluster", clusterName=cluster, tags=self.run.tags("key", "value"))
        self._profile()
        image = self.account.ask("ssm", "get_parameter", Name=IMAGE)["Parameter"]["Value"]
        self._template(cluster, image)
        self.account.ask_until_taken(
            "autoscaling",
            "create_auto_scaling_group",
            AutoScalingGroupName=group,
            MixedInstancesPolicy=mixed_policy(group, image),
            MinSize=0,
            MaxSize=INSTANCES,
            DesiredCapacity=INSTANCES,
            VPCZoneIdentifier=",".join(self.subnets or self._default_subnets()),
            Tags=[
                {**tag, "ResourceId": group, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
                for tag in self.run.tags()
            ],
        )
        return cluster, group

    def task_definition(self) -> str:
        """Register a task that sleeps; returns its ARN."""
        container = {
            "name": "sleeps",
            "image": CONTAINER,
            "command": ["sleep", "7200"],
            "memory": 32,
            "essential": True,
            "stopTimeout": STOP_TIMEOUT,
        }
        answer = self.account.ask(
            "ecs",
            "register_task_definition",
            family=self.run.name("sleeps"),
            containerDefinitions=[container],
            tags=self.run.tags("key", "value"),
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def provider(self, group_arn: str) -> str:
        """Create a capacity provider of the group with managed draining, and nothing else that is managed."""
        name = self.run.provider
        self.account.ask(
            "ecs",
            "create_capacity_provider",
            name=name,
            autoScalingGroupProvider={
                "autoScalingGroupArn": group_arn,
                "managedScaling": {"status": "DISABLED"},
                "managedTerminationProtection": "DISABLED",
                "managedDraining": "ENABLED",
            },
            tags=self.run.tags("key", "value"),
        )
        return name

    def _profile(self) -> None:
        name = self.run.name("instances")
        self.role("instances", "ec2.amazonaws.com", {"*": OF_THE_AGENT})
        self.account.ask(
            "iam",
            "create_instance_profile",
            InstanceProfileName=name,
            Path=self.run.path,
            Tags=self.run.tags(),
        )
        self.account.ask("iam", "add_role_to_instance_profile", InstanceProfileName=name, RoleName=name)

    def _template(self, cluster: str, image: str) -> None:
        script = f"#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n"
        self.account.ask(
            "ec2",
            "create_launch_template",
            LaunchTemplateName=cluster,
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": self.run.tags()}],
            LaunchTemplateData={
                "ImageId": image,
                "InstanceType": INSTANCE_TYPE,
                "IamInstanceProfile": {"Name": self.run.name("instances")},
                "UserData": base64.b64encode(script.encode()).decode(),
                "TagSpecifications": [
                    {"ResourceType": kind, "Tags": self.run.tags()} for kind in ("instance", "volume")
                ],
            },
        )

    def _default_subnets(self) -> list[str]:
        wanted = [{"Name": "default-for-az", "Values": ["true"]}]
        found = [
            one["SubnetId"] for one in self.account.ask("ec2", "describe_subnets", Filters=wanted)["Subnets"]
        ]
        if not found:
            sentence = (
                "The account has no default subnets in this Region: nowhere to launch the throwaway group"
            )
            raise Halt(sentence, "name subnets from which ECS can be reached: --subnet ID", ExitCode.USAGE)
        return found


def mixed_policy(template: str, image: str) -> dict[str, Any]:
    """Return the policy of a group whose root volumes can be replaced: it names its AMI.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/replace-root-volume.html
    """
    specification = {"LaunchTemplateName": template, "Version": "1"}
    overrides = [{"InstanceType": INSTANCE_TYPE, "ImageId": image}]
    return {"LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": overrides}}
