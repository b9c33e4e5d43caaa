"""Everything is encrypted at rest, with keys of AWS's own or with the one that `KmsKeyArn` names, and drains end.

CloudWatch may not publish to a topic with AWS's own key for SNS, which has no policy to change:
https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app import app
from chalicelib.gateways import aws as gateway
from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from statemachine import client_methods
from stories.deployment import Deployment, deploy
from stories.world import World
from tests.deploy.key_policy import customer_key, policy
from tests.deploy.test_service_principals import ChaliceClient

STACK = "ecs-drainer-dev"


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        gateway.client.cache_clear()
        yield running
    gateway.client.cache_clear()


def encryption(client: Callable[[str], Any]) -> dict[str, Any]:
    """Return which key each thing of the stage has, as AWS describes it."""
    found: dict[str, Any] = {}
    for queue in client("sqs").list_queues()["QueueUrls"]:
        given = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        managed = given["SqsManagedSseEnabled"] == "true"
        found[queue.rsplit("/", 1)[-1]] = "SQS" if managed else given.get("KmsMasterKeyId")
    for topic in client("sns").list_topics()["Topics"]:
        attributes = client("sns").get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
        found[topic["TopicArn"].rsplit(":", 1)[-1]] = attributes.get("KmsMasterKeyId") or None
    table = client("dynamodb").describe_table(TableName=f"{STACK}-ledger")["Table"]["SSEDescription"]
    found["ledger"] = table["KMSMasterKeyArn"]
    for machine in client("stepfunctions").list_state_machines()["stateMachines"]:
        described = client("stepfunctions").describe_state_machine(stateMachineArn=machine["stateMachineArn"])
        given = described["encryptionConfiguration"]
        found[f"machine {machine['name']}"] = given.get("kmsKeyId", given["type"])
    for group in client("logs").describe_log_groups()["logGroups"]:
        found[group["logGroupName"]] = group.get("kmsKeyId")
    return found


def of_aws(client: Callable[[str], Any]) -> dict[str, Any]:
    """Return what is expected where the stage has no key of its own."""
    table = client("kms").describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["Arn"]
    return {
        **{f"{STACK}-{name}": "SQS" for name in ("dead-letters", "ecs-events", "ecs-events-dead-letters")},
        f"{STACK}-notifications": "alias/aws/sns",
        f"{STACK}-alarms": None,  # SNS's own disks are encrypted all the same
        "ledger": table,
        **{f"machine {name}": "AWS_OWNED_KEY" for name in (STACK, f"{STACK}-fleet")},
        **{f"/aws/vendedlogs/states/{name}": None for name in (STACK, f"{STACK}-fleet")},
    }


def drained(running: EmbeddedAws, deployment: Deployment) -> dict[str, Any]:
    """Let an instance be terminated, and return its drain's execution once it is over."""
    world = World(client, running.clock.advance)
    leaving = world.build()[0]
    world.terminate(leaving)
    running.clock.advance(600)
    sfn = client("stepfunctions")
    (execution,) = sfn.list_executions(stateMachineArn=deployment.state_machine)["executions"]
    assert execution["status"] == "SUCCEEDED"
    (completed,) = running.requests.matching("autoscaling", "CompleteLifecycleAction")
    assert completed.parameters["LifecycleActionResult"] == "CONTINUE"
    return dict(sfn.describe_execution(executionArn=execution["executionArn"]))


def woken(running: EmbeddedAws) -> int:
    """Return how often events of ECS came through the queue to a drain that waited."""
    return running.requests.count("stepfunctions", "SendTaskSuccess", role=f"{STACK}-wake")


def test_aws_keys_encrypt_what_a_stage_keeps_by_default(aws: EmbeddedAws) -> None:
    deployment = deploy(app)
    assert encryption(client) == of_aws(client)
    drained(aws, deployment)
    assert woken(aws) > 0


def test_one_parameter_has_a_customer_key_encrypt_all_of_it(aws: EmbeddedAws) -> None:
    key = customer_key(client, policy())
    deployment = deploy(app, stack_parameters={"KmsKeyArn": key})
    found = encryption(client)
    assert len(found) == 10
    assert set(found.values()) == {key}
    drained(aws, deployment)
    assert woken(aws) > 0, "EventBridge may use the key, and so may the function that takes from the queue"


def test_without_eventbridges_statement_events_are_lost_and_the_drain_ends_all_the_same(
    aws: EmbeddedAws,
) -> None:
    """What the guide says of a key whose policy lets EventBridge not in."""
    document = json.loads(policy())
    document["Statement"] = [
        each for each in document["Statement"] if each["Sid"] != "EventBridgeToTheQueues"
    ]
    deployment = deploy(app, stack_parameters={"KmsKeyArn": customer_key(client, json.dumps(document))})
    drained(aws, deployment)
    assert woken(aws) == 0


def test_a_key_that_logs_may_not_use_is_refused_before_anything_is_written_with_it(aws: EmbeddedAws) -> None:
    del aws
    client("logs").create_log_group(logGroupName=f"/aws/lambda/{STACK}-look")
    document = json.loads(policy("prod"))
    key = customer_key(client, json.dumps(document))
    with pytest.raises(client("logs").exceptions.ClientError, match="could not be used"):
        client("logs").associate_kms_key(logGroupName=f"/aws/lambda/{STACK}-look", kmsKeyId=key)


def test_the_functions_logs_get_the_key_and_give_it_back(aws: EmbeddedAws) -> None:
    """Chalice makes them, so the stack's template can't."""
    names = [f"/aws/lambda/{STACK}-{name}" for name in ("look", "tell")]
    for name in (*names, f"/aws/lambda/{STACK}-look-alike"):
        client("logs").create_log_group(logGroupName=name)
    key = customer_key(client, policy())
    for wanted in (key, key, ""):
        never_made = f"/aws/lambda/{STACK}-wake"
        client_methods.set_key_of_logs(ChaliceClient(), log_groups=[*names, never_made], key_arn=wanted)
        groups = client("logs").describe_log_groups()["logGroups"]
        found = {each["logGroupName"]: each.get("kmsKeyId", "") for each in groups}
        assert found == {**dict.fromkeys(names, wanted), f"/aws/lambda/{STACK}-look-alike": ""}
    assert aws.requests.count("logs", "AssociateKmsKey") == len(names), "what is right is left alone"
