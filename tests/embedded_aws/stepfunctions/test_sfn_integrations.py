"""What state machines send to services, and what they make of the answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from embedded_aws.clients import client
from embedded_aws.stepfunctions.casing import pascal, sdk_time
from tests.embedded_aws.parts import messages
from tests.embedded_aws.stepfunctions.machines import Lab

Machine = dict[str, Any]


def task(resource: str, **more: Any) -> Machine:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True} | more


@pytest.mark.parametrize(
    ("member", "written"),
    [
        ("containerInstances", "ContainerInstances"),
        ("TaskArns", "TaskArns"),
        ("BOOL", "Bool"),
        ("S", "S"),
        ("VPCZoneIdentifier", "VpcZoneIdentifier"),
        ("AutoScalingGroupARN", "AutoScalingGroupARN"),
        ("ec2InstanceId", "Ec2InstanceId"),
        ("SS", "Ss"),
    ],
)
def test_members_have_the_java_sdk_s_names_in_pascal_case(member: str, written: str) -> None:
    assert pascal(member) == written


@pytest.mark.parametrize(
    ("microsecond", "written"),
    [(0, "2026-03-02T10:00:00Z"), (5_000, "2026-03-02T10:00:00.005Z"), (5, "2026-03-02T10:00:00.000005Z")],
)
def test_times_are_written_as_java_writes_them(microsecond: int, written: str) -> None:
    assert sdk_time(datetime(2026, 3, 2, 10, 0, 0, microsecond, tzinfo=UTC)) == written


def test_a_camel_case_api_is_spoken_to_in_pascal_case(lab: Lab) -> None:
    client("ecs").create_cluster(clusterName="blue")
    parameters = {"Clusters": ["blue"], "Include": ["TAGS"]}

    run = lab.run({"Look": task("aws-sdk:ecs:describeClusters", Parameters=parameters)})

    assert run.output["Clusters"][0]["ClusterName"] == "blue"
    assert run.output["Failures"] == []
    assert "clusters" not in run.output


def test_the_api_s_own_case_is_refused(lab: Lab) -> None:
    run = lab.run({"Look": task("aws-sdk:ecs:describeClusters", Parameters={"clusters": ["blue"]})})

    assert run.described["error"] == "States.Runtime"
    assert 'The field "clusters" is not supported by Step Functions' in run.described["cause"]


def test_times_in_answers_are_strings(lab: Lab) -> None:
    child = lab.start(lab.machine({"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}, name="child"))
    look = task("aws-sdk:sfn:describeExecution", Parameters={"ExecutionArn.$": "$.arn"})

    run = lab.start(lab.machine({"Look": look}), {"arn": child.arn}).to_end()

    assert run.output["StartDate"] == "2026-03-02T10:00:00Z"
    assert run.output["Status"] == "RUNNING"


def test_a_machine_may_stop_another_execution(lab: Lab) -> None:
    child = lab.start(lab.machine({"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}, name="child"))
    stop = task(
        "aws-sdk:sfn:stopExecution",
        Parameters={"ExecutionArn.$": "$.arn", "Error": "Superseded", "Cause": "a newer drain"},
    )

    run = lab.start(lab.machine({"Stop": stop}), {"arn": child.arn}).to_end()

    assert run.output == {"StopDate": "2026-03-02T10:00:00Z"}
    assert (child.status, child.described["error"]) == ("ABORTED", "Superseded")


def table(name: str = "ledger") -> None:
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_a_transaction_writes_all_or_nothing(lab: Lab) -> None:
    table()
    put = {
        "Put": {
            "TableName": "ledger",
            "Item": {"pk": {"S.$": "$.id"}, "open": {"Bool": True}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
    write = task("aws-sdk:dynamodb:transactWriteItems", Parameters={"TransactItems": [put]}, ResultPath=None)
    machine = lab.machine({"Write": write})

    first = lab.start(machine, {"id": "i-0123"}).to_end()
    second = lab.start(machine, {"id": "i-0123"}).to_end()

    assert first.status == "SUCCEEDED"
    assert second.described["error"] == "DynamoDb.TransactionCanceledException"
    item = client("dynamodb").get_item(TableName="ledger", Key={"pk": {"S": "i-0123"}})["Item"]
    assert item["open"] == {"BOOL": True}


def test_the_ledger_is_written_updated_and_read(lab: Lab) -> None:
    table()
    key = {"pk": {"S.$": "$.id"}}
    states = {
        "Put": task(
            "dynamodb:putItem",
            Parameters={"TableName": "ledger", "Item": key | {"tries": {"N": "1"}}},
            ResultPath=None,
        ),
        "Update": task(
            "dynamodb:updateItem",
            Parameters={
                "TableName": "ledger",
                "Key": key,
                "UpdateExpression": "SET tries = tries + :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            },
            ResultPath=None,
        ),
        "Get": task("dynamodb:getItem", Parameters={"TableName": "ledger", "Key": key}),
    }
    states["Put"]["Next"], states["Update"]["Next"] = "Update", "Get"
    del states["Put"]["End"], states["Update"]["End"]

    run = lab.run(states, {"id": "i-0123"})

    assert run.output["Item"] == {"pk": {"S": "i-0123"}, "tries": {"N": "2"}}


def test_a_condition_that_fails_has_the_optimised_integration_s_name(lab: Lab) -> None:
    table()
    put = {
        "TableName": "ledger",
        "Item": {"pk": {"S": "1"}},
        "ConditionExpression": "attribute_exists(pk)",
    }

    run = lab.run({"Put": task("dynamodb:putItem", Parameters=put)})

    assert run.described["error"] == "DynamoDB.ConditionalCheckFailedException"


def test_a_message_may_be_an_object(lab: Lab) -> None:
    url = lab.queue("inbox")
    send = task("sqs:sendMessage", Parameters={"QueueUrl": url, "MessageBody": {"instance.$": "$.id"}})

    lab.run({"Send": send}, {"id": "i-0123"})

    assert json.loads(messages(url)[0]["Body"]) == {"instance": "i-0123"}


def test_a_notification_reaches_its_topic(lab: Lab) -> None:
    topic = client("sns").create_topic(Name="drains")["TopicArn"]
    publish = task(
        "sns:publish",
        Parameters={"TopicArn": topic, "Subject": "drained", "Message": {"instance.$": "$.id"}},
        ResultSelector={"id.$": "$.MessageId"},
    )

    run = lab.run({"Tell": publish}, {"id": "i-0123"})

    assert set(run.output) == {"id"}
    assert json.loads(lab.aws.requests.matching("sns", "Publish")[0].parameters["Message"]) == {
        "instance": "i-0123"
    }


def test_without_parameters_the_effective_input_is_the_request(lab: Lab) -> None:
    """`InputPath` alone may choose the request, for optimised and for AWS SDK integrations."""
    client("ecs").create_cluster(clusterName="blue")
    function = lab.function("echo", lambda event, _: event)
    states = {
        "Invoke": task("lambda:invoke", InputPath="$.call", ResultPath="$.echo") | {"Next": "Look"},
        "Look": task("aws-sdk:ecs:describeClusters", InputPath="$.look", ResultPath="$.found"),
    }
    del states["Invoke"]["End"]
    payload = {"call": {"FunctionName": function, "Payload": {"x": 1}}, "look": {"Clusters": ["blue"]}}

    run = lab.run(states, payload)

    assert run.output["echo"]["Payload"] == {"x": 1}
    assert run.output["found"]["Clusters"][0]["ClusterName"] == "blue"


def test_a_machine_calls_as_its_role(lab: Lab) -> None:
    """The request log tells a machine's calls from a test's: the session of the role is named after the execution."""
    listing = task("aws-sdk:ecs:listClusters", Parameters={})
    branch = {"StartAt": "In a branch", "States": {"In a branch": listing}}
    states = {
        "Direct": listing | {"Next": "Both"},
        "Both": {"Type": "Parallel", "Branches": [branch], "End": True},
    }
    del states["Direct"]["End"]

    lab.start(lab.machine(states), name="i-0123-token").to_end()
    client("ecs").list_clusters()

    principals = [call.principal for call in lab.aws.requests.matching("ecs", "ListClusters")]
    session = "arn:aws:sts::123456789012:assumed-role/machine/i-0123-token"
    assert principals[:2] == [session, session]
    assert principals[2] != session


def test_passing_on_a_selection_of_what_a_state_got(lab: Lab) -> None:
    states = {
        "Choose": {
            "Type": "Pass",
            "InputPath": "$.event",
            "Parameters": {"id.$": "$.id", "name.$": "$$.Execution.Name"},
            "ResultPath": "$.chosen",
            "OutputPath": "$.chosen",
            "End": True,
        }
    }
    machine = lab.machine(states)

    run = lab.start(machine, {"event": {"id": 7}}, name="seven").to_end()

    assert run.output == {"id": 7, "name": "seven"}
