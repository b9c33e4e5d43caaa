"""What a run left behind, as plain values: taken from what the embedded AWS recorded, for pure functions to judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from embedded_aws.awslambda import lambda_state
from embedded_aws.clients import client
from embedded_aws.eventbridge import events_state
from embedded_aws.eventbridge.state import Delivery
from embedded_aws.requests import Call
from stories import timeline
from stories.stage import Stage
from stories.timeline import is_of_the_drainer


@dataclass(frozen=True)
class TaskLife:
    """A task that was on an instance of ours."""

    arn: str
    instance: str
    group: str
    began_at: datetime
    stopped_at: datetime | None


@dataclass(frozen=True)
class Drain:
    """An execution of the drain's machine."""

    name: str
    began_at: datetime
    ended_at: datetime | None
    outcome: str
    """Its outcome, its error, or `running`."""
    deadline_at: datetime | None
    """As the ledger has it."""

    @property
    def instance(self) -> str:
        """The EC2 instance, by the execution's name."""
        return "-".join(self.name.split("-")[:2])


@dataclass(frozen=True)
class Moment:
    """How it stood at one instant: which instances our hook held, and which had a drain."""

    at: datetime
    waiting: frozenset[str]
    draining: frozenset[str]


@dataclass(frozen=True)
class Completion:
    """A CompleteLifecycleAction of ours that took effect."""

    at: datetime
    instance: str
    hook: str
    token: str
    result: str


@dataclass(frozen=True)
class Records:
    """One run."""

    calls: tuple[Call, ...]
    """The drains' own and EventBridge's."""
    tasks: tuple[TaskLife, ...]
    drains: tuple[Drain, ...]
    """Oldest first."""
    moments: tuple[Moment, ...]
    completions: tuple[Completion, ...]
    actions: tuple[tuple[str, str], ...]
    """The instance and the hook of each lifecycle action that began."""
    left_open: tuple[str, ...]
    """Waiting rows, entries and leases that nobody holds any more, at the end."""
    notices: tuple[str, ...]
    """Subjects and texts."""
    warnings: tuple[str, ...]
    """What our functions logged of level WARNING or above, and how their processes ended."""
    dead_letters: int
    """Messages in both dead-letter queues, whose alarms ring."""
    ended_at: datetime
    delivered: tuple[Delivery, ...] = field(default=(), repr=False)
    """What EventBridge delivered."""
    struck: tuple[Call, ...] = field(default=())
    """The calls that the fault befell."""


def taken(
    stage: Stage, moments: Iterable[Moment], warnings: Iterable[str], struck: Iterable[Call]
) -> Records:
    """Take the records of a run that is over."""
    calls = tuple(stage.aws.requests.calls)
    return Records(
        calls=calls,
        tasks=tuple(_tasks(events_state().emitted)),
        drains=tuple(_drains(stage)),
        moments=tuple(moments),
        completions=tuple(_completions(calls)),
        actions=tuple(_actions(events_state().emitted)),
        left_open=tuple(stage.left_open),
        notices=tuple(f"{subject}\n{text}" for subject, text in stage.notices),
        warnings=(*warnings, *_ends()),
        dead_letters=sum(_messages(queue) for queue in ("ecs-drainer-dev-dead-letters", _events_queue())),
        ended_at=stage.aws.clock.now(),
        delivered=tuple(events_state().delivered),
        struck=tuple(struck),
    )


def _tasks(emitted: Iterable[dict[str, Any]]) -> Iterator[TaskLife]:
    emitted = list(emitted)
    instances = {
        event["detail"]["containerInstanceArn"]: event["detail"]["ec2InstanceId"]
        for event in emitted
        if event["detail-type"] == "ECS Container Instance State Change"
    }
    began: dict[str, datetime] = {}
    ended: dict[str, datetime] = {}
    last: dict[str, dict[str, Any]] = {}
    for change in timeline.task_changes(emitted, instances):
        began.setdefault(change["taskArn"], change["at"])
        last[change["taskArn"]] = change
        if change["lastStatus"] == "STOPPED":
            ended.setdefault(change["taskArn"], datetime.fromisoformat(change["stoppedAt"]))
    for arn, change in last.items():
        instance = instances[change["containerInstanceArn"]]
        yield TaskLife(arn, instance, change["group"], began[arn], ended.get(arn))


def _drains(stage: Stage) -> Iterator[Drain]:
    found = {item["pk"]["S"].removeprefix("drain#"): item for item in stage.ledger("drain#")}
    for execution in stage.executions:
        deadline = found.get(execution["name"], {}).get("deadline_at", {}).get("S")
        yield Drain(
            execution["name"],
            execution["startDate"],
            execution.get("stopDate"),
            timeline.outcome(execution),
            datetime.fromisoformat(deadline) if deadline else None,
        )


def _completions(calls: Iterable[Call]) -> Iterator[Completion]:
    for call in calls:
        if call.operation == "CompleteLifecycleAction" and call.took_effect and is_of_the_drainer(call):
            given = call.parameters
            yield Completion(
                call.at,
                str(given.get("InstanceId")),
                str(given["LifecycleHookName"]),
                str(given.get("LifecycleActionToken")),
                str(given["LifecycleActionResult"]),
            )


def _actions(emitted: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for event in emitted:
        if event["detail-type"] == "EC2 Instance-terminate Lifecycle Action":
            yield event["detail"]["EC2InstanceId"], event["detail"]["LifecycleHookName"]


def _ends() -> Iterator[str]:
    for each in lambda_state().invocations:
        if each.outcome.error:
            yield f"{each.function_name}: {each.outcome.error_type}"


def _events_queue() -> str:
    return "ecs-drainer-dev-ecs-events-dead-letters"


def _messages(queue: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)
