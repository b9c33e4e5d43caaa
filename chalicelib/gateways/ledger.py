"""Reads the ledger: who drains an instance, and how its last drain ended. The state machine does the writing.

One thing the state machines can't write is that a person stopped them: `close_cancelled`, `close_fleet_cancelled`.

Three kinds of items: `instance#<id>` says whether a drain is open (its `execution`) and how the last one ended;
`drain#<execution name>` is the record of one drain, `fleet#<execution name>` that of a fleet, both kept for 90 days.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.errors import ConditionFailed
from chalicelib.common.ledger import Drained, Entry, FleetEntry, Record
from chalicelib.common.model import instant, stamp
from chalicelib.common.packing import unpack
from chalicelib.gateways.aws import client, translated


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
    item = answer.get("Item")
    if item is None:
        return None
    results = json.loads(item.get("results", {}).get("S", "[]"))
    return FleetEntry(item["status"]["S"], {one["instance_id"]: one["outcome"] for one in results})


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
    text = {name: value["S"] for name, value in item.items() if "S" in value}
    return Entry(
        execution=text.get("execution"),
        last_outcome=text.get("last_outcome"),
        last_ended_at=instant(text["last_ended_at"]) if "last_ended_at" in text else None,
        failures=int(item.get("failures", {}).get("N", 0)),
        heartbeat_at=_instant_or_none(text.get("heartbeat_at")),
        heartbeat_every=timedelta(seconds=int(item.get("heartbeat_seconds", {}).get("N", 0))),
        knew_lifecycle_action=text.get("lifecycle_action", "null") != "null",
        destination=json.loads(text.get("destination", "null")),
        drained=tuple(
            Drained(each["cluster"], tuple(each["container_instances"]))
            for each in json.loads(text.get("drained", "[]"))
        ),
    )


def _instant_or_none(text: str | None) -> datetime | None:
    """Read an instant that the machine wrote; it writes `null` for a drain without a lifecycle action."""
    return None if text in (None, "null") else instant(str(text))


def _record(item: dict[str, Any]) -> Record:
    text = {name: value["S"] for name, value in item.items() if "S" in value}
    return Record(
        name=text["pk"].removeprefix("drain#"),
        instance_id=text["instance_id"],
        execution=text["execution"],
        status=text["status"],
        trigger=text.get("trigger", ""),
        who=text.get("who", "-"),
        reason=text.get("reason", "-"),
        started_at=instant(text["started_at"]),
        deadline_at=instant(text["deadline_at"]) if "deadline_at" in text else None,
        ended_at=instant(text["ended_at"]) if "ended_at" in text else None,
        summary=text.get("summary", ""),
        looks=int(item.get("looks", {}).get("N", 0)),
        forced_stops=unpack(json.loads(text.get("forced_stops", "[]"))),
        taken_over_by=text.get("taken_over_by"),
    )
