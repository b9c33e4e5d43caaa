"""Task tokens from the side of those who answer: what a token is good for, how often, and who sends it out.

Source: API reference, SendTaskSuccess and SendTaskHeartbeat; Step Functions developer guide, "Wait for a callback
with the task token".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.clients import client
from tests.embedded_aws.parts import messages, queue
from tests.embedded_aws.stepfunctions.machines import Lab
from tests.embedded_aws.stepfunctions.waiting import answer, begun, token

UNKNOWN = "6f1c1a52-5d0c-4b0e-9c3c-0d3f3f1f7a11"


def test_only_the_first_answer_counts(lab: Lab) -> None:
    run = begun(lab)
    given = token()

    answer(lab, given, {"why": "first"})
    with pytest.raises(lab.api.exceptions.TaskTimedOut):
        answer(lab, given, {"why": "second"})

    assert run.to_end().output["told"] == "first"


STALE = ["timed out", "stopped", "answered"]


@pytest.mark.parametrize("how", STALE)
def test_a_token_whose_wait_is_over_is_stale(lab: Lab, how: str) -> None:
    run = begun(lab, seconds=60)
    given = token()
    if how == "stopped":
        lab.api.stop_execution(executionArn=run.arn)
    elif how == "answered":
        answer(lab, given)
    run.to_end()

    sends: tuple[Callable[[], Any], ...] = (
        lambda: lab.api.send_task_success(taskToken=given, output="1"),
        lambda: lab.api.send_task_failure(taskToken=given, error="Late"),
        lambda: lab.api.send_task_heartbeat(taskToken=given),
    )
    for send in sends:
        with pytest.raises(lab.api.exceptions.TaskTimedOut):
            send()


def test_the_token_is_judged_before_the_output(lab: Lab) -> None:
    """Recorded: with both wrong, the token is what the sender is told of."""
    run = begun(lab)
    given = token()

    with pytest.raises(lab.api.exceptions.TaskDoesNotExist):
        lab.api.send_task_success(taskToken=UNKNOWN, output="no json")
    with pytest.raises(lab.api.exceptions.InvalidToken):
        lab.api.send_task_success(taskToken="no token", output="no json")
    with pytest.raises(lab.api.exceptions.InvalidOutput):
        lab.api.send_task_success(taskToken=given, output="no json")

    answer(lab, given)  # which the refused one has not used up
    assert run.to_end().output["told"] == "emptied"


TOKEN = "{% $states.context.Task.Token %}"
SENDERS = {
    "sqs:sendMessage": {"QueueUrl": "{% $states.input.queue %}", "MessageBody": TOKEN},
    "aws-sdk:sqs:sendMessage": {"QueueUrl": "{% $states.input.queue %}", "MessageBody": TOKEN},
    "sns:publish": {"TopicArn": "{% $states.input.topic %}", "Message": TOKEN},
    "aws-sdk:sns:publish": {"TopicArn": "{% $states.input.topic %}", "Message": TOKEN},
    "lambda:invoke": {"FunctionName": "forward", "Payload": {"token": TOKEN}},
    "aws-sdk:lambda:invoke": {
        "FunctionName": "forward",
        "Payload": "{% $string({'token': $states.context.Task.Token}) %}",
    },
}


@pytest.mark.parametrize("integration", SENDERS)
def test_other_integrations_wait_alike(lab: Lab, integration: str) -> None:
    """Optimised or of the SDK; what they send ends in a queue here."""
    url, arn = queue("tokens")
    topic = client("sns").create_topic(Name="tokens")["TopicArn"]
    client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    lab.function(
        "forward", lambda event, _: client("sqs").send_message(QueueUrl=url, MessageBody=event["token"])
    )
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{integration}.waitForTaskToken",
        "Arguments": SENDERS[integration],
        "TimeoutSeconds": "{% 60 * 2 %}",
        "End": True,
    }
    run = lab.start(lab.machine({"Only": state}, QueryLanguage="JSONata"), {"queue": url, "topic": topic})
    lab.aws.clock.advance(1)

    answer(lab, messages(url)[0]["Body"])

    assert run.to_end().output == {"why": "emptied"}


def test_the_call_is_made_with_the_role_of_the_machine(lab: Lab) -> None:
    """Its token stands in the request as recorded, and the answer goes by whoever gives it."""
    run = begun(lab)

    (call,) = lab.aws.requests.matching("dynamodb", "UpdateItem")

    assert (call.role, call.action, call.error) == ("machine", "dynamodb:UpdateItem", None)
    assert call.parameters["ExpressionAttributeValues"][":token"] == {"S": token()}
    answer(lab, token())
    assert run.to_end().status == "SUCCEEDED"


def test_what_iam_refuses_is_an_error_to_catch(lab: Lab) -> None:
    """An error that the service's model lacks: `<Service>.<Service>Exception` (recorded)."""
    lab.aws.requests.fail_next("dynamodb", "UpdateItem", "AccessDeniedException", "not authorized")
    caught = {"ErrorEquals": ["States.TaskFailed"], "Output": "{% $states.errorOutput %}", "Next": "Late"}

    run = begun(lab, Catch=[caught]).to_end()

    assert run.output["Error"] == "DynamoDb.DynamoDbException"
    assert run.output["Cause"].startswith("not authorized (Service: DynamoDb, Status Code: 400, Request ID: ")
    (call,) = lab.aws.requests.matching("dynamodb", "UpdateItem")
    assert (call.role, call.error) == ("machine", "AccessDeniedException")
