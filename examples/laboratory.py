"""Runs one example on an embedded AWS: starts its machine, drives it to its end, and keeps what happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from embedded_aws.aws import ACCOUNT_ID, REGION, EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from examples.catalogue import Example
from examples.resources import Resources


@dataclass(frozen=True)
class Answer:
    """What the starting function answered to one request."""

    request: Any
    payload: Any
    failed: bool


@dataclass(frozen=True)
class Run:
    """One execution from start to end; `answers` are those of the function that started it, where one did."""

    status: str
    input: Any
    output: Any = None
    error: str = ""
    cause: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether all went well, the starting function's answers included."""
        return self.status == "SUCCEEDED" and not any(answer.failed for answer in self.answers)

    @property
    def path(self) -> list[str]:
        """The names of the states entered, in order."""
        entered = [event for event in self.history if event["type"].endswith("StateEntered")]
        return [event["stateEnteredEventDetails"]["name"] for event in entered]


class Laboratory:
    """An example's machine and resources in the running embedded AWS."""

    def __init__(self, aws: EmbeddedAws, example: Example, variables: dict[str, str]) -> None:
        self.aws = aws
        self.example = example
        name = example.name.replace("_", "-")
        self.machine = f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:{name}"
        self.resources = Resources(example, {**variables, "STATE_MACHINE_ARN": self.machine})
        definition = self.resources.substituted(example.definition_text)
        self.stepfunctions: Any = client("stepfunctions")
        self.stepfunctions.create_state_machine(name=name, definition=definition, roleArn=self.resources.role)

    def run(self, given: Any, name: str = "example") -> Run:
        """Run the example with an input to its end, virtual time passing as it has to.

        `name` is the execution's: one of our own makes the output the same each time. Where a function starts
        the machine, a list is a request each, and the first execution is driven.
        """
        if self.example.start_function is None:
            started = self.stepfunctions.start_execution(
                stateMachineArn=self.machine, name=name, input=json.dumps(given)
            )
            return self._to_its_end(started["executionArn"], given, [])
        requests = given if isinstance(given, list) else [given]
        answers = [self.ask(self.example.start_function, request) for request in requests]
        arns = [answer.payload["ExecutionArn"] for answer in answers if not answer.failed]
        return (
            self._to_its_end(arns[0], given, answers) if arns else Run("NOT STARTED", given, answers=answers)
        )

    def ask(self, function: str, request: Any) -> Answer:
        """Invoke one of the example's functions."""
        answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(request).encode())
        return Answer(request, json.loads(answer["Payload"].read()), "FunctionError" in answer)

    def _to_its_end(self, arn: str, given: Any, answers: list[Answer]) -> Run:
        self.aws.clock.run_until(lambda: self._described(arn)["status"] != "RUNNING")
        ended = self._described(arn)
        pages = self.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=arn)
        return Run(
            ended["status"],
            given,
            json.loads(ended["output"]) if "output" in ended else None,
            ended.get("error", ""),
            ended.get("cause", ""),
            ended["startDate"],
            ended.get("stopDate"),
            [event for page in pages for event in page["events"]],
            answers,
        )

    def _described(self, arn: str) -> Any:
        return self.stepfunctions.describe_execution(executionArn=arn)


@contextmanager
def laboratory(example: Example) -> Iterator[Laboratory]:
    """Run an embedded AWS that holds one example, and what runs beside it, until the block ends."""
    with example.surroundings() as variables, embedded_aws() as aws:
        yield Laboratory(aws, example, variables)
