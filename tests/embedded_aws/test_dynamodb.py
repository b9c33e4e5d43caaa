"""A transaction of DynamoDB happens as a whole or not at all, whatever its tables' copies share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client

IMPOSSIBLE = {
    "ConditionCheck": {
        "TableName": "ledger",
        "Key": {"pk": {"S": "other"}},
        "ConditionExpression": "attribute_exists(pk)",
    }
}


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    """One table with one item."""
    with embedded_aws():
        api = client("dynamodb")
        api.create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        api.put_item(TableName="ledger", Item={"pk": {"S": "one"}, "looks": {"N": "1"}})
        yield api


def items(dynamodb: Any) -> dict[str, str]:
    found = dynamodb.scan(TableName="ledger", ConsistentRead=True)["Items"]
    return {item["pk"]["S"]: item["looks"]["N"] for item in found}


def update(key: str, looks: int) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": "ledger",
            "Key": {"pk": {"S": key}},
            "UpdateExpression": "SET looks = :looks",
            "ExpressionAttributeValues": {":looks": {"N": str(looks)}},
        }
    }


PUT = {"Put": {"TableName": "ledger", "Item": {"pk": {"S": "two"}, "looks": {"N": "2"}}}}
DELETE = {"Delete": {"TableName": "ledger", "Key": {"pk": {"S": "one"}}}}


@pytest.mark.parametrize("change", [update("one", 9), update("new", 9), PUT, DELETE])
def test_a_cancelled_transaction_leaves_everything_as_it_was(dynamodb: Any, change: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        dynamodb.transact_write_items(TransactItems=[change, IMPOSSIBLE])
    assert items(dynamodb) == {"one": "1"}


def test_a_transaction_does_all_of_its_writes(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[update("one", 9), update("new", 3), PUT])
    assert items(dynamodb) == {"one": "9", "new": "3", "two": "2"}


def test_an_update_alone_changes_the_item_itself(dynamodb: Any) -> None:
    for looks in (2, 3):
        dynamodb.update_item(**update("one", looks)["Update"])
    assert items(dynamodb) == {"one": "3"}
