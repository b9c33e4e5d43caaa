"""The closing summary of a demo, from the embedded AWS's own records: what happened when, and what it came to."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import wrap
from typing import Any

from chalicelib.common.duration import in_words
from chalicelib.common.history import message_of
from embedded_aws.requests import Call
from embedded_aws.server import Server
from stories import timeline
from stories.prices import (
    LAMBDA_GIGABYTES,
    LAMBDA_SECONDS,
    cost,
    cost_by_item,
    transitions_of,
    usage_of,
)

WIDTH = 80
TASK_ID = re.compile(r"\b[0-9a-f]{32}\b")
PREFIX = "ecs-drainer-dev-"
RECONCILE = "reconcile"
"""Runs every five minutes, drain or no drain: it is on no drain's bill."""
Row = tuple[str, str, str]
"""A figure: what it is, how much, and what is in it."""


@dataclass(frozen=True)
class Records:
    """What the embedded AWS recorded by itself since a demo's drains began."""

    began_at: datetime
    events: list[dict[str, Any]]
    """From the beginning of the account, as it tells which instance is which."""
    calls: list[Call]
    executions: list[dict[str, Any]]
    """DescribeExecution's answer for each drain."""
    invocations: list[tuple[str, Any]]
    """Function and event."""
    killed: list[str]
    """The tasks that died with an instance."""

    @property
    def drains(self) -> list[Call]:
        """The calls of the drainer's functions and its machine; invoking a function is no call here."""
        return [call for call in self.calls if call.operation != "Invoke" and _is_a_drains(call)]


def read_records(aws: Server, machine: str, began_at: datetime) -> Records:
    """Read what was recorded since; `machine` is the ARN of the drain's state machine."""
    calls = [Call(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in aws.calls()]
    invoked = [each for each in aws.invocations() if datetime.fromisoformat(each["at"]) >= began_at]
    return Records(
        began_at,
        aws.events(),
        [call for call in calls if call.at >= began_at],
        timeline.executions(machine, aws.client("stepfunctions")),
        [
            (each["function_name"], each["event"])
            for each in invoked
            if not each["function_name"].endswith(RECONCILE)
        ],
        [str(each["task_arn"]).rsplit("/", 1)[-1][:8] for each in aws.killed_tasks()],
    )


def _is_a_drains(call: Call) -> bool:
    return timeline.is_of_the_drainer(call) and not (call.role or "").endswith(RECONCILE)


def delay_of(records: Records, instance_id: str) -> timedelta | None:
    """Return the time from an instance's last STOPPED to its CONTINUE."""
    continued_at = _continued_at(records, instance_id)
    arns = timeline.container_instances(records.events, [instance_id])
    changes = timeline.task_changes(records.events, arns)
    stopped = [each["at"] for each in changes if each["lastStatus"] == "STOPPED"]
    return continued_at - max(stopped) if continued_at and stopped else None


def timeline_of(records: Records, instance_id: str) -> str:
    """Return what happened to an instance that Auto Scaling took, as in the approved timelines of the scenarios."""
    found = timeline.entries(records.events, records.calls, records.executions, [instance_id])
    since = [entry for entry in found if entry.at >= records.began_at]
    return timeline.render(since, since[0].at if since else records.began_at, _shortened)


def _shortened(text: str) -> str:
    return TASK_ID.sub(lambda found: found[0][:8], text)


def _continued_at(records: Records, instance_id: str) -> datetime | None:
    for call in records.drains:
        if call.operation == "CompleteLifecycleAction" and call.error is None:
            given = call.parameters
            if (given["InstanceId"], given["LifecycleActionResult"]) == (instance_id, "CONTINUE"):
                return call.at
    return None


def figures(records: Records, instances: Iterable[str], histories: Sequence[Sequence[str]]) -> list[str]:
    """Return what all drains together came to as aligned lines; `histories`: the types of each one's events."""
    found = list(_rows(records, list(instances), sum(transitions_of(each) for each in histories)))
    widths = [max(len(row[column]) for row in found) for column in (0, 1)]
    heads = [f"  {what:<{widths[0]}}  {much:>{widths[1]}}  " for what, much, _ in found]
    milliseconds, megabytes = int(LAMBDA_SECONDS * 1000), int(LAMBDA_GIGABYTES * 1024)
    return [
        *(
            line.rstrip()
            for head, (_, _, rest) in zip(heads, found, strict=True)
            for line in wrap(rest, WIDTH, initial_indent=head, subsequent_indent=" " * len(head)) or [head]
        ),
        f"  us-east-1, no free tier; {milliseconds} ms of {megabytes} MB on arm64 for each invocation",
    ]


def _rows(records: Records, instances: list[str], transitions: int) -> Iterator[Row]:
    continued = [each for each in instances if _continued_at(records, each)]
    delays = [delay for each in instances if (delay := delay_of(records, each)) is not None]
    made = records.drains
    functions = Counter(function.removeprefix(PREFIX) for function, _ in records.invocations)
    services = Counter(call.service for call in made)
    refused = sum(call.error is not None for call in made)
    heartbeats = sum(call.operation == "RecordLifecycleActionHeartbeat" for call in made)
    usage = usage_of(((call.operation, call.parameters) for call in made), records.invocations, transitions)
    costs = cost_by_item(usage)
    of_functions = costs["lambda_requests"] + costs["lambda_gb_seconds"]
    killed = str(len(records.killed)) if continued or records.killed else "none sent"
    yield "tasks not STOPPED at CONTINUE", killed, "by the embedded AWS's own record"
    yield "last STOPPED to CONTINUE", in_words(max(delays)) if delays else "none", ""
    yield "looks", str(functions["look"]), f"{heartbeats} heartbeat{'' if heartbeats == 1 else 's'}"
    yield "state transitions", str(transitions), ""
    yield "Lambda invocations", str(functions.total()), _parts(functions)
    answered = f"; {refused} answered with an error" if refused else ""
    yield "API calls", str(services.total()), f"{_parts(services)}{answered}"
    said = f"transitions ${costs['transitions']:.5f}, Lambda ${of_functions:.5f}"
    yield "cost at list price", f"${cost(usage):.5f}", said


def what_went_wrong(records: Records, drain: str) -> str | None:
    """Return what went wrong with a drain, by its execution's ARN, in a sentence; None where nothing did."""
    if records.killed:
        return f"{len(records.killed)} tasks were not STOPPED when an instance went: {', '.join(records.killed)}."
    execution = next(each for each in records.executions if each["executionArn"] == drain)
    status = execution["status"]
    if status not in ("SUCCEEDED", "RUNNING"):
        why = f"{execution.get('error', '')}: {message_of(execution.get('cause', ''))}".strip(": ")
        return f"The execution ended as {status}: {why or 'no cause was given'}"
    instance_id = json.loads(execution["input"])["instance_id"]
    if _continued_at(records, instance_id) is None:
        return f"The lifecycle action of {instance_id} was not completed with CONTINUE in time."
    return None if status == "SUCCEEDED" else "The execution did not end in time."


def _parts(counted: Counter[str]) -> str:
    parts = sorted(counted.items(), key=lambda part: (-part[1], part[0]))
    return ", ".join(f"{name} {number}" for name, number in parts)
