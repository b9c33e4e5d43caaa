"""What a row of a waiting drain is made of: sets that shrink to nothing, counters, conditions, an index of keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client

ALIASES = {"#e": "events", "#t": "tasks", "#k": "token", "#c": "waiting_cluster", "#n": "note"}


@pytest.fixture
def table() -> Iterator[Any]:
    """A table with an index of keys, and one row in it."""
    with embedded_aws():
        api = client("dynamodb")
        api.create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "waiting_cluster")
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "waiting-by-cluster",
                    "KeySchema": [{"AttributeName": "waiting_cluster", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        api.put_item(TableName="ledger", Item=row("one"))
        yield api


def row(key: str, *tasks: str) -> dict[str, Any]:
    held = {"tasks": {"SS": list(tasks or ("a", "b"))}}
    return {"pk": {"S": key}, "waiting_cluster": {"S": "web"}, "events": {"N": "3"}, **held}


def update(table: Any, expression: str, key: str = "one", **more: Any) -> dict[str, Any]:
    """Update a row with the names and values that the expressions use."""
    values = {
        ":a": {"SS": ["a"]},
        ":b": {"SS": ["b"]},
        ":ab": {"SS": ["a", "b"]},
        ":one": {"N": "1"},
        ":zero": {"N": "0"},
        ":s": {"S": "x"},
        ":three": {"N": "3"},
    }
    used = f"{expression} {more.get('ConditionExpression', '')}".replace(",", " ").replace(")", " ").split()
    named = {name: value for name, value in ALIASES.items() if any(name in word for word in used)}
    given = {name: value for name, value in values.items() if name in used}
    answer = table.update_item(
        TableName="ledger",
        Key={"pk": {"S": key}},
        UpdateExpression=expression,
        **({"ExpressionAttributeNames": named} if named else {}),
        **({"ExpressionAttributeValues": given} if given else {}),
        **more,
    )
    return dict(answer.get("Attributes", {}))


def item(table: Any, key: str = "one") -> dict[str, Any]:
    found = table.get_item(TableName="ledger", Key={"pk": {"S": key}}, ConsistentRead=True)
    return dict(found.get("Item", {}))


def test_the_last_element_takes_the_attribute_along(table: Any) -> None:
    """Update expressions, DELETE: an attribute cannot be an empty set."""
    stopped = "DELETE #t {} ADD #e :one"
    assert update(table, stopped.format(":a"), ReturnValues="UPDATED_NEW") == {
        "tasks": {"SS": ["b"]},
        "events": {"N": "4"},
    }
    assert update(table, stopped.format(":b"), ReturnValues="UPDATED_NEW") == {"events": {"N": "5"}}
    assert "tasks" not in item(table)
    assert update(table, stopped.format(":b"), ReturnValues="ALL_NEW")["events"] == {"N": "6"}
    update(table, "ADD #t :ab")
    update(table, "ADD #t :a")
    assert sorted(item(table)["tasks"]["SS"]) == ["a", "b"]


def test_what_an_update_names_is_returned_whether_it_changed_or_not(table: Any) -> None:
    """API reference, UpdateItem, ReturnValues: UPDATED_NEW gives the updated attributes as they are afterwards."""
    again = "SET #e = if_not_exists(#e, :zero), #n = :s DELETE #t :zz"
    values = {":zero": {"N": "0"}, ":s": {"S": "x"}, ":zz": {"SS": ["zz"]}}
    names = {name: ALIASES[name] for name in ("#e", "#n", "#t")}
    for _ in range(2):
        found = table.update_item(
            TableName="ledger",
            Key={"pk": {"S": "one"}},
            UpdateExpression=again,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValues="UPDATED_NEW",
        )["Attributes"]
        assert found == {"events": {"N": "3"}, "note": {"S": "x"}, "tasks": {"SS": ["a", "b"]}}


def test_the_values_of_before_are_returned_too(table: Any) -> None:
    assert update(table, "SET #n = :s ADD #e :one", ReturnValues="UPDATED_OLD") == {"events": {"N": "3"}}
    assert update(table, "REMOVE #n", ReturnValues="UPDATED_OLD") == {"note": {"S": "x"}}
    assert update(table, "REMOVE #n", ReturnValues="UPDATED_NEW") == {}
    assert update(table, "ADD #e :one", ReturnValues="ALL_OLD") == row("one") | {"events": {"N": "4"}}


def test_a_token_is_written_only_if_no_event_has_come_since_the_look(table: Any) -> None:
    store = {"ConditionExpression": "#e = :three", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    update(table, "SET #k = :s", **store)
    update(table, "ADD #e :one")
    with pytest.raises(ClientError) as refused:
        update(table, "SET #k = :s", **store)
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert refused.value.response["Item"] == item(table)


def test_an_event_for_nobody_writes_nothing(table: Any) -> None:
    """A condition that fails on a row that isn't there makes no row, and there is no Item to return."""
    with pytest.raises(ClientError, match="ConditionalCheckFailedException") as refused:
        update(
            table,
            "DELETE #t :a ADD #e :one",
            key="nobody",
            ConditionExpression="attribute_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert "Item" not in refused.value.response
    assert item(table, "nobody") == {}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"SS": []}, "An string set  may not be empty"),
        ({"SS": ["a", "a"]}, r"Input collection \[a, a\] contains"),
    ],
)
def test_a_set_is_neither_empty_nor_holds_a_value_twice(table: Any, value: Any, said: str) -> None:
    """Naming rules and data types, "Sets": non-empty, and each value only once."""
    key = {"pk": {"S": "one"}}
    named = {"TableName": "ledger", "Key": key, "UpdateExpression": "SET x = :v"}
    update = {**named, "ExpressionAttributeValues": {":v": value}}
    with pytest.raises(ClientError, match=said):
        table.update_item(**update)
    with pytest.raises(ClientError, match=said):
        table.put_item(TableName="ledger", Item={**key, "x": value})
    with pytest.raises(ClientError, match=said):
        table.transact_write_items(TransactItems=[{"Update": update}])


@pytest.mark.parametrize("expression", ["REMOVE token", "SET status = :s", "SET agent = :s"])
def test_reserved_words_need_an_alias(table: Any, expression: str) -> None:
    with pytest.raises(ClientError, match="reserved keyword"):
        update(table, expression)


def test_a_cancelled_transaction_says_of_each_write_why(table: Any) -> None:
    """API reference, TransactWriteItems, CancellationReasons: one for each write, None where it isn't to blame."""

    def write(key: str, condition: str, **more: Any) -> dict[str, Any]:
        delete = {"TableName": "ledger", "Key": {"pk": {"S": key}}, "ConditionExpression": condition}
        return {"Delete": {**delete, **more}}

    with pytest.raises(ClientError) as refused:
        table.transact_write_items(
            TransactItems=[
                write("two", "attribute_not_exists(pk)"),
                write("three", "attribute_exists(pk)"),
                write("one", "attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            ]
        )
    assert refused.value.response["Error"]["Code"] == "TransactionCanceledException"
    reasons = refused.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == [
        "None",
        "ConditionalCheckFailed",
        "ConditionalCheckFailed",
    ]
    assert [reason.get("Item") for reason in reasons] == [None, None, row("one")]


def test_a_transaction_closes_one_row_and_shrinks_the_set_of_another(table: Any) -> None:
    table.put_item(TableName="ledger", Item=row("two", "c"))
    shrink = {
        "TableName": "ledger",
        "Key": {"pk": {"S": "two"}},
        "UpdateExpression": "DELETE tasks :c",
        "ExpressionAttributeValues": {":c": {"SS": ["c"]}},
    }
    delete = {"TableName": "ledger", "Key": {"pk": {"S": "one"}}}
    table.transact_write_items(TransactItems=[{"Update": shrink}, {"Delete": delete}])
    assert item(table) == {}
    assert "tasks" not in item(table, "two")


def test_an_index_of_keys_gives_keys_only_and_only_of_rows_that_have_its_key(table: Any) -> None:
    """Global secondary indexes: KEYS_ONLY has the keys of index and table, of the rows that have the index's key."""
    table.put_item(TableName="ledger", Item=row("two"))
    table.put_item(TableName="ledger", Item={"pk": {"S": "lease"}})
    keys = [{"pk": {"S": key}, "waiting_cluster": {"S": "web"}} for key in ("one", "two")]
    query = {
        "TableName": "ledger",
        "IndexName": "waiting-by-cluster",
        "KeyConditionExpression": "waiting_cluster = :c",
        "ExpressionAttributeValues": {":c": {"S": "web"}},
    }
    assert table.query(**query)["Items"] == keys
    assert table.scan(TableName="ledger", IndexName="waiting-by-cluster")["Items"] == keys
    first = table.query(**query, Limit=1)
    assert first["Items"] == keys[:1]
    assert table.query(**query, ExclusiveStartKey=first["LastEvaluatedKey"])["Items"] == keys[1:]
    for refused in ({"ConsistentRead": True}, {"Select": "ALL_ATTRIBUTES"}):
        with pytest.raises(ClientError, match="ValidationException"):
            table.query(**query, **refused)


def test_rows_are_read_in_batches_of_a_hundred_at_most(table: Any) -> None:
    """API reference, BatchGetItem: what isn't there is left out; no key twice; 100 at most."""

    def read(*keys: str) -> list[Any]:
        wanted = {"Keys": [{"pk": {"S": key}} for key in keys], "ConsistentRead": True}
        return list(table.batch_get_item(RequestItems={"ledger": wanted})["Responses"]["ledger"])

    assert read("one", "nowhere") == [row("one")]
    for keys in (["one", "one"], [str(number) for number in range(101)]):
        with pytest.raises(ClientError, match="ValidationException"):
            read(*keys)
