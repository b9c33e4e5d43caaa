"""What a change set says before anything changes, and the resources that an installation brings.

User guide, "View change set changes": resources are added, modified or removed; Replacement is True where
the resource is made anew (API reference, ResourceChange).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from tests.embedded_aws.parts import role, zipped
from tests.embedded_aws.stack import create, machine, template, update


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        yield embedded


def changes(body: str, kind: str = "UPDATE", **parameters: str) -> set[tuple[str, str, str]]:
    """Return what a change set says: action, resource, and whether it is replaced."""
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    made = client("cloudformation").create_change_set(
        StackName="drainer",
        ChangeSetName="asked",
        ChangeSetType=kind,
        TemplateBody=body,
        Parameters=given,
        Capabilities=["CAPABILITY_IAM"],
    )
    described = client("cloudformation").describe_change_set(ChangeSetName=made["Id"])
    client("cloudformation").delete_change_set(ChangeSetName=made["Id"])
    listed = [each["ResourceChange"] for each in described["Changes"]]
    return {(each["Action"], each["LogicalResourceId"], each.get("Replacement", "")) for each in listed}


LOUD = {"Type": "AWS::SNS::Topic", "Condition": "IsLoud"}


@pytest.mark.usefixtures("aws")
def test_a_new_stack_adds_what_its_conditions_want() -> None:
    added = {("Add", "Machine", ""), ("Add", "Role", "")}
    assert changes(template(Topic=LOUD), "CREATE") == added


@pytest.mark.usefixtures("aws")
def test_a_parameter_modifies_what_refers_to_it_and_adds_what_its_condition_wants() -> None:
    create(template(Topic=LOUD, Queue={"Type": "AWS::SQS::Queue"}))
    same = template(Topic=LOUD, Queue={"Type": "AWS::SQS::Queue"})
    assert changes(same, Word="HELLO") == {("Modify", "Machine", "False"), ("Add", "Topic", "")}


@pytest.mark.usefixtures("aws")
def test_a_name_replaces_and_what_is_left_out_is_removed() -> None:
    create(template(Queue={"Type": "AWS::SQS::Queue"}))
    renamed = template(Machine=machine(StateMachineName="another"))
    assert changes(renamed) == {("Modify", "Machine", "True"), ("Remove", "Queue", "")}


def function(role_arn: str, version: str, **more: Any) -> dict[str, Any]:
    code = {"S3Bucket": "code", "S3Key": version}
    properties = {"FunctionName": "tell", "Runtime": "python3.11", "Handler": "app.handle", "Role": role_arn}
    return {"Type": "AWS::Lambda::Function", "Properties": {**properties, "Code": code, **more}}


@pytest.mark.usefixtures("aws")
def test_a_functions_code_and_configuration_change_in_place() -> None:
    """Template reference, AWS::Lambda::Function: Code and Environment are updated without interruption."""
    s3, api = client("s3"), client("lambda")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for version in ("one", "two"):
        s3.put_object(Bucket="code", Key=version, Body=zipped(app=f"handle = '{version}'"))
    arn, tags = role(), [{"Key": "team", "Value": "platform"}]
    create(template(Function=function(arn, "one", Architectures=["arm64"], Tags=tags)))
    first = api.get_function(FunctionName="tell")
    assert first["Tags"] == {"team": "platform"}
    assert first["Configuration"]["Architectures"] == ["arm64"]
    variables = {"Environment": {"Variables": {"WORD": "bye"}}}
    update(template(Function=function(arn, "two", Architectures=["arm64"], Tags=tags, **variables)))
    second = api.get_function(FunctionName="tell")["Configuration"]
    assert second["Environment"]["Variables"] == {"WORD": "bye"}
    assert second["CodeSha256"] != first["Configuration"]["CodeSha256"]
    assert second["FunctionArn"] == first["Configuration"]["FunctionArn"]
    client("cloudformation").delete_stack(StackName="drainer")
    assert api.list_functions()["Functions"] == []


@pytest.mark.usefixtures("aws")
def test_a_bucket_policy_against_callers_without_tls_lets_those_with_it_in() -> None:
    """IAM user guide, aws:SecureTransport: the SDKs call by TLS, and the embedded AWS stands for their endpoints."""
    s3 = client("s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::code/*"}
    without_tls = {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="code", Policy=json.dumps({"Statement": [without_tls]}))
    s3.put_object(Bucket="code", Key="a", Body=b"a")
    s3.put_bucket_policy(Bucket="code", Policy=json.dumps({"Statement": [without_tls, deny]}))
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="code", Key="b", Body=b"b")


def nest(parent: dict[str, Any], child: dict[str, Any]) -> None:
    """Create a stack whose resource `Child` is a stack."""
    s3 = client("s3")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="templates", Key="child.json", Body=json.dumps(child).encode())
    client("cloudformation").create_stack(StackName="parent", TemplateBody=json.dumps(parent))


CHILD = {
    "Parameters": {"Name": {"Type": "String"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}},
    "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}}},
}
PARENT = {
    "Resources": {
        "Child": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {
                "TemplateURL": "https://templates.s3.eu-west-1.amazonaws.com/child.json",
                "Parameters": {"Name": "loud"},
            },
        }
    },
    "Outputs": {"Topic": {"Value": {"Fn::GetAtt": ["Child", "Outputs.TopicArn"]}}},
}


@pytest.mark.usefixtures("aws")
def test_a_nested_stack_gives_its_outputs_to_its_parent_and_goes_with_it() -> None:
    nest(PARENT, CHILD)
    listed = client("cloudformation").describe_stacks()["Stacks"]
    assert [each["StackStatus"] for each in listed] == ["CREATE_COMPLETE", "CREATE_COMPLETE"]
    (parent,) = (each for each in listed if each["StackName"] == "parent")
    assert [each["OutputValue"] for each in parent["Outputs"]] == ["arn:aws:sns:eu-west-1:123456789012:loud"]
    client("cloudformation").delete_stack(StackName="parent")
    assert client("sns").list_topics()["Topics"] == []
    assert client("cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.usefixtures("aws")
def test_a_nested_stack_that_fails_fails_its_parent() -> None:
    spoilt = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "no queue's name"}}
    nest(PARENT, {**CHILD, "Resources": {"Topic": spoilt}})
    found = client("cloudformation").describe_stacks(StackName="parent")["Stacks"][0]
    assert found["StackStatus"] == "ROLLBACK_COMPLETE"
    events = client("cloudformation").describe_stack_events(StackName="parent")["StackEvents"]
    reasons = [each.get("ResourceStatusReason", "") for each in events]
    assert [each for each in reasons if "was not successfully created" in each], reasons
