"""What a snapshot holds, in AWS's own names: the one list by which answers are cut down and files are checked.

What isn't listed is not kept: no environment, no command, no image, no secret, no tag but the drainer's own.
Each name is that of the API that answers it (ECS, EC2 Auto Scaling, EC2, Elastic Load Balancing); a name that
ends in `!` must be there. `INSTANT` is RFC 3339 in UTC with milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.common.errors import InvalidInput
from chalicelib.common.wording import shown

INSTANT = datetime
Schema = Any
"""A type, a list of one schema, a mapping of names to schemas, or `Keyed`."""


class Keyed:
    """A mapping whose names aren't known beforehand."""

    def __init__(self, of: Schema) -> None:
        self.of = of


RULE = {"type!": str, "expression": str, "field": str}
SHARE = {"capacityProvider!": str, "weight": int, "base": int}
TAG = {"key!": str, "value": str}

CLUSTER = {
    "clusterName!": str,
    "clusterArn!": str,
    "capacityProviders": [str],
    "defaultCapacityProviderStrategy": [SHARE],
}
RESOURCE = {"name!": str, "integerValue": int, "stringSetValue": [str]}
CONTAINER_INSTANCE = {
    "containerInstanceArn!": str,
    "ec2InstanceId!": str,
    "status!": str,
    "agentConnected": bool,
    "capacityProviderName": str,
    "registeredAt": INSTANT,
    "registeredResources": [RESOURCE],
    "remainingResources": [RESOURCE],
    "attributes": [{"name!": str, "value": str}],
}
EC2_INSTANCE = {
    "InstanceId!": str,
    "InstanceType!": str,
    "LaunchTime": INSTANT,
    "InstanceLifecycle": str,
    "Placement": {"AvailabilityZone": str},
}
BINDING = {"containerPort": int, "hostPort": int, "protocol": str}
TASK = {
    "taskArn!": str,
    "taskDefinitionArn!": str,
    "containerInstanceArn": str,
    "capacityProviderName": str,
    "group": str,
    "startedBy": str,
    "lastStatus!": str,
    "desiredStatus!": str,
    "healthStatus": str,
    "launchType": str,
    "createdAt": INSTANT,
    "pullStoppedAt": INSTANT,
    "startedAt": INSTANT,
    "stoppingAt": INSTANT,
    "executionStoppedAt": INSTANT,
    "stoppedAt": INSTANT,
    "stopCode": str,
    "containers": [{"name": str, "networkBindings": [BINDING]}],
}
DEPLOYMENT = {
    "id!": str,
    "status!": str,
    "taskDefinition!": str,
    "failedTasks": int,
    "createdAt": INSTANT,
    "updatedAt": INSTANT,
    "rolloutState": str,
}
SERVICE = {
    "serviceName!": str,
    "serviceArn!": str,
    "status": str,
    "desiredCount!": int,
    "launchType": str,
    "capacityProviderStrategy": [SHARE],
    "taskDefinition!": str,
    "deploymentConfiguration": {
        "minimumHealthyPercent": int,
        "maximumPercent": int,
        "strategy": str,
        "deploymentCircuitBreaker": {"enable": bool, "rollback": bool},
        "alarms": {"enable": bool},
    },
    "deploymentController": {"type": str},
    "schedulingStrategy": str,
    "placementConstraints": [RULE],
    "placementStrategy": [RULE],
    "loadBalancers": [
        {"targetGroupArn": str, "loadBalancerName": str, "containerName": str, "containerPort": int}
    ],
    "healthCheckGracePeriodSeconds": int,
    "availabilityZoneRebalancing": str,
    "createdAt": INSTANT,
    "deployments": [DEPLOYMENT],
    "taskSets": [{"id": str}],
    "events": [{"createdAt!": INSTANT, "message!": str}],
    "tags": [TAG],
}
CONTAINER = {
    "name!": str,
    "cpu": int,
    "memory": int,
    "memoryReservation": int,
    "essential": bool,
    "stopTimeout": int,
    "portMappings": [BINDING],
    "healthCheck": {"interval": int, "retries": int, "startPeriod": int, "timeout": int},
    "resourceRequirements": [{"type!": str, "value": str}],
    "dockerLabels": Keyed(str),
}
TASK_DEFINITION = {
    "taskDefinitionArn!": str,
    "family!": str,
    "revision!": int,
    "networkMode": str,
    "cpu": str,
    "memory": str,
    "containerDefinitions!": [CONTAINER],
    "placementConstraints": [RULE],
    "requiresAttributes": [{"name!": str, "value": str}],
    "volumes": [{"name": str, "dockerVolumeConfiguration": {"driver": str}}],
    "tags": [TAG],
}
TARGET_GROUP = {
    "TargetGroupArn!": str,
    "TargetGroupName!": str,
    "TargetType": str,
    "HealthCheckIntervalSeconds": int,
    "HealthyThresholdCount": int,
    "attributes": Keyed(str),
    "targets": [{"id!": str, "port": int, "state!": str}],
}
GROUP_INSTANCE = {
    "InstanceId!": str,
    "InstanceType": str,
    "AvailabilityZone": str,
    "LifecycleState!": str,
    "HealthStatus": str,
    "ProtectedFromScaleIn": bool,
    "LaunchTemplate": {"Version": str},
}
HOOK = {
    "LifecycleHookName!": str,
    "LifecycleTransition!": str,
    "HeartbeatTimeout!": int,
    "GlobalTimeout": int,
    "DefaultResult!": str,
    "NotificationMetadata": str,
}
WARM_POOL = {
    "MinSize": int,
    "MaxGroupPreparedCapacity": int,
    "PoolState": str,
    "InstanceReusePolicy": {"ReuseOnScaleIn": bool},
    "Instances": [GROUP_INSTANCE],
}
GROUP = {
    "AutoScalingGroupName!": str,
    "AutoScalingGroupARN!": str,
    "MinSize!": int,
    "MaxSize!": int,
    "DesiredCapacity!": int,
    "AvailabilityZones": [str],
    "HealthCheckGracePeriod": int,
    "DefaultInstanceWarmup": int,
    "TargetGroupARNs": [str],
    "LoadBalancerNames": [str],
    "TerminationPolicies": [str],
    "NewInstancesProtectedFromScaleIn": bool,
    "CapacityRebalance": bool,
    "SuspendedProcesses": [{"ProcessName": str}],
    "InstanceLifecyclePolicy": {"RetentionTriggers": Keyed(str)},
    "InstanceMaintenancePolicy": {"MinHealthyPercentage": int, "MaxHealthyPercentage": int},
    "Tags": [{"Key!": str, "Value": str}],
    "Instances": [GROUP_INSTANCE],
    "hooks": [HOOK],
    "warmPool": WARM_POOL,
}
PROVIDER = {
    "name!": str,
    "autoScalingGroupProvider": {
        "autoScalingGroupArn": str,
        "managedScaling": {
            "status": str,
            "targetCapacity": int,
            "minimumScalingStepSize": int,
            "maximumScalingStepSize": int,
            "instanceWarmupPeriod": int,
        },
        "managedTerminationProtection": str,
        "managedDraining": str,
    },
}
PAST = {
    "instance!": str,
    "status!": str,
    "trigger": str,
    "started_at!": INSTANT,
    "ended_at!": INSTANT,
    "services!": [str],
}
SNAPSHOT: Schema = {
    "format!": str,
    "version!": int,
    "taken_at!": INSTANT,
    "is_anonymised!": bool,
    "cluster!": CLUSTER,
    "container_instances!": [CONTAINER_INSTANCE],
    "ec2_instances!": [EC2_INSTANCE],
    "tasks!": [TASK],
    "services!": [SERVICE],
    "task_definitions!": [TASK_DEFINITION],
    "target_groups!": [TARGET_GROUP],
    "protections!": [{"taskArn!": str, "expirationDate": INSTANT}],
    "capacity_providers!": [PROVIDER],
    "groups!": [GROUP],
    "settings!": Keyed(str),
    "quotas!": [{"bucket!": str, "burst!": int, "sustained!": int}],
    "past!": [PAST],
    "unread!": [str],
}
"""The whole file; `settings` are the stage's own ECS_DRAINER_ variables, `unread` what AWS refused to tell."""


def cut_down(schema: Schema, answer: Any) -> Any:
    """Return what the schema keeps of an answer of AWS, ready for JSON; what is None or unlisted is left out."""
    if isinstance(schema, list):
        return [cut_down(schema[0], each) for each in answer]
    if isinstance(schema, Keyed):
        return {str(key): cut_down(schema.of, each) for key, each in answer.items()}
    if isinstance(schema, Mapping):
        named = {name.removesuffix("!"): kind for name, kind in schema.items()}
        return {
            name: cut_down(kind, answer[name])
            for name, kind in named.items()
            if name in answer and answer[name] is not None
        }
    return _instant_text(answer) if schema is INSTANT else schema(answer)


def _instant_text(value: Any) -> str:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def check(schema: Schema, value: Any, where: str = "the snapshot") -> None:
    """Refuse what doesn't follow the schema; raises InvalidInput, which names the field, the value and what fits."""
    if isinstance(schema, list):
        _expect(isinstance(value, list), where, value, "a list")
        for number, each in enumerate(value):
            check(schema[0], each, f"{where}[{number}]")
    elif isinstance(schema, Keyed):
        _expect(isinstance(value, dict), where, value, "an object")
        for key, each in value.items():
            check(schema.of, each, f"{where}.{key}")
    elif isinstance(schema, Mapping):
        _check_object(schema, value, where)
    elif schema is INSTANT:
        _check_instant(value, where)
    else:
        fits = isinstance(value, schema) and isinstance(value, bool) == (schema is bool)
        _expect(fits, where, value, NAMES[schema])


NAMES = {str: "text", int: "a whole number", bool: "true or false"}


def _check_object(schema: Mapping[str, Schema], value: Any, where: str) -> None:
    _expect(isinstance(value, dict), where, value, "an object")
    named = {name.removesuffix("!"): kind for name, kind in schema.items()}
    for name in schema:
        if name.endswith("!") and name.removesuffix("!") not in value:
            raise InvalidInput(f"`{name.removesuffix('!')}` of {where} is missing")
    for name, each in value.items():
        if name not in named:
            raise InvalidInput(f"`{name}` of {where} is unknown: expected {', '.join(sorted(named))}")
        check(named[name], each, f"{where}.{name}")


def _check_instant(value: Any, where: str) -> None:
    try:
        is_aware = datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        is_aware = False
    _expect(is_aware, where, value, "an instant such as 2026-03-02T10:00:00.000Z")


def _expect(fits: bool, where: str, value: Any, expected: str) -> None:
    if not fits:
        raise InvalidInput(f"`{where}` is {shown(value)}: expected {expected}")
