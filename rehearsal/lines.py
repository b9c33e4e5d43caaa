"""The timeline of a rehearsal: what happened when, to which instance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from rehearsal.records import INSTANCE_CHANGE, TASK_CHANGE, Item, Records, name_of, service_of
from rehearsal.result import Event, EventKind
from stories import timeline

REFRESH = "EC2 Auto Scaling Instance Refresh "
HOOK = "EC2 Instance-terminate Lifecycle Action"
SPOT = "EC2 Spot Instance Interruption Warning"
ORDER = {kind: place for place, kind in enumerate(EventKind)}


def lines_of(records: Records) -> tuple[Event, ...]:
    """Return every line, oldest first; of one second, AWS's own before the drain's."""
    found = [*_of_events(records), *_of_calls(records), *_of_executions(records)]
    return tuple(sorted(found, key=lambda line: line.at))


def _of_events(records: Records) -> Iterator[Event]:
    before: dict[str, tuple[str, str]] = {}
    for event in records.events:
        at, kind, detail = datetime.fromisoformat(event["time"]), event["detail-type"], event["detail"]
        if kind == TASK_CHANGE:
            yield from _of_task(records, at, detail, before)
        elif kind == INSTANCE_CHANGE:
            yield from _of_instance(records, at, detail, before)
        elif kind == "ECS Service Action" and detail["eventName"] == "SERVICE_TASK_PLACEMENT_FAILURE":
            name = event["resources"][0].rsplit("/", 1)[-1]
            yield Event(
                at, EventKind.SERVICE, f"service {name} can't place a task: {detail['reason']}", None, name
            )
        else:
            yield from _of_scaling(at, kind, detail)


def _of_scaling(at: datetime, kind: str, detail: Item) -> Iterator[Event]:
    instance = detail.get("EC2InstanceId") or detail.get("instance-id")
    if kind.startswith(REFRESH):
        said = f"instance refresh of {detail['AutoScalingGroupName']}: {kind.removeprefix(REFRESH).lower()}"
        yield Event(at, EventKind.AUTO_SCALING, said)
    elif kind == HOOK:
        said = f"lifecycle action of hook {detail['LifecycleHookName']} begins"
        yield Event(at, EventKind.AUTO_SCALING, said, instance)
    elif kind == SPOT:
        yield Event(at, EventKind.EC2, "EC2 takes the Spot Instance back in two minutes", instance)
    elif kind.endswith("Successful"):
        yield Event(at, EventKind.AUTO_SCALING, timeline.STORIES[kind, detail["Destination"]], instance)


def _of_task(
    records: Records, at: datetime, detail: Item, before: dict[str, tuple[str, str]]
) -> Iterator[Event]:
    arn, status = detail["taskArn"], (detail["lastStatus"], detail["desiredStatus"])
    if before.get(arn) == status:
        return
    was = before.get(arn, ("", ""))
    before[arn] = status
    instance = records.hosts.get(detail.get("containerInstanceArn") or "")
    group, short = detail["group"], arn.rsplit("/", 1)[-1][:8]
    leaves = status[1] == "STOPPED" and was[0] != status[0]
    if (leaves and status[0] in ("DEACTIVATING", "STOPPED")) or (
        status[0] == "RUNNING" and was[0] != "RUNNING" and was[0]
    ):
        said = f"task {short} of {name_of(group)} is {status[0]}"
        yield Event(at, EventKind.TASK, said, instance, service_of(group))


def _of_instance(
    records: Records, at: datetime, detail: Item, before: dict[str, tuple[str, str]]
) -> Iterator[Event]:
    arn, now = detail["containerInstanceArn"], (detail["status"], str(detail["agentConnected"]))
    was, before[arn] = before.get(arn), now
    if was is None and arn not in records.tasks and now[0] == "ACTIVE":
        yield Event(at, EventKind.INSTANCE, "registers in the cluster", detail["ec2InstanceId"])
    elif was is not None and was[1] != now[1] and now[0] != "INACTIVE":
        said = "its agent is connected again" if now[1] == "True" else "its agent is disconnected"
        yield Event(at, EventKind.INSTANCE, said, detail["ec2InstanceId"])


def _of_calls(records: Records) -> Iterator[Event]:
    for call in records.calls:
        given = {key.lower(): value for key, value in (call.parameters or {}).items()}
        refused = f", refused: {call.error}" if call.error else ""
        if call.operation == "UpdateContainerInstancesState":
            for arn in given["containerinstances"]:
                said = f"is set {given['status']}{refused}"
                yield Event(_whole(call.at), EventKind.INSTANCE, said, records.hosts.get(arn))
        elif call.operation == "CompleteLifecycleAction":
            said = f"the lifecycle action is completed with {given['lifecycleactionresult']}{refused}"
            yield Event(_whole(call.at), EventKind.DRAIN, said, given.get("instanceid"))
        elif call.operation == "StopTask":
            said = f"task {given['task'].rsplit('/', 1)[-1][:8]} is told to stop{refused}"
            yield Event(_whole(call.at), EventKind.DRAIN, said)
        elif call.operation == "Publish":
            yield Event(
                _whole(call.at), EventKind.NOTICE, str(given["subject"]), _instance_in(str(given["subject"]))
            )


def _instance_in(text: str) -> str | None:
    return next((word.strip(".,:") for word in text.split() if word.startswith("i-")), None)


def _of_executions(records: Records) -> Iterator[Event]:
    for each in records.executions:
        instance = instance_of(each)
        yield Event(_whole(each["startDate"]), EventKind.DRAIN, "its drain begins", instance)
        if "stopDate" in each:
            said = f"its drain ends: {timeline.outcome(each)}"
            yield Event(_whole(each["stopDate"]), EventKind.DRAIN, said, instance)


def instance_of(execution: Item) -> str:
    """Return the EC2 instance that an execution drains, from its name."""
    return "-".join(str(execution["name"]).split("-")[:2])


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
