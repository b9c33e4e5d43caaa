"""What DynamoDB refuses and answers where moto doesn't, and its transactions.

Sets may be neither empty nor hold a value twice, and UPDATED_NEW returns whatever an update names (API reference,
UpdateItem), changed or not.

Transactions do without moto's copy of every item of their tables, which makes n drains cost n² of them: moto keeps a
deep copy of each table to roll a transaction back. Here a table's copy shares the items, and an item is replaced, not
changed, by an update: so the copy keeps what it has, and costs next to nothing.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.moto_api._internal import mock_random

from embedded_aws.requests import AwsError

KINDS_OF_SETS = {"SS": "string", "NS": "number", "BS": "binary"}
WRITES = ("put_item", "update_item", "transact_write_items", "batch_write_item")
CLAUSES = re.compile(r"(?<![#:.\w])(SET|REMOVE|ADD|DELETE)(?=\s)", re.IGNORECASE)
"""All four are reserved words: an attribute of such a name is written `#name`."""

TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]+")

_update_item, _get_table = DynamoDBBackend.update_item, DynamoDBBackend.get_table


def install() -> None:
    """Teach moto's DynamoDB."""
    Table.__deepcopy__ = _shallow_copy
    Table._get_default_encryption_key = _drawing_nothing(Table._get_default_encryption_key)
    DynamoDBBackend.update_item = _update_copy
    DynamoDBBackend.get_table = _get_named_table
    DynamoHandler.update_item = _returning_what_is_named(DynamoHandler.update_item)
    DynamoHandler.update_table = _changing_encryption(DynamoHandler.update_table)
    for name in WRITES:
        setattr(DynamoHandler, name, _refusing_sets(getattr(DynamoHandler, name)))


def _drawing_nothing(make_key: Any) -> Any:
    """Make AWS's own key for tables out of turn: all other ids stay what they are without it."""

    def making(table: Any, account_id: str, region: str) -> str:
        state = mock_random.getstate()
        try:
            return str(make_key(table, account_id, region))
        finally:
            mock_random.setstate(state)

    return making


def _changing_encryption(update_table: Any) -> Any:
    """Take the SSESpecification of UpdateTable, which moto passes over."""

    def changing(handler: Any) -> Any:
        if wanted := handler.body.get("SSESpecification"):
            table = handler.dynamodb_backend.get_table(handler.body["TableName"])
            key = table._get_default_encryption_key(table.account_id, table.region_name)
            table.sse_specification = {"KMSMasterKeyId": key, **wanted}
        return update_table(handler)

    return changing


def _shallow_copy(table: Any, _memo: dict[int, Any]) -> Any:
    twin, shard = copy.copy(table), table.stream_shard
    twin.items = copy.copy(table.items)
    if table.has_range_key:
        twin.items.update({hash_key: dict(items) for hash_key, items in table.items.items()})
    if shard is not None:
        twin.stream_shard = copy.copy(shard)
        twin.stream_shard.table, twin.stream_shard.items = twin, list(shard.items)
    return twin


def _get_named_table(backend: Any, table_name: str) -> Any:
    """A name that no table may have is refused as such, not as one that isn't there (recorded 2023-05-12)."""
    if not table_name.startswith("arn:") and not TABLE_NAME.fullmatch(table_name):
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '{table_name}' at 'tableName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {TABLE_NAME.pattern}",
        )
    return _get_table(backend, table_name)


def _update_copy(backend: Any, table_name: str, key: dict[str, Any], *arguments: Any, **named: Any) -> Any:
    """Put a copy of the item into its place, then update that as moto does: in place."""
    table = backend.get_table(table_name)
    names = [table.hash_key_attr, table.range_key_attr] if table.has_range_key else [table.hash_key_attr]
    if all(name in key for name in names):
        _replace_by_copy(table, [DynamoType(key[name]) for name in names])
    return _update_item(backend, table_name, key, *arguments, **named)


def _replace_by_copy(table: Any, keys: list[Any]) -> None:
    item = table.get_item(*keys)
    if item is not None:
        place = table.items[keys[0]] if table.has_range_key else table.items
        place[keys[-1]] = copy.deepcopy(item)


def _refusing_sets(answer: Any) -> Any:
    def answer_checked(self: Any) -> Any:
        for kind, values in _sets(self.body):
            wrong = None
            if not values:
                wrong = f"An {KINDS_OF_SETS[kind]} set  may not be empty"
            elif len(set(values)) != len(values):
                wrong = f"Input collection [{', '.join(values)}] contains duplicates."
            if wrong:
                raise AwsError("ValidationException", f"One or more parameter values were invalid: {wrong}")
        return answer(self)

    return answer_checked


def _sets(value: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield every set in a request, however deep it lies."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key in KINDS_OF_SETS and isinstance(inner, list):
            yield key, inner
        else:
            yield from _sets(inner)
    for inner in value if isinstance(value, list) else ():
        yield from _sets(inner)


def _returning_what_is_named(answer: Any) -> Any:
    """Return all that an update names; moto leaves out what has the value that it had before."""

    def update_item(self: Any) -> Any:
        wanted, expression = self.body.get("ReturnValues", ""), self.body.get("UpdateExpression")
        names = _named(expression or "", self.body.get("ExpressionAttributeNames") or {})
        if not wanted.startswith("UPDATED_") or not names:
            return answer(self)
        self.body["ReturnValues"] = wanted.replace("UPDATED_", "ALL_")
        answered = answer(self)
        found = dict(answered.result)
        attributes = {key: value for key, value in found.pop("Attributes", {}).items() if key in names}
        return type(answered)(found | ({"Attributes": attributes} if attributes else {}))

    return update_item


def _named(expression: str, aliases: dict[str, str]) -> set[str]:
    """Return the attributes that an update names; none where a path leads into one, which is moto's to answer."""
    _, *parts = CLAUSES.split(expression)
    names: set[str] = set()
    for keyword, clause in zip(parts[::2], parts[1::2], strict=True):
        found = r"([#\w.\[\]]+)\s*=" if keyword.upper() == "SET" else r"(?:^|,)\s*([#\w.\[\]]+)"
        names.update(re.findall(found, clause))
    return (
        set() if any(re.search(r"[.\[]", name) for name in names) else {aliases.get(it, it) for it in names}
    )
