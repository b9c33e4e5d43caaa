"""A stack with all that brings events to a function: rule, queue, policy, mapping; and a table with an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state, register_module
from embedded_aws.clients import client
from embedded_aws.eventbridge import emit, events_state
from tests.embedded_aws.mapped import batches, worker
from tests.embedded_aws.parts import messages
from tests.embedded_aws.stack import create, events, stack, template, update

PATTERN = {
    "source": ["aws.ecs"],
    "detail-type": ["ECS Task State Change"],
    "detail": {"lastStatus": ["STOPPED"]},
}
RULE_ARN = "arn:aws:events:eu-west-1:123456789012:rule/ecs-events"


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        register_module("app", SimpleNamespace(handle=lambda _event, _context: None))
        worker()
        yield embedded


def rule(**more: Any) -> dict[str, Any]:
    target = {
        "Id": "queue",
        "Arn": {"Fn::GetAtt": ["Events", "Arn"]},
        "RetryPolicy": {"MaximumRetryAttempts": "3", "MaximumEventAgeInSeconds": 300},
        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Dead", "Arn"]}},
    }
    given = {"Name": "ecs-events", "EventPattern": PATTERN, "Targets": [target], **more}
    return {"Type": "AWS::Events::Rule", "Properties": given}


def policy(queue: str, source: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": [queue, "Arn"]},
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    given = {
        "Queues": [{"Ref": queue}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": given}


def mapping(**more: Any) -> dict[str, Any]:
    settings = {
        "EventSourceArn": {"Fn::GetAtt": ["Events", "Arn"]},
        "FunctionName": "wake",
        "BatchSize": "100",
        "MaximumBatchingWindowInSeconds": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 2},
        **more,
    }
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": settings}


def wired(source: str = RULE_ARN, **more: Any) -> dict[str, Any]:
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 5}
    queue = {"QueueName": "events", "VisibilityTimeout": 60, "RedrivePolicy": redrive}
    return {
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dead"}},
        "DeadPolicy": policy("Dead", RULE_ARN),
        "Events": {"Type": "AWS::SQS::Queue", "Properties": queue},
        "EventsPolicy": policy("Events", source),
        "Rule": rule(),
        "Mapping": mapping(),
        **more,
    }


def stopped(arn: str = "arn:task/1") -> dict[str, Any]:
    return emit("aws.ecs", "ECS Task State Change", {"taskArn": arn, "lastStatus": "STOPPED"}, [arn])


def url(name: str) -> str:
    return str(client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def test_an_event_goes_through_rule_queue_and_mapping_to_the_function(aws: EmbeddedAws) -> None:
    create(template(**wired()))
    assert stack()["StackStatus"] == "CREATE_COMPLETE"
    first, second = stopped(), stopped("arn:task/2")
    aws.clock.advance(5)
    (batch,) = batches()
    assert [json.loads(body) for body in batch] == [first, second]


@pytest.mark.usefixtures("aws")
def test_the_services_say_what_the_stack_has_made() -> None:
    create(template(**wired()))
    described = client("events").describe_rule(Name="ecs-events")
    assert (described["Arn"], described["State"], json.loads(described["EventPattern"])) == (
        RULE_ARN,
        "ENABLED",
        PATTERN,
    )
    (target,) = client("events").list_targets_by_rule(Rule="ecs-events")["Targets"]
    assert target == {
        "Id": "queue",
        "Arn": "arn:aws:sqs:eu-west-1:123456789012:events",
        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 300},
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:123456789012:dead"},
    }
    (made,) = client("lambda").list_event_source_mappings(FunctionName="wake")["EventSourceMappings"]
    assert (made["BatchSize"], made["MaximumBatchingWindowInSeconds"]) == (100, 1)
    assert made["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert made["ScalingConfig"] == {"MaximumConcurrency": 2}
    attributes = client("sqs").get_queue_attributes(QueueUrl=url("events"), AttributeNames=["All"])[
        "Attributes"
    ]
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == 5
    assert "aws:SourceArn" in attributes["Policy"]


def test_a_queue_that_lets_in_another_rule_only_is_a_failed_delivery(aws: EmbeddedAws) -> None:
    """EventBridge user guide, "Using resource-based policies": SQS wants the rule's ARN in aws:SourceArn."""
    create(template(**wired(source=RULE_ARN.replace("ecs-events", "another"))))
    stopped()
    aws.clock.advance(5)
    assert batches() == []
    (message,) = messages(url("dead"))
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert events_state().dropped == []


def test_an_update_changes_rule_and_mapping_in_place(aws: EmbeddedAws) -> None:
    create(template(**wired()))
    uuid = client("lambda").list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
    changed = wired(
        Mapping=mapping(BatchSize=10, MaximumBatchingWindowInSeconds=0), Rule=rule(State="DISABLED")
    )
    del changed["Mapping"]["Properties"]["ScalingConfig"]
    changed["Events"]["Properties"]["VisibilityTimeout"] = 90
    update(template(**changed))
    assert stack()["StackStatus"] == "UPDATE_COMPLETE"
    made = client("lambda").get_event_source_mapping(UUID=uuid)
    assert (made["BatchSize"], made["MaximumBatchingWindowInSeconds"]) == (10, 0)
    assert not made.get("ScalingConfig")
    stopped()
    aws.clock.advance(5)
    assert batches() == []
    update(template(**wired()))
    stopped()
    aws.clock.advance(5)
    assert len(batches()) == 1


@pytest.mark.usefixtures("aws")
def test_a_target_that_the_template_leaves_out_goes() -> None:
    create(template(**wired()))
    update(template(**wired(Rule=rule(Targets=[]))))
    assert client("events").list_targets_by_rule(Rule="ecs-events")["Targets"] == []


@pytest.mark.usefixtures("aws")
def test_a_deleted_stack_leaves_neither_rule_nor_mapping() -> None:
    create(template(**wired()))
    client("cloudformation").delete_stack(StackName="drainer")
    assert client("events").list_rules()["Rules"] == []
    assert client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert "QueueUrls" not in client("sqs").list_queues()


@pytest.mark.usefixtures("aws")
def test_a_mapping_that_lambda_refuses_rolls_the_stack_back() -> None:
    create(template(**wired(Mapping=mapping(MaximumBatchingWindowInSeconds=0))))
    assert stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Mapping CREATE_FAILED" in events()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client("events").describe_rule(Name="ecs-events")


def table(*indexes: str, keys: tuple[str, ...] = ("pk",)) -> dict[str, Any]:
    made = [
        {
            "IndexName": f"by-{key}",
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for key in indexes
    ]
    properties = {
        "TableName": "ledger",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in ("pk", *indexes)],
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"} for key in keys],
        **({"GlobalSecondaryIndexes": made} if made else {}),
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def indexes() -> list[str]:
    described = client("dynamodb").describe_table(TableName="ledger")["Table"]
    return [index["IndexName"] for index in described.get("GlobalSecondaryIndexes", [])]


@pytest.mark.usefixtures("aws")
def test_a_table_gets_an_index_and_loses_it_with_its_items_in_place() -> None:
    create(template(Ledger=table()))
    item = {"pk": {"S": "waiting#1"}, "cluster": {"S": "web"}, "more": {"S": "x"}}
    client("dynamodb").put_item(TableName="ledger", Item=item)
    update(template(Ledger=table("cluster")))
    assert indexes() == ["by-cluster"]
    found = client("dynamodb").query(
        TableName="ledger",
        IndexName="by-cluster",
        KeyConditionExpression="cluster = :c",
        ExpressionAttributeValues={":c": {"S": "web"}},
    )
    assert found["Items"] == [{"pk": {"S": "waiting#1"}, "cluster": {"S": "web"}}]
    update(template(Ledger=table()))
    assert (indexes(), stack()["StackStatus"]) == ([], "UPDATE_COMPLETE")


@pytest.mark.usefixtures("aws")
def test_an_index_may_be_there_from_the_start_and_two_are_not_made_in_one_update() -> None:
    """UpdateTable makes or deletes one index at a time; CloudFormation refuses more."""
    create(template(Ledger=table("cluster")))
    assert indexes() == ["by-cluster"]
    update(template(Ledger=table("cluster", "one", "two")))
    assert (stack()["StackStatus"], indexes()) == ("UPDATE_ROLLBACK_COMPLETE", ["by-cluster"])


def test_cloudwatch_knows_how_old_the_oldest_message_is(aws: EmbeddedAws) -> None:
    """The age is a metric of CloudWatch, no attribute of the queue."""
    create(template(**wired(Mapping=mapping(Enabled="false"))))
    stopped()
    aws.clock.advance(240)
    now = aws.clock.now()
    found = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": "events"}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert [round(point["Maximum"]) for point in found] == [239]  # the event was a second on its way
    assert lambda_state().invocations == []
    with pytest.raises(ClientError, match="InvalidAttributeName"):
        client("sqs").get_queue_attributes(
            QueueUrl=url("events"), AttributeNames=["ApproximateAgeOfOldestMessage"]
        )
