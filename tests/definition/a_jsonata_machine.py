"""One good machine in JSONata to break: every rule's table changes one thing in a copy of it."""

from __future__ import annotations

from typing import Any

from tests.definition import a_machine
from tests.definition.a_machine import RETRIER

CATCHER: dict[str, Any] = {
    "ErrorEquals": ["States.ALL"],
    "Assign": {"failure": "{% $states.errorOutput %}"},
    "Next": "Not drained",
}

GOOD: dict[str, Any] = {
    "Comment": "Waits until a cluster has no task left.",
    "QueryLanguage": "JSONata",
    "StartAt": "Look",
    "States": {
        "Look": {
            "Type": "Task",
            "Comment": "Asks for the tasks of one cluster.",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {
                "FunctionName": "${LookFunctionArn}",
                "Payload": {
                    "request": "{% $states.input %}",
                    "now": "{% $states.context.State.EnteredTime %}",
                },
            },
            "Assign": {"look": "{% $states.result.Payload %}", "due": 60},
            "TimeoutSeconds": 30,
            "Retry": [dict(RETRIER)],
            "Catch": [dict(CATCHER)],
            "Next": "What does the look say?",
        },
        "What does the look say?": {
            "Type": "Choice",
            "Comment": "Nothing is done while a task is left.",
            "Choices": [
                {"Condition": "{% $look.holding = 0 %}", "Assign": {"outcome": "drained"}, "Next": "Tell"},
                {"Condition": "{% $exists($look.clusters) %}", "Next": "Stop the tasks"},
            ],
            "Default": "Wait for events",
        },
        "Wait for events": {
            "Type": "Task",
            "Comment": "Ends when an event matters, or when the next thing is due.",
            "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
            "Arguments": {
                "TableName": "${LedgerTable}",
                "Key": {"pk": {"S": "{% 'waiting#' & $look.instance %}"}},
                "UpdateExpression": "SET #token = :token",
                "ExpressionAttributeNames": {"#token": "token"},
                "ExpressionAttributeValues": {":token": {"S": "{% $states.context.Task.Token %}"}},
            },
            "TimeoutSeconds": "{% $due %}",
            "Catch": [
                {"ErrorEquals": ["States.Timeout", "States.HeartbeatTimeout"], "Next": "Pause"},
                {"ErrorEquals": ["DynamoDb.ConditionalCheckFailedException"], "Next": "Look"},
                dict(CATCHER),
            ],
            "Next": "Look",
        },
        "Pause": {
            "Type": "Wait",
            "Comment": "Gives the tasks time to stop.",
            "Seconds": "{% $min([$due, 15]) %}",
            "Next": "Look",
        },
        "Stop the tasks": {
            "Type": "Map",
            "Comment": "One call a task that nothing else stops.",
            "Items": "{% $look.clusters %}",
            "MaxConcurrency": 5,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Stop one",
                "States": {
                    "Stop one": {
                        "Type": "Task",
                        "Comment": "ECS sends it SIGTERM.",
                        "Resource": "arn:aws:states:::aws-sdk:ecs:stopTask",
                        "Arguments": {"Cluster": "{% $states.input.cluster %}", "Task": "{% $look.task %}"},
                        "TimeoutSeconds": 30,
                        "Retry": [{**RETRIER, "ErrorEquals": ["States.TaskFailed", "States.Timeout"]}],
                        "Catch": [
                            {
                                "ErrorEquals": ["States.ALL"],
                                "Assign": {"why": "{% $states.errorOutput %}"},
                                "Next": "Not stopped",
                            }
                        ],
                        "Next": "Stopped",
                    },
                    "Stopped": {"Type": "Succeed", "Comment": "It ends by itself now."},
                    "Not stopped": {
                        "Type": "Fail",
                        "Comment": "ECS refused.",
                        "Error": "NotStopped",
                        "Cause": "{% $string($why) %}",
                    },
                },
            },
            "Catch": [dict(CATCHER)],
            "Next": "Pause",
        },
        "Tell": {
            "Type": "Task",
            "Comment": "Says so with a function.",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {
                "FunctionName": "${TellFunctionArn}",
                "Payload": {"outcome": "{% $outcome %}", "look": "{% $look %}"},
            },
            "TimeoutSeconds": 30,
            "Retry": [dict(RETRIER)],
            "Catch": [dict(CATCHER)],
            "Next": "Done",
        },
        "Done": {"Type": "Succeed", "Comment": "No task is left.", "Output": {"outcome": "{% $outcome %}"}},
        "Not drained": {
            "Type": "Fail",
            "Comment": "A call failed.",
            "Error": "{% $failure.Error %}",
            "Cause": "{% $failure.Cause %}",
        },
    },
}
FUNCTIONS = {"tell", "look"}


def changed(at: str, value: Any) -> dict[str, Any]:
    """Return the good machine with one place changed, as `a_machine.changed` does."""
    return a_machine.changed(at, value, GOOD)
