"""Slots and sign-offs in the ledger: read together in one call, written on the condition that nobody wrote meanwhile.

Items: `lease#...` holds `holders`, a map by EC2 instance id, and a `version` that every write raises;
`sign-off#<task id>` holds where a task's sign-off stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.errors import ConditionFailed, InvalidInput, Throttled
from chalicelib.common.model import stamp
from chalicelib.common.telemetry import logger
from chalicelib.gates.leases import Holder, Lease
from chalicelib.gates.seen import Answer, SignOff
from chalicelib.gateways.aws import client, in_batches, translated
from chalicelib.gateways.rows import Row

READ_AT_ONCE = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""

KEPT = timedelta(days=1)
"""How long an item outlasts its last holder; DynamoDB deletes it some time later."""

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the ledger says of some leases and sign-offs."""

    leases: Mapping[str, Lease]
    """By key; those that nobody ever took are absent."""
    sign_offs: Mapping[str, SignOff]
    """By task id; tasks that were never asked are absent."""


def read_kept(table: str, keys: Iterable[str], tasks: Iterable[str]) -> Kept:
    """Return the leases with these keys and the sign-offs of these tasks, read consistently.

    A sign-off that can't be read counts as one that was never asked for. Raises Throttled, AwsUnavailable, AccessDenied
    or AwsRefused, and InvalidInput for a lease that can't be read.
    """
    wanted = [*dict.fromkeys(keys), *(sign_off_key(task) for task in dict.fromkeys(tasks))]
    items = {item["pk"]["S"]: item for item in _items(table, wanted)}
    return Kept(
        leases={key: _lease(item) for key, item in items.items() if key.startswith("lease#")},
        sign_offs={
            each.task: each
            for each in _readable(item for key, item in items.items() if key.startswith("sign-off#"))
        },
    )


def _items(table: str, keys: Sequence[str]) -> Iterator[Item]:
    for batch in in_batches(keys, READ_AT_ONCE):
        request = {table: {"Keys": [{"pk": {"S": key}} for key in batch], "ConsistentRead": True}}
        while request:  # what DynamoDB left out for its size is asked for again
            with translated():
                answer = client("dynamodb").batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(table, [])
            left = answer.get("UnprocessedKeys", {})
            if left == request:  # nothing was read: DynamoDB throttles, and asking at once makes it no better
                raise Throttled(f"BatchGetItem read none of {len(batch)} items of {table}")
            request = left


def write_leases(table: str, leases: Sequence[Lease]) -> bool:
    """Write all of these leases or none; returns False where another drain wrote one of them meanwhile.

    Raises Throttled (also where a write of another drain was just under way), AwsUnavailable, AccessDenied or
    AwsRefused.
    """
    if not leases:
        return True
    puts = [{"Put": _put(table, lease)} for lease in leases]
    try:
        with translated():
            client("dynamodb").transact_write_items(TransactItems=puts)
    except ConditionFailed:
        return False
    return True


def renew(table: str, keys: Collection[str], me: Holder) -> tuple[str, ...]:
    """Prolong this execution's slots; returns the keys of those that it no longer holds.

    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    return tuple(key for key in keys if not _renewed(table, key, me))


def _renewed(table: str, key: str, me: Holder) -> bool:
    names = {"#me": me.instance_id, "#until": "until", "#execution": "execution"}
    values = {
        ":until": {"S": stamp(me.until)},
        ":expires": _expires(me.until),
        ":one": {"N": "1"},
        ":execution": {"S": me.execution},
    }
    try:
        with translated():
            client("dynamodb").update_item(
                TableName=table,
                Key={"pk": {"S": key}},
                UpdateExpression="SET holders.#me.#until = :until, expires_at = :expires ADD version :one",
                ConditionExpression="holders.#me.#execution = :execution",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
    except ConditionFailed:
        return False
    return True


def _put(table: str, lease: Lease) -> dict[str, Any]:
    latest = max((holder.until for holder in lease.holders.values()), default=None)
    item: dict[str, Any] = {
        "pk": {"S": lease.key},
        "version": {"N": str(lease.version + 1)},
        "holders": {"M": {name: {"M": _holder_item(holder)} for name, holder in lease.holders.items()}},
    }
    if latest:
        item["expires_at"] = _expires(latest)
    condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
    if lease.version:
        condition = {
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": {":version": {"N": str(lease.version)}},
        }
    return {"TableName": table, "Item": item, **condition}


def _expires(until: datetime) -> dict[str, str]:
    return {"N": str(int((until + KEPT).timestamp()))}


def _holder_item(holder: Holder) -> dict[str, Any]:
    return {
        "execution": {"S": holder.execution},
        "until": {"S": stamp(holder.until)},
        "tasks": {"N": str(holder.tasks)},
    }


def _lease(item: Item) -> Lease:
    row = Row(item)
    holders = {name: _holder(name, held) for name, held in row.rows("holders").items()}
    return Lease(row.key, holders, row.number("version"))


def _holder(instance_id: str, row: Row) -> Holder:
    return Holder(instance_id, row.text("execution"), row.at("until"), row.number("tasks"))


def sign_off_key(task: str) -> str:
    """Return the key of a task's sign-off, by the task's id."""
    return f"sign-off#{task}"


def _task_of(key: str) -> str:
    return key.partition("#")[2]


def read_sign_off(item: Item) -> SignOff:
    """Return a sign-off from its item; a state that nobody knows is no answer yet.

    Tasks may write their item themselves, so only what they must write is relied on. Raises InvalidInput where that is
    lost.
    """
    row = Row(item)
    state = row.text("state", "")
    return SignOff(
        task=_task_of(row.key),
        answer=Answer(state) if state in list(Answer) else Answer.ASKED,
        answer_by=row.at("answer_by"),
        asked_by=row.text("drain", ""),
        reason=row.text("reason", ""),
        who=row.text("who", ""),
    )


def _readable(items: Iterable[Item]) -> Iterator[SignOff]:
    """Yield the sign-offs that can be read: a task that wrote over its own is asked anew."""
    for item in items:
        try:
            yield read_sign_off(item)
        except InvalidInput as refusal:
            logger.warning(f"a sign-off counts as not asked for: {refusal}")
