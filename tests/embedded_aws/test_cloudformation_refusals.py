"""What CloudFormation refuses, and how it takes back what it could not finish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from tests.embedded_aws.stack import create, events, machine, says, stack, template, update


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        yield embedded


@pytest.mark.usefixtures("aws")
def test_a_resource_that_fails_rolls_the_stack_back() -> None:
    broken = machine(DefinitionString='{"StartAt": "Nowhere"}')
    create(template(Topic={"Type": "AWS::SNS::Topic"}, Broken=broken))
    assert stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Outputs" not in stack()
    assert "Broken CREATE_FAILED" in events()
    assert events()[-1] == "drainer ROLLBACK_COMPLETE"
    assert client("sns").list_topics()["Topics"] == []
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        update(template("other"))
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        create(template())
    client("cloudformation").delete_stack(StackName="drainer")
    create(template())
    assert says() == "hello"


@pytest.mark.usefixtures("aws")
def test_an_update_that_fails_puts_everything_back() -> None:
    create(template())
    broken = machine(StateMachineName="another", DefinitionString="{")
    update(template("bye", Topic={"Type": "AWS::SNS::Topic"}, Broken=broken))
    assert stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert says() == "hello"
    assert client("sns").list_topics()["Topics"] == []
    reasons = client("cloudformation").describe_stack_events(StackName="drainer")["StackEvents"]
    failed = next(each for each in reasons if each["ResourceStatus"] == "CREATE_FAILED")
    assert "CreateStateMachine" in failed["ResourceStatusReason"]


@pytest.mark.usefixtures("aws")
def test_a_table_that_is_protected_keeps_its_stack() -> None:
    protected = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "DeletionProtectionEnabled": True,
        },
    }
    create(template(Ledger=protected))
    client("cloudformation").delete_stack(StackName="drainer")
    assert stack()["StackStatus"] == "DELETE_FAILED"
    assert "Ledger DELETE_FAILED" in events()


@pytest.mark.parametrize(
    ("story", "body", "more", "code", "message"),
    [
        ("no template", "nonsense", {}, "ValidationError", "Template format error"),
        (
            "a type nobody knows",
            template(X={"Type": "AWS::Foo::Bar"}),
            {},
            "ValidationError",
            "AWS::Foo::Bar",
        ),
        (
            "a parameter it does not have",
            template(),
            {"Parameters": [{"ParameterKey": "No", "ParameterValue": "x"}]},
            "ValidationError",
            "do not exist in the template",
        ),
        ("too large", template("x" * 52_000), {}, "ValidationError", "51200"),
        (
            "no capability",
            template(),
            {"Capabilities": []},
            "InsufficientCapabilitiesException",
            "CAPABILITY_IAM",
        ),
        (
            "a name of its own",
            template(Named={"Type": "AWS::IAM::Role", "Properties": {"RoleName": "x"}}),
            {"Capabilities": ["CAPABILITY_IAM"]},
            "InsufficientCapabilitiesException",
            "CAPABILITY_NAMED_IAM",
        ),
    ],
)
@pytest.mark.usefixtures("aws")
def test_what_cloudformation_refuses_outright(
    story: str, body: str, more: dict[str, Any], code: str, message: str
) -> None:
    wanted = {"Capabilities": ["CAPABILITY_IAM"], **more}
    with pytest.raises(ClientError, match=f"{code}.*{message}"):
        client("cloudformation").create_stack(StackName="drainer", TemplateBody=body, **wanted)
    assert client("cloudformation").list_stacks()["StackSummaries"] == [], story


@pytest.mark.usefixtures("aws")
def test_an_update_without_a_change_is_refused() -> None:
    """CloudFormation: ValidationError, "No updates are to be performed"; deployers count on the words."""
    create(template(), Tags=[{"Key": "app", "Value": "drainer"}])
    spelled_out = [{"ParameterKey": "Word", "ParameterValue": "hello"}]
    for same in ({}, {"Parameters": spelled_out}, {"Tags": [{"Key": "app", "Value": "drainer"}]}):
        with pytest.raises(ClientError, match=r"ValidationError.*No updates are to be performed"):
            update(template(), **same)
    update(template(), Tags=[{"Key": "app", "Value": "other"}])
