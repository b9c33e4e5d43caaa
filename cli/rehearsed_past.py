"""The latest drains of a cluster, for a snapshot: how long they took, and whose tasks they moved."""

from __future__ import annotations

from typing import Any

from chalicelib.common.errors import AccessDenied, AwsRefused
from chalicelib.common.history import json_value
from chalicelib.common.ledger import Record
from chalicelib.gateways.ledger import read_records
from cli import executions
from cli.desk import Desk
from rehearsal.reading import Reader

MOST = 20
"""Each costs a call; the ledger keeps 90 days of them."""


def read_past(desk: Desk, reader: Reader, cluster: str) -> list[dict[str, Any]]:
    """Return the latest drains that ended well in a cluster, by the schema's PAST; none where nothing is deployed.

    Raises AccessDenied or AwsRefused where the ledger may not be read.
    """
    try:
        records = reader.ask(read_records, desk.installation.ledger)
    except AwsRefused as refusal:
        if "ResourceNotFound" in str(refusal):
            return []
        raise
    ended = [record for record in records if record.ended_at and record.status == "drained"][:MOST]
    found = [_past(record, reader, cluster.rsplit("/", 1)[-1]) for record in ended]
    return [each for each in found if each is not None]


def _past(record: Record, reader: Reader, cluster: str) -> dict[str, Any] | None:
    try:
        execution = reader.ask(executions.describe, record.execution)
    except AccessDenied:
        return None
    output = json_value(execution.output) if execution else None
    if not isinstance(output, dict):
        return None
    clusters = {str(each["cluster"]).rsplit("/", 1)[-1] for each in output["drain"]["containers"]}
    services = output.get("look", {}).get("memory", {}).get("known_services", [])
    if cluster not in clusters or not services:
        return None
    return {
        "instance": record.instance_id,
        "status": record.status,
        "trigger": record.trigger,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "services": sorted({str(name).rsplit("/", 1)[-1] for name in services}),
    }
