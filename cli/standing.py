"""How one drain stands, for people and programs, from the state that its machine carries. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.ledger import Record
from chalicelib.common.model import instant, stamp
from chalicelib.common.packing import unpack_tasks
from chalicelib.explain.words import spell
from chalicelib.policy.deadline import deadline_record, deadline_told
from cli.asking import asker


def text(execution: str, state: Mapping[str, Any], now: datetime) -> str:
    """Return some lines about an open drain, the newest explanation last."""
    drain = state["drain"]
    asked = asker(drain["who"], drain["trigger"], drain["reason"])
    lines = [
        f"{drain['instance_id']}: {_seen(state, now)}{state['look']['summary']}",
        f"  draining since {drain['started_at']}, asked for by {asked}",
        f"  {deadline_told(state, now)}",
        f"  drain {execution.rsplit(':', 1)[-1]}",
    ]
    return "\n".join([*lines, *(f"  {line}" for line in state["explanation"]["text"].splitlines())])


def _seen(state: Mapping[str, Any], now: datetime) -> str:
    """Say how old the look is: events may be waited for since, and `explain` reads anew."""
    at = state["look"].get("at")
    return f"at the look {spell(now - instant(at))} ago, " if at else ""


def facts(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "summary": state["look"]["summary"],
        "tasks": unpack_tasks(state["look"]["memory"]["tasks"]),
        "deadline_at": state["deadline"]["at"],
        "on_deadline": deadline_record(state)["action"],
        "blockers": state["explanation"]["blockers"],
    }


def ended(instance_id: str, record: Record | None) -> str:
    """Return a sentence about the last drain of an instance that has none open."""
    if record is None:
        return f"{instance_id}: its last drain ended and left no record"
    if record.is_open:
        return f"{instance_id}: {record.name} stopped without a record of its end; `ecs-drainer show {record.name}`"
    took = f" after {spell(record.ended_at - record.started_at)}" if record.ended_at else ""
    at = f" at {stamp(record.ended_at)}" if record.ended_at else ""
    return f"{instance_id}: no drain is open; the last, {record.name}, ended as {record.status}{at}{took}"
