"""A small snapshot made by hand: one service behind a target group, on one instance of one group."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from rehearsal.snapshot import FORMAT, VERSION, Snapshot

ARN = "arn:aws:ecs:eu-west-1:123456789012"
TARGETS = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
GROUP = "arn:aws:autoscaling:eu-west-1:123456789012"
PORT = {"containerPort": 80, "hostPort": 0, "protocol": "tcp"}
RESOURCES = [{"name": "CPU", "integerValue": 2048}, {"name": "MEMORY", "integerValue": 7680}]
TASK: dict[str, Any] = {
    "taskArn": f"{ARN}:task/web/{'1' * 32}",
    "taskDefinitionArn": f"{ARN}:task-definition/web:7",
    "containerInstanceArn": f"{ARN}:container-instance/web/{'2' * 32}",
    "group": "service:web",
    "lastStatus": "RUNNING",
    "desiredStatus": "RUNNING",
    "createdAt": "2026-03-02T09:00:00.000Z",
    "startedAt": "2026-03-02T09:00:12.000Z",
    "containers": [{"name": "web", "networkBindings": [{**PORT, "hostPort": 32768}]}],
}
DOCUMENT: dict[str, Any] = {
    "format": FORMAT,
    "version": VERSION,
    "taken_at": "2026-03-02T10:00:00.000Z",
    "is_anonymised": False,
    "cluster": {"clusterName": "web", "clusterArn": f"{ARN}:cluster/web"},
    "container_instances": [
        {
            "containerInstanceArn": TASK["containerInstanceArn"],
            "ec2InstanceId": "i-00000000000000001",
            "status": "ACTIVE",
            "registeredAt": "2026-03-02T08:01:30.000Z",
            "registeredResources": RESOURCES,
            "attributes": [{"name": "ecs.availability-zone", "value": "us-east-1b"}],
        }
    ],
    "ec2_instances": [
        {
            "InstanceId": "i-00000000000000001",
            "InstanceType": "m5.large",
            "LaunchTime": "2026-03-02T08:00:00.000Z",
            "Placement": {"AvailabilityZone": "us-east-1b"},
        }
    ],
    "tasks": [TASK],
    "services": [
        {
            "serviceName": "web",
            "serviceArn": f"{ARN}:service/web/web",
            "desiredCount": 1,
            "taskDefinition": TASK["taskDefinitionArn"],
            "loadBalancers": [{"targetGroupArn": TARGETS, "containerName": "web", "containerPort": 80}],
            "events": [],
        }
    ],
    "task_definitions": [
        {
            "taskDefinitionArn": TASK["taskDefinitionArn"],
            "family": "web",
            "revision": 7,
            "containerDefinitions": [{"name": "web", "stopTimeout": 90, "portMappings": [PORT]}],
        }
    ],
    "target_groups": [
        {
            "TargetGroupArn": TARGETS,
            "TargetGroupName": "web",
            "HealthCheckIntervalSeconds": 10,
            "HealthyThresholdCount": 3,
            "attributes": {"deregistration_delay.timeout_seconds": "30"},
        }
    ],
    "protections": [],
    "capacity_providers": [],
    "groups": [
        {
            "AutoScalingGroupName": "web-ecs",
            "AutoScalingGroupARN": f"{GROUP}:autoScalingGroup:x:autoScalingGroupName/web-ecs",
            "MinSize": 0,
            "MaxSize": 3,
            "DesiredCapacity": 1,
            "Instances": [{"InstanceId": "i-00000000000000001", "LifecycleState": "InService"}],
        }
    ],
    "settings": {},
    "quotas": [],
    "past": [],
    "unread": [],
}


def a_snapshot(**of_the_service: Any) -> Snapshot:
    """Return the snapshot, with more said of its service."""
    document = deepcopy(DOCUMENT)
    document["services"][0] |= of_the_service
    return Snapshot(document)
