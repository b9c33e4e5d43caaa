"""Every action that is granted on `*`, each with why AWS allows nothing narrower.

Source: the service authorization reference, one page a service:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

NOTHING_NARROWER = "it takes no resource and has no condition key of its own"
FOR_LOG_DELIVERY = "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html grants it on `*` alone"
FOR_TRACES = "https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html: it takes no resource"
BY_CLUSTER = "a cluster's list takes no resource: the condition `ecs:cluster` narrows it to the stage's"
BY_TOKEN = (
    "it takes no resource: the task's token, which only the one who waits has given away, is what allows it"
)

ON_ALL = {
    "autoscaling:DescribeAutoScalingGroups": NOTHING_NARROWER,
    "autoscaling:DescribeAutoScalingInstances": NOTHING_NARROWER,
    "autoscaling:DescribeLifecycleHooks": NOTHING_NARROWER,
    "autoscaling:DescribeWarmPool": NOTHING_NARROWER,
    "ecs:DescribeTaskDefinition": NOTHING_NARROWER,
    "ecs:ListClusters": NOTHING_NARROWER,
    "ecs:ListServices": BY_CLUSTER,
    "ecs:ListTasks": BY_CLUSTER,
    "elasticloadbalancing:DescribeTargetGroupAttributes": NOTHING_NARROWER,
    "elasticloadbalancing:DescribeTargetGroups": NOTHING_NARROWER,
    "elasticloadbalancing:DescribeTargetHealth": NOTHING_NARROWER,
    "logs:CreateLogDelivery": FOR_LOG_DELIVERY,
    "logs:DeleteLogDelivery": FOR_LOG_DELIVERY,
    "logs:DescribeLogGroups": FOR_LOG_DELIVERY,
    "logs:DescribeResourcePolicies": FOR_LOG_DELIVERY,
    "logs:GetLogDelivery": FOR_LOG_DELIVERY,
    "logs:ListLogDeliveries": FOR_LOG_DELIVERY,
    "logs:PutResourcePolicy": FOR_LOG_DELIVERY,
    "logs:UpdateLogDelivery": FOR_LOG_DELIVERY,
    "states:SendTaskSuccess": BY_TOKEN,
    "xray:GetSamplingRules": FOR_TRACES,
    "xray:GetSamplingTargets": FOR_TRACES,
    "xray:PutTelemetryRecords": FOR_TRACES,
    "xray:PutTraceSegments": FOR_TRACES,
}

IN_A_CLUSTER = {"ecs:ListServices", "ecs:ListTasks"}
"""Those that a condition narrows."""

OF_A_CONTAINER_INSTANCE_OR_NONE = {"ecs:ListTasks"}
"""Takes the container instance where the call names one, and no resource where it lists a cluster or a service.

https://github.com/cdklabs/construct-hub/pull/1207 has the refusal: `not authorized ... on resource: *`.
"""
