"""With a customer key, a role may use it for what it reads and writes, through the service that holds it; no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from app import app
from chalicelib.gateways import aws as gateway
from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from stories.deployment import deploy
from stories.world import World
from tests.deploy.key_policy import customer_key, policy
from tests.iam.asked_of_iam import arn
from tests.iam.asked_of_kms import VIA, asked, key_requests_of
from tests.iam.evaluator import Request, allows, applies, listed
from tests.iam.recorded import Recorded, short

BY_LAMBDA = "Lambda does it by itself, with the function's role"
BY_STEP_FUNCTIONS = "Step Functions does it by itself, with the machine's role"
UNASKED = {
    "KeyOfDeadLetters": f"{BY_LAMBDA}: an event that failed goes to its destination",
    "KeyOfEvents": f"{BY_LAMBDA}: it polls the queue",
    "KeyOfExecutions": f"{BY_STEP_FUNCTIONS}, and functions see what a lost event or a second request left open",
    "KeyOfDeliveredLogs": BY_STEP_FUNCTIONS,
    "KeyOfTheTopic": "only `tell` publishes in this drain",
    "KeyOfTheLedger": "this drain has no fleet, no gates and nobody who signs off",
}
"""Why a grant is right that no call of a plain drain uses, by its Sid."""


@dataclass
class Keyed:
    """A drain of a stage with a customer key."""

    key: str
    policies: Recorded
    requests: dict[str, set[Request]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def keyed() -> Iterator[Keyed]:
    with embedded_aws() as aws:
        gateway.client.cache_clear()
        key = customer_key(client, policy())
        deploy(app, stack_parameters={"KmsKeyArn": key})
        world = World(client, aws.clock.advance)
        world.terminate(world.build()[0])
        aws.clock.advance(600)
        assert aws.requests.count("autoscaling", "CompleteLifecycleAction") == 1
        found = Keyed(key, Recorded())
        found.policies.take(aws.requests)
        for call in aws.requests.calls:
            if call.role and short(call.role) in found.policies.policies:
                found.requests.setdefault(short(call.role), set()).update(key_requests_of(call, key))
        yield found
    gateway.client.cache_clear()


def test_every_call_finds_its_key(keyed: Keyed) -> None:
    asked_by = {role for role, requests in keyed.requests.items() if requests}
    assert asked_by >= {"DrainStateMachineRole", "tell", "wake"}
    denied = [
        (role, request)
        for role, requests in keyed.requests.items()
        for request in requests
        if not allows(keyed.policies.policies[role], request)
    ]
    assert denied == []


def test_every_grant_of_the_key_is_used_or_has_its_reason(keyed: Keyed) -> None:
    unused = {
        str(statement["Sid"])
        for role, statements in keyed.policies.policies.items()
        for statement in statements
        if any(action.startswith("kms:") for action in listed(statement["Action"]))
        and not any(applies(statement, request) for request in keyed.requests.get(role, ()))
    }
    assert unused == set(UNASKED)


@pytest.mark.parametrize(
    ("story", "change"),
    [
        ("by no service", lambda one: replace(one, context=one.context[1:])),
        (
            "through another service",
            lambda one: replace(one, context=((VIA, "s3.eu-west-1.amazonaws.com"), one.context[1])),
        ),
        ("for another stage", lambda one: replace(one, context=in_prod(one.context))),
        ("of another key", lambda one: replace(one, resource=f"{one.resource}1")),
        ("to change it", lambda one: replace(one, action="kms:PutKeyPolicy")),
        ("to hand it on", lambda one: replace(one, action="kms:CreateGrant")),
    ],
)
def test_no_role_may_use_the_key(keyed: Keyed, story: str, change: object) -> None:
    assert callable(change)
    let_through = [
        (role, request)
        for role, requests in keyed.requests.items()
        for request in map(change, requests)
        if allows(keyed.policies.policies[role], request)
    ]
    assert let_through == [], story


def in_prod(context: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((key, value.replace("ecs-drainer-dev", "ecs-drainer-prod")) for key, value in context)


@pytest.mark.parametrize(
    ("role", "request_of"),
    [
        ("stop_tasks", ("Decrypt", "dynamodb", "dynamodb:tableName", "ecs-drainer-dev-ledger")),
        (
            "compose_notice",
            ("GenerateDataKey", "sns", "sns:topicArn", arn("sns", "ecs-drainer-dev-notifications")),
        ),
        ("wake", ("GenerateDataKey", "sqs", "sqs:arn", arn("sqs", "ecs-drainer-dev-ecs-events"))),
        ("start_drain", ("Decrypt", "sqs", "sqs:arn", arn("sqs", "ecs-drainer-dev-ecs-events"))),
        ("tell", ("Decrypt", "dynamodb", "dynamodb:tableName", "ecs-drainer-dev-ledger")),
    ],
)
def test_a_role_that_has_no_use_for_it_may_not_use_it(
    keyed: Keyed, role: str, request_of: tuple[str, str, str, str]
) -> None:
    action, service, of, value = request_of
    assert not allows(keyed.policies.policies[role], asked(action, keyed.key, service, of, value))
