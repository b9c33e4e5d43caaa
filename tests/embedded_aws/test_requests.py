"""The request log sees every call, can spoil any of them, and throttles ECS as AWS does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from embedded_aws.aws import EPOCH, REGION, EmbeddedAws, embedded_aws
from embedded_aws.requests import Call, Fault, acting_as, session_credentials

ONCE = Config(retries={"total_max_attempts": 1})
ROLE = "arn:aws:iam::123456789012:role/ecs-drainer-dev-look"


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        yield embedded


def client(service: str, **more: Any) -> Any:
    return boto3.client(service, region_name=REGION, config=ONCE, **more)


def refusal(call: Any, **parameters: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_call_is_recorded_with_what_was_asked_and_when(aws: EmbeddedAws) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="web")
    aws.clock.advance(90)
    ecs.list_container_instances(cluster="web", filter="ec2InstanceId == i-0abc")
    made, listed = aws.requests.calls
    assert (made.action, made.parameters, made.at) == ("ecs:CreateCluster", {"clusterName": "web"}, EPOCH)
    assert listed.parameters == {"cluster": "web", "filter": "ec2InstanceId == i-0abc"}
    assert ((listed.at - EPOCH).total_seconds(), listed.error, listed.role) == (90, None, None)


@pytest.mark.parametrize(
    ("service", "method", "parameters"),
    [
        ("sns", "publish", {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:no", "Message": "x"}),
        ("sqs", "get_queue_url", {"QueueName": "no"}),
        ("dynamodb", "get_item", {"TableName": "no", "Key": {"pk": {"S": "x"}}}),
        ("iam", "get_role", {"RoleName": "no"}),
        ("lambda", "get_function", {"FunctionName": "no"}),
        ("autoscaling", "set_desired_capacity", {"AutoScalingGroupName": "no", "DesiredCapacity": 1}),
        ("cloudwatch", "describe_alarms", {"AlarmNames": ["x"]}),
        ("ec2", "describe_instances", {"InstanceIds": ["i-0123456789abcdef0"]}),
    ],
)
def test_every_protocol_gives_its_parameters_and_an_injected_error(
    aws: EmbeddedAws, service: str, method: str, parameters: dict[str, Any]
) -> None:
    """JSON, REST, query, EC2 and CBOR: botocore reads the injected code out of each."""
    operation = "".join(word.title() for word in method.split("_"))
    aws.requests.fail_next(service, operation, "SomethingRare", "told so", status=503)
    assert refusal(getattr(client(service), method), **parameters) == ("SomethingRare", "told so", 503)
    (call,) = aws.requests.calls
    assert (call.action, call.error) == (f"{service}:{operation}", "SomethingRare")
    assert parameters.items() <= call.parameters.items()


def test_motos_own_errors_are_recorded_too(aws: EmbeddedAws) -> None:
    refusal(client("ecs").describe_tasks, cluster="none", tasks=["x"])
    refusal(client("iam").get_role, RoleName="none")
    assert [call.error for call in aws.requests.calls] == ["ClusterNotFoundException", "NoSuchEntity"]


def test_a_fault_strikes_as_often_as_asked_and_only_where_asked(aws: EmbeddedAws) -> None:
    sqs = client("sqs")
    aws.requests.fail_next("sqs", "ListQueues", "InternalError", times=2, status=500)
    codes = [refusal(sqs.list_queues)[0], refusal(sqs.list_queues)[0]]
    assert codes == ["InternalError", "InternalError"]
    sqs.create_queue(QueueName="q")
    assert sqs.list_queues()["QueueUrls"]
    assert aws.requests.count("sqs", error="InternalError") == 2


def test_a_lost_answer_took_effect_all_the_same(aws: EmbeddedAws) -> None:
    """What makes idempotency necessary: the caller sees an error, the queue is there."""
    sqs = client("sqs")
    aws.requests.fail_next("sqs", "CreateQueue", "InternalError", status=500, lost_answer=True)
    refusal(sqs.create_queue, QueueName="q")
    assert len(sqs.list_queues()["QueueUrls"]) == 1


def test_a_fault_can_be_picked_by_what_is_asked_and_healed(aws: EmbeddedAws) -> None:
    def is_web(call: Call) -> bool:
        return call.parameters.get("clusterName") == "web"

    ailment = aws.requests.fail_when(is_web, Fault("ServerException", "down", 500))
    assert refusal(client("ecs").create_cluster, clusterName="web") == ("ServerException", "down", 500)
    client("ecs").create_cluster(clusterName="batch")
    ailment.heal()
    client("ecs").create_cluster(clusterName="web")


def test_the_101st_read_at_once_is_throttled_and_20_a_second_come_back(aws: EmbeddedAws) -> None:
    """ECS: cluster resource reads share a bucket of 100, refilled with 20 a second."""
    ecs = client("ecs")
    ecs.create_cluster(clusterName="web")
    for _ in range(50):
        ecs.list_tasks(cluster="web")
        ecs.list_container_instances(cluster="web")
    assert refusal(ecs.list_tasks, cluster="web") == ("ThrottlingException", "Rate exceeded", 400)
    aws.clock.advance(0.1)
    ecs.list_tasks(cluster="web")
    ecs.list_tasks(cluster="web")
    assert refusal(ecs.list_tasks, cluster="web")[0] == "ThrottlingException"
    assert ecs.list_services(cluster="web")["serviceArns"] == []  # a bucket of its own


def test_a_world_may_be_set_up_unthrottled(aws: EmbeddedAws) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="web")
    with aws.requests.unthrottled():
        for _ in range(101):
            ecs.list_tasks(cluster="web")
    assert aws.requests.count(error="ThrottlingException") == 0


def test_roles_users_and_strangers_are_told_apart(aws: EmbeddedAws) -> None:
    iam = client("iam")
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    session = session_credentials(ROLE, "look")
    with acting_as(ROLE, "in-process"):
        client("sqs").list_queues()
    client(
        "sqs",
        aws_access_key_id=session["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=session["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=session["AWS_SESSION_TOKEN"],
    ).list_queues()
    client("sqs", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key="x").list_queues()
    assert [call.principal for call in aws.requests.matching("sqs")] == [
        "arn:aws:sts::123456789012:assumed-role/ecs-drainer-dev-look/in-process",
        "arn:aws:sts::123456789012:assumed-role/ecs-drainer-dev-look/look",
        "arn:aws:iam::123456789012:user/ada",
    ]
    assert aws.requests.count(role="ecs-drainer-dev-look") == 2
