"""Small state machines, run in the embedded AWS, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import boto3

from embedded_aws.aws import EPOCH, REGION, EmbeddedAws
from embedded_aws.awslambda import register_module
from embedded_aws.stepfunctions import find_execution
from embedded_aws.stepfunctions.definitions import faults_of
from tests.embedded_aws.parts import function, queue

ROLE = "arn:aws:iam::123456789012:role/machine"


@dataclass
class Run:
    """One execution, as the API tells of it."""

    lab: Lab
    arn: str

    @property
    def described(self) -> dict[str, Any]:
        described: dict[str, Any] = self.lab.api.describe_execution(executionArn=self.arn)
        return described

    @property
    def status(self) -> str:
        return str(self.described["status"])

    @property
    def output(self) -> Any:
        return json.loads(self.described["output"])

    @property
    def events(self) -> list[dict[str, Any]]:
        pages = self.lab.api.get_paginator("get_execution_history").paginate(executionArn=self.arn)
        return [event for page in pages for event in page["events"]]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def seconds_of(self, event_type: str) -> list[float]:
        """When, in seconds since the start of the world, the events of a type happened."""
        return [since_epoch(event["timestamp"]) for event in self.events if event["type"] == event_type]

    def to_end(self) -> Run:
        """Let virtual time pass until the execution has closed."""
        assert self.lab.aws.clock.run_until(find_execution(self.arn).closed.is_set)
        return self


class Lab:
    """Where machines are made and run."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.api: Any = boto3.client("stepfunctions", region_name=REGION)

    def queue(self, name: str) -> str:
        """Create an SQS queue; returns its URL."""
        return queue(name)[0]

    def machine(self, states: dict[str, Any], name: str = "machine", **top: Any) -> str:
        """Create a machine that starts at its first state; returns its ARN.

        Without the states to which nothing leads: tests share states, and AWS refuses such a machine.
        """
        definition = {"StartAt": next(iter(states)), "States": reached(states), **top}
        created = self.api.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        return str(created["stateMachineArn"])

    def start(self, machine: str, payload: Any = None, **more: Any) -> Run:
        """Start an execution; its states run when the clock is driven."""
        started = self.api.start_execution(
            stateMachineArn=machine, input=json.dumps({} if payload is None else payload), **more
        )
        return Run(self, str(started["executionArn"]))

    def function(self, name: str, handle: Callable[..., Any]) -> str:
        """Create a Lambda function that runs `handle(event, context)` in this process; returns its ARN."""
        register_module(f"module_of_{name}", SimpleNamespace(handle=handle))
        return function(name, f"module_of_{name}.handle")

    def run(self, states: dict[str, Any], payload: Any = None, **top: Any) -> Run:
        """Make a machine, start it, and let time pass until it has closed."""
        return self.start(self.machine(states, **top), payload).to_end()


def since_epoch(at: datetime) -> float:
    """Seconds since the start of every embedded AWS."""
    return (at - EPOCH).total_seconds()


def reached(states: dict[str, Any]) -> dict[str, Any]:
    """The states to which anything leads from the first."""
    faults = faults_of(json.dumps({"StartAt": next(iter(states)), "States": states}))
    unreachable = {str(fault.location) for fault in faults if "is not reachable" in fault.message}
    return {name: state for name, state in states.items() if f"/States/{name}" not in unreachable}


def chain(length: int) -> dict[str, Any]:
    """States that pass their input on, one to the next: two events of history each."""
    states = {f"{n}": {"Type": "Pass", "Next": f"{n + 1}"} for n in range(length - 1)}
    return states | {f"{length - 1}": {"Type": "Pass", "End": True}}
