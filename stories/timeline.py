"""The timeline of a drain: what happened when, as people read it and as tests approve it.

It is put together from what the embedded AWS recorded by itself: the events it emitted, the requests it answered,
and the executions of the state machine. The app under test has no hand in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import groupby
from typing import Any

from embedded_aws.clients import client
from embedded_aws.requests import Call

OF_OTHERS = {
    "UpdateContainerInstancesState": "somebody sets the container instance {status}",
    "UpdateService": "somebody changes service {service}",
    "UpdateTaskProtection": "a task protects itself from scale-in",
    "StopExecution": "somebody stops an execution",
    "TerminateInstances": "somebody terminates the EC2 instance",
    "StopInstances": "somebody stops the EC2 instance",
    "CompleteLifecycleAction": "somebody completes a lifecycle action with {lifecycleactionresult}",
}
"""What others than the drainer ask for, as far as a timeline tells it."""
# An event is put beside each notice, which tells the same.
UNINTERESTING = re.compile(
    "PutEvents|Describe|List|Get|Query|BatchGet|Scan|Transact|UpdateItem|DeleteItem|Invoke|StartExecution|Send|ChangeMessage"
)
IDS = re.compile(r"\bi-[0-9a-f]{8,17}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{8}\b(?!-)")


Event = dict[str, Any]
"""What AWS itself tells, as its JSON says."""

STORIES = {
    ("EC2 Instance Terminate Successful", "EC2"): "is terminated",
    ("EC2 Instance Terminate Successful", "WarmPool"): "is in the warm pool",
    ("EC2 Instance Launch Successful", "AutoScalingGroup"): "is in service",
    ("EC2 Instance Launch Successful", "WarmPool"): "is in the warm pool",
}
"""What the event that closes a scaling activity says, by where the instance went."""


class Rank(IntEnum):
    """The order of what is told of one and the same second: cause before effect.

    Events carry whole seconds, executions milliseconds and calls microseconds: their instants say nothing of it.
    """

    OCCASION = 0
    STOPPED = 1
    EXECUTION_BEGINS = 2
    CALL = 3
    CHANGE = 4
    EXECUTION_ENDS = 5
    END = 6


@dataclass(frozen=True)
class Entry:
    """One line: an instant and what happened then."""

    at: datetime
    text: str
    rank: Rank = Rank.CALL


def in_order(found: Iterable[Entry]) -> list[Entry]:
    """Return the entries second by second, those of one second in the order of cause and effect."""
    return sorted(found, key=lambda entry: (entry.at.replace(microsecond=0), entry.rank))


def entries(
    emitted: Sequence[Event],
    calls: Iterable[Call],
    executions: Sequence[Event],
    instance_ids: Iterable[str],
) -> list[Entry]:
    """Return everything that happened to these instances and their drains, oldest first.

    Args:
        emitted: the events of AWS's services.
        calls: all requests.
        executions: DescribeExecution's answers.
        instance_ids: of the EC2 instances.
    """
    arns = set(container_instances(emitted, instance_ids))
    begun, ended = _of_executions(executions)
    events = _of_events(emitted, set(instance_ids), arns)
    return in_order([*begun, *events, *_of_agents(emitted, arns), *_of_calls(calls), *ended])


def container_instances(emitted: Iterable[Event], instance_ids: Iterable[str]) -> Iterator[str]:
    """Yield the ARNs of the container instances that these EC2 instances were, by the events of AWS."""
    wanted = set(instance_ids)
    for event in emitted:
        if (
            event["detail-type"] == "ECS Container Instance State Change"
            and event["detail"]["ec2InstanceId"] in wanted
        ):
            yield event["detail"]["containerInstanceArn"]


def task_changes(emitted: Iterable[Event], arns: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the details of the task state changes on these container instances, oldest first."""
    wanted = set(arns)
    for event in emitted:
        if (
            event["detail-type"] == "ECS Task State Change"
            and event["detail"].get("containerInstanceArn") in wanted
        ):
            yield {**event["detail"], "at": datetime.fromisoformat(event["time"])}


def render(found: list[Entry], since: datetime, named: Callable[[str], str] | None = None) -> str:
    """Return the lines, each with the time since an instant; runs of one and the same line become one.

    `named` replaces ids; by short names in order of appearance where nothing else is said.
    """
    lines = []
    for text, run in groupby(found, key=lambda entry: entry.text):
        same = list(run)
        times = f" ({len(same)} times, until {clock(same[-1].at - since)})" if len(same) > 1 else ""
        lines.append(f"{clock(same[0].at - since)}  {text}{times}")
    return (named or _named)("\n".join(lines)) + "\n"


def clock(passed: timedelta) -> str:
    """Return a time since the start: `02:08`, or `47:58:00` where hours have passed."""
    seconds = int(passed.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes:02}:{seconds:02}"


def _of_events(emitted: Sequence[Event], instance_ids: set[str], arns: set[str]) -> Iterator[Entry]:
    for event in emitted:
        if (text := _event_text(event, instance_ids)) is not None:
            rank = Rank.END if event["detail-type"].endswith("Successful") else Rank.OCCASION
            yield Entry(datetime.fromisoformat(event["time"]), text, rank)
    before: dict[str, str] = {}
    for detail in task_changes(emitted, arns):
        old, new = before.get(detail["taskArn"]), detail["lastStatus"]
        before[detail["taskArn"]] = new
        if old != new and detail["desiredStatus"] == "STOPPED":
            name = detail["group"].partition(":")[2]
            text = f"task of {name} is {new}: {detail['taskArn'].rsplit('/', 1)[-1]}"
            yield Entry(detail["at"], text, Rank.STOPPED if new == "STOPPED" else Rank.CHANGE)


def _of_agents(emitted: Iterable[Event], arns: set[str]) -> Iterator[Entry]:
    """Yield when the agent of an instance that is still there was lost, and when it came back."""
    connected: dict[str, bool] = {}
    for event in emitted:
        detail = event["detail"]
        if event["detail-type"] != "ECS Container Instance State Change" or detail["status"] == "INACTIVE":
            continue
        arn, now = detail["containerInstanceArn"], detail["agentConnected"]
        if arn in arns and connected.get(arn, now) != now:
            said = "is connected again" if now else "is disconnected"
            yield Entry(datetime.fromisoformat(event["time"]), f"its agent {said}", Rank.OCCASION)
        connected[arn] = now


def _event_text(event: dict[str, Any], instance_ids: set[str]) -> str | None:
    detail, kind = event["detail"], event["detail-type"]
    instance = detail.get("EC2InstanceId") or detail.get("instance-id")
    if instance not in instance_ids:
        return None
    if kind == "EC2 Instance-terminate Lifecycle Action":
        return f"lifecycle action of hook {detail['LifecycleHookName']} begins for {instance}"
    if kind in ("EC2 Spot Instance Interruption Warning", "EC2 Instance Rebalance Recommendation"):
        return f"{kind} for {instance}"
    return f"{instance} {STORIES[kind, detail['Destination']]}" if kind.endswith("Successful") else None


def _of_calls(calls: Iterable[Call]) -> Iterator[Entry]:
    for call in calls:
        if is_of_the_drainer(call) and not UNINTERESTING.match(call.operation):
            refused = f", refused: {call.error}" if call.error else ""
            yield Entry(call.at, f"{_call_text(call)}{refused}")
        elif call.role is None and call.operation in OF_OTHERS:
            yield Entry(call.at, OF_OTHERS[call.operation].format_map(_given(call)), Rank.OCCASION)


def is_of_the_drainer(call: Call) -> bool:
    """Whether one of our functions or our state machine made the call, by the role it made it as."""
    role = call.role or ""
    return role.startswith("ecs-drainer-") or "StateMachineRole" in role


def _given(call: Call) -> dict[str, Any]:
    """Return a call's parameters by their names in small letters: protocols spell them differently."""
    return {key.lower(): value for key, value in (call.parameters or {}).items()}


def _call_text(call: Call) -> str:
    given = _given(call)
    if call.operation == "UpdateContainerInstancesState":
        return f"the container instance is set {given['status']}"
    if call.operation == "CompleteLifecycleAction":
        return f"the lifecycle action is completed with {given['lifecycleactionresult']}"
    if call.operation == "RecordLifecycleActionHeartbeat":
        return "a heartbeat is recorded"
    if call.operation == "Publish":
        return f"notice: {given['subject']}"
    return f"StopTask: {given['task'].rsplit('/', 1)[-1]}" if call.operation == "StopTask" else call.action


def _of_executions(found: Sequence[Event]) -> tuple[list[Entry], list[Entry]]:
    begun = [
        Entry(execution["startDate"], "an execution starts", Rank.EXECUTION_BEGINS) for execution in found
    ]
    ended = [
        Entry(
            execution["stopDate"],
            f"the execution ends: {execution['status']}, {outcome(execution)}",
            Rank.EXECUTION_ENDS,
        )
        for execution in found
        if "stopDate" in execution
    ]
    return begun, ended


def executions(state_machine: str, sfn: Any = None) -> list[Event]:
    """Return DescribeExecution's answer for every execution of the machine, oldest first; `sfn`: another client."""
    sfn = sfn or client("stepfunctions")
    pages = sfn.get_paginator("list_executions").paginate(stateMachineArn=state_machine)
    listed = [execution["executionArn"] for page in pages for execution in page["executions"]]
    described = [sfn.describe_execution(executionArn=arn) for arn in listed]
    return sorted(described, key=lambda execution: (execution["startDate"], execution["name"]))


def history(execution_arn: str) -> list[dict[str, Any]]:
    """Return an execution's history events, oldest first."""
    pages = (
        client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    )
    return [event for page in pages for event in page["events"]]


def outcome(execution: dict[str, Any]) -> str:
    """Return how an execution of the drain ended: its outcome, its error, or `running`."""
    if execution["status"] == "RUNNING":
        return "running"
    if execution["status"] != "SUCCEEDED":
        return str(execution.get("error", "no error given"))
    output = json.loads(execution["output"])
    return str(output.get("outcome", {}).get("name", "no outcome"))


def _named(text: str) -> str:
    """Replace ids by short names in order of appearance, so that timelines read and compare well."""
    names: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        found = match.group()
        kind = "i" if found.startswith("i-") else "task"
        key = found if kind == "i" else found[:8]
        count = sum(1 for known in names.values() if known.startswith(kind)) + 1
        return names.setdefault(key, f"{kind}-{count}")

    return IDS.sub(name, text)
