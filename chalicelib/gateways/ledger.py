"""Reads the ledger: who drains an instance, and how its last drain ended. The state machine does the writing.

One thing the state machines can't write is that a person stopped them: `close_cancelled`, `close_fleet_cancelled`.

Three kinds of items: `instance#<id>` says whether a drain is open (its `execution`) and how the last one ended;
`drain#<execution name>` is the record of one drain, `fleet#<execution name>` that of a fleet, both kept for 90 days.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.errors import ConditionFailed
from chalicelib.common.ledger import Drained, Entry, FleetEntry, Record
from chalicelib.common.model import stamp
from chalicelib.gateways.aws import client, translated
from chalicelib.gateways.rows import NULL, Row


def ledger_of(function_arn: str) -> str:
    """Return the name of the stage's table, `<app>-<stage>-ledger`, from the ARN of any of our functions."""
    return f"{function_arn.split(':')[6].rsplit('-', 1)[0]}-ledger"


def read_entry(table: str, instance_id: str) -> Entry:
    """Return the ledger's entry of an EC2 instance; an empty one where there is none."""
    with translated():
        answer = client("dynamodb").get_item(
            TableName=table, Key={"pk": {"S": f"instance#{instance_id}"}}, ConsistentRead=True
        )
    item: dict[str, Any] = answer.get("Item", {})
    return _entry(item)


def forget_drained(table: str, instance_id: str) -> None:
    """Strike out the last drain of an instance that is back in service, with what it set DRAINING.

    Its next lifecycle action is another one. Unless a drain is open: then the entry stays as it is.
    """
    dynamodb = client("dynamodb")
    with translated():
        try:
            dynamodb.update_item(
                TableName=table,
                Key={"pk": {"S": f"instance#{instance_id}"}},
                UpdateExpression="REMOVE #drained, #destination, #action",
                ConditionExpression="attribute_not_exists(#execution)",
                ExpressionAttributeNames={
                    "#drained": "drained",
                    "#destination": "destination",
                    "#action": "lifecycle_action",
                    "#execution": "execution",
                },
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return


def read_record(table: str, name: str) -> Record | None:
    """Return the record of one drain by the name of its execution, or None."""
    with translated():
        answer = client("dynamodb").get_item(
            TableName=table, Key={"pk": {"S": f"drain#{name}"}}, ConsistentRead=True
        )
    return _record(answer["Item"]) if "Item" in answer else None


def read_records(table: str, instance_id: str | None = None) -> list[Record]:
    """Return the records of all drains, or of one instance's, newest first.

    A scan: the table holds 90 days of drains, some hundred bytes each.
    """
    condition, values = "begins_with(pk, :drain)", {":drain": {"S": "drain#"}}
    if instance_id:
        condition, values = (
            f"{condition} AND instance_id = :instance",
            values | {":instance": {"S": instance_id}},
        )
    with translated():
        pages = (
            client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=table, FilterExpression=condition, ExpressionAttributeValues=values)
        )
        items = [item for page in pages for item in page["Items"]]
    return sorted((_record(item) for item in items), key=lambda record: record.started_at, reverse=True)


def close_late(table: str, record: Record, outcome: str, at: datetime) -> None:
    """Close the record of an execution that ended at this instant without doing so, and free its instance's entry.

    One that another drain has taken over meanwhile, or that was closed, stays as it is.
    """
    values = {":outcome": {"S": outcome}, ":now": {"S": stamp(at)}}
    closing = {
        "TableName": table,
        "Key": {"pk": {"S": f"drain#{record.name}"}},
        "UpdateExpression": "SET #status = :outcome, ended_at = :now",
        "ConditionExpression": "#status = :open",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {**values, ":open": {"S": "open"}},
    }
    freeing = {
        "TableName": table,
        "Key": {"pk": {"S": f"instance#{record.instance_id}"}},
        "UpdateExpression": "SET last_outcome = :outcome, last_ended_at = :now REMOVE #execution",
        "ConditionExpression": "#execution = :its",
        "ExpressionAttributeNames": {"#execution": "execution"},
        "ExpressionAttributeValues": {**values, ":its": {"S": record.execution}},
    }
    try:
        with translated():
            client("dynamodb").transact_write_items(TransactItems=[{"Update": closing}, {"Update": freeing}])
    except ConditionFailed:
        return


def close_cancelled(table: str, record: Record, who: str, why: str, at: datetime) -> None:
    """Close a drain's record as cancelled, and free its instance's entry if it is still this drain's.

    The entry's last outcome says `taken-back`, so that the reconciler leaves the instance to people.
    Raises AwsRefused where another drain has taken the entry over meanwhile.
    """
    aws, now = client("dynamodb"), {"S": stamp(at)}
    closing = {
        "TableName": table,
        "Key": {"pk": {"S": f"drain#{record.name}"}},
        "UpdateExpression": "SET #status = :cancelled, ended_at = :now, cancelled_by = :who, summary = :why",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":cancelled": {"S": "cancelled"},
            ":now": now,
            ":who": {"S": who},
            ":why": {"S": why},
        },
    }
    freeing = {
        "TableName": table,
        "Key": {"pk": {"S": f"instance#{record.instance_id}"}},
        "UpdateExpression": "SET last_outcome = :outcome, last_ended_at = :now REMOVE #execution, failures",
        "ConditionExpression": "attribute_not_exists(#execution) OR #execution = :its",
        "ExpressionAttributeNames": {"#execution": "execution"},
        "ExpressionAttributeValues": {
            ":outcome": {"S": "taken-back"},
            ":now": now,
            ":its": {"S": record.execution},
        },
    }
    with translated():
        aws.transact_write_items(TransactItems=[{"Update": closing}, {"Update": freeing}])


def read_fleet(table: str, name: str) -> FleetEntry | None:
    """Return a fleet's entry by the name of its execution, or None: one that is planning, or was refused, has none."""
    with translated():
        answer = client("dynamodb").get_item(
            TableName=table, Key={"pk": {"S": f"fleet#{name}"}}, ConsistentRead=True
        )
    if "Item" not in answer:
        return None
    row, expected = Row(answer["Item"]), "a list of instances and their outcomes, as JSON"
    results = row.data("results", [], expected)
    if not all(isinstance(one, dict) and {"instance_id", "outcome"} <= one.keys() for one in results):
        raise row.refusal("results", expected)
    return FleetEntry(row.text("status"), {str(one["instance_id"]): str(one["outcome"]) for one in results})


def close_fleet_cancelled(
    table: str, name: str, *, who: str, why: str, results: Sequence[Mapping[str, str]], at: datetime
) -> None:
    """Close a fleet's entry as cancelled, with how each instance stands; one without an entry gets none."""
    dynamodb = client("dynamodb")
    with translated():
        try:
            dynamodb.update_item(
                TableName=table,
                Key={"pk": {"S": f"fleet#{name}"}},
                UpdateExpression="SET #status = :cancelled, ended_at = :now, cancelled_by = :who, "
                "summary = :why, results = :results",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":cancelled": {"S": "cancelled"},
                    ":now": {"S": stamp(at)},
                    ":who": {"S": who},
                    ":why": {"S": why},
                    ":results": {"S": json.dumps(list(results))},
                },
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return


def _entry(item: dict[str, Any]) -> Entry:
    row = Row(item)
    return Entry(
        execution=row.text_or_none("execution"),
        last_outcome=row.text_or_none("last_outcome"),
        last_ended_at=row.at_or_none("last_ended_at"),
        failures=row.number("failures", 0),
        heartbeat_at=row.at_or_none("heartbeat_at"),
        heartbeat_every=timedelta(seconds=row.number("heartbeat_seconds", 0)),
        knew_lifecycle_action=row.text("lifecycle_action", NULL) != NULL,
        destination=_destination(row),
        drained=tuple(_drained(row)),
    )


def _destination(row: Row) -> str | None:
    return (
        None if row.text("destination", NULL) == NULL else str(row.data("destination", "", "a place as JSON"))
    )


def _drained(row: Row) -> Iterator[Drained]:
    expected = "a list of clusters and their container instances, as JSON"
    for each in row.data("drained", [], expected):
        arns = each.get("container_instances") if isinstance(each, dict) else None
        if not isinstance(arns, list) or not all(
            isinstance(text, str) for text in [each.get("cluster"), *arns]
        ):
            raise row.refusal("drained", expected)
        yield Drained(each["cluster"], tuple(arns))


def _record(item: dict[str, Any]) -> Record:
    row = Row(item)
    return Record(
        name=row.key.removeprefix("drain#"),
        instance_id=row.text("instance_id"),
        execution=row.text("execution"),
        status=row.text("status"),
        trigger=row.text("trigger", ""),
        who=row.text("who", "-"),
        reason=row.text("reason", "-"),
        started_at=row.at("started_at"),
        deadline_at=row.at_or_none("deadline_at"),
        ended_at=row.at_or_none("ended_at"),
        summary=row.text("summary", ""),
        looks=row.number("looks", 0),
        forced_stops=tuple(map(str, row.data("forced_stops", [], "a list of tasks as JSON"))),
        taken_over_by=row.text_or_none("taken_over_by"),
    )
