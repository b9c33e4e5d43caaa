"""One good machine to break: every rule's table changes one thing in a copy of it."""

from __future__ import annotations

import copy
from typing import Any

RETRIER: dict[str, Any] = {
    "ErrorEquals": ["States.TaskFailed"],
    "IntervalSeconds": 2,
    "MaxAttempts": 3,
    "BackoffRate": 2.0,
    "MaxDelaySeconds": 20,
    "JitterStrategy": "FULL",
}

GOOD: dict[str, Any] = {
    "Comment": "Asks ECS for its tasks until there are none.",
    "StartAt": "List the tasks",
    "States": {
        "List the tasks": {
            "Type": "Task",
            "Comment": "Asks for the tasks of one cluster.",
            "Resource": "arn:aws:states:::aws-sdk:ecs:listTasks",
            "Parameters": {"Cluster": "${Cluster}", "DesiredStatus": "RUNNING"},
            "ResultSelector": {"arns.$": "$.TaskArns", "count.$": "States.ArrayLength($.TaskArns)"},
            "ResultPath": "$.tasks",
            "TimeoutSeconds": 30,
            "HeartbeatSeconds": 10,
            "Retry": [dict(RETRIER)],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Not listed"}],
            "Next": "Is any task left?",
        },
        "Is any task left?": {
            "Type": "Choice",
            "Comment": "Nothing is done while a task is left.",
            "Choices": [{"Variable": "$.tasks.count", "NumericEquals": 0, "Next": "Tell"}],
            "Default": "Wait a little",
        },
        "Wait a little": {
            "Type": "Wait",
            "Comment": "Gives the tasks time to stop.",
            "Seconds": 15,
            "Next": "List the tasks",
        },
        "Tell": {
            "Type": "Task",
            "Comment": "Says so with a function.",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${TellFunctionArn}", "Payload": {"tasks.$": "$.tasks"}},
            "ResultPath": None,
            "TimeoutSeconds": 30,
            "Retry": [dict(RETRIER)],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Not listed"}],
            "Next": "Done",
        },
        "Done": {"Type": "Succeed", "Comment": "No task is left."},
        "Not listed": {
            "Type": "Fail",
            "Comment": "ECS didn't answer.",
            "ErrorPath": "$.failure.Error",
            "CausePath": "$.failure.Cause",
        },
    },
}

FUNCTIONS = {"tell", "look"}


def changed(at: str, value: Any, good: dict[str, Any] = GOOD) -> dict[str, Any]:
    """Return the good machine with one place changed: `at` is state/field/…; the name of a new state adds it."""
    machine = copy.deepcopy(good)
    place: Any = machine["States"]
    *above, last = at.split("/")
    for step in above:
        place = place[int(step) if step.isdigit() else step]
    if value is ABSENT:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return machine


ABSENT = object()
"""Takes the place away instead of changing it."""
