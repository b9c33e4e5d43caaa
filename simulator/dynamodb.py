"""DynamoDB's transactions without moto's copy of every item of their tables, which makes n drains cost n² of them.

moto keeps a deep copy of each table to roll a transaction back. Here a table's copy shares the items, and an item is
replaced, not changed, by an update: so the copy keeps what it has, and costs next to nothing.
"""

from __future__ import annotations

import copy
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_update_item = DynamoDBBackend.update_item


def install() -> None:
    """Let tables share their items with their copies; again is harmless."""
    Table.__deepcopy__ = _shallow_copy
    DynamoDBBackend.update_item = _update_copy


def _shallow_copy(table: Any, _memo: dict[int, Any]) -> Any:
    twin, shard = copy.copy(table), table.stream_shard
    twin.items = copy.copy(table.items)
    if table.has_range_key:
        twin.items.update({hash_key: dict(items) for hash_key, items in table.items.items()})
    if shard is not None:
        twin.stream_shard = copy.copy(shard)
        twin.stream_shard.table, twin.stream_shard.items = twin, list(shard.items)
    return twin


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
