"""Asks tasks to sign off, and takes their answers.

The question goes to the drain's topic, with attributes by which a subscription of SQS, Lambda or HTTP gets that
of one service alone: https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.errors import ConditionFailed, Gone, InvalidRequest
from chalicelib.common.model import stamp
from chalicelib.gates.declared import Silence
from chalicelib.gates.seen import Answer, SignOff
from chalicelib.gates.signing import Ask
from chalicelib.gateways.aws import client, translated
from chalicelib.gateways.leases import read_sign_off, sign_off_key
from chalicelib.gateways.rows import Row
from chalicelib.tell.notice import subject_of

KEPT = timedelta(days=7)


class NotAsked(InvalidRequest):
    """No drain has asked this task whether it may be stopped."""

    def __init__(self, task: str) -> None:
        super().__init__(f"task {task} can't sign off: no drain has asked it; drains ask when it is its turn")


@dataclass(frozen=True, slots=True)
class Asking:
    """On whose behalf tasks are asked."""

    table: str
    """The stage's ledger."""
    topic: str
    drain: str
    """The execution's name."""
    instance_id: str
    cluster: str
    deadline_at: datetime
    row: str
    """What the drain's waiting row is named after, so that an answer can tell the drain."""

    @property
    def function(self) -> str:
        """The name of the function that takes answers: `<app>-<stage>-sign_off`."""
        return f"{self.table.removesuffix('-ledger')}-sign_off"


def ask(asking: Asking, asks: Iterable[Ask], at: datetime) -> tuple[str, ...]:
    """Tell the topic that each task is asked, then write it down; a task is told again if that fails between the two.

    Returns the ids of the tasks that could not be told, as the topic is gone: written down all the same, so that
    who reads the ledger can answer, and silence counts from now. Raises Throttled, AwsUnavailable, AccessDenied or
    AwsRefused.
    """
    untold: list[str] = []
    for each in asks:
        if not _is_told(asking, each, at):
            untold.append(each.task)
        _record(asking, each, at)
    return tuple(untold)


def _is_told(asking: Asking, asked: Ask, at: datetime) -> bool:
    attributes = {"occasion": "sign-off", "service": asked.service}
    try:
        with translated():
            client("sns").publish(
                TopicArn=asking.topic,
                Subject=subject_of(f"ecs-drainer: may task {asked.task[:8]} of {asked.service} be stopped?"),
                Message=json.dumps(question(asking, asked, at), sort_keys=True),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
    except Gone:
        return False
    return True


def question(asking: Asking, asked: Ask, at: datetime) -> dict[str, Any]:
    """Return the question as programs read it: who is to stop, until when, and how to answer with one call."""
    payload = {"task": asked.task, "answer": "done"}
    key = {"pk": {"S": sign_off_key(asked.task)}}
    return {
        "occasion": "sign-off",
        "at": stamp(at),
        "drain": asking.drain,
        "instance_id": asking.instance_id,
        "cluster": asking.cluster,
        "service": asked.service,
        "task": asked.task,
        "answer_by": stamp(asked.answer_by),
        "deadline_at": stamp(asking.deadline_at),
        "silence_means": "yes" if asked.on_silence is Silence.PROCEED else "no",
        "answer_with": {
            "lambda": {"FunctionName": asking.function, "Payload": payload},
            "answers": {
                "done": {},
                "refuse": {"reason": "why"},
                "more-time": {"reason": "why", "minutes": 10},
            },
            "dynamodb": {"TableName": asking.table, "Key": key, "set": {"state": "signed"}},
        },
    }


def _record(asking: Asking, asked: Ask, at: datetime) -> None:
    item = {
        "pk": sign_off_key(asked.task),
        "state": Answer.ASKED.value,
        "service": asked.service,
        "instance_id": asking.instance_id,
        "cluster": asking.cluster,
        "drain": asking.drain,
        "asked_at": stamp(at),
        "answer_by": stamp(asked.answer_by),
        "deadline_at": stamp(asking.deadline_at),
        "row": asking.row,
    }
    written = {name: {"S": value} for name, value in item.items()}
    try:
        with translated():
            client("dynamodb").put_item(
                TableName=asking.table,
                Item={**written, "expires_at": {"N": str(int((at + KEPT).timestamp()))}},
                # An answer may overtake us, and a task signs off once, whichever drain asked.
                ConditionExpression="attribute_not_exists(pk) OR (#drain <> :drain AND #state <> :signed)",
                ExpressionAttributeNames={"#drain": "drain", "#state": "state"},
                ExpressionAttributeValues={
                    ":drain": {"S": asking.drain},
                    ":signed": {"S": Answer.SIGNED.value},
                },
            )
    except ConditionFailed:
        return


def answer(table: str, task: str, changes: Mapping[str, str]) -> tuple[SignOff, str]:
    """Write a task's answer; returns what the ledger then says, and what the drain's waiting row is named after.

    Raises NotAsked where nobody asked the task, Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    try:
        with translated():
            answered = client("dynamodb").update_item(
                TableName=table,
                Key={"pk": {"S": sign_off_key(task)}},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames={f"#{name}": name for name in changes},
                ExpressionAttributeValues={f":{name}": {"S": value} for name, value in changes.items()},
                ReturnValues="ALL_NEW",
            )
    except ConditionFailed as failed:
        raise NotAsked(task) from failed
    kept = answered["Attributes"]
    return read_sign_off(kept), Row(kept).text("row", "")


def asked_until(table: str, task: str) -> tuple[datetime, datetime]:
    """Return until when a task is to answer, and the drain's deadline; raises NotAsked where nobody asked.

    Raises InvalidInput where the row can't be read.
    """
    with translated():
        found = client("dynamodb").get_item(
            TableName=table, Key={"pk": {"S": sign_off_key(task)}}, ConsistentRead=True
        )
    if "Item" not in found:
        raise NotAsked(task)
    row = Row(found["Item"])
    return row.at("answer_by"), row.at("deadline_at")
