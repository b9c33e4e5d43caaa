"""Asking tasks to sign off, and taking their answers: the exact requests to the topic and the ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.common.errors import Throttled
from chalicelib.common.model import stamp
from chalicelib.gates import Answer, Silence
from chalicelib.gates.signing import Ask
from chalicelib.gateways import sign_offs
from chalicelib.gateways.sign_offs import Asking, NotAsked
from tests.builders import START, after
from tests.gateways.stubs import Stubs

TABLE, TASK = "ecs-drainer-dev-ledger", "0a1b2c3d4e5f"
KEY = {"pk": {"S": f"sign-off#{TASK}"}}
ASKING = Asking(
    table=TABLE,
    topic="arn:aws:sns:eu-west-1:123456789012:drains",
    drain="i-1-x",
    instance_id="i-1",
    cluster="web",
    deadline_at=after(hours=1),
    row="arn:row",
)
ASK = Ask(TASK, "dedupe", after(minutes=10), Silence.PROCEED)


def expect_question(stubs: Stubs) -> None:
    attributes = {"occasion": "sign-off", "service": "dedupe"}
    stubs.expect(
        "sns",
        "publish",
        {"MessageId": "1"},
        TopicArn=ASKING.topic,
        Subject="ecs-drainer: may task 0a1b2c3d of dedupe be stopped?",
        Message=json.dumps(sign_offs.question(ASKING, ASK, START), sort_keys=True),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )


def expect_record(stubs: Stubs) -> None:
    item = {
        "pk": f"sign-off#{TASK}",
        "state": "asked",
        "service": "dedupe",
        "instance_id": "i-1",
        "cluster": "web",
        "drain": "i-1-x",
        "asked_at": "2026-03-02T10:00:00Z",
        "answer_by": "2026-03-02T10:10:00Z",
        "deadline_at": "2026-03-02T11:00:00Z",
        "row": "arn:row",
    }
    stubs.expect(
        "dynamodb",
        "put_item",
        {},
        TableName=TABLE,
        Item={**{name: {"S": value} for name, value in item.items()}, "expires_at": {"N": "1773050400"}},
        ConditionExpression="attribute_not_exists(pk) OR (#drain <> :drain AND #state <> :signed)",
        ExpressionAttributeNames={"#drain": "drain", "#state": "state"},
        ExpressionAttributeValues={":drain": {"S": "i-1-x"}, ":signed": {"S": "signed"}},
    )


def test_a_task_is_told_and_that_is_written_down_for_a_week(stubs: Stubs) -> None:
    expect_question(stubs)
    expect_record(stubs)
    assert sign_offs.ask(ASKING, [ASK], START) == ()


def test_the_question_says_how_to_answer_with_one_call() -> None:
    asked = sign_offs.question(ASKING, replace(ASK, on_silence=Silence.HOLD), START)
    assert (asked["silence_means"], asked["answer_by"]) == ("no", "2026-03-02T10:10:00Z")
    assert asked["answer_with"]["lambda"]["FunctionName"] == "ecs-drainer-dev-sign_off"
    assert asked["answer_with"]["dynamodb"]["Key"] == KEY
    assert sign_offs.question(ASKING, ASK, START)["silence_means"] == "yes"


def test_an_answer_that_overtook_the_question_stays(stubs: Stubs) -> None:
    expect_question(stubs)
    stubs.refuse("dynamodb", "put_item", "ConditionalCheckFailedException")
    assert sign_offs.ask(ASKING, [ASK], START) == ()


def test_a_question_that_was_throttled_is_not_written_down_as_asked(stubs: Stubs) -> None:
    """SNS's own name of it: as a refusal it would end the drain."""
    stubs.refuse("sns", "publish", "Throttled", 429)
    with pytest.raises(Throttled):
        sign_offs.ask(ASKING, [ASK], START)


def test_without_its_topic_a_question_is_written_down_all_the_same(stubs: Stubs) -> None:
    """Who reads the ledger can answer, and the drain goes on rather than fail under the hook's timer."""
    stubs.refuse("sns", "publish", "NotFound", 404, "Topic does not exist")
    expect_record(stubs)
    assert sign_offs.ask(ASKING, [ASK], START) == (TASK,)


def test_an_answer_is_written_where_a_drain_has_asked(stubs: Stubs) -> None:
    attributes: dict[str, Any] = {
        **KEY,
        "state": {"S": "refused"},
        "reason": {"S": "flushing"},
        "answer_by": {"S": "2026-03-02T10:10:00Z"},
    }
    stubs.expect(
        "dynamodb",
        "update_item",
        {"Attributes": attributes},
        TableName=TABLE,
        Key=KEY,
        UpdateExpression="SET #state = :state, #reason = :reason",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeNames={"#state": "state", "#reason": "reason"},
        ExpressionAttributeValues={":state": {"S": "refused"}, ":reason": {"S": "flushing"}},
        ReturnValues="ALL_NEW",
    )
    answered, row = sign_offs.answer(TABLE, TASK, {"state": "refused", "reason": "flushing"})
    assert (answered.answer, answered.reason, row) == (Answer.REFUSED, "flushing", "")


def test_a_task_that_nobody_asked_is_told_so(stubs: Stubs) -> None:
    stubs.refuse("dynamodb", "update_item", "ConditionalCheckFailedException")
    with pytest.raises(NotAsked, match="no drain has asked it"):
        sign_offs.answer(TABLE, TASK, {"state": "signed"})


def test_until_when_a_task_is_to_answer(stubs: Stubs) -> None:
    asked = {"TableName": TABLE, "Key": KEY, "ConsistentRead": True}
    times = {"answer_by": {"S": "2026-03-02T10:10:00Z"}, "deadline_at": {"S": "2026-03-02T11:00:00Z"}}
    stubs.expect("dynamodb", "get_item", {"Item": {**KEY, **times}}, **asked)
    stubs.expect("dynamodb", "get_item", {}, **asked)
    assert [stamp(at) for at in sign_offs.asked_until(TABLE, TASK)] == [
        "2026-03-02T10:10:00Z",
        "2026-03-02T11:00:00Z",
    ]
    with pytest.raises(NotAsked):
        sign_offs.asked_until(TABLE, TASK)
