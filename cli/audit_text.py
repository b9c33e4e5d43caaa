"""An audit as text: who and why, the states in order, each task's statuses in time. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.common.model import stamp
from chalicelib.common.tracing import FIELD, trace_id
from chalicelib.explain.words import clip, count, spell
from cli.asking import asker, said
from cli.audit import Audit, TaskHistory, Visit, object_in
from cli.changes import LONGEST_CAUSE, Change
from cli.tables import columns

LONGEST_CYCLE = 6


def render(audit: Audit, *, with_data: bool = False) -> str:
    """Return the audit for people; with data, each state's input and output too."""
    parts = [_head(audit), "STATES", _states_with_data(audit) if with_data else _states(audit)]
    if audit.tasks:
        parts += ["TASKS", _tasks(audit)]
    text = str(audit.state.get("explanation", {}).get("text", ""))
    if text:
        parts += ["LAST EXPLANATION", text]
    return "\n\n".join(parts)


def _head(audit: Audit) -> str:
    execution, record, drain = audit.execution, audit.record, audit.state.get("drain", {})
    ended = f"{execution.status} at {stamp(execution.ended_at)}" if execution.ended_at else execution.status
    took = f", after {spell(execution.ended_at - execution.started_at)}" if execution.ended_at else ""
    lines = [
        f"Drain {execution.name} of {audit.instance_id}",
        f"  {f'asked for by {asker(record.who, record.trigger, record.reason)}' if record else 'not in the ledger'}",
        f"  started {stamp(execution.started_at)}; {ended}{took}",
        f"  {_outcome(audit)}",
        f"  {count(int(audit.state.get('look', {}).get('memory', {}).get('looks', 0)), 'look')}, "
        f"{count(len(record.forced_stops) if record else 0, 'forced stop')}, {count(audit.events, 'event')} of history",
        f"  trace id {trace_id(execution.arn)}",
    ]
    if execution.error:
        lines.append(f"  {clip(f'{execution.error}: {execution.cause}', LONGEST_CAUSE)}")
    return "\n".join([*lines, *(f"  note: {notice}" for notice in drain.get("notices", []))])


def _outcome(audit: Audit) -> str:
    record = audit.record
    if record is None or record.is_open:
        return f"ended as {audit.known.outcome}" if audit.known.outcome else f"open: {audit.known.summary}"
    return f"ended as {record.status}{f': {record.summary}' if record.summary else ''}"


def _states(audit: Audit) -> str:
    began = audit.execution.started_at
    rows = [
        (_since(visits[0].entered_at, began), _names(visits), _times(times, visits, began), _errors(visits))
        for visits, times in folded(audit.visits)
    ]
    return columns(("at", "state", "", ""), rows)


def _names(visits: Sequence[Visit]) -> str:
    return ", ".join(visit.name for visit in visits)


def _times(times: int, visits: Sequence[Visit], began: datetime) -> str:
    if times == 1:
        return ""
    last = visits[-1]
    return f"x {times}, until {_since(last.exited_at or last.entered_at, began)}"


def _errors(visits: Sequence[Visit]) -> str:
    found = [error for visit in visits for error in visit.errors]
    return f"{count(len(found), 'error')}: {clip(found[-1], LONGEST_CAUSE)}" if found else ""


def folded(visits: Sequence[Visit]) -> Iterator[tuple[Sequence[Visit], int]]:
    """Yield runs of states with how often each came in a row: three states that repeat sixteen times are one line.

    Of a run the last turn is yielded, with the entry of the first.
    """
    at = 0
    while at < len(visits):
        length, times = _longest_run(visits, at)
        turn = visits[at + length * (times - 1) : at + length * times]
        first = visits[at]
        yield (turn if times == 1 else [_from(first, turn[0]), *turn[1:]]), times
        at += length * times


def _from(first: Visit, last: Visit) -> Visit:
    errors = (*first.errors, *last.errors) if first is not last else last.errors
    return replace(last, entered_at=first.entered_at, errors=errors)


def _longest_run(visits: Sequence[Visit], at: int) -> tuple[int, int]:
    """Return the cycle (its length, how often it comes) that covers most of what follows."""
    best = (1, 1)
    for length in range(1, LONGEST_CYCLE + 1):
        names = [visit.name for visit in visits[at : at + length]]
        times = 1
        while [visit.name for visit in visits[at + length * times : at + length * (times + 1)]] == names:
            times += 1
        if times > 1 and length * times > best[0] * best[1]:
            best = (length, times)
    return best


def _states_with_data(audit: Audit) -> str:
    return "\n\n".join(
        f"{_since(visit.entered_at, audit.execution.started_at)}  {visit.name} ({visit.type})\n"
        f"{_json('input', visit.input)}\n{_json('output', visit.assigned or visit.output)}"
        for visit in audit.visits
    )


def _json(label: str, text: str) -> str:
    body = json.dumps(object_in(text), indent=2, sort_keys=True) if text else "none"
    return f"  {label}: " + body.replace("\n", "\n  ")


def _tasks(audit: Audit) -> str:
    began = audit.execution.started_at
    rows = [
        (
            task.name,
            task.id[:8],
            "  ".join(f"{_since(span.begins_at, began)} {span.status}" for span in task.spans),
        )
        for task in audit.tasks
    ]
    return columns(("task", "id", "as the looks saw it"), rows)


def _since(at: datetime, began: datetime) -> str:
    """Return `+02:08`, or `+47:58:00` where hours have passed."""
    minutes, seconds = divmod(max(0, int((at - began).total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"+{hours}:{minutes:02}:{seconds:02}" if hours else f"+{minutes:02}:{seconds:02}"


def record(audit: Audit, *, with_data: bool = False) -> dict[str, Any]:
    """Return the audit for programs; with data, each state's input and output too."""
    execution, kept = audit.execution, audit.record
    return {
        "drain": execution.name,
        "execution": execution.arn,
        FIELD: trace_id(execution.arn),
        "instance_id": audit.instance_id,
        "status": execution.status,
        "outcome": kept.status if kept else audit.known.outcome,
        "who": said(kept.who) if kept else None,
        "reason": said(kept.reason) if kept else None,
        "trigger": kept.trigger if kept else None,
        "started_at": execution.started_at,
        "ended_at": execution.ended_at,
        "error": execution.error or None,
        "cause": execution.cause or None,
        "states": [_visit(visit, with_data=with_data) for visit in audit.visits],
        "tasks": [_task(task) for task in audit.tasks],
        "changes": [_change(change) for change in audit.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    """Return a change as `watch` writes it."""
    return {"at": change.at, "kind": change.kind, **change.facts, "text": change.text}


def _visit(visit: Visit, *, with_data: bool) -> dict[str, Any]:
    seen = {"input": visit.input, "output": visit.output, "assigned": visit.assigned}
    data = {name: object_in(text) for name, text in seen.items()} if with_data else {}
    return {
        "name": visit.name,
        "type": visit.type,
        "entered_at": visit.entered_at,
        "exited_at": visit.exited_at,
        "errors": list(visit.errors),
        **data,
    }


def _task(task: TaskHistory) -> dict[str, Any]:
    statuses = [{"status": span.status, "at": span.begins_at} for span in task.spans]
    return {"task": task.arn, "name": task.name, "statuses": statuses}
