"""Slots and sign-offs on the embedded DynamoDB: what two drains write in the same instant, renewals, answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.common.errors import InvalidRequest
from chalicelib.gates import Answer, Holder, Lease, Silence
from chalicelib.gates.leases import quorum_key
from chalicelib.gates.signing import Ask
from chalicelib.gateways import aws as gateway
from chalicelib.gateways import leases, sign_offs
from chalicelib.gateways.sign_offs import Asking
from chalicelib.steps.sign_off import sign_off
from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from tests.builders import START, after

TABLE = "ecs-drainer-dev-ledger"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:ecs-drainer-dev-sign_off"
KEY = quorum_key("zk")
TASK = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
FIRST = Holder("i-1", "arn:first", after(hours=1), tasks=1)
SECOND = Holder("i-2", "arn:second", after(hours=1), tasks=1)


@pytest.fixture(autouse=True)
def ledger() -> Iterator[None]:
    with embedded_aws():
        gateway.client.cache_clear()
        client("dynamodb").create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield
    gateway.client.cache_clear()


def lease(*holders: Holder, version: int = 0) -> Lease:
    return Lease(KEY, {each.instance_id: each for each in holders}, version)


def kept() -> Lease:
    return leases.read_kept(TABLE, [KEY], ()).leases[KEY]


def test_of_two_drains_that_read_the_same_one_writes() -> None:
    assert leases.write_leases(TABLE, [lease(FIRST)])
    assert not leases.write_leases(TABLE, [lease(SECOND)])
    assert kept() == lease(FIRST, version=1)
    assert leases.write_leases(TABLE, [lease(FIRST, SECOND, version=1)])
    assert not leases.write_leases(TABLE, [lease(version=1)])
    assert set(kept().holders) == {"i-1", "i-2"}


def test_slots_of_two_groups_are_taken_together_or_not_at_all() -> None:
    other = quorum_key("kafka")
    assert leases.write_leases(TABLE, [Lease(other, {"i-2": SECOND})])
    assert not leases.write_leases(TABLE, [lease(FIRST), Lease(other, {"i-1": FIRST})])
    assert KEY not in leases.read_kept(TABLE, [KEY], ()).leases


def test_a_slot_is_renewed_by_its_owner_alone() -> None:
    leases.write_leases(TABLE, [lease(FIRST)])
    later = replace(FIRST, until=after(hours=2))
    assert leases.renew(TABLE, [KEY], later) == ()
    assert kept().holders["i-1"].until == after(hours=2)
    assert leases.renew(TABLE, [KEY], replace(later, execution="arn:another")) == (KEY,)
    assert leases.renew(TABLE, [KEY, quorum_key("none")], SECOND) == (KEY, quorum_key("none"))


def test_an_item_is_left_to_expire_a_day_after_its_last_holder() -> None:
    leases.write_leases(TABLE, [lease(FIRST)])
    item = client("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": KEY}})["Item"]
    assert int(item["expires_at"]["N"]) == int((FIRST.until + timedelta(days=1)).timestamp())


@pytest.fixture
def asking() -> Asking:
    topic = client("sns").create_topic(Name="ecs-drainer-dev-notifications")["TopicArn"]
    return Asking(
        table=TABLE,
        topic=topic,
        drain="i-1-x",
        instance_id="i-1",
        cluster="web",
        deadline_at=after(hours=1),
        row="arn:row",
    )


ASK = Ask(TASK, "dedupe", after(minutes=10), Silence.PROCEED)


def test_a_task_is_asked_and_answers_with_one_call(asking: Asking) -> None:
    sign_offs.ask(asking, [ASK], START)
    assert leases.read_kept(TABLE, (), [TASK]).sign_offs[TASK].answer is Answer.ASKED
    task_arn = f"arn:aws:ecs:eu-west-1:123456789012:task/web/{TASK}"
    told = sign_off({"task": task_arn, "answer": "done"}, FUNCTION, after(minutes=1))
    assert told["state"] == "signed"
    assert leases.read_kept(TABLE, (), [TASK]).sign_offs[TASK].answer is Answer.SIGNED


def test_more_time_never_goes_beyond_the_deadline(asking: Asking) -> None:
    sign_offs.ask(asking, [ASK], START)
    more: dict[str, Any] = {"task": TASK, "answer": "more-time", "reason": "flushing"}
    assert sign_off({**more, "minutes": 20}, FUNCTION, START)["answer_by"] == "2026-03-02T10:20:00Z"
    assert sign_off({**more, "minutes": 600}, FUNCTION, START)["answer_by"] == "2026-03-02T11:00:00Z"


def test_what_was_signed_stays_signed_when_another_drain_asks(asking: Asking) -> None:
    sign_offs.ask(asking, [ASK], START)
    sign_off({"task": TASK}, FUNCTION, START)
    sign_offs.ask(replace(asking, drain="i-1-y"), [ASK], after(minutes=5))
    assert leases.read_kept(TABLE, (), [TASK]).sign_offs[TASK].answer is Answer.SIGNED


def test_an_item_that_a_task_wrote_itself_counts(asking: Asking) -> None:
    sign_offs.ask(asking, [ASK], START)
    how = sign_offs.question(asking, ASK, START)["answer_with"]["dynamodb"]
    client("dynamodb").update_item(
        TableName=how["TableName"],
        Key=how["Key"],
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": how["set"]["state"]}},
    )
    assert leases.read_kept(TABLE, (), [TASK]).sign_offs[TASK].answer is Answer.SIGNED


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"task": TASK}, "no drain has asked it"),
        ({"task": TASK, "answer": "more-time"}, "no drain has asked it"),
        ({"task": "web"}, "expected the id or the ARN"),
        ({"task": TASK, "answer": "maybe"}, "expected done, refuse or more-time"),
    ],
)
def test_an_answer_that_means_nothing_is_refused(request_: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        sign_off(request_, FUNCTION, START)


def test_minutes_are_whole_numbers(asking: Asking) -> None:
    sign_offs.ask(asking, [ASK], START)
    with pytest.raises(InvalidRequest, match="whole number from 1 to 2880"):
        sign_off({"task": TASK, "answer": "more-time", "minutes": "ten"}, FUNCTION, START)
