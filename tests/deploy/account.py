"""What stands in the embedded account, as the tests of the deployment ask for it."""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.server import Server

FUNCTIONS = {
    "compose_notice",
    "tell",
    "wake",
    "explain",
    "look",
    "plan_drain",
    "plan_fleet",
    "reconcile",
    "sign_off",
    "return_to_service",
    "start_drain",
    "start_manual_drain",
    "stop_tasks",
}
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:ecs-drainer-dev"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:ecs-drainer-dev-dead-letters"


def function_names(aws: Server) -> set[str]:
    return {found["FunctionName"] for found in aws.client("lambda").list_functions()["Functions"]}


def stacks(aws: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("cloudformation").describe_stacks()["Stacks"]
    return found


def is_empty(aws: Server) -> bool:
    """Say whether the account has nothing that a deployment makes, but for log groups."""
    left = {
        "functions": aws.client("lambda").list_functions()["Functions"],
        "roles": aws.client("iam").list_roles()["Roles"],
        "stacks": stacks(aws),
        "rules": aws.client("events").list_rules()["Rules"],
        "machines": aws.client("stepfunctions").list_state_machines()["stateMachines"],
        "topics": aws.client("sns").list_topics()["Topics"],
        "tables": aws.client("dynamodb").list_tables()["TableNames"],
        "queues": aws.client("sqs").list_queues().get("QueueUrls", []),
        "alarms": aws.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboards": aws.client("cloudwatch").list_dashboards()["DashboardEntries"],
        "buckets": aws.client("s3").list_buckets()["Buckets"],
    }
    assert {name: found for name, found in left.items() if found} == {}
    return True


def definition(aws: Server) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        aws.client("stepfunctions").describe_state_machine(stateMachineArn=MACHINE)["definition"]
    )
    return found
