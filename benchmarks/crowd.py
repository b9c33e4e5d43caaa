"""One container instance with very many tasks, drained on the embedded AWS: what it reads, and what it carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from app import app
from benchmarks.figures import ECS_READS
from benchmarks.fleet import quiet
from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state
from embedded_aws.clients import client
from embedded_aws.ecs.agent import killed_tasks
from embedded_aws.stepfunctions import executions_of
from stories import timeline, world
from stories.deployment import Deployment, deploy
from stories.world import GROUP, REGISTERED_WITHIN, STEADY_WITHIN, Hook, Service, World

LARGE_INSTANCE = "m5.24xlarge"
LONGEST = timedelta(hours=2)
STEP_SECONDS = 30
SMALL = Service(cpu=8, memory=16, has_target_group=False)


@dataclass(frozen=True)
class Drained:
    """What came of it."""

    outcomes: tuple[str, ...]
    tasks_killed: int
    reads: int
    """ECS resource reads of the drain, all together."""
    stops: int
    """Calls of StopTask that were answered."""
    events: int
    """Of the execution's history."""
    largest_payload: int
    """Bytes of the largest that its history tells of: what a function was given, or answered."""
    looks: int
    explanations: int
    """That were given; an explanation that failed is none."""
    throttled: int
    """Of all that the drains asked of AWS, how many were answered with ThrottlingException."""
    seconds: tuple[float, ...]
    """From the execution's start to its end, of each drain."""


def drain_crowd(number: int, *, standalone: bool = False) -> Drained:
    """Drain an instance with so many tasks, of a service that moves them, or standalone ones that are stopped."""
    environment = {"ECS_DRAINER_STANDALONE_TASKS": "stop"} if standalone else {}
    with patch.object(world, "INSTANCE_TYPE", LARGE_INSTANCE):
        return drain(partial(_build, number=number, standalone=standalone), environment)


def drain(
    build: Callable[[World], Sequence[str]],
    environment: Mapping[str, str] | None = None,
    happens: Mapping[float, Callable[[World], None]] | None = None,
    begin: Callable[[World, Deployment, Sequence[str]], None] | None = None,
) -> Drained:
    """Drain, in an embedded AWS of its own, the instances that `build` returns of the world that it builds.

    `environment`: settings of the stage; `happens`: what is done so many seconds after they are terminated, as Auto
    Scaling does unless `begin` says how.
    """
    with embedded_aws() as aws, quiet():
        deployment = deploy(app, environment)
        around = World(client, aws.clock.advance)
        with aws.requests.unthrottled():
            doomed = build(around)
        aws.requests.clear()
        lambda_state().invocations.clear()
        (begin or _terminate)(around, deployment, doomed)
        for seconds, deed in (happens or {}).items():
            aws.clock.call_later(seconds, partial(deed, around), "what happens in a large account")
        ends_at = aws.clock.now() + LONGEST
        while aws.clock.now() < ends_at and not _is_over(deployment, len(doomed)):
            aws.clock.advance(STEP_SECONDS)
        return _told(aws, deployment)


def _terminate(around: World, _deployment: Deployment, doomed: Sequence[str]) -> None:
    for instance in doomed:
        around.terminate(instance)


def _build(around: World, *, number: int, standalone: bool) -> list[str]:
    around.make_ground()
    around.add_group(GROUP, 1)
    around.wait(REGISTERED_WITHIN)
    around.put_hook(Hook())
    (doomed,) = around.instances()
    if standalone:
        job = around.register(replace(SMALL, name="job"))
        where = [around.container_instance(doomed)]
        for _ in range(number):
            client("ecs").start_task(cluster=world.CLUSTER, taskDefinition=job, containerInstances=where)
    else:
        around.create_service(replace(SMALL, desired=number))
    around.wait(STEADY_WITHIN)
    around.add_group("spare", 1)
    around.wait(REGISTERED_WITHIN)
    return [doomed]


def _is_over(deployment: Deployment, drains: int) -> bool:
    executions = executions_of(deployment.state_machine)
    return len(executions) >= drains and all(execution.closed.is_set() for execution in executions)


def _told(aws: EmbeddedAws, deployment: Deployment) -> Drained:
    executions = executions_of(deployment.state_machine)
    made = Counter(
        call.operation for call in aws.requests.calls if timeline.is_of_the_drainer(call) and not call.error
    )
    payloads = [
        len(str(text).encode())
        for execution in executions
        for event in execution.history
        for details in event.values()
        if isinstance(details, dict)
        for text in details.values()
        if isinstance(text, str)
    ]
    return Drained(
        outcomes=tuple(timeline.outcome(execution.describe()) for execution in executions),
        tasks_killed=len(killed_tasks()),
        reads=sum(times for operation, times in made.items() if operation in ECS_READS),
        stops=made["StopTask"],
        events=sum(len(execution.history) for execution in executions),
        largest_payload=max(payloads),
        looks=_answered("look"),
        explanations=_answered("explain"),
        throttled=sum(call.error == "ThrottlingException" for call in aws.requests.calls),
        seconds=tuple(_seconds(execution.describe()) for execution in executions),
    )


def _answered(function: str) -> int:
    """Count the invocations of a function that came to their end."""
    return sum(
        each.function_name.endswith(f"-{function}") and not each.outcome.error
        for each in lambda_state().invocations
    )


def _seconds(execution: dict[str, Any]) -> float:
    if execution["status"] == "RUNNING":
        return LONGEST.total_seconds()
    return float((execution["stopDate"] - execution["startDate"]).total_seconds())
