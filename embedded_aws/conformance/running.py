"""Runs one fact on an embedded AWS of its own, and tells what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from embedded_aws.aws import REGION, current, embedded_aws
from embedded_aws.conformance.facts import Fact
from embedded_aws.conformance.world import NAME, ROLE, fill_in, set_up, token_of_next_message
from embedded_aws.stepfunctions import find_execution


@dataclass
class Observed:
    """What the embedded AWS made of a fact."""

    refusal: tuple[str, str] | None = None
    """Code and message."""

    answer: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """What the names in `${…}` stood for."""

    @property
    def history(self) -> list[str]:
        """The events by type."""
        return [event["type"] for event in self.events]


def observe(fact: Fact) -> Observed:
    """Run the fact; returns what became of it."""
    with embedded_aws():
        run = _Run(fact)
        observed = run.observe()
        observed.names = run.names
        return observed


class _Run:
    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self.names = set_up(fact.given)
        # What is wrong is for the service to refuse, not for botocore.
        settings = Config(
            parameter_validation=False, inject_host_prefix=False, retries={"total_max_attempts": 1}
        )
        self.api: Any = boto3.client("stepfunctions", region_name=REGION, config=settings)

    def observe(self) -> Observed:
        try:
            machine = self._make_machine()
            if self.fact.request is not None:
                return Observed(answer=self._request(self.fact.request, machine))
            if machine is None or "refusal" in self.fact.recorded:
                return Observed()  # it was to be refused, and wasn't
            return self._execute(machine)
        except ClientError as error:
            return Observed(refusal=(error.response["Error"]["Code"], error.response["Error"]["Message"]))
        except Exception as error:  # whatever breaks the embedded AWS is a difference, not the end of the run
            return Observed(refusal=(type(error).__name__, str(error)))

    def _make_machine(self) -> str | None:
        if self.fact.machine is None:
            return None
        definition = json.dumps(fill_in(self.fact.machine, self.names))
        created = self.api.create_state_machine(name=NAME, definition=definition, roleArn=ROLE)
        return str(created["stateMachineArn"])

    def _execute(self, machine: str) -> Observed:
        payload = json.dumps(fill_in(self.fact.input, self.names))
        arn = self.api.start_execution(stateMachineArn=machine, input=payload)["executionArn"]
        current().clock.advance(1)
        given: dict[str, str] = {}
        for step in self.fact.then:
            if step.get("take") == "message":
                given = {"taskToken": token_of_next_message(self.names["QueueUrl"])}
            whom = {"executionArn": arn} if step["call"] == "StopExecution" else given
            self._call(step["call"], {**whom, **step.get("with", {})})
        current().clock.run_until(find_execution(arn).closed.is_set)
        pages = self.api.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        return Observed(answer=self.api.describe_execution(executionArn=arn), events=events)

    def _request(self, request: dict[str, Any], machine: str | None) -> dict[str, Any]:
        if "after" in request:
            self._request(request["after"], machine)
            current().clock.advance(1)
        arguments = fill_in(request["with"], self.names)
        members = self._operation(request["call"]).input_shape.members
        if isinstance(arguments.get("definition"), dict):
            arguments["definition"] = json.dumps(arguments["definition"])
        if request["call"] == "CreateStateMachine":
            arguments = {"name": NAME, "roleArn": ROLE, **arguments}
        elif machine is not None and "stateMachineArn" in members:
            arguments = {"stateMachineArn": machine, **arguments}
        return self._call(request["call"], arguments)

    def _operation(self, call: str) -> OperationModel:
        return self.api.meta.service_model.operation_model(call)

    def _call(self, call: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.api, xform_name(call))(**arguments)
        return answer
