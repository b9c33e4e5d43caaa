"""On whichever way a lifecycle hook's message comes, and however often, it makes one drain; what fails is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from embedded_aws.clients import client
from stories.world import Service
from tests.scenarios.scene import Scene, a_scene, messages
from tests.unit.event_samples import sample


@pytest.fixture(name="waiting")
def _waiting() -> Iterator[Scene]:
    """An instance waits under our hook, and EventBridge has lost its event."""
    with a_scene() as scene:
        scene.silence("start_drain")
        scene.silence("reconcile")
        scene.world.terminate(scene.doomed)
        scene.aws.clock.advance(2)
        yield scene


def shapes(event: dict[str, Any]) -> dict[str, Any]:
    """Return one lifecycle action as each of its carriers brings it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html
    """
    message = {**event["detail"], "Service": "AWS Auto Scaling", "Time": event["time"], "RequestId": "x"}
    lines = "\n".join(f"{key}: {value}" for key, value in message.items())
    notification = {"Type": "Notification", "Message": json.dumps(message)}
    return {
        "EventBridge": event,
        "SNS": {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(message)}}]},
        "SNS as text": {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": lines}}]},
        "SQS": {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(message)}]},
        "SNS in SQS": {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(notification)}]},
        "bare": message,
    }


@pytest.mark.parametrize("shape", ["EventBridge", "SNS", "SNS as text", "SQS", "SNS in SQS", "bare"])
def test_each_shape_of_a_hook_message_drains(waiting: Scene, shape: str) -> None:
    (answer,) = waiting.invoke("start_drain", shapes(waiting.event())[shape])
    token = waiting.event()["detail"]["LifecycleActionToken"]
    assert answer["execution"].endswith(f":{waiting.doomed}-{token}")
    waiting.aws.clock.advance(200)
    assert waiting.outcomes == ["drained"]


def test_all_shapes_of_one_message_make_one_drain(waiting: Scene) -> None:
    for payload in shapes(waiting.event()).values():
        waiting.invoke("start_drain", payload)
    waiting.aws.clock.advance(200)
    assert waiting.outcomes == ["drained"]


@pytest.mark.parametrize("name", ["test-notification", "launch", "managed-draining-hook"])
def test_what_asks_for_no_drain_starts_none(waiting: Scene, name: str) -> None:
    (answer,) = waiting.invoke("start_drain", sample(name))
    assert "ignored" in answer
    assert waiting.outcomes == []


def test_a_dead_letter_is_sent_again_and_drains(waiting: Scene) -> None:
    """docs/operations.md: `.requestPayload // .` of the letter goes back to the function that failed."""
    refused = ("stepfunctions", "StartExecution", "AccessDeniedException", "not authorized")
    waiting.aws.requests.fail_next(*refused, status=400, times=3)
    waiting.invoke("start_drain", waiting.event(), "Event")
    waiting.aws.clock.advance(300)
    queue = waiting.deployment.outputs["DeadLetterQueueUrl"]
    (letter,) = messages(queue)
    body = json.loads(letter["Body"])
    assert "AccessDenied" in body["responsePayload"]["errorType"]
    function = body["requestContext"]["functionArn"].split(":")[6]
    waiting.invoke(function.removeprefix("ecs-drainer-dev-"), body.get("requestPayload", body))
    client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"])
    waiting.aws.clock.advance(200)
    assert waiting.outcomes == ["drained"]


def test_the_whole_letter_is_understood_as_well(waiting: Scene) -> None:
    """So that the queue can be an event source of start_drain for a while."""
    letter = {"version": "1.0", "requestPayload": waiting.event(), "responsePayload": {"errorType": "X"}}
    record = {"eventSource": "aws:sqs", "body": json.dumps(letter)}
    waiting.invoke("start_drain", {"Records": [record]})
    waiting.aws.clock.advance(200)
    assert waiting.outcomes == ["drained"]


def test_a_key_of_another_instance_is_refused_in_a_sentence() -> None:
    with a_scene() as scene:
        first, second, _ = scene.world.instances()
        scene.invoke("start_manual_drain", {"instance_id": first, "idempotency_key": "kernel-7"})
        again = scene.invoke("start_manual_drain", {"instance_id": first, "idempotency_key": "kernel-7"})
        assert again["execution"].endswith(":kernel-7")
        refusal = scene.invoke("start_manual_drain", {"instance_id": second, "idempotency_key": "kernel-7"})
        assert refusal["errorType"] == "InvalidRequest"
        assert f"kernel-7 was used for the drain of {first}" in refusal["errorMessage"]
        scene.aws.clock.advance(200)
        assert scene.outcomes == ["drained"]


@pytest.mark.parametrize("request_", [{"then": "return"}, {"then": "keep"}])
def test_a_drain_that_a_program_asks_for_asynchronously_is_begun_once(request_: dict[str, str]) -> None:
    """Lambda's retry, a minute later, is of the same invocation: the first drain may be over, and is not done again.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    with a_scene(service=Service(desired=0)) as scene:
        lost = ("stepfunctions", "StartExecution", "InternalServerException")
        scene.aws.requests.fail_next(*lost, status=500, lost_answer=True)
        scene.invoke("start_manual_drain", {"instance_id": scene.doomed, **request_}, "Event")
        scene.aws.clock.advance(300)
        assert scene.outcomes == ["drained"]
        assert messages(scene.deployment.outputs["DeadLetterQueueUrl"]) == []


def test_an_entry_that_can_not_be_read_keeps_no_other_instance_waiting() -> None:
    """The reconciler is the last to see a lost event: what somebody wrote into one entry by hand must not blind it."""
    with a_scene() as scene:
        scene.silence("start_drain")
        scene.silence("reconcile")
        spoilt, other, _ = sorted(scene.world.instances())
        for instance in (spoilt, other):
            scene.world.terminate(instance)
        client("dynamodb").put_item(
            TableName=scene.deployment.outputs["LedgerTable"],
            Item={"pk": {"S": f"instance#{spoilt}"}, "failures": {"S": "many"}},
        )
        scene.aws.clock.advance(60)
        refusal = scene.invoke("reconcile", {**scene.event(), "time": "2026-03-02T10:05:00Z"})
        assert f"instance#{spoilt}" in refusal["errorMessage"]
        scene.aws.clock.advance(300)
        assert scene.outcomes == ["drained"]
