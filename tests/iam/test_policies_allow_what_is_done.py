"""The deployed policies allow every call that the stories make, little else, and nothing that is forbidden.

The embedded AWS lets every call pass; AWS would not. So each call is recorded with its role, and asked of the policy
that is deployed for that role: action, resource and conditions.
"""

from __future__ import annotations

import pytest

from tests.iam.asked_of_iam import arn
from tests.iam.evaluator import Request, UnknownOperator, allows, applies, listed
from tests.iam.recorded import Recorded, record, short

BY_LAMBDA = "Lambda does it by itself, with the function's role"
BY_EVENTS = "in the stories drains poll: no event of ECS finds one that waits"
BY_STEP_FUNCTIONS = "Step Functions does it by itself, with the machine's role"
RARE = {
    ("DrainStateMachineRole", "sns:Publish"): "what drains of the release before tell, until they end",
    ("FleetStateMachineRole", "sns:Publish"): "what fleets of the release before tell, until they end",
    ("reconcile", "dynamodb:DeleteItem"): "the row of a drain that ended without closing its entry",
    ("*", "logs:CreateLogStream"): BY_LAMBDA,
    ("*", "logs:PutLogEvents"): BY_LAMBDA,
    ("*", "sqs:SendMessage"): f"{BY_LAMBDA}: an event that failed goes to its destination",
    ("*", "logs:CreateLogDelivery"): BY_STEP_FUNCTIONS,
    ("*", "logs:DeleteLogDelivery"): BY_STEP_FUNCTIONS,
    ("*", "logs:DescribeLogGroups"): BY_STEP_FUNCTIONS,
    ("*", "logs:DescribeResourcePolicies"): BY_STEP_FUNCTIONS,
    ("*", "logs:GetLogDelivery"): BY_STEP_FUNCTIONS,
    ("*", "logs:ListLogDeliveries"): BY_STEP_FUNCTIONS,
    ("*", "logs:PutResourcePolicy"): BY_STEP_FUNCTIONS,
    ("*", "logs:UpdateLogDelivery"): BY_STEP_FUNCTIONS,
    ("FleetStateMachineRole", "events:DescribeRule"): f"{BY_STEP_FUNCTIONS}: how `.sync` hears of an end",
    ("FleetStateMachineRole", "events:PutRule"): f"{BY_STEP_FUNCTIONS}: how `.sync` hears of an end",
    ("FleetStateMachineRole", "events:PutTargets"): f"{BY_STEP_FUNCTIONS}: how `.sync` hears of an end",
    (
        "explain",
        "ecs:DescribeClusters",
    ): "a service that names neither a launch type nor a strategy of its own",
    (
        "plan_fleet",
        "ecs:DescribeClusters",
    ): "a service that names neither a launch type nor a strategy of its own",
    (
        "plan_fleet",
        "ecs:DescribeCapacityProviders",
    ): "a service whose strategy names other providers than Fargate's",
    ("look", "dynamodb:UpdateItem"): "slots are prolonged where a drain holds them for more than 20 minutes",
    ("look", "elasticloadbalancing:DescribeTargetGroupAttributes"): "a standby behind a target group",
    ("look", "elasticloadbalancing:DescribeTargetGroups"): "a standby behind a target group",
    ("look", "elasticloadbalancing:DescribeTargetHealth"): "a standby behind a target group",
    (
        "plan_drain",
        "ecs:DescribeTaskDefinition",
    ): "gates that the task definition's tags declare, not the service's",
    ("wake", "dynamodb:BatchGetItem"): BY_EVENTS,
    ("wake", "dynamodb:Query"): BY_EVENTS,
    ("wake", "ecs:DescribeContainerInstances"): BY_EVENTS,
    ("wake", "sqs:ChangeMessageVisibility"): "a record that failed is put off",
    ("wake", "sqs:DeleteMessage"): f"{BY_LAMBDA}: it polls the queue",
    ("wake", "sqs:GetQueueAttributes"): f"{BY_LAMBDA}: it polls the queue",
    ("wake", "sqs:GetQueueUrl"): "a record that failed is put off",
    ("wake", "sqs:ReceiveMessage"): f"{BY_LAMBDA}: it polls the queue",
    ("wake", "states:SendTaskSuccess"): BY_EVENTS,
    (
        "return_to_service",
        "states:DescribeExecution",
    ): "an instance that is back while a drain of it seems open",
}
"""Why a grant is right that no recorded call uses; `*` is any role."""

FORBIDDEN = [
    ("look", "ecs:UpdateContainerInstancesState", arn("ecs", "container-instance/web/0a1b")),
    ("look", "ecs:StopTask", arn("ecs", "task/web/0a1b")),
    ("look", "ecs:DescribeTasks", "arn:aws:ecs:eu-west-1:999999999999:task/web/0a1b"),
    ("plan_drain", "ecs:UpdateContainerInstancesState", arn("ecs", "container-instance/web/0a1b")),
    ("compose_notice", "sns:Publish", arn("sns", "ecs-drainer-dev-notifications")),
    ("start_drain", "states:StartExecution", arn("states", "stateMachine:ecs-drainer-prod")),
    ("start_drain", "states:StopExecution", arn("states", "execution:ecs-drainer-dev:i-1")),
    ("start_manual_drain", "states:StartExecution", arn("states", "stateMachine:another")),
    ("reconcile", "dynamodb:GetItem", arn("dynamodb", "table/another")),
    ("wake", "dynamodb:DeleteItem", arn("dynamodb", "table/ecs-drainer-dev-ledger")),
    ("wake", "dynamodb:Query", arn("dynamodb", "table/ecs-drainer-dev-ledger")),
    ("wake", "ecs:UpdateContainerInstancesState", arn("ecs", "container-instance/web/0a1b")),
    ("wake", "sqs:DeleteMessage", arn("sqs", "ecs-drainer-prod-ecs-events")),
    ("wake", "states:StartExecution", arn("states", "stateMachine:ecs-drainer-dev")),
    ("stop_tasks", "ecs:RunTask", arn("ecs", "task-definition/web:1")),
    ("DrainStateMachineRole", "ecs:StopTask", arn("ecs", "task/web/0a1b")),
    (
        "DrainStateMachineRole",
        "ecs:DeregisterContainerInstance",
        "arn:aws:ecs:eu-west-1:999999999999:cluster/web",
    ),
    ("DrainStateMachineRole", "lambda:InvokeFunction", arn("lambda", "function:ecs-drainer-dev-start_drain")),
    ("DrainStateMachineRole", "lambda:InvokeFunction", arn("lambda", "function:ecs-drainer-prod-look")),
    ("DrainStateMachineRole", "sns:Publish", arn("sns", "another-topic")),
    ("DrainStateMachineRole", "states:StopExecution", arn("states", "execution:another:i-1")),
    ("DrainStateMachineRole", "states:StartExecution", arn("states", "stateMachine:ecs-drainer-dev")),
    ("DrainStateMachineRole", "iam:PassRole", "arn:aws:iam::123456789012:role/admin"),
    (
        "FleetStateMachineRole",
        "autoscaling:CompleteLifecycleAction",
        arn("autoscaling", "autoScalingGroup:1"),
    ),
    ("FleetStateMachineRole", "states:StartExecution", arn("states", "stateMachine:another")),
    ("FleetStateMachineRole", "states:StopExecution", arn("states", "execution:ecs-drainer-dev:i-1")),
]


pytestmark = pytest.mark.slow  # two dozen stories are told for it


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return record()


def test_every_recorded_call_is_allowed(recorded: Recorded) -> None:
    denied = [
        (role, request.action, request.resource)
        for role, requests in recorded.requests.items()
        for request in sorted(requests, key=lambda each: (each.action, each.resource))
        if not allows(recorded.policies[role], request)
    ]
    assert denied == []


def test_every_role_was_recorded_at_work(recorded: Recorded) -> None:
    idle = {"compose_notice"}  # computes, and asks AWS for nothing
    assert set(recorded.requests) - {role for role, made in recorded.requests.items() if not made} == (
        set(recorded.policies) - idle
    )


def test_every_grant_is_used_by_a_recorded_call_or_has_its_reason(recorded: Recorded) -> None:
    """Without it, some recorded call would be denied: nothing is granted for good measure."""
    unused = [
        (role, statement["Sid"], action)
        for role, statements in recorded.policies.items()
        for statement in statements
        for action in listed(statement["Action"])
        if not is_rare(role, action) and not is_used({**statement, "Action": action}, recorded.requests[role])
    ]
    assert unused == []


def test_no_reason_outlives_its_grant(recorded: Recorded) -> None:
    granted = {
        (role, action)
        for name, statements in recorded.policies.items()
        for statement in statements
        for action in listed(statement["Action"])
        for role in (name, "*")
    }
    assert set(RARE) - granted == set()


def is_rare(role: str, action: str) -> bool:
    return (role, action) in RARE or ("*", action) in RARE


def is_used(statement: dict[str, object], requests: set[Request]) -> bool:
    return any(applies(statement, request) for request in requests)


@pytest.mark.parametrize(("role", "action", "resource"), FORBIDDEN)
def test_what_no_role_should_do_is_denied(recorded: Recorded, role: str, action: str, resource: str) -> None:
    assert not allows(recorded.policies[role], Request(action, resource))


@pytest.mark.parametrize(
    ("bus", "source", "expected"),
    [("default", "ecs-drainer", True), ("another", "ecs-drainer", False), ("default", "aws.ecs", False)],
)
def test_events_are_put_on_the_stages_bus_with_our_own_source_alone(
    recorded: Recorded, bus: str, source: str, expected: bool
) -> None:
    """EventBridge guide, "Using IAM policy conditions": `events:source` is what an entry names as its source."""
    asked = Request("events:PutEvents", arn("events", f"event-bus/{bus}"), (("events:source", source),))
    assert allows(recorded.policies["tell"], asked) is expected


@pytest.mark.parametrize(
    ("story", "statement", "request_", "expected"),
    [
        ("as it stands", {}, Request("ecs:StopTask", arn("ecs", "task/web/1")), True),
        ("case of actions", {"Action": "ECS:stop*"}, Request("ecs:StopTask", arn("ecs", "task/web/1")), True),
        ("another action", {}, Request("ecs:RunTask", arn("ecs", "task/web/1")), False),
        ("another resource", {}, Request("ecs:StopTask", arn("ecs", "service/web/1")), False),
        ("no resource for an ARN", {}, Request("ecs:StopTask", "*"), False),
        (
            "another account",
            {},
            Request("ecs:StopTask", "arn:aws:ecs:eu-west-1:999999999999:task/web/1"),
            False,
        ),
        (
            "brackets",
            {"Resource": "arn:*:task/[a-z]*"},
            Request("ecs:StopTask", arn("ecs", "task/web/1")),
            False,
        ),
        ("denied", {"Effect": "Deny"}, Request("ecs:StopTask", arn("ecs", "task/web/1")), False),
    ],
)
def test_the_evaluator_reads_policies_as_iam_does(
    story: str, statement: dict[str, object], request_: Request, expected: bool
) -> None:
    own = {
        "Effect": "Allow",
        "Action": ["ecs:StopTask"],
        "Resource": "arn:*:ecs:*:*:task/*",
        "Condition": {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
    }
    assert allows([{**own, **statement}], request_) is expected, story


def test_the_evaluator_refuses_to_guess() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01"}},
    }
    with pytest.raises(UnknownOperator, match="DateLessThan"):
        allows([statement], Request("ecs:StopTask", "*"))


def test_roles_go_by_the_name_that_the_project_has_for_them() -> None:
    assert short("ecs-drainer-dev-plan_drain") == "plan_drain"
    assert short("ecs-drainer-dev-DrainStateMachineRole-JZ27IYVIP4QS") == "DrainStateMachineRole"
