"""Whatever lets an AWS service in says for whom: else any account's rule, alarm or machine could use what is ours.

"The confused deputy problem", IAM user guide: `aws:SourceArn`, with `aws:SourceAccount` beside it, wherever a policy's
principal is a service: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.server import Server
from statemachine import client_methods, template
from statemachine.graph import TEMPLATE
from statemachine.trust import of_a_role
from tests.deploy.conftest import Project

ACCOUNT = "123456789012"
Statement = dict[str, Any]

WHERE_IT_IS_SENT = {"lambda.amazonaws.com"}
"""Whose conditions hold if the key is there: see docs/decisions/least-privilege.md."""

BY_ITS_RULE_ALONE = {("events.amazonaws.com", "lambda:InvokeFunction")}
"""Chalice's AddPermission names the very rule, and its ARN has the account in it."""


def services(statement: Statement) -> list[str]:
    """Return the services that a statement lets in."""
    principal = statement.get("Principal")
    if statement["Effect"] != "Allow" or not isinstance(principal, dict):
        assert statement["Effect"] == "Deny" or principal != "*", "everybody is let in"
        return []
    found = principal.get("Service", [])
    return found if isinstance(found, list) else [found]


def statements_in(value: Any) -> Iterator[Statement]:
    """Yield every statement with a principal, wherever in a template it stands."""
    if isinstance(value, dict):
        if "Effect" in value and "Principal" in value:
            yield value
        for item in value.values():
            yield from statements_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from statements_in(item)


def conditions(statement: Statement) -> dict[str, tuple[str, str]]:
    """Return operator and value of each condition key, as text."""
    return {
        key.lower(): (operator, json.dumps(value))
        for operator, keys in statement.get("Condition", {}).items()
        for key, value in keys.items()
    }


def check(statement: Statement, service: str, account: str) -> None:
    """Fail unless the statement lets the service in for something of this account only."""
    found = conditions(statement)
    operator, arn = found["aws:sourcearn"]
    assert account in arn, f"any account's {arn} would do"
    if (service, statement["Action"]) in BY_ITS_RULE_ALONE:
        assert operator in ("ArnLike", "ArnEquals")
        assert "*" not in arn
        return
    by_account, value = found["aws:sourceaccount"]
    assert account in value
    suffix = "IfExists" if service in WHERE_IT_IS_SENT else ""
    assert by_account == f"StringEquals{suffix}"
    assert operator in (f"ArnLike{suffix}", f"ArnEquals{suffix}")


def test_the_template_lets_in_no_service_for_anybody_else() -> None:
    document = template.load(TEMPLATE)
    found = [(service, each) for each in statements_in(document["Resources"]) for service in services(each)]
    assert sorted({service for service, _ in found}) == [
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "states.amazonaws.com",
    ]
    for service, statement in found:
        text = json.dumps(statement["Condition"]).replace(
            '{"Fn::GetAtt": ["EcsEventsRule", "Arn"]}', '"AWS::AccountId"'
        )
        check({**statement, "Condition": json.loads(text)}, service, "AWS::AccountId")


def test_what_chalice_packages_lets_in_no_service_for_anybody_else(built: Any) -> None:
    sam = json.loads((built / "packaged" / "sam.json").read_text())
    found = [(service, each) for each in statements_in(sam["Resources"]) for service in services(each)]
    of_functions = [each for service, each in found if service == "lambda.amazonaws.com"]
    functions = [each for each in sam["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    assert len(of_functions) == len(functions)
    for statement in of_functions:
        check(statement, "lambda.amazonaws.com", "AWS::AccountId")
    named = {each["Properties"]["FunctionName"] for each in functions}
    trusted = {
        conditions(each)["aws:sourcearn"][1].split(":function:")[1].strip('"}') for each in of_functions
    }
    assert trusted == named


@pytest.mark.deploy
def test_nothing_that_is_deployed_lets_in_a_service_for_anybody_else(project: Project, aws: Server) -> None:
    project.chalice("deploy")
    found = list(deployed_statements(aws))
    assert {service for _, each in found for service in services(each)} == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "lambda.amazonaws.com",
        "states.amazonaws.com",
    }
    for _, statement in found:
        for service in services(statement):
            check(statement, service, ACCOUNT)
    roles = {name for name, each in found if services(each) == ["lambda.amazonaws.com"]}
    assert len(roles) == len(aws.client("lambda").list_functions()["Functions"])


def deployed_statements(aws: Server) -> Iterator[tuple[str, Statement]]:
    """Yield what each thing in the account lets in: roles, functions, queues and topics."""
    for role in aws.client("iam").list_roles()["Roles"]:
        yield from ((role["RoleName"], each) for each in role["AssumeRolePolicyDocument"]["Statement"])
    functions, queues, topics = aws.client("lambda"), aws.client("sqs"), aws.client("sns")
    texts: list[tuple[str, str]] = []
    for function in functions.list_functions()["Functions"]:
        name = function["FunctionName"]
        try:
            texts.append((name, functions.get_policy(FunctionName=name)["Policy"]))
        except functions.exceptions.ResourceNotFoundException:
            continue  # nobody but the state machines' roles calls it
    for queue in queues.list_queues()["QueueUrls"]:
        given = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]
        texts.append((queue, given["Policy"]))
    for topic in topics.list_topics()["Topics"]:
        given = topics.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
        texts.append((topic["TopicArn"], given["Policy"]))
    for name, text in texts:
        yield from ((name, each) for each in json.loads(text)["Statement"])


class ChaliceClient:
    """As much of Chalice's client as our methods ask for."""

    def _client(self, service: str) -> Any:
        return client(service)


@pytest.fixture
def account() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        yield running


ROLE = "ecs-drainer-dev-look"
AS_CHALICE_HAS_IT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com.cn"}, "Action": "sts:AssumeRole"}
    ],
}


def test_a_role_of_an_earlier_release_is_narrowed_to_its_function(account: EmbeddedAws) -> None:
    """Chalice writes a trust policy once, when it makes the role; the principal stays as the partition has it."""
    client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(AS_CHALICE_HAS_IT))
    for _ in range(2):
        client_methods.trust_its_function_only(ChaliceClient(), ROLE)
    role = client("iam").get_role(RoleName=ROLE)["Role"]
    expected = of_a_role(f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", "lambda.amazonaws.com.cn")
    assert role["AssumeRolePolicyDocument"] == expected
    assert conditions(expected["Statement"][0]) == {
        "aws:sourceaccount": ("StringEqualsIfExists", f'"{ACCOUNT}"'),
        "aws:sourcearn": ("ArnLikeIfExists", f'"arn:aws:lambda:*:{ACCOUNT}:function:{ROLE}"'),
    }
    assert account.requests.count("iam", "UpdateAssumeRolePolicy") == 1, "what is right is left alone"
