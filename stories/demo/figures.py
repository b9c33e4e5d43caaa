"""The figures of one drain, counted from the embedded AWS's own records; and whether it went right."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from stories.demo.scene import Drain, Scene
from stories.demo.stage import APP, MACHINE, STAGE, Stage
from stories.prices import LAMBDA_GIGABYTES, Usage

LAMBDA_SECONDS = 0.2
"""What an invocation is reckoned to take: the embedded AWS runs functions in no virtual time."""
RECONCILE = f"{APP}-{STAGE}-reconcile"
"""Runs every five minutes, drain or no drain: it is on no drain's bill."""
IN_A_TRANSACTION = 2
"""A transaction costs each of its writes twice: https://aws.amazon.com/dynamodb/pricing/on-demand/"""

Call = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """What a drain came to."""

    status: str = ""
    """Of the execution."""
    cause: str = ""
    continued: bool = False
    killed: tuple[str, ...] = ()
    """The tasks that died with the instance, as the embedded AWS recorded them."""
    delay: timedelta | None = None
    """From the last STOPPED to CONTINUE."""
    looks: int = 0
    heartbeats: int = 0
    transitions: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    """API calls of the functions and the machine, by service; invoking a function is no call here."""
    refused: int = 0
    """Of these, how many were answered with an error."""
    invocations: Counter[str] = field(default_factory=Counter)
    """By function."""
    usage: Usage = field(default_factory=Usage)

    @property
    def wrong(self) -> str | None:
        """What went wrong, in a sentence; None if nothing did."""
        if self.killed:
            return (
                f"{len(self.killed)} tasks were not STOPPED when the instance went: {', '.join(self.killed)}."
            )
        if self.status not in ("SUCCEEDED", "RUNNING", ""):
            return f"The execution ended as {self.status}: {self.cause or 'no cause was given'}"
        if not self.continued:
            return "The lifecycle action was not completed with CONTINUE in time."
        if self.status != "SUCCEEDED":
            return "The execution did not end in time."
        return None


def gather(stage: Stage, scene: Scene, drain: Drain) -> Figures:
    """Count what a drain came to, from the request log and the record of killed tasks."""
    made = _calls(stage, drain)
    invoked = [call for call in made if call["operation"] == "Invoke"]
    asked = [call for call in made if call["operation"] != "Invoke"]
    invocations = Counter(_function(call) for call in invoked)
    killed = [each for each in stage.aws.killed_tasks() if each["instance_id"] == drain.instance_id]
    return Figures(
        status=drain.status,
        cause=drain.cause,
        continued=drain.continued_at is not None,
        killed=tuple(each["task_arn"].rsplit("/", 1)[-1][:8] for each in killed),
        delay=scene.delay(drain),
        looks=len(drain.looks),
        heartbeats=len(drain.heartbeats),
        transitions=drain.transitions,
        calls=Counter(call["service"] for call in asked),
        refused=sum(call["error"] is not None for call in made),
        invocations=invocations,
        usage=usage_of(asked, drain.transitions, invocations.total()),
    )


def usage_of(calls: list[Call], transitions: int, invocations: int) -> Usage:
    """Return what is on the bill: calls of EC2 Auto Scaling and ECS are free."""
    return Usage(
        transitions=transitions,
        lambda_requests=invocations,
        lambda_gb_seconds=invocations * LAMBDA_SECONDS * LAMBDA_GIGABYTES,
        ledger_writes=sum(
            IN_A_TRANSACTION * len(call["parameters"]["TransactItems"])
            for call in calls
            if call["operation"] == "TransactWriteItems"
        ),
        ledger_reads=sum(call["operation"] == "GetItem" for call in calls),
        notices=sum(call["operation"] == "Publish" for call in calls),
    )


def _calls(stage: Stage, drain: Drain) -> list[Call]:
    """Return the calls since a drain began of every role that the deployment made, and EventBridge's invocations."""
    machine = stage.aws.client("stepfunctions").describe_state_machine(stateMachineArn=MACHINE)
    listed = stage.aws.client("lambda").list_functions()["Functions"]
    roles = [function["FunctionName"] for function in listed if function["FunctionName"] != RECONCILE]
    made = [call for role in [_role(machine["roleArn"]), *roles] for call in stage.aws.calls(role=role)]
    made += [
        call
        for call in stage.aws.calls(service="lambda", operation="Invoke")
        if call["principal"] == "events.amazonaws.com" and _function(call) != "reconcile"
    ]
    began = drain.began_at.isoformat()
    return [call for call in made if call["at"] >= began]


def _role(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _function(call: Call) -> str:
    name: str = call["parameters"]["FunctionName"].rsplit(":", 1)[-1]
    return name.removeprefix(f"{APP}-{STAGE}-")
