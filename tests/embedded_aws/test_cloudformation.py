"""Stacks come up, change in place and go away as CloudFormation's do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from tests.embedded_aws.parts import function
from tests.embedded_aws.stack import DEFINITION, create, events, machine, says, stack, template, update


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        yield embedded


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
def test_a_key_is_given_to_what_is_there_and_taken_back() -> None:
    """Tables and queues are encrypted anew in place; `SSEEnabled` is what CloudFormation alone calls it."""
    key = client("kms").create_key()["KeyMetadata"]["Arn"]

    def kept(*, has_key: bool) -> dict[str, Any]:
        ours = {"SSEType": "KMS", "KMSMasterKeyId": key} if has_key else {}
        table = {
            "TableName": "ledger",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "SSESpecification": {"SSEEnabled": True, **ours},
        }
        queue = {"QueueName": "letters", "SqsManagedSseEnabled": not has_key}
        return {
            "Ledger": {"Type": "AWS::DynamoDB::Table", "Properties": table},
            "Letters": {
                "Type": "AWS::SQS::Queue",
                "Properties": {**queue, **({"KmsMasterKeyId": key} if has_key else {})},
            },
        }

    def keys() -> tuple[bool, str]:
        table = client("dynamodb").describe_table(TableName="ledger")["Table"]["SSEDescription"]
        url = client("sqs").get_queue_url(QueueName="letters")["QueueUrl"]
        queue = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return table["KMSMasterKeyArn"] == key, queue["SqsManagedSseEnabled"]

    create(template(**kept(has_key=False)))
    assert keys() == (False, "true")
    update(template(**kept(has_key=True)))
    assert keys() == (True, "false")
    update(template(**kept(has_key=False)))
    assert keys() == (False, "true")


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


QUEUE_POLICY = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
DEAD = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dead", "MessageRetentionPeriod": 1209600}}
DEAD_POLICY = {
    "Type": "AWS::SQS::QueuePolicy",
    "Properties": {"Queues": [{"Ref": "Dead"}], "PolicyDocument": QUEUE_POLICY},
}
ALARM = {
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
}
DASHBOARD = {
    "Type": "AWS::CloudWatch::Dashboard",
    "Properties": {"DashboardName": "drains", "DashboardBody": '{"widgets": []}'},
}
LOG = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/x", "RetentionInDays": 30}}


@pytest.mark.usefixtures("aws")
def test_a_functions_retries_and_its_destination_are_configured() -> None:
    properties = {
        "FunctionName": function("start"),
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 1,
        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Dead", "Arn"]}}},
    }
    retries = {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties}
    create(template(Dead=DEAD, DeadPolicy=DEAD_POLICY, Retries=retries))
    assert stack()["StackStatus"] == "CREATE_COMPLETE", events()
    configured = client("lambda").get_function_event_invoke_config(FunctionName="start")
    assert configured["DestinationConfig"]["OnFailure"]["Destination"].endswith(":dead")
    assert configured["MaximumRetryAttempts"] == 1


@pytest.mark.usefixtures("aws")
def test_what_watches_a_machine_comes_and_goes_with_it() -> None:
    create(template(Alarm=ALARM, Dashboard=DASHBOARD, Log=LOG))
    assert stack()["StackStatus"] == "CREATE_COMPLETE", events()
    alarm = client("cloudwatch").describe_alarms(AlarmNames=["failed"])["MetricAlarms"][0]
    assert alarm["Dimensions"][0]["Value"].endswith(":stateMachine:drainer-machine")
    dashboard = client("cloudwatch").get_dashboard(DashboardName="drains")
    assert json.loads(dashboard["DashboardBody"]) == {"widgets": []}
    (group,) = client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/x", 30)
    resources = client("cloudformation").describe_stack_resources(StackName="drainer")["StackResources"]
    assert len(resources) == 5
    client("cloudformation").delete_stack(StackName="drainer")
    assert client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert client("logs").describe_log_groups()["logGroups"] == []


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


@pytest.mark.usefixtures("aws")
def test_a_definition_may_come_from_s3_as_the_cli_packages_it() -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="definitions", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="definitions", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="definitions", Key="tell", Body=DEFINITION.encode())["VersionId"]
    s3.put_object(Bucket="definitions", Key="tell", Body=DEFINITION.replace("${Word}", "later").encode())
    location = {"Bucket": "definitions", "Key": "tell"}

    create(template(Machine=from_s3(location)))
    assert says() == "later"
    update(template(Machine=from_s3({**location, "Version": first})))
    assert says() == "hello"


def from_s3(location: dict[str, str]) -> dict[str, Any]:
    made = machine(DefinitionS3Location=location)
    del made["Properties"]["DefinitionString"]
    return made


@pytest.mark.usefixtures("aws")
def test_a_definition_that_is_not_there_rolls_the_stack_back() -> None:
    client("s3").create_bucket(
        Bucket="definitions", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    create(template(Machine=from_s3({"Bucket": "definitions", "Key": "nowhere"})))
    assert stack()["StackStatus"] == "ROLLBACK_COMPLETE"


@pytest.mark.usefixtures("aws")
def test_a_change_set_without_changes_is_made_and_fails() -> None:
    """API reference, CreateChangeSet: its status is FAILED where the submitted information has no changes."""
    create(template())
    api = client("cloudformation")
    same = api.create_change_set(
        StackName="drainer", ChangeSetName="same", ChangeSetType="UPDATE", TemplateBody=template(),
        Parameters=[{"ParameterKey": "Word", "ParameterValue": "hello"}], Capabilities=["CAPABILITY_IAM"],
    )  # fmt: skip
    described = api.describe_change_set(ChangeSetName=same["Id"])
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "didn't contain changes" in described["StatusReason"]
    api.create_change_set(
        StackName="drainer", ChangeSetName="other", ChangeSetType="UPDATE", TemplateBody=template("bye"),
        Capabilities=["CAPABILITY_IAM"],
    )  # fmt: skip
    api.execute_change_set(ChangeSetName="other", StackName="drainer")
    assert says() == "bye"
