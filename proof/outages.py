"""A whole service away in mid-drain, for one minute, ten or sixty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from embedded_aws.clients import client
from embedded_aws.requests import Call, Fault
from proof.faults import FAILURES, THROTTLES
from proof.points import site_of
from stories.stage import Stage

MINUTES = (1, 10, 60)
MID_DRAIN_SECONDS = 60.0
"""After the beginning of the story: the instance is DRAINING, and its tasks leave their target group."""
LAMBDA, START, SQS = "lambda", "StartExecution", "sqs"
SERVICES = ("ecs", "autoscaling", "dynamodb", "sns", SQS, LAMBDA, START)
IN_WORDS = {
    "ecs": "ECS is away",
    "autoscaling": "Auto Scaling is away",
    "dynamodb": "DynamoDB is away",
    "sns": "SNS is away",
    "sqs": "SQS is away",
    "lambda": "Lambda throttles every function",
    START: "Step Functions throttles StartExecution",
}

SCENARIOS = {
    "three-service-tasks": "an ordinary drain that a lifecycle action asks for: it ends with CONTINUE",
    "manual-drain-kept": "a person's drain without a lifecycle action: at its deadline the instance stays DRAINING",
    "manual-drain-then-return": "a person's drain that sets the instance ACTIVE again",
    "manual-drain-then-terminate": "a person's drain after which the group terminates the instance",
    "spot-interruption": "EC2 takes the instance after two minutes: no lifecycle action waits for them",
    "spot-interruption-then-lifecycle-action": "two triggers for one instance, within seconds",
    "a-queue-is-worked-off": "a gate that waits for a queue, before DRAINING is set",
    "a-task-signs-off": "a gate that asks a task over SNS and SQS, and waits for its answer",
    "two-members-in-the-same-second": "a quorum group's slot in the ledger: one holds it, one waits",
    "warm-pool-return": "an instance that is let go, and must be ACTIVE when it comes back from the warm pool",
    "managed-draining-watched": "a drain of ECS's own, which is watched: nothing of ours holds the instance",
    "deadline-stop-tasks": "a drain that is stuck until its deadline, and then stops tasks",
}
"""The drains that meet every outage, each with what it does that no other here does."""


def outage(service: str, minutes: int, stage: Stage) -> list[Call]:
    """Take a service away, from the middle of the drain on; StartExecution from its beginning."""
    struck: list[Call] = []
    begins = 0.0 if service == START else MID_DRAIN_SECONDS
    since = stage.aws.clock.now() + timedelta(seconds=begins)
    until = since + timedelta(minutes=minutes)
    stage.aws.requests.fail_when(_during(since, until, _is_meant(service), struck), _fault(service))
    beside = {LAMBDA: _throttle_functions, SQS: _stop_polling}.get(service)
    if beside:
        stage.aws.clock.call_later(begins, partial(beside, stage, True), f"{service} goes away")
        stage.aws.clock.call_later(begins + 60 * minutes, partial(beside, stage, False), f"{service} is back")
    return struck


def _fault(service: str) -> Fault:
    if service in (LAMBDA, START):
        return THROTTLES["lambda" if service == LAMBDA else "stepfunctions"]
    return Fault(FAILURES[service], "Service unavailable", 503)


def _is_meant(service: str) -> Callable[[Call], bool]:
    if service == START:
        return lambda call: call.operation == START
    return lambda call: call.service == service and (service != LAMBDA or call.operation == "Invoke")


def _during(
    since: datetime, until: datetime, is_meant: Callable[[Call], bool], struck: list[Call]
) -> Callable[[Call], bool]:
    def strikes(call: Call) -> bool:
        is_struck = since <= call.at < until and is_meant(call) and site_of(call) is not None
        if is_struck:
            struck.append(call)
        return is_struck

    return strikes


def _throttle_functions(stage: Stage, away: bool) -> None:
    """Take the functions' concurrency away: what Lambda's own queues and pollers hand over is throttled as well."""
    for arn in stage.deployment.functions.values():
        if away:
            client("lambda").put_function_concurrency(FunctionName=arn, ReservedConcurrentExecutions=0)
        else:
            client("lambda").delete_function_concurrency(FunctionName=arn)


def _stop_polling(stage: Stage, away: bool) -> None:
    """Nobody can take messages off the queue either: Lambda's pollers make no requests of the account's."""
    for mapping in client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=not away)
    del stage
