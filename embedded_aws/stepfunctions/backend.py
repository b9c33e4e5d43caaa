"""State machines and their executions as the API finds them: names, idempotency, tokens."""

from __future__ import annotations

import copy
import json
import re
import uuid
from itertools import count
from typing import Any

from moto.stepfunctions.exceptions import InvalidExecutionInput
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

from embedded_aws.aws import current
from embedded_aws.requests import AwsError
from embedded_aws.stepfunctions.definitions import Fault, fault_of_parser, faults_of
from embedded_aws.stepfunctions.executions import Execution
from embedded_aws.stepfunctions.parsing import read_definition

LARGEST_PAYLOAD_BYTES = 262_144

TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What the tokens of the embedded AWS look like."""


def definition_faults(definition: str) -> list[Fault]:
    """Return what is wrong with a definition; nothing where AWS takes it."""
    faults = faults_of(definition)
    if faults:
        return faults
    try:
        read_definition(definition)
    except Exception as error:
        return [fault_of_parser(error, definition)]
    return []


def validate_definition(definition: str) -> None:
    """Refuse what can't be read; raises InvalidDefinition, which moto answers without its code."""
    faults = definition_faults(definition)
    if faults:
        told = ", ".join(map(str, faults))
        raise AwsError("InvalidDefinition", f"Invalid State Machine Definition: '{told}'")


class Backend(StepFunctionsParserBackend):  # type: ignore[misc]  # moto ships no types
    """moto's backend, with executions that run on the virtual clock."""

    def start_execution(
        self, state_machine_arn: str, name: str | None = None, execution_input: str | None = None, **_: Any
    ) -> Execution:
        """Start an execution, or return the running one of the same name and the same input.

        Raises ExecutionAlreadyExists where the name has another input, or has closed (API reference,
        StartExecution: a Standard workflow is idempotent only while it runs).
        """
        text = "{}" if execution_input is None else execution_input
        self._check_input(text)
        name = name or _next_name()
        self._validate_name(name)
        machine = self.describe_state_machine(state_machine_arn)
        existing = machine._handle_name_input_idempotency(name, text)
        if existing is not None:
            running: Execution = existing
            return running
        execution = self._new_execution(machine, name, text)
        machine.executions.append(execution)
        execution.start()
        return execution

    def _new_execution(self, machine: Any, name: str, execution_input: str) -> Execution:
        snapshot = copy.copy(machine)  # an update of the machine doesn't change what already runs
        arn = f"arn:{self.partition}:states:{self.region_name}:{self.account_id}:execution:{machine.name}:{name}"
        return Execution(
            name=name,
            sm_type=snapshot.sm_type,
            role_arn=snapshot.roleArn,
            exec_arn=arn,
            account_id=self.account_id,
            region_name=self.region_name,
            state_machine=snapshot,
            start_date=current().clock.now(),
            cloud_watch_logging_session=None,
            input_data=execution_input,
            activity_store={},
        )

    def create_state_machine(self, name: str, definition: str, roleArn: str, **more: Any) -> Any:  # noqa: N803
        """Make a machine, or return the one of this name if all is the same, to the letter.

        Raises StateMachineAlreadyExists where it isn't (recorded 2023-06-22; moto returns the old one).
        """
        machine = super().create_state_machine(name=name, definition=definition, roleArn=roleArn, **more)
        kind = more.get("sm_type") or machine.type
        if (machine.definition, machine.roleArn, machine.type) != (definition, roleArn, kind):
            message = f"State Machine Already Exists: '{machine.arn}'"
            raise AwsError("StateMachineAlreadyExists", message)
        return machine

    @staticmethod
    def _check_input(text: str) -> None:
        if not text:  # recorded 2023-06-22
            raise InvalidExecutionInput("Invalid State Machine Execution Input: 'Invalid execution input.'")
        if len(text.encode()) > LARGEST_PAYLOAD_BYTES:
            raise AwsError(
                "ValidationException",
                "1 validation error detected: Value at 'input' failed to satisfy constraint: "
                f"Member must have length less than or equal to {LARGEST_PAYLOAD_BYTES}",
            )
        try:
            json.loads(text)
        except ValueError as error:
            raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error

    def stop_execution(
        self, execution_arn: str, error: str | None = None, cause: str | None = None
    ) -> Execution:
        """Abort an execution; one that has closed is returned as it is."""
        execution: Execution = self.describe_execution(execution_arn)
        execution.stop(None, error=error, cause=cause)
        return execution

    def send_task_success(self, task_token: str, outcome: str) -> None:
        """Answer a task; the output must be JSON (raises InvalidOutput), which is judged after the token."""
        endpoint = self._open_task(task_token)
        try:
            json.loads(outcome)
        except ValueError as error:
            raise AwsError("InvalidOutput", f"Invalid Output: '{error}'") from error
        endpoint.notify(CallbackOutcomeSuccess(callback_id=task_token, output=outcome))

    def send_task_failure(self, task_token: str, error: str | None = None, cause: str | None = None) -> None:
        """Fail a task."""
        endpoint = self._open_task(task_token)
        endpoint.notify(CallbackOutcomeFailure(callback_id=task_token, error=error, cause=cause))

    def send_task_heartbeat(self, task_token: str) -> None:
        """Keep a task alive for another HeartbeatSeconds."""
        self._open_task(task_token).notify_heartbeat()

    def _open_task(self, token: str) -> Any:
        """Return what waits for the token.

        Raises TaskTimedOut for one whose task is over or has its answer, TaskDoesNotExist for one that nobody
        gave, InvalidToken for what is no token at all (API reference, SendTaskSuccess).
        """
        for execution in self._get_executions():
            endpoint = execution.env.callback_pool_manager.get(token)
            if endpoint is None:
                continue
            if not endpoint.is_open() or execution.exec_status != ExecutionStatus.RUNNING:
                raise AwsError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
            return endpoint
        if TOKEN.fullmatch(token):
            raise AwsError("TaskDoesNotExist", "Task does not exist: 'Provided task does not exist'")
        raise AwsError("InvalidToken", "Invalid Token: 'Invalid token'")


def find_execution(arn: str) -> Execution:
    """Return the execution itself: its `closed` is a cheap thing to wait for; raises ExecutionDoesNotExist."""
    _, _, _, region, account, *_ = arn.split(":")
    execution: Execution = stepfunctions_parser_backends[account][region].describe_execution(arn)
    return execution


def executions_of(state_machine_arn: str) -> list[Execution]:
    """Return a state machine's executions as they are, oldest first: for hundreds, requests would take minutes."""
    _, _, _, region, account, *_ = state_machine_arn.split(":")
    machine = stepfunctions_parser_backends[account][region].describe_state_machine(state_machine_arn)
    return sorted(machine.executions, key=lambda execution: (execution.start_date, execution.name))


def _next_name() -> str:
    """Return the name of an execution that was started without one: a UUID, the same one in each run."""
    numbers: Any = current().part("nameless executions", count)
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"execution {next(numbers)}"))
