"""A task's answer to whether it may be stopped: done, refuse, or more time.

{"task": "<task id or ARN>", "answer": "done"}
{"task": "...", "answer": "refuse", "reason": "compaction until 11:00"}
{"task": "...", "answer": "more-time", "minutes": 10, "reason": "flushing"}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.common.errors import DrainerError, InvalidRequest
from chalicelib.common.model import stamp
from chalicelib.common.telemetry import logger
from chalicelib.common.wording import one_line, one_of, shown
from chalicelib.gates.seen import Answer
from chalicelib.gateways import sign_offs, stepfunctions, waiting
from chalicelib.gateways.ledger import ledger_of
from chalicelib.wake import GATES

TASK = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LONGEST_REASON = 500
MOST_MINUTES = 2_880


class Reply(StrEnum):
    """What a task may answer."""

    DONE = "done"
    REFUSE = "refuse"
    MORE_TIME = "more-time"


def sign_off(request: Mapping[str, Any], function_arn: str, at: datetime) -> dict[str, Any]:
    """Write down a task's answer and say what it means for the drain; the last answer stands.

    Raises InvalidRequest, and nothing is written.
    """
    if not isinstance(request, Mapping):
        expected = 'expected an object such as {"task": "<task id>", "answer": "done"}'
        raise InvalidRequest(f"the answer is {shown(request)}: {expected}")
    task, reply = _task(request.get("task")), _reply(request.get("answer", Reply.DONE))
    table = ledger_of(function_arn)
    written, row = sign_offs.answer(table, task, _changes(request, reply, table, task, at))
    if row:
        _tell(table, row)
    return {
        "task": written.task,
        "state": written.answer.value,
        "answer_by": stamp(written.answer_by),
        "reason": written.reason,
    }


def _tell(table: str, row: str) -> None:
    """Have the drain look at its gates now; where that fails, its next look is some seconds later, and no more."""
    try:
        waits = waiting.count_event(table, row)
        if waits is not None and waits.token is not None and waits.is_at_gates:
            stepfunctions.send_success(waits.token, json.dumps({"why": GATES}))
    except DrainerError as error:
        logger.warning(f"the drain is not told of the answer, and finds it at its next look: {error}")


def _changes(request: Mapping[str, Any], reply: Reply, table: str, task: str, at: datetime) -> dict[str, str]:
    told = {"reason": _words(request, "reason"), "who": _words(request, "who"), "answered_at": stamp(at)}
    if reply is Reply.DONE:
        return {"state": Answer.SIGNED.value, **told}
    if reply is Reply.REFUSE:
        return {"state": Answer.REFUSED.value, **told}
    answer_by, deadline = sign_offs.asked_until(table, task)
    later = max(answer_by, at + timedelta(minutes=_minutes(request.get("minutes", 10))))
    return {"state": Answer.ASKED.value, "answer_by": stamp(min(later, deadline)), **told}


def _task(value: object) -> str:
    name = value.rsplit("/", 1)[-1] if isinstance(value, str) else ""
    if not TASK.fullmatch(name):
        raise InvalidRequest(f"task is {shown(value)}: expected the id or the ARN of an ECS task")
    return name


def _reply(value: object) -> Reply:
    if value not in list(Reply):
        raise InvalidRequest(f"answer is {shown(value)}: expected {one_of(Reply)}")
    return Reply(str(value))


def _words(request: Mapping[str, Any], name: str) -> str:
    """Return free text of a task on one harmless line: its answer counts, whatever it adds in words."""
    value = request.get(name) or ""
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} is {shown(value)}: expected text")
    return one_line(value)[:LONGEST_REASON]


def _minutes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_MINUTES:
        raise InvalidRequest(f"minutes is {shown(value)}: expected a whole number from 1 to {MOST_MINUTES}")
    return value
