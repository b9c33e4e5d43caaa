"""Executions: started in their turn on the virtual clock, closed once and with a date, announced on EventBridge."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from typing import Any

from moto.stepfunctions.parser.api import (
    ExecutionAbortedEventDetails,
    ExecutionFailedEventDetails,
    ExecutionStartedEventDetails,
    ExecutionStatus,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.backend.execution import Execution as MotoExecution

from embedded_aws.aws import current
from embedded_aws.requests import acting_as
from embedded_aws.stepfunctions.announcements import announce, redrive_of
from embedded_aws.stepfunctions.frames import identifier
from embedded_aws.stepfunctions.history import HISTORY_FULL, HistoryFull
from embedded_aws.stepfunctions.states import aws_time

STATUSES = {
    ProgramEnded: ExecutionStatus.SUCCEEDED,
    ProgramStopped: ExecutionStatus.ABORTED,
    ProgramError: ExecutionStatus.FAILED,
    ProgramTimedOut: ExecutionStatus.TIMED_OUT,
}


class Execution(MotoExecution):  # type: ignore[misc]  # moto ships no types
    """One execution of a state machine; `closed` is set when it has ended, in whatever way."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.closed = threading.Event()

    def get_start_execution_details(self) -> Any:
        """Return what the context object tells of the execution: its start as a string, as on AWS."""
        details = super().get_start_execution_details()
        details.start_time = aws_time(self.start_date)
        return details

    def start(self) -> None:
        """Enter ExecutionStarted into the history; the states begin in their turn on the clock."""
        self.exec_worker = self._get_start_execution_worker()
        self.env = self.exec_worker.env = self.exec_worker._get_evaluation_environment()
        self.env.event_manager.root = self.env
        # Recorded 2024-09-11; nothing is redriven here.
        self.env.states.context_object.context_object_data["Execution"]["RedriveCount"] = 0
        identifier(self.env, "start")  # takes the execution's place in the order
        self.exec_status = ExecutionStatus.RUNNING
        details = ExecutionStartedEventDetails(
            input=self.execution_input,
            inputDetails=HistoryEventExecutionDataDetails(truncated=False),
            roleArn=self.role_arn,
        )
        self._add_event(
            HistoryEventType.ExecutionStarted,
            EventDetails(executionStartedEventDetails=details),
            update_source_event_id=False,
        )
        announce(self)
        current().clock.spawn(self._run, f"execution {self.name}")

    def stop(self, stop_date: datetime | None, error: str | None, cause: str | None) -> None:
        """Abort the execution at once: whatever it waits for, it waits no more."""
        if self.closed.is_set():
            return
        self.env.set_stop(stop_date=stop_date, cause=cause, error=error)
        self.env.event_history_context.source_event_id = 0
        details = ExecutionAbortedEventDetails()
        details.update({key: value for key, value in (("error", error), ("cause", cause)) if value})
        self._add_event(HistoryEventType.ExecutionAborted, EventDetails(executionAbortedEventDetails=details))
        self._close(ExecutionStatus.ABORTED, error, cause)

    def _run(self) -> None:
        if self.closed.is_set():
            return
        with acting_as(self.role_arn, self.name):
            program = self.exec_worker._get_evaluation_entrypoint()
            try:
                program.eval(self.env)
            except HistoryFull:
                self._fail_for_its_history()
        self._close_as_the_program_did()

    def _fail_for_its_history(self) -> None:
        details = ExecutionFailedEventDetails(**HISTORY_FULL)
        self._add_event(HistoryEventType.ExecutionFailed, EventDetails(executionFailedEventDetails=details))

    def _close_as_the_program_did(self) -> None:
        state = self.env.program_state()
        if isinstance(state, ProgramEnded):
            self.output = self.env.states.get_input()
        reported = (getattr(state, "error", None) or {}) if isinstance(state, ProgramError) else {}
        self._close(STATUSES[type(state)], reported.get("error"), reported.get("cause"))

    def _close(self, status: Any, error: str | None, cause: str | None) -> None:
        if self.closed.is_set():
            return
        self.exec_status, self.error, self.cause = status, error, cause
        self.stop_date = current().clock.now()
        self.closed.set()
        announce(self)

    def _add_event(self, event_type: Any, details: Any, **named: Any) -> None:
        self.env.event_manager.add_event(
            context=self.env.event_history_context,
            event_type=event_type,
            event_details=details,
            **named,
        )

    @property
    def history(self) -> list[dict[str, Any]]:
        """The events so far, oldest first, as moto keeps them: `timestamp` is an ISO 8601 string."""
        return list(self.env.event_manager._history_event_list)

    def describe(self) -> dict[str, Any]:
        """Return the answer of DescribeExecution."""
        described = {
            **self.summary(),
            "input": self.execution_input,
            "inputDetails": {"included": True},
            "error": self.error,
            "cause": self.cause,
            **redrive_of(self.status),
        }
        if self.exec_status == ExecutionStatus.SUCCEEDED:
            described["output"] = json.dumps(self.output, separators=(",", ":"))
            described["outputDetails"] = {"included": True}
        return {key: value for key, value in described.items() if value is not None}

    def summary(self) -> dict[str, Any]:
        """Return the execution's line in the answer of ListExecutions."""
        line = {
            "executionArn": self.exec_arn,
            "stateMachineArn": self.state_machine_arn,
            "name": self.name,
            "status": self.status,
            "startDate": self.start_date,
            "stopDate": self.stop_date,
            "redriveCount": 0,
        }
        return {key: value for key, value in line.items() if value is not None}
