"""The rows of drains that wait: read and written in the ledger, each write on the condition that the row is there.

Items: `waiting#<container instance ARN>`. The state machine makes a row, stores its token and deletes it with the
drain; here events are written into it. `agent`, `status` and `token` are reserved words of DynamoDB, so every name is
aliased.
All raise Throttled, AwsUnavailable, AccessDenied or AwsRefused; those that return a row, InvalidInput for one that
can't be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.common.errors import ConditionFailed, Throttled
from chalicelib.common.model import ContainerInstance
from chalicelib.gateways.aws import client, in_batches, translated
from chalicelib.gateways.rows import Row
from chalicelib.wake.row import AT_GATES, Waiting
from chalicelib.wake.seen import ServiceTrouble

__all__ = [
    "Waiting",
    "all_waiting",
    "apply_change",
    "apply_stop",
    "apply_trouble",
    "at_gates_in",
    "count_event",
    "delete_stale",
    "open_row",
    "read_waiting",
    "remove_token",
    "waiting_in",
]

PREFIX = "waiting#"
BY_CLUSTER = "waiting-by-cluster"
"""The index of the rows by `waiting_cluster`; it has nothing but them, and of them the keys alone."""
READ_AT_ONCE = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""

Item = Mapping[str, Any]


def row_key(instance: str) -> str:
    """Return the key of a container instance's row, by its ARN."""
    return f"{PREFIX}{instance}"


def read_waiting(table: str, instance: str) -> Waiting | None:
    """Return the row of a container instance, by its ARN, read consistently; None where no drain has one."""
    with translated():
        answer = client("dynamodb").get_item(TableName=table, Key=_key(instance), ConsistentRead=True)
    return _waiting(answer["Item"]) if "Item" in answer else None


def open_row(table: str, instance: str, *, execution: str, cluster: str, expires_at: int) -> Waiting:
    """Make the row of a drain that is about to list its tasks, so that every event from now on is counted.

    One that another drain of the instance left behind becomes this drain's: its token and tasks are gone with it.
    """
    with translated():
        answer = client("dynamodb").update_item(
            TableName=table,
            Key=_key(instance),
            UpdateExpression="SET #execution = :execution, #cluster = :cluster, #expires = :expires, "
            "#events = if_not_exists(#events, :zero) REMOVE #token, #tasks, #looks",
            ExpressionAttributeNames={
                "#execution": "execution",
                "#cluster": "waiting_cluster",
                "#expires": "expires_at",
                "#events": "events",
                "#token": "token",
                "#tasks": "tasks",
                "#looks": "looks",
            },
            ExpressionAttributeValues={
                ":execution": {"S": execution},
                ":cluster": {"S": cluster},
                ":expires": {"N": str(expires_at)},
                ":zero": {"N": "0"},
            },
            ReturnValues="ALL_NEW",
        )
    return _waiting(answer["Attributes"])


def apply_stop(table: str, instance: str, tasks: Collection[str]) -> Waiting | None:
    """Take STOPPED tasks, at least one, out of a row and count their events; returns the row as it is then.

    Returns None where no drain of this container instance waits or looks: one failed condition is all that it costs.
    Taking out what isn't there changes nothing but the count, so an event may come twice.
    """
    return _changed(
        table,
        instance,
        "ADD #events :count DELETE #tasks :tasks",
        names={"#events": "events", "#tasks": "tasks"},
        values={":count": {"N": str(len(tasks))}, ":tasks": {"SS": sorted(tasks)}},
    )


def apply_change(table: str, change: ContainerInstance) -> Waiting | None:
    """Count a container instance's event and keep its version; returns the row as it is then.

    Returns None where there is no row, or where it has heard a later one. The same once more counts: whether it was
    told the first time is not known. `status` and `agent` stay as the execution saw them.
    """
    return _changed(
        table,
        change.arn,
        "SET #version = :version ADD #events :one",
        names={"#version": "version", "#events": "events"},
        values={":version": {"N": str(change.version)}, ":one": {"N": "1"}},
        condition="(attribute_not_exists(#version) OR #version <= :version)",
    )


def apply_trouble(table: str, instance: str, trouble: ServiceTrouble) -> Waiting | None:
    """Keep a service's trouble in a row and count it; returns the row as it is then, or None where there is none."""
    return _changed(
        table,
        instance,
        "ADD #events :one, #troubles :trouble",
        names={"#events": "events", "#troubles": "troubles"},
        values={":one": {"N": "1"}, ":trouble": {"SS": [trouble.text()]}},
    )


def count_event(table: str, instance: str) -> Waiting | None:
    """Count an event in a row; returns the row as it is then, or None where there is none."""
    return _changed(
        table, instance, "ADD #events :one", names={"#events": "events"}, values={":one": {"N": "1"}}
    )


def _changed(
    table: str,
    instance: str,
    expression: str,
    *,
    names: Mapping[str, str],
    values: Mapping[str, Any],
    condition: str = "",
) -> Waiting | None:
    try:
        with translated():
            answer = client("dynamodb").update_item(
                TableName=table,
                Key=_key(instance),
                UpdateExpression=expression,
                ConditionExpression=" AND ".join(filter(None, ("attribute_exists(pk)", condition))),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
    except ConditionFailed:
        return None
    return _waiting(answer["Attributes"])


def remove_token(table: str, instance: str, token: str) -> bool:
    """Take a token out of a row; returns False where it has another one, or none, or is gone."""
    try:
        with translated():
            client("dynamodb").update_item(
                TableName=table,
                Key=_key(instance),
                UpdateExpression="REMOVE #token",
                ConditionExpression="#token = :token",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues={":token": {"S": token}},
            )
    except ConditionFailed:
        return False
    return True


def delete_stale(table: str, instance: str, execution: str) -> bool:
    """Delete the row of an execution that has ended without doing so; returns False where it is another's by now."""
    try:
        with translated():
            client("dynamodb").delete_item(
                TableName=table,
                Key=_key(instance),
                ConditionExpression="#execution = :execution",
                ExpressionAttributeNames={"#execution": "execution"},
                ExpressionAttributeValues={":execution": {"S": execution}},
            )
    except ConditionFailed:
        return False
    return True


def waiting_in(table: str, cluster: str) -> list[Waiting]:
    """Return the rows of a cluster, by its ARN, but for those at closed gates.

    The index lags behind the table by less than a second as a rule, so a row made just now may be missing; its
    execution has still to look. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
    """
    with translated():
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=table,
                IndexName=BY_CLUSTER,
                KeyConditionExpression="#cluster = :cluster",
                ExpressionAttributeNames={"#cluster": "waiting_cluster"},
                ExpressionAttributeValues={":cluster": {"S": cluster}},
            )
        )
        keys = [item["pk"]["S"] for page in pages for item in page["Items"]]
    return list(_rows(table, keys))


def at_gates_in(table: str, cluster: str) -> list[Waiting]:
    """Return the rows of a cluster's drains that began at gates: few, and a task that runs concerns them alone."""
    return waiting_in(table, cluster + AT_GATES)


def all_waiting(table: str) -> list[Waiting]:
    """Return every row: the index has nothing else in it, while the table has 90 days of drains."""
    with translated():
        pages = client("dynamodb").get_paginator("scan").paginate(TableName=table, IndexName=BY_CLUSTER)
        keys = [item["pk"]["S"] for page in pages for item in page["Items"]]
    return list(_rows(table, keys))


def _rows(table: str, keys: Sequence[str]) -> Iterator[Waiting]:
    for batch in in_batches(keys, READ_AT_ONCE):
        yield from map(_waiting, _items(table, batch))


def _items(table: str, keys: Iterable[str]) -> Iterator[Item]:
    request: dict[str, Any] = {table: {"Keys": [{"pk": {"S": key}} for key in keys], "ConsistentRead": True}}
    while request:
        with translated():
            answer = client("dynamodb").batch_get_item(RequestItems=request)
        yield from answer["Responses"].get(table, [])
        left = answer.get("UnprocessedKeys", {})
        if left == request:  # nothing was read: DynamoDB throttles, and asking at once makes it no better
            raise Throttled(f"BatchGetItem read none of the waiting rows of {table}")
        request = left


def _key(instance: str) -> dict[str, Any]:
    return {"pk": {"S": row_key(instance)}}


def _waiting(item: Item) -> Waiting:
    row = Row(item)
    return Waiting(
        instance=row.key.removeprefix(PREFIX),
        execution=row.text("execution", ""),
        cluster=row.text("waiting_cluster", "").removesuffix(AT_GATES),
        events=row.number("events", 0),
        token=row.text_or_none("token"),
        tasks=row.words("tasks"),
        services=row.words("services"),
        status=row.text("status", ""),
        agent=row.text("agent", ""),
        version=row.number("version") if "version" in item else None,
        looks=row.number("looks", 0),
        troubles=row.words("troubles"),
        expires_at=row.number("expires_at") if "expires_at" in item else None,
    )
