"""Questions that state machines answer by themselves: how an error is named, and what becomes of a nested execution."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cli.first_run.findings import Seen, Unsettled
from cli.first_run.making import Maker

ENDS_WITHIN = 120.0
ROLE_WITHIN = 120.0
STOPPED_WITHIN = 60.0
"""Seconds in which a nested execution would have been stopped with its parent."""
BY_SERVICE = "AutoScaling.AutoScalingException"
CALLS_AUTO_SCALING: dict[str, Any] = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:autoscaling:recordLifecycleActionHeartbeat",
            "Parameters": {
                "AutoScalingGroupName": "no-such-group",
                "LifecycleHookName": "no-such-hook",
                "InstanceId": "i-00000000000000000",
            },
            "End": True,
        }
    },
}
WAITS: dict[str, Any] = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
NESTED_RULE = "events:*:*:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
"""https://docs.aws.amazon.com/step-functions/latest/dg/stepfunctions-iam.html: what `.sync` listens by"""


def error_name(maker: Maker) -> Mapping[str, Seen]:
    """Let a machine make a call that Auto Scaling refuses; returns how its failure is named."""
    role = maker.role("calls", "states.amazonaws.com", {"*": "autoscaling:RecordLifecycleActionHeartbeat"})
    machine = maker.machine("calls", CALLS_AUTO_SCALING, role)
    ended = maker.account.wait_for(
        "the role may call Auto Scaling", lambda: _ended(maker, machine), ROLE_WITHIN
    )
    evidence = {name: ended.get(name, "") for name in ("status", "error", "cause")}
    history = maker.account.ask("stepfunctions", "get_execution_history", executionArn=ended["executionArn"])
    evidence["event_types"] = [event["type"] for event in history["events"]]
    answer = name_given(str(ended.get("error", "")))
    return {"validation-error-name": Seen(answer, evidence, _fact(evidence))}


def name_given(error: str) -> str:
    """Return the answer that an error's name is; raises Unsettled for one that is none of Auto Scaling's."""
    if error == BY_SERVICE:
        return "by-service"
    if error.startswith("AutoScaling."):
        return "by-code"
    raise Unsettled(f"the execution failed with {error or 'no error'}, which is no error of Auto Scaling")


def _ended(maker: Maker, machine: str) -> dict[str, Any] | None:
    """Run the machine to its end; None where its role is not known everywhere yet."""
    started = maker.account.ask("stepfunctions", "start_execution", stateMachineArn=machine)["executionArn"]
    ended = maker.account.wait_for("the execution ends", lambda: _closed(maker, started), ENDS_WITHIN)
    return None if "AccessDenied" in str(ended.get("cause")) else ended


def _closed(maker: Maker, execution: str) -> dict[str, Any] | None:
    answer = maker.account.ask("stepfunctions", "describe_execution", executionArn=execution)
    return None if answer["status"] == "RUNNING" else answer


def _fact(evidence: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": "sdk-unmodelled-code-autoscaling",
        "topic": "sdk-errors",
        "says": f"A ValidationError of Auto Scaling is named {evidence['error']}.",
        "machine": CALLS_AUTO_SCALING,
        "input": {},
        "recorded": {
            "status": evidence["status"],
            "error": evidence["error"],
            "history": evidence["event_types"],
        },
    }


def stopped_with_its_parent(maker: Maker) -> Mapping[str, Seen]:
    """Stop an execution that waits for another, under a role like the fleet's; returns what becomes of the other."""
    child_role = maker.role("waits", "states.amazonaws.com", {"*": "states:DescribeExecution"})
    child = maker.machine("waits", WAITS, child_role)
    allowed = {
        child: "states:StartExecution",
        f"{child.replace(':stateMachine:', ':execution:')}:*": "states:DescribeExecution",
        f"arn:{child.split(':')[1]}:{NESTED_RULE}": (
            "events:PutTargets",
            "events:PutRule",
            "events:DescribeRule",
        ),
    }
    parent = maker.machine("stops", _waiting_for(child), maker.role("stops", "states.amazonaws.com", allowed))
    started = maker.account.ask("stepfunctions", "start_execution", stateMachineArn=parent)["executionArn"]
    nested = maker.account.wait_for("the nested execution runs", lambda: _running(maker, child), ENDS_WITHIN)
    maker.account.ask("stepfunctions", "stop_execution", executionArn=started)
    closed = maker.account.watch(lambda: _closed(maker, nested), STOPPED_WITHIN)
    status = closed["status"] if closed else "RUNNING"
    evidence = {"parent": "ABORTED", "nested": status, "seconds_after": int(STOPPED_WITHIN)}
    if status not in ("RUNNING", "ABORTED"):
        raise Unsettled(f"the nested execution was {status}: {json.dumps(evidence)}")
    return {"fleet-stopped": Seen("goes-on" if status == "RUNNING" else "stopped-with-it", evidence)}


def _waiting_for(child: str) -> dict[str, Any]:
    state = {
        "Type": "Task",
        "Resource": f"arn:{child.split(':')[1]}:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child, "Input": {}},
        "Retry": [
            {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 12, "BackoffRate": 1.0}
        ],
        "End": True,
    }
    return {"StartAt": "Start", "States": {"Start": state}}


def _running(maker: Maker, machine: str) -> str | None:
    given = {"stateMachineArn": machine, "statusFilter": "RUNNING"}
    listed = maker.account.ask("stepfunctions", "list_executions", **given)["executions"]
    return str(listed[0]["executionArn"]) if listed else None
