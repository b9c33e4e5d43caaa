"""Requests about executions: what moto leaves out of them, and pages of a history."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions import urls
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from embedded_aws.aws import ACCOUNT_ID
from embedded_aws.requests import AwsError
from embedded_aws.stepfunctions.backend import Backend, definition_faults, validate_definition
from embedded_aws.stepfunctions.constraints import check_requests_of

DEFAULT_PAGE = 100
"""API reference, GetExecutionHistory."""

DATA_FIELDS = {"input", "output", "parameters", "assignedVariables"}


def install() -> None:
    """Answer Step Functions requests here."""
    StepFunctionsParserBackend._validate_definition = staticmethod(validate_definition)
    stepfunctions_parser_backends.backend = Backend
    stepfunctions_parser_backends[ACCOUNT_ID].backend = Backend  # moto keeps what a process has once used
    urls.url_paths["{0}/$"] = Responses.dispatch
    if not Responses.is_checked:
        Responses.is_checked = True
        check_requests_of(Responses)


class Responses(StepFunctionResponse):  # type: ignore[misc]  # moto ships no types
    """The API of Step Functions, where moto's differs from AWS's."""

    is_checked = False

    def start_execution(self) -> ActionResult:
        """StartExecution, with a name or without."""
        execution = self.stepfunction_backend.start_execution(
            self._get_param("stateMachineArn"), self._get_param("name"), self._get_param("input")
        )
        return ActionResult({"executionArn": execution.exec_arn, "startDate": execution.start_date})

    def validate_state_machine_definition(self) -> ActionResult:
        """ValidateStateMachineDefinition: the errors that would refuse a machine; no warnings (recorded 2025-10-19)."""
        diagnostics = [
            {"severity": "ERROR", **{name: part for name, part in fault._asdict().items() if part}}
            for fault in definition_faults(self._get_param("definition"))
        ]
        result = "FAIL" if diagnostics else "OK"
        return ActionResult({"result": result, "diagnostics": diagnostics, "truncated": False})

    def start_sync_execution(self) -> ActionResult:
        """StartSyncExecution is for Express workflows, and there are none here (recorded 2024-07-03)."""
        self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        raise AwsError(
            "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"
        )

    def stop_execution(self) -> ActionResult:
        """StopExecution, with its error and cause."""
        execution = self.stepfunction_backend.stop_execution(
            self._get_param("executionArn"), self._get_param("error"), self._get_param("cause")
        )
        return ActionResult({"stopDate": execution.stop_date})

    def describe_execution(self) -> ActionResult:
        """DescribeExecution; a closed execution has a stopDate, however it closed."""
        return ActionResult(
            self.stepfunction_backend.describe_execution(self._get_param("executionArn")).describe()
        )

    def describe_state_machine_for_execution(self) -> ActionResult:
        """DescribeStateMachineForExecution: the machine as it was when the execution began."""
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        machine = execution.state_machine
        answer = {
            "definition": machine.definition,
            "loggingConfiguration": _logging(machine),
            "name": machine.name,
            "roleArn": machine.roleArn,
            "stateMachineArn": machine.arn,
            "tracingConfiguration": machine.tracingConfiguration,
            "updateDate": machine.update_date or machine.creation_date,
        }
        return ActionResult(answer)

    def _describe_state_machine(self, state_machine_arn: str) -> ActionResult:
        answer = super()._describe_state_machine(state_machine_arn)
        machine = self.stepfunction_backend.describe_state_machine(state_machine_arn)
        return ActionResult({**answer.result, "loggingConfiguration": _logging(machine)})

    def list_executions(self) -> ActionResult:
        """ListExecutions, latest first."""
        page, token = self.stepfunction_backend.list_executions(
            self._get_param("stateMachineArn"),
            status_filter=self._get_param("statusFilter"),
            max_results=self._get_int_param("maxResults"),
            next_token=self._get_param("nextToken"),
        )
        return ActionResult({"executions": [each.summary() for each in page], "nextToken": token})

    def get_execution_history(self) -> str:
        """GetExecutionHistory with its pages, its order and without data if so asked.

        Written as JSON here: moto's serializer takes 8 ms an event.
        """
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        events = execution.history
        if self._get_param("reverseOrder"):
            events.reverse()
        page = _page(events, self._get_param("maxResults"), self._get_param("nextToken"))
        keeps_data = self._get_param("includeExecutionData") is not False
        page["events"] = [_event(event, keeps_data) for event in page["events"]]
        return json.dumps(page)

    def send_task_failure(self) -> ActionResult:
        """SendTaskFailure, with its cause."""
        self.stepfunction_backend.send_task_failure(
            self._get_param("taskToken"), self._get_param("error"), self._get_param("cause")
        )
        return EmptyResult()


def _logging(machine: Any) -> dict[str, Any]:
    """Return a machine's logging with the default that AWS tells too (recorded 2023-06-22)."""
    return {"includeExecutionData": False, **machine.loggingConfiguration}


def _page(events: list[Any], max_results: int | None, token: str | None) -> dict[str, Any]:
    begin = _offset(token)
    size = max_results or DEFAULT_PAGE
    page: dict[str, Any] = {"events": events[begin : begin + size]}
    if begin + size < len(events):
        page["nextToken"] = base64.b64encode(f"{begin + size}".encode()).decode()
    return page


def _offset(token: str | None) -> int:
    try:
        return int(base64.b64decode(token)) if token else 0
    except (binascii.Error, ValueError) as error:
        raise AwsError("InvalidToken", "Invalid Token: 'Invalid token'") from error


def _event(event: dict[str, Any], keeps_data: bool) -> dict[str, Any]:
    """Write an event as the API does: its time in seconds, and its data only where they are asked for."""
    written = {
        key: {name: each for name, each in value.items() if keeps_data or name not in DATA_FIELDS}
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }
    return written | {"timestamp": datetime.fromisoformat(event["timestamp"]).timestamp()}
