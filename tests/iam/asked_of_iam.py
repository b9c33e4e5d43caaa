"""What IAM is asked when a recorded call reaches AWS: which actions, on which resources.

Source: the service authorization reference, one page a service:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from embedded_aws.requests import Call
from tests.iam.evaluator import ACCOUNT, Request, listed

REGION = "eu-west-1"
Parameters = dict[str, Any]

WORDS = {"stepfunctions": "states", "elbv2": "elasticloadbalancing"}
"""Where IAM's word for a service is not boto3's."""

OTHERWISE_CALLED = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
"""Where an operation is allowed by an action of another name."""

WITHOUT_RESOURCE = {
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:DescribeWarmPool",
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "ecs:ListServices",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "states:SendTaskSuccess",  # the token itself is what allows it
}


def arn(service: str, resource: str) -> str:
    """Return an ARN of our account and Region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _group(given: Parameters) -> list[str]:
    name = given.get("AutoScalingGroupName", "web-ecs")
    return [
        arn(
            "autoscaling",
            f"autoScalingGroup:00000000-1111-2222-3333-444444444444:autoScalingGroupName/{name}",
        )
    ]


def _named(service: str, kind: str, value: str) -> str:
    return value if value.startswith("arn:") else arn(service, f"{kind}/{value}")


def _cluster(given: Parameters) -> list[str]:
    return [_named("ecs", "cluster", given["cluster"])]


def _inside(kind: str, key: str) -> Callable[[Parameters], list[str]]:
    """Return a reader of what is in a cluster: tasks, services and container instances have it in their ARN."""

    def read(given: Parameters) -> list[str]:
        cluster = given["cluster"].rsplit("/", 1)[-1]
        names = listed(given[key])
        return [name if name.startswith("arn:") else arn("ecs", f"{kind}/{cluster}/{name}") for name in names]

    return read


def _queue(given: Parameters) -> list[str]:
    return [arn("sqs", given.get("QueueName") or given["QueueUrl"].rsplit("/", 1)[-1])]


def _execution(given: Parameters) -> list[str]:
    return [given["executionArn"]]


def _machine(given: Parameters) -> list[str]:
    return [given["stateMachineArn"]]


def _function(given: Parameters) -> list[str]:
    name = given["FunctionName"]
    return [name if name.startswith("arn:") else arn("lambda", f"function:{name}")]


RESOURCES: dict[str, Callable[[Parameters], list[str]]] = {
    "autoscaling:CompleteLifecycleAction": _group,
    "autoscaling:RecordLifecycleActionHeartbeat": _group,
    "autoscaling:TerminateInstanceInAutoScalingGroup": _group,
    "ecs:DeregisterContainerInstance": _cluster,
    "ecs:DescribeCapacityProviders": lambda given: [
        _named("ecs", "capacity-provider", name) for name in given["capacityProviders"]
    ],
    "ecs:DescribeContainerInstances": _inside("container-instance", "containerInstances"),
    "ecs:DescribeServices": _inside("service", "services"),
    "ecs:DescribeTasks": _inside("task", "tasks"),
    "ecs:GetTaskProtection": _inside("task", "tasks"),
    "ecs:ListContainerInstances": _cluster,
    "ecs:StopTask": _inside("task", "task"),
    "ecs:UpdateContainerInstancesState": _inside("container-instance", "containerInstances"),
    "lambda:InvokeFunction": _function,
    "sns:Publish": lambda given: [given["TopicArn"]],
    "sqs:ChangeMessageVisibility": _queue,
    "sqs:GetQueueAttributes": _queue,
    "sqs:GetQueueUrl": _queue,
    "sqs:SendMessage": _queue,
    "states:DescribeExecution": _execution,
    "states:ListExecutions": _machine,
    "states:StartExecution": _machine,
    "states:StopExecution": _execution,
}


def requests_of(call: Call) -> Iterator[Request]:
    """Yield what IAM is asked for one call."""
    if call.service == "dynamodb":
        yield from _of_dynamodb(call)
        return
    if call.operation == "PutEvents":
        yield from map(_put, call.parameters["Entries"])
        return
    action = f"{WORDS.get(call.service, call.service)}:{call.operation}"
    action = OTHERWISE_CALLED.get(action, action)
    yield from (Request(action, resource) for resource in _resources(action, call.parameters))


def _put(entry: Parameters) -> Request:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html has `events:source`."""
    bus = arn("events", f"event-bus/{entry.get('EventBusName', 'default')}")
    return Request("events:PutEvents", bus, (("events:source", entry["Source"]),))


def _resources(action: str, given: Parameters) -> Iterable[str]:
    if action in WITHOUT_RESOURCE:
        return ["*"]
    if action == "ecs:ListTasks":  # by container instance, else by cluster: then it takes none
        return (
            _inside("container-instance", "containerInstance")(given)
            if "containerInstance" in given
            else ["*"]
        )
    return RESOURCES[action](given)


def _of_dynamodb(call: Call) -> Iterator[Request]:
    """A transaction is allowed by the actions of the writes in it; a batch has its own action, for each table.

    Reading an index is allowed by the index's ARN, not by its table's.
    """
    given = call.parameters
    if "IndexName" in given:  # a resource of its own: the table's ARN does not cover it
        index = f"table/{given['TableName']}/index/{given['IndexName']}"
        yield Request(f"dynamodb:{call.operation}", arn("dynamodb", index))
        return
    if call.operation == "TransactWriteItems":
        for item in given["TransactItems"]:
            for kind, write in item.items():
                action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
                yield Request(f"dynamodb:{action}", _named("dynamodb", "table", write["TableName"]))
        return
    tables = list(given["RequestItems"]) if "RequestItems" in given else [given["TableName"]]
    index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
    for table in tables:
        yield Request(f"dynamodb:{call.operation}", _named("dynamodb", "table", table) + index)
