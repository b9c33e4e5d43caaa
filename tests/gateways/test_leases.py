"""Slots and answers in the ledger: the exact requests, and our values out of the items."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.common.errors import Throttled
from chalicelib.gates import Answer, Holder, Lease, SignOff
from chalicelib.gateways import leases
from tests.builders import START, after
from tests.gateways.stubs import Stubs

TABLE, KEY = "ecs-drainer-dev-ledger", "lease#quorum#zk"
ME = Holder("i-1", "arn:first", after(hours=1), tasks=2)
HELD = {
    "M": {
        "execution": {"S": "arn:first"},
        "until": {"S": "2026-03-02T11:00:00Z"},
        "tasks": {"N": "2"},
    }
}
LEASE = {"pk": {"S": KEY}, "version": {"N": "4"}, "holders": {"M": {"i-1": HELD}}}
SIGN_OFF = {
    "pk": {"S": "sign-off#0a1b"},
    "state": {"S": "signed"},
    "answer_by": {"S": "2026-03-02T10:10:00Z"},
}
EXPIRES = {"N": "1772535600"}
"""A day after 11:00."""


def keys(*names: str) -> dict[str, Any]:
    return {TABLE: {"Keys": [{"pk": {"S": name}} for name in names], "ConsistentRead": True}}


def test_slots_and_answers_are_read_together_and_consistently(stubs: Stubs) -> None:
    """An eventually consistent read would show a slot as free that another drain has just taken."""
    items = {"Responses": {TABLE: [LEASE, SIGN_OFF]}}
    stubs.expect(
        "dynamodb", "batch_get_item", items, RequestItems=keys(KEY, "lease#budget#web", "sign-off#0a1b")
    )
    kept = leases.read_kept(TABLE, [KEY, KEY, "lease#budget#web"], ["0a1b", "0a1b"])
    assert kept.leases == {KEY: Lease(KEY, {"i-1": ME}, 4)}
    assert kept.sign_offs == {"0a1b": SignOff("0a1b", Answer.SIGNED, after(minutes=10))}


@pytest.mark.usefixtures("stubs")
def test_nothing_to_read_costs_no_call() -> None:
    assert leases.read_kept(TABLE, (), ()) == leases.Kept({}, {})


def test_a_hundred_items_are_read_a_call(stubs: Stubs) -> None:
    names = [f"lease#{number:03}" for number in range(101)]
    for batch in (names[:100], names[100:]):
        stubs.expect("dynamodb", "batch_get_item", {"Responses": {}}, RequestItems=keys(*batch))
    assert leases.read_kept(TABLE, names, ()).leases == {}


def test_what_dynamodb_left_out_is_asked_for_again(stubs: Stubs) -> None:
    left = {"Responses": {TABLE: [LEASE]}, "UnprocessedKeys": keys("lease#b")}
    stubs.expect("dynamodb", "batch_get_item", left, RequestItems=keys(KEY, "lease#b"))
    stubs.expect("dynamodb", "batch_get_item", {"Responses": {}}, RequestItems=keys("lease#b"))
    assert list(leases.read_kept(TABLE, [KEY, "lease#b"], ()).leases) == [KEY]


def test_an_answer_that_read_nothing_is_a_throttle_and_no_endless_loop(stubs: Stubs) -> None:
    nothing = {"Responses": {}, "UnprocessedKeys": keys(KEY)}
    stubs.expect("dynamodb", "batch_get_item", nothing, RequestItems=keys(KEY))
    with pytest.raises(Throttled, match="read none of 1 items"):
        leases.read_kept(TABLE, [KEY], ())


def test_all_leases_are_written_in_one_transaction_on_the_version_that_was_read(stubs: Stubs) -> None:
    new = {"pk": {"S": "lease#a"}, "version": {"N": "1"}, "holders": {"M": {}}}
    old = {"pk": {"S": KEY}, "version": {"N": "5"}, "holders": {"M": {"i-1": HELD}}, "expires_at": EXPIRES}
    puts = [
        {"TableName": TABLE, "Item": new, "ConditionExpression": "attribute_not_exists(pk)"},
        {
            "TableName": TABLE,
            "Item": old,
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": {":version": {"N": "4"}},
        },
    ]
    stubs.expect("dynamodb", "transact_write_items", {}, TransactItems=[{"Put": each} for each in puts])
    assert leases.write_leases(TABLE, [Lease("lease#a"), Lease(KEY, {"i-1": ME}, 4)])


@pytest.mark.usefixtures("stubs")
def test_no_lease_is_written_without_a_call() -> None:
    assert leases.write_leases(TABLE, [])


def test_a_throttled_transaction_is_no_lost_race(stubs: Stubs) -> None:
    """Read as a lost race it would be tried again at the next look, a second later, for as long as it lasts."""
    reasons = [{"Code": "ThrottlingError"}, {"Code": "ConditionalCheckFailed"}]
    stubs.refuse(
        "dynamodb", "transact_write_items", "TransactionCanceledException", CancellationReasons=reasons
    )
    with pytest.raises(Throttled):
        leases.write_leases(TABLE, [Lease("lease#a"), Lease(KEY)])


def test_a_slot_is_prolonged_for_its_own_execution_alone(stubs: Stubs) -> None:
    asked: dict[str, Any] = {
        "TableName": TABLE,
        "Key": {"pk": {"S": KEY}},
        "UpdateExpression": "SET holders.#me.#until = :until, expires_at = :expires ADD version :one",
        "ConditionExpression": "holders.#me.#execution = :execution",
        "ExpressionAttributeNames": {"#me": "i-1", "#until": "until", "#execution": "execution"},
        "ExpressionAttributeValues": {
            ":until": {"S": "2026-03-02T11:00:00Z"},
            ":expires": EXPIRES,
            ":one": {"N": "1"},
            ":execution": {"S": "arn:first"},
        },
    }
    stubs.expect("dynamodb", "update_item", {}, **asked)
    stubs.refuse("dynamodb", "update_item", "ConditionalCheckFailedException")
    assert leases.renew(TABLE, [KEY, "lease#lost"], ME) == ("lease#lost",)


@pytest.mark.parametrize(("state", "answer"), [("refused", Answer.REFUSED), ("whatever", Answer.ASKED)])
def test_a_state_that_nobody_knows_is_no_answer_yet(state: str, answer: Answer) -> None:
    """Tasks may write their item themselves."""
    item = {
        **SIGN_OFF,
        "state": {"S": state},
        "reason": {"S": "flushing"},
        "who": {"S": "me"},
        "extra": {"N": "1"},
    }
    read = leases.read_sign_off(item)
    assert (read.answer, read.reason, read.who, read.answer_by) == (
        answer,
        "flushing",
        "me",
        after(minutes=10),
    )
    assert read.answer_by > START
