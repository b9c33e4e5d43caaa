"""Records of drains and fleets in the ledger: how they are read, and closed where a person stopped them."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.common.errors import ConditionFailed
from chalicelib.common.ledger import Drained, FleetEntry, Record
from chalicelib.gateways import ledger
from tests.builders import START, after
from tests.gateways.stubs import Stubs

TABLE = "ecs-drainer-dev-ledger"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:x"


def an_item(name: str, started_at: str) -> dict[str, Any]:
    return {
        "pk": {"S": f"drain#{name}"},
        "instance_id": {"S": "i-1"},
        "execution": {"S": EXECUTION},
        "status": {"S": "drained"},
        "started_at": {"S": started_at},
        "ended_at": {"S": "2026-03-02T10:05:00Z"},
        "looks": {"N": "7"},
        "forced_stops": {"S": '["arn:task"]'},
    }


def expect_item(stubs: Stubs, key: str, **answer: Any) -> None:
    stubs.expect("dynamodb", "get_item", answer, TableName=TABLE, Key={"pk": {"S": key}}, ConsistentRead=True)


def test_one_record_by_the_name_of_its_execution(stubs: Stubs) -> None:
    expect_item(stubs, "drain#x", Item=an_item("x", "2026-03-02T10:00:00Z"))
    expect_item(stubs, "drain#y")
    record = ledger.read_record(TABLE, "x")
    assert record is not None
    assert (record.name, record.started_at, record.ended_at) == ("x", START, after(minutes=5))
    assert (record.looks, record.forced_stops, record.who) == (7, ("arn:task",), "-")
    assert ledger.read_record(TABLE, "y") is None


def test_the_records_of_an_instance_come_newest_first_from_every_page(stubs: Stubs) -> None:
    asked: dict[str, Any] = {
        "TableName": TABLE,
        "FilterExpression": "begins_with(pk, :drain) AND instance_id = :instance",
        "ExpressionAttributeValues": {":drain": {"S": "drain#"}, ":instance": {"S": "i-1"}},
    }
    more = {"pk": {"S": "drain#x"}}
    first = {"Items": [an_item("x", "2026-03-02T10:00:00Z")], "LastEvaluatedKey": more}
    stubs.expect("dynamodb", "scan", first, **asked)
    second = {"Items": [an_item("y", "2026-03-02T11:00:00Z")]}
    stubs.expect("dynamodb", "scan", second, **asked, ExclusiveStartKey=more)
    assert [record.name for record in ledger.read_records(TABLE, "i-1")] == ["y", "x"]


def test_what_a_drain_set_draining_stands_in_the_instances_entry(stubs: Stubs) -> None:
    item = {
        "pk": {"S": "instance#i-1"},
        "lifecycle_action": {"S": '{"LifecycleHookName": "ecs-drain"}'},
        "destination": {"S": '"WarmPool"'},
        "drained": {"S": '[{"cluster": "web", "container_instances": ["arn:a"]}]'},
    }
    expect_item(stubs, "instance#i-1", Item=item)
    entry = ledger.read_entry(TABLE, "i-1")
    assert (entry.drained, entry.awaits_return) == ((Drained("web", ("arn:a",)),), True)
    assert entry.knew_lifecycle_action


def test_a_fleet_with_how_each_instance_ended(stubs: Stubs) -> None:
    results = '[{"instance_id": "i-1", "outcome": "drained"}]'
    expect_item(stubs, "fleet#x", Item={"status": {"S": "drained"}, "results": {"S": results}})
    expect_item(stubs, "fleet#y")
    assert ledger.read_fleet(TABLE, "x") == FleetEntry("drained", {"i-1": "drained"})
    assert ledger.read_fleet(TABLE, "y") is None


def test_a_fleet_is_closed_as_cancelled_where_it_has_an_entry(stubs: Stubs) -> None:
    values = {"cancelled": "cancelled", "now": "2026-03-02T10:00:00Z", "who": "ann", "why": "a mistake"}
    stubs.expect(
        "dynamodb",
        "update_item",
        {},
        TableName=TABLE,
        Key={"pk": {"S": "fleet#x"}},
        UpdateExpression="SET #status = :cancelled, ended_at = :now, cancelled_by = :who, "
        "summary = :why, results = :results",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            **{f":{name}": {"S": value} for name, value in values.items()},
            ":results": {"S": '[{"instance_id": "i-1"}]'},
        },
    )
    ledger.close_fleet_cancelled(
        TABLE, "x", who="ann", why="a mistake", results=[{"instance_id": "i-1"}], at=START
    )


def test_a_drain_that_was_taken_over_is_not_closed_by_who_cancels_the_old_one(stubs: Stubs) -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed"}]
    stubs.refuse(
        "dynamodb", "transact_write_items", "TransactionCanceledException", CancellationReasons=reasons
    )
    record = Record(
        name="x",
        instance_id="i-1",
        execution=EXECUTION,
        status="open",
        trigger="manual",
        who="-",
        reason="-",
        started_at=START,
    )
    with pytest.raises(ConditionFailed):
        ledger.close_cancelled(TABLE, record, "ann", "a mistake", START)


def test_the_table_is_named_after_the_functions_stage() -> None:
    function = "arn:aws:lambda:eu-west-1:123456789012:function:ecs-drainer-dev-look"
    assert ledger.ledger_of(function) == TABLE
