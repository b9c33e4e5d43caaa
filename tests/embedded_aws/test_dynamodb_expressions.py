"""Update expressions are read once, and mean the same each time; what is wrong with one is told as moto tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.parsing.expressions import UpdateExpressionParser

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client

SET_BOTH = "SET a = :a, #b = if_not_exists(#b, :a) ADD n :one REMOVE c"


@pytest.fixture
def table() -> Iterator[Any]:
    """Yield a client and update one item of a table that is there."""
    with embedded_aws():
        dynamodb = client("dynamodb")
        dynamodb.create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield dynamodb


def update(dynamodb: Any, item: str, expression: str, **values: str) -> dict[str, Any]:
    """Update an item, and return all of it."""
    named = {"ExpressionAttributeNames": {"#b": "b"}} if "#b" in expression else {}
    given = {f":{name}": {"N" if value.isdigit() else "S": value} for name, value in values.items()}
    answer = dynamodb.update_item(
        TableName="t",
        Key={"id": {"S": item}},
        UpdateExpression=expression,
        ReturnValues="ALL_NEW",
        **({"ExpressionAttributeValues": given} if given else {}),
        **named,
    )
    found: dict[str, Any] = answer["Attributes"]
    return {name: next(iter(value.values())) for name, value in found.items()}


def test_the_same_expression_means_the_same_with_other_values(table: Any) -> None:
    """What an update puts into an expression stays in that update."""
    assert UpdateExpressionParser.make(SET_BOTH) is UpdateExpressionParser.make(SET_BOTH)
    assert update(table, "1", SET_BOTH, a="x", one="1") == {"id": "1", "a": "x", "b": "x", "n": "1"}
    assert update(table, "1", SET_BOTH, a="y", one="2") == {"id": "1", "a": "y", "b": "x", "n": "3"}
    assert update(table, "2", SET_BOTH, a="z", one="5") == {"id": "2", "a": "z", "b": "z", "n": "5"}


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("SET a = :a SET d = :a", 'The "SET" section can only be used once in an update expression'),
        ("SET a = :a, d = :a REMOVE a", "path one: [a], path two: [a]"),
        ("SET a.d = :a, c = :a REMOVE a", "path one: [a, d], path two: [a]"),
        ("SET a = :a,", "Syntax error"),
    ],
)
def test_what_is_wrong_is_told_each_time(table: Any, expression: str, said: str) -> None:
    """A section twice, paths that overlap, one that can't be read: in AWS's words, and again."""
    for _ in range(2):
        with pytest.raises(ClientError, match="ValidationException") as refused:
            update(table, "1", expression, a="x")
        assert said in str(refused.value)
    assert update(table, "1", "SET a = :a", a="x") == {"id": "1", "a": "x"}
