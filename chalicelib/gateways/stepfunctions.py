"""Start a drain's execution, once: its name is its idempotency key. Tell one that waits what it waits for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from chalicelib.common.errors import Gone
from chalicelib.gateways.aws import all_pages, client, translated


@dataclass(frozen=True, slots=True)
class Started:
    """What came of asking for an execution."""

    execution: str
    """Its ARN."""
    is_new: bool
    """False where an execution of this name has run already: the same trigger was delivered again."""


def start(state_machine: str, name: str, payload: str) -> Started:
    """Start an execution of the state machine with this ARN; the same name again is success, not an error.

    Step Functions answers the same ARN while the first runs and its input is the same to the byte, and
    ExecutionAlreadyExists for 90 days after: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    sfn = client("stepfunctions")
    with translated():
        try:
            answer = sfn.start_execution(stateMachineArn=state_machine, name=name, input=payload)
        except sfn.exceptions.ExecutionAlreadyExists:
            return Started(execution_arn(state_machine, name), is_new=False)
    return Started(answer["executionArn"], is_new=True)


def send_success(token: str, output: str) -> bool:
    """End the wait of the execution that holds this token, with an output of JSON; returns False where nobody waits.

    A token that was answered, timed out, or is of an execution that has ended, is an answer and no failure:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    sfn = client("stepfunctions")
    with translated():
        try:
            sfn.send_task_success(taskToken=token, output=output)
        except (sfn.exceptions.TaskTimedOut, sfn.exceptions.TaskDoesNotExist, sfn.exceptions.InvalidToken):
            return False
    return True


def input_of(execution: str) -> str:
    """Return the input that an execution, given its ARN, was started with.

    Raises Gone where nobody knows the execution.
    """
    with translated():
        return str(client("stepfunctions").describe_execution(executionArn=execution)["input"])


def is_running(execution: str) -> bool:
    """Whether an execution, given its ARN, is still running; one that nobody knows isn't."""
    try:
        with translated():
            answer = client("stepfunctions").describe_execution(executionArn=execution)
    except Gone:
        return False
    return bool(answer["status"] == "RUNNING")


@dataclass(frozen=True, slots=True)
class Ended:
    """How an execution of the drain's machine ended."""

    outcome: str
    """The drain's outcome, or `failed`."""
    at: datetime


def how_it_ended(execution: str) -> Ended | None:
    """Return how an execution ended; None while it runs, or where Step Functions has forgotten it after 90 days."""
    sfn = client("stepfunctions")
    try:
        with translated():
            answer = sfn.describe_execution(executionArn=execution)
    except Gone:
        return None
    if answer["status"] == "RUNNING":
        return None
    output = json.loads(answer.get("output") or "{}")
    return Ended(str((output.get("outcome") or {}).get("name", "failed")), answer["stopDate"])


def running_names(state_machine: str) -> frozenset[str]:
    """Return the names of the executions of a machine that run: one request for each thousand.

    Eventually consistent, so one that has just begun may be missing:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
    """
    listed = all_pages(
        client("stepfunctions").list_executions,
        "executions",
        stateMachineArn=state_machine,
        statusFilter="RUNNING",
        maxResults=1000,
    )
    return frozenset(str(execution["name"]) for execution in listed)


def execution_arn(state_machine: str, name: str) -> str:
    """Return the ARN of a machine's execution."""
    return f"{state_machine.replace(':stateMachine:', ':execution:', 1)}:{name}"


def state_machine_of(function_arn: str) -> str:
    """Return the ARN of the drain's state machine from that of any of our functions: no wiring is needed.

    Functions are `<app>-<stage>-<name>`, the machine is `<app>-<stage>`.
    """
    _, partition, _, region, account, _, function = function_arn.split(":")[:7]
    return f"arn:{partition}:states:{region}:{account}:stateMachine:{function.rsplit('-', 1)[0]}"
