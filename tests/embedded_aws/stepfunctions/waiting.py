"""A JSONata machine that writes its token into a DynamoDB item and waits, and those who answer it."""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.clients import client
from tests.embedded_aws.stepfunctions.machines import Lab, Run

Machine = dict[str, Any]
TABLE = "waiting"
TIMED_OUT = {"ErrorEquals": ["States.Timeout", "States.HeartbeatTimeout"], "Next": "Late"}
REFUSED = {"ErrorEquals": ["DynamoDb.ConditionalCheckFailedException"], "Next": "Refused"}


def wait(**more: Any) -> Machine:
    """A machine that waits as long as `seconds` of its input says."""
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
        "Arguments": {
            "TableName": TABLE,
            "Key": {"pk": {"S": "{% $states.input.key %}"}},
            "UpdateExpression": "SET #token = :token",
            "ConditionExpression": "#events = :events",
            "ExpressionAttributeNames": {"#token": "token", "#events": "events"},
            "ExpressionAttributeValues": {
                ":token": {"S": "{% $states.context.Task.Token %}"},
                ":events": {"N": "{% $string($states.input.events) %}"},
            },
        },
        "TimeoutSeconds": "{% $states.input.seconds %}",
        "Assign": {"told": "{% $states.result.why %}"},
        "Output": {"result": "{% $states.result %}", "input": "{% $states.input.key %}"},
        "Catch": [
            {**TIMED_OUT, "Assign": {"told": "late"}, "Output": "{% $states.errorOutput %}"},
            {**REFUSED, "Output": "{% $states.errorOutput.Error %}"},
        ],
        "Next": "Told",
    } | more
    ends = {name: {"Type": "Pass", "End": True} for name in ("Late", "Refused")}
    told = {"Type": "Pass", "Output": "{% $merge([$states.input, {'told': $told}]) %}", "End": True}
    return {"Wait": state, "Told": told, **ends}


def begun(lab: Lab, seconds: int = 600, events: int = 3, **more: Any) -> Run:
    """Start such a machine where an item has counted three events; it waits, or has been refused."""
    make_item()
    machine = lab.machine(wait(**more), QueryLanguage="JSONata")
    run = lab.start(machine, {"key": "one", "events": events, "seconds": seconds})
    lab.aws.clock.advance(0)
    return run


def make_item() -> None:
    client("dynamodb").create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("dynamodb").put_item(TableName=TABLE, Item={"pk": {"S": "one"}, "events": {"N": "3"}})


def token() -> str:
    item = client("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": "one"}})["Item"]
    return str(item["token"]["S"])


def answer(lab: Lab, given: str, output: Any = None) -> None:
    lab.api.send_task_success(taskToken=given, output=json.dumps(output or {"why": "emptied"}))
