"""The doors by which the ledger comes in: each kind of its rows, put into DynamoDB wrong and read by its own reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from chalicelib.gateways import leases, ledger, sign_offs, waiting
from embedded_aws.clients import client
from tests.hostile import values
from tests.hostile.knocking import Answer, Door, Drawn, NoCase, Stage

Item = dict[str, Any]
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:i-1"
AT = {"S": "2026-03-02T10:00:00Z"}
CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/web"
DRAINED = [{"cluster": CLUSTER, "container_instances": ["arn:1"]}]

ROWS: dict[str, tuple[Item, Callable[[str], Any]]] = {
    "instance": (
        {"pk": {"S": "instance#i-1"}, "execution": {"S": EXECUTION}, "last_outcome": {"S": "drained"},
         "last_ended_at": AT, "failures": {"N": "1"}, "heartbeat_at": AT, "heartbeat_seconds": {"N": "450"},
         "lifecycle_action": {"S": "null"}, "destination": {"S": '"WarmPool"'}, "drained": {"S": json.dumps(DRAINED)}},
        lambda table: ledger.read_entry(table, "i-1"),
    ),
    "drain": (
        {"pk": {"S": "drain#i-1"}, "instance_id": {"S": "i-1"}, "execution": {"S": EXECUTION}, "status": {"S": "open"},
         "trigger": {"S": "manual"}, "who": {"S": "ana"}, "reason": {"S": "-"}, "started_at": AT, "deadline_at": AT,
         "ended_at": AT, "summary": {"S": "1 task"}, "looks": {"N": "3"}, "forced_stops": {"S": '["arn:1"]'}},
        ledger.read_records,
    ),
    "fleet": (
        {"pk": {"S": "fleet#f-1"}, "status": {"S": "open"},
         "results": {"S": '[{"instance_id": "i-1", "outcome": "drained"}]'}},
        lambda table: ledger.read_fleet(table, "f-1"),
    ),
    "waiting": (
        {"pk": {"S": "waiting#arn:1"}, "execution": {"S": EXECUTION}, "waiting_cluster": {"S": CLUSTER},
         "events": {"N": "2"}, "token": {"S": "t"}, "tasks": {"SS": ["arn:2"]}, "services": {"SS": ["web"]},
         "status": {"S": "DRAINING"}, "agent": {"S": "connected"}, "version": {"N": "4"}, "looks": {"N": "1"}},
        lambda table: waiting.read_waiting(table, "arn:1"),
    ),
    "lease": (
        {"pk": {"S": "lease#quorum#zk"}, "version": {"N": "2"},
         "holders": {"M": {"i-1": {"M": {"execution": {"S": EXECUTION}, "until": AT, "tasks": {"N": "1"}}}}}},
        lambda table: leases.read_kept(table, ["lease#quorum#zk"], []),
    ),
    "sign-off": (
        {"pk": {"S": "sign-off#t"}, "state": {"S": "asked"}, "drain": {"S": "d"}, "answer_by": AT, "deadline_at": AT,
         "reason": {"S": "flushing"}, "who": {"S": "t"}, "row": {"S": "arn:1"}},
        lambda table: (sign_offs.asked_until(table, "t"), leases.read_kept(table, [], ["t"])),
    ),
}  # fmt: skip
"""By the first part of the key: a right row, and what reads it."""


def _draw(right: Item) -> Callable[[Random], Drawn]:
    def draw(random: Random) -> Drawn:
        row = {name: dict(value) for name, value in right.items()}
        names = random.sample([name for name in row if name != "pk"], random.choice((0, 1, 1, 1, 2)))
        for name in names:
            row[name] = _attribute(random, row[name])
            if row[name] is None:
                del row[name]
        return row, tuple(names)

    return draw


def _attribute(random: Random, right: Item) -> Any:
    ((kind, value),) = right.items()
    how = random.random()
    if how < 0.2:
        return None
    if how < 0.6:
        return {"S": values.near(random, str(value)) if random.random() < 0.5 else values.text(random)}
    others: tuple[Item, ...] = (
        {"N": "0"},
        {"N": "-1"},
        {"N": "1e30"},
        {"BOOL": True},
        {"NULL": True},
        {"L": []},
        {"M": {}},
    )
    return random.choice((*others, {"SS": ["\x1b[31m"]}, {kind: value}))


def _read(right: Item, read: Callable[[str], Any]) -> Callable[[Stage, Item], Answer]:
    def knock(stage: Stage, row: Item) -> Answer:
        table = stage.deployment.outputs["LedgerTable"]
        try:
            client("dynamodb").put_item(TableName=table, Item={**row, "pk": right["pk"]})
        except (ClientError, ParamValidationError, UnicodeEncodeError, ValueError) as error:
            raise NoCase from error
        stage.aws.requests.clear()
        read(table)
        return Answer()

    return knock


DOORS = tuple(
    Door(f"ledger: {kind} rows", _draw(right), _read(right, read)) for kind, (right, read) in ROWS.items()
)
