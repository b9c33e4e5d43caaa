"""Closes what drains left open in the ledger: their last write may have failed for longer than its retries lasted."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.common.telemetry import logger
from chalicelib.gateways import waiting
from chalicelib.gateways.ledger import close_late, read_record
from chalicelib.gateways.stepfunctions import how_it_ended

LATE = timedelta(minutes=10)
"""After an execution's end: what it left to its successor, or wrote late itself, is seen to by then."""


def tidy(table: str, at: datetime) -> list[str]:
    """Close the records of executions that ended without doing so, and delete their rows; returns their names.

    A drain has a row of its own from its first look until its record is closed, so the rows name them all.
    Raises what every gateway does: the schedule tries again, and its alarm rings while that fails.
    """
    closed = []
    for row in waiting.all_waiting(table):
        ended = how_it_ended(row.execution)
        if ended is None or at - ended.at < LATE:
            continue
        name = row.execution.rsplit(":", 1)[-1]
        if record := read_record(table, name):
            close_late(table, record, ended.outcome, ended.at)
        waiting.delete_stale(table, row.instance, row.execution)
        logger.error(
            "a drain had left its ledger entry open", extra={"drain": name, "outcome": ended.outcome}
        )
        closed.append(name)
    return closed
