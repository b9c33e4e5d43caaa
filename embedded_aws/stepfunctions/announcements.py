"""`Step Functions Execution Status Change`: each execution announces its start and its end on EventBridge.

Source: Step Functions developer guide, "Automating event delivery with Amazon EventBridge": dates in
milliseconds, input and output included, Standard workflows only.
"""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any

REDRIVABLE = {"FAILED", "ABORTED", "TIMED_OUT"}
"""API reference, DescribeExecution."""

DETAIL_TYPE = "Step Functions Execution Status Change"


def announce(execution: Any) -> None:
    """Emit the event of the execution's present status, where the embedded AWS has an EventBridge."""
    if find_spec("embedded_aws.eventbridge") is None:
        return
    import_module("embedded_aws.eventbridge").emit(
        source="aws.states",
        detail_type=DETAIL_TYPE,
        detail=detail(execution),
        resources=(execution.exec_arn,),
    )


def detail(execution: Any) -> dict[str, Any]:
    """Return the event's detail."""
    has_output = execution.status == "SUCCEEDED"
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": _milliseconds(execution.start_date),
        "stopDate": _milliseconds(execution.stop_date),
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "output": json.dumps(execution.output, separators=(",", ":")) if has_output else None,
        "outputDetails": {"included": True} if has_output else None,
        "error": execution.error,
        "cause": execution.cause,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatusReason": None,
        **redrive_of(execution.status),
    }


def redrive_of(status: str) -> dict[str, str]:
    """Return what is told of an execution's redriving (recorded 2024-03-06 and 2024-06-30); it isn't done here."""
    if status in REDRIVABLE:
        return {"redriveStatus": "REDRIVABLE"}
    reason = f"Execution is {status} and cannot be redriven"
    return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}


def _milliseconds(at: Any) -> int | None:
    return round(at.timestamp() * 1000) if at else None
