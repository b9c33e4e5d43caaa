"""Reads the ledger: who drains an instance, and how its last drain ended. The state machine does the writing.

Two kinds of items: `instance#<id>` says whether a drain is open (its `execution`) and how the last one ended;
`drain#<execution name>` is the record of one drain, kept for 90 days.
"""

from __future__ import annotations

from typing import Any

from chalicelib.gateways.aws import client, translated
from chalicelib.ledger import Entry
from chalicelib.model import instant


def read_entry(table: str, instance_id: str) -> Entry:
    """Return the ledger's entry of an EC2 instance; an empty one where there is none."""
    with translated():
        answer = client("dynamodb").get_item(
            TableName=table, Key={"pk": {"S": f"instance#{instance_id}"}}, ConsistentRead=True
        )
    item: dict[str, Any] = answer.get("Item", {})
    ended_at = item.get("last_ended_at", {}).get("S")
    return Entry(
        execution=item.get("execution", {}).get("S"),
        last_outcome=item.get("last_outcome", {}).get("S"),
        last_ended_at=ended_at and instant(ended_at),
        failures=int(item.get("failures", {}).get("N", 0)),
    )
