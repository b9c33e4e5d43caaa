"""Any request of any service can be made to fail, by the happening `fail-calls` of stories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.requests import acting_as
from stories.deployment import Deployment
from stories.happenings import fail_calls
from stories.stage import Stage
from stories.world import World
from tests.embedded_aws.parts import function, queue

ROLE = "arn:aws:iam::123456789012:role/ecs-drainer-dev-wake"


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        client("dynamodb").create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        client("sns").create_topic(Name="topic")
        queue("queue")
        function("wake", handler="json.dumps")
        yield running


def fail(aws: EmbeddedAws, **given: Any) -> None:
    fail_calls(Stage(aws, Deployment({}, {}), World(client, aws.clock.advance), ["i-1"]), **given)


def get_item() -> None:
    client("dynamodb").get_item(TableName="ledger", Key={"pk": {"S": "x"}})


def transact() -> None:
    put = {"Put": {"TableName": "ledger", "Item": {"pk": {"S": "x"}}}}
    client("dynamodb").transact_write_items(TransactItems=[put])


def publish() -> None:
    client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:123456789012:topic", Message="hello")


def send() -> None:
    client("sqs").send_message(
        QueueUrl=client("sqs").get_queue_url(QueueName="queue")["QueueUrl"], MessageBody="x"
    )


def list_machines() -> None:
    client("stepfunctions").list_state_machines()


def succeed() -> None:
    """A token that nobody waits for is refused anyway, but by another code."""
    client("stepfunctions").send_task_success(taskToken="nobody's", output="{}")


def list_mappings() -> None:
    client("lambda").list_event_source_mappings()


@pytest.mark.parametrize(
    ("action", "code", "status", "call"),
    [
        ("dynamodb:GetItem", "ProvisionedThroughputExceededException", 400, get_item),
        ("dynamodb:GetItem", "InternalServerError", 500, get_item),
        ("dynamodb:TransactWriteItems", "TransactionInProgressException", 400, transact),
        ("sns:Publish", "InternalError", 500, publish),
        ("sqs:SendMessage", "RequestThrottled", 403, send),
        ("lambda:ListEventSourceMappings", "TooManyRequestsException", 429, list_mappings),
        ("stepfunctions:ListStateMachines", "ServiceUnavailable", 503, list_machines),
        ("states:SendTaskSuccess", "ThrottlingException", 400, succeed),
    ],
)
def test_a_service_answers_with_the_error_as_often_as_told(
    aws: EmbeddedAws, action: str, code: str, status: int, call: Callable[[], None]
) -> None:
    service, operation = action.split(":")
    fail(aws, service=service, operation=operation, code=code, status=status, times=2)
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            call()
        answer = refused.value.response
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    if call is succeed:
        with pytest.raises(ClientError, match=r"InvalidToken|TaskDoesNotExist"):
            call()
    else:
        call()


def test_a_lambda_that_cannot_be_invoked(aws: EmbeddedAws) -> None:
    fail(aws, service="lambda", operation="Invoke", code="ServiceException", status=500)
    with pytest.raises(ClientError, match="ServiceException"):
        client("lambda").invoke(FunctionName="wake", Payload="{}")


def test_only_the_calls_of_one_function_fail_where_it_is_named(aws: EmbeddedAws) -> None:
    fail(aws, service="dynamodb", operation="GetItem", code="InternalServerError", function="wake")
    get_item()
    with acting_as(ROLE, "wake"), pytest.raises(ClientError, match="InternalServerError"):
        get_item()
    with acting_as(ROLE, "wake"):
        get_item()
