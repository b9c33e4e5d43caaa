"""Stacks come up, change in place, roll back and go away as CloudFormation's do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.aws import EmbeddedAws
from simulator.clients import client
from tests.simulator.parts import aws_with, function

TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
}
DEFINITION = json.dumps(
    {"StartAt": "Tell", "States": {"Tell": {"Type": "Pass", "Result": "${Word}", "End": True}}}
)


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with aws_with("awslambda", "cloudformation") as embedded:
        yield embedded


def machine(**more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": {"Fn::Sub": "${AWS::StackName}-machine"},
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "DefinitionString": DEFINITION,
            "DefinitionSubstitutions": {"Word": {"Ref": "Word"}},
            **more,
        },
    }


def template(word: str = "hello", **resources: Any) -> str:
    return json.dumps(
        {
            "Parameters": {"Word": {"Type": "String", "Default": word}},
            "Conditions": {"IsLoud": {"Fn::Equals": [{"Ref": "Word"}, "HELLO"]}},
            "Resources": {
                "Machine": machine(),
                "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
                **resources,
            },
            "Outputs": {"MachineArn": {"Value": {"Ref": "Machine"}}},
        }
    )


def create(body: str, **more: Any) -> None:
    client("cloudformation").create_stack(
        StackName="drainer", TemplateBody=body, Capabilities=["CAPABILITY_IAM"], **more
    )


def update(body: str, **more: Any) -> None:
    client("cloudformation").update_stack(
        StackName="drainer", TemplateBody=body, Capabilities=["CAPABILITY_IAM"], **more
    )


def stack() -> dict[str, Any]:
    found: dict[str, Any] = client("cloudformation").describe_stacks(StackName="drainer")["Stacks"][0]
    return found


def events() -> list[str]:
    """The stack's events, oldest first, as `Machine CREATE_COMPLETE`."""
    found = client("cloudformation").describe_stack_events(StackName="drainer")["StackEvents"]
    return [f"{each['LogicalResourceId']} {each['ResourceStatus']}" for each in reversed(found)]


def says() -> str:
    """What the deployed state machine answers."""
    arn = stack()["Outputs"][0]["OutputValue"]
    definition = client("stepfunctions").describe_state_machine(stateMachineArn=arn)["definition"]
    return str(json.loads(definition)["States"]["Tell"]["Result"])


@pytest.mark.usefixtures("aws")
def test_a_state_machine_is_made_where_it_can_run_with_its_substitutions() -> None:
    create(template())
    client("cloudformation").get_waiter("stack_create_complete").wait(StackName="drainer")
    assert says() == "hello"
    assert events() == [
        "drainer CREATE_IN_PROGRESS",
        "Role CREATE_IN_PROGRESS",
        "Role CREATE_COMPLETE",
        "Machine CREATE_IN_PROGRESS",
        "Machine CREATE_COMPLETE",
        "drainer CREATE_COMPLETE",
    ]
    (found,) = client("stepfunctions").list_state_machines()["stateMachines"]
    assert found["name"] == "drainer-machine"


@pytest.mark.usefixtures("aws")
def test_an_update_changes_what_differs_and_leaves_the_rest() -> None:
    create(template())
    arn = stack()["Outputs"][0]["OutputValue"]
    update(template(), Parameters=[{"ParameterKey": "Word", "ParameterValue": "bye"}])
    client("cloudformation").get_waiter("stack_update_complete").wait(StackName="drainer")
    assert (says(), stack()["StackStatus"], stack()["Outputs"][0]["OutputValue"]) == (
        "bye",
        "UPDATE_COMPLETE",
        arn,
    )
    assert "Role UPDATE_IN_PROGRESS" not in events()


@pytest.mark.usefixtures("aws")
def test_an_update_without_a_change_is_refused() -> None:
    """CloudFormation: ValidationError, "No updates are to be performed"; deployers count on the words."""
    create(template(), Tags=[{"Key": "app", "Value": "drainer"}])
    spelled_out = [{"ParameterKey": "Word", "ParameterValue": "hello"}]
    for same in ({}, {"Parameters": spelled_out}, {"Tags": [{"Key": "app", "Value": "drainer"}]}):
        with pytest.raises(ClientError, match=r"ValidationError.*No updates are to be performed"):
            update(template(), **same)
    update(template(), Tags=[{"Key": "app", "Value": "other"}])


@pytest.mark.usefixtures("aws")
def test_a_table_keeps_its_items_through_an_update() -> None:
    def table(**more: Any) -> dict[str, Any]:
        properties = {
            "TableName": "ledger",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            **more,
        }
        return {"Type": "AWS::DynamoDB::Table", "Properties": properties}

    create(template(Ledger=table()))
    client("dynamodb").put_item(TableName="ledger", Item={"pk": {"S": "i-1"}})
    update(template(Ledger=table(TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True})))
    assert client("dynamodb").scan(TableName="ledger")["Count"] == 1
    ttl = client("dynamodb").describe_time_to_live(TableName="ledger")["TimeToLiveDescription"]
    assert ttl["AttributeName"] == "expires_at"


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
def test_what_the_template_leaves_out_goes_and_a_condition_decides() -> None:
    topic = {"Type": "AWS::SNS::Topic", "Condition": "IsLoud"}
    create(template(Topic=topic, Queue={"Type": "AWS::SQS::Queue"}))
    assert client("sns").list_topics()["Topics"] == []
    update(template("HELLO", Topic=topic))
    assert len(client("sns").list_topics()["Topics"]) == 1
    assert client("sqs").list_queues().get("QueueUrls", []) == []


@pytest.mark.usefixtures("aws")
def test_a_deleted_stack_takes_its_resources_along_but_for_the_retained() -> None:
    create(template(Queue={"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"}))
    stack_id = stack()["StackId"]
    client("cloudformation").delete_stack(StackName="drainer")
    client("cloudformation").get_waiter("stack_delete_complete").wait(StackName="drainer")
    assert client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert client("iam").list_roles()["Roles"] == []
    assert len(client("sqs").list_queues()["QueueUrls"]) == 1
    gone = client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"][0]
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    client("cloudformation").delete_stack(StackName="never-was")


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
def test_the_settings_around_a_function_and_an_alarm() -> None:
    arn = function("start")
    queue_policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    create(
        template(
            Dead={
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": "dead", "MessageRetentionPeriod": 1209600},
            },
            DeadPolicy={
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {"Queues": [{"Ref": "Dead"}], "PolicyDocument": queue_policy},
            },
            Retries={
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {
                    "FunctionName": arn,
                    "Qualifier": "$LATEST",
                    "MaximumRetryAttempts": 1,
                    "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Dead", "Arn"]}}},
                },
            },
            Alarm={
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "AlarmName": "failed",
                    "Namespace": "AWS/States",
                    "MetricName": "ExecutionsFailed",
                    "Dimensions": [{"Name": "StateMachineArn", "Value": {"Ref": "Machine"}}],
                    "Statistic": "Sum",
                    "Period": 300,
                    "EvaluationPeriods": 1,
                    "Threshold": 1,
                    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                },
            },
            Dashboard={
                "Type": "AWS::CloudWatch::Dashboard",
                "Properties": {"DashboardName": "drains", "DashboardBody": '{"widgets": []}'},
            },
            Log={"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/x", "RetentionInDays": 30}},
        )
    )
    assert stack()["StackStatus"] == "CREATE_COMPLETE", events()
    configured = client("lambda").get_function_event_invoke_config(FunctionName="start")
    assert configured["DestinationConfig"]["OnFailure"]["Destination"].endswith(":dead")
    alarm = client("cloudwatch").describe_alarms(AlarmNames=["failed"])["MetricAlarms"][0]
    assert alarm["Dimensions"][0]["Value"].endswith(":stateMachine:drainer-machine")
    dashboard = client("cloudwatch").get_dashboard(DashboardName="drains")
    assert json.loads(dashboard["DashboardBody"]) == {"widgets": []}
    resources = client("cloudformation").describe_stack_resources(StackName="drainer")["StackResources"]
    assert len(resources) == 8
    client("cloudformation").delete_stack(StackName="drainer")
    assert client("cloudwatch").describe_alarms()["MetricAlarms"] == []


@pytest.mark.usefixtures("aws")
def test_change_sets_make_a_stack_and_change_it() -> None:
    def change(kind: str, body: str) -> dict[str, Any]:
        cloudformation = client("cloudformation")
        cloudformation.create_change_set(
            StackName="drainer",
            ChangeSetName=f"first-{kind}",
            ChangeSetType=kind,
            TemplateBody=body,
            Capabilities=["CAPABILITY_IAM"],
        )
        described: dict[str, Any] = cloudformation.describe_change_set(
            StackName="drainer", ChangeSetName=f"first-{kind}"
        )
        if described["Status"] != "FAILED":
            cloudformation.execute_change_set(StackName="drainer", ChangeSetName=f"first-{kind}")
        return described

    assert len(change("CREATE", template())["Changes"]) == 2
    assert (stack()["StackStatus"], says()) == ("CREATE_COMPLETE", "hello")
    change("UPDATE", template("bye"))
    assert (stack()["StackStatus"], says()) == ("UPDATE_COMPLETE", "bye")
    assert change("UPDATE", template("bye"))["Status"] == "FAILED"
