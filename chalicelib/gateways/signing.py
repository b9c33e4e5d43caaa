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

from botocore.exceptions import ClientError

from chalicelib.errors import InvalidRequest
from chalicelib.gates.declared import Silence
from chalicelib.gates.seen import Answer, SignOff
from chalicelib.gates.signing import Ask
from chalicelib.gateways.aws import client, translated
from chalicelib.gateways.leases import read_sign_off, sign_off_key
from chalicelib.model import stamp

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

    @property
    def function(self) -> str:
        """The name of the function that takes answers: `<app>-<stage>-sign_off`."""
        return f"{self.table.removesuffix('-ledger')}-sign_off"


def ask(asking: Asking, asks: Iterable[Ask], at: datetime) -> None:
    """Write down that each task is asked, then tell the topic; a task is told again if that fails between the two.

    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    for each in asks:
        with translated():
            client("sns").publish(
                TopicArn=asking.topic,
                Subject=f"ecs-drainer: may task {each.task[:8]} of {each.service} be stopped?"[:100],
                Message=json.dumps(question(asking, each, at), sort_keys=True),
                MessageAttributes={
                    "occasion": {"DataType": "String", "StringValue": "sign-off"},
                    "service": {"DataType": "String", "StringValue": each.service},
                },
            )
        _record(asking, each, at)


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
    }
    written = {name: {"S": value} for name, value in item.items()}
    with translated():
        try:
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
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise


def answer(table: str, task: str, changes: Mapping[str, str]) -> SignOff:
    """Write a task's answer and return what the ledger then says.

    Raises NotAsked where nobody asked the task, Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    with translated():
        try:
            answered = client("dynamodb").update_item(
                TableName=table,
                Key={"pk": {"S": sign_off_key(task)}},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames={f"#{name}": name for name in changes},
                ExpressionAttributeValues={f":{name}": {"S": value} for name, value in changes.items()},
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise NotAsked(task) from error
            raise
    return read_sign_off(answered["Attributes"])


def asked_until(table: str, task: str) -> tuple[str, str]:
    """Return until when a task is to answer, and the drain's deadline; raises NotAsked where nobody asked."""
    with translated():
        found = client("dynamodb").get_item(
            TableName=table, Key={"pk": {"S": sign_off_key(task)}}, ConsistentRead=True
        )
    if "Item" not in found:
        raise NotAsked(task)
    item = found["Item"]
    return item["answer_by"]["S"], item["deadline_at"]["S"]
