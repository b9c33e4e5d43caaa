"""What the events of Auto Scaling, ECS and Step Functions mean for the scene, and the lines they are worth. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from stories.demo.scene import LEAVING_STATUSES, Drain, Entry, Instance, Move, Scene, Task

Event = dict[str, Any]

PATTERN = {"source": ["aws.autoscaling", "aws.ecs", "aws.states"]}
"""Everything that this module reads; anybody may subscribe to it with a rule of EventBridge."""


def take_event(scene: Scene, event: Event) -> Iterator[Entry]:
    """Put one event into the scene; yields what it is worth telling."""
    take = TAKERS.get(event["detail-type"])
    if take is not None:
        yield from take(scene, event["detail"], happened_at(event))


def happened_at(event: Event) -> datetime:
    """Return when it happened, to the millisecond where ECS says so: `time` is in whole seconds."""
    return datetime.fromisoformat(event["detail"].get("updatedAt") or event["time"])


def _action_begins(scene: Scene, detail: Event, at: datetime) -> Iterator[Entry]:
    instance_id, hook = detail["EC2InstanceId"], detail["LifecycleHookName"]
    if instance_id not in scene.drains:
        scene.drains[instance_id] = Drain(instance_id, at, hook)
        said = f"Auto Scaling takes {instance_id}; hook {hook} holds it"
        yield Entry(at, said, "aws", instance_id)


def _terminated(scene: Scene, detail: Event, at: datetime) -> Iterator[Entry]:
    drain = scene.drains.get(detail["EC2InstanceId"])
    if drain is not None:
        drain.terminated_at = at
        yield Entry(at, f"{drain.instance_id} is terminated", "aws", drain.instance_id)


def _instance_changed(scene: Scene, detail: Event, _at: datetime) -> Iterator[Entry]:
    zones = [each.get("value") for each in detail["attributes"] if each["name"] == "ecs.availability-zone"]
    arn = detail["containerInstanceArn"]
    zone = zones[0] if zones and zones[0] else ""
    scene.instances[arn] = Instance(arn, detail["ec2InstanceId"], zone, detail["status"])
    yield from ()


def _task_changed(scene: Scene, detail: Event, at: datetime) -> Iterator[Entry]:
    arn, status = detail["taskArn"], detail["lastStatus"]
    task = scene.tasks.setdefault(arn, Task(arn, detail["group"], detail["containerInstanceArn"]))
    before = task.status if task.spans else ""
    if status != before:
        task.spans.append((at, status))
        yield from _told(scene, task, before, at)


def _told(scene: Scene, task: Task, before: str, at: datetime) -> Iterator[Entry]:
    instance_id = scene.instance_of(task)
    if (drain := scene.drains.get(instance_id)) is not None and drain.terminated_at is None:
        move = Move(f"{task.name} {task.id}", before, task.status, note_on(scene, task))
        yield Entry(at, move.text, "good" if task.is_stopped else "task", instance_id, move)
    elif not before and scene.drains:
        yield Entry(at, f"a new task of {task.name} is placed on {instance_id}: {task.id}", "elsewhere")
    elif task.status == "RUNNING" and scene.drains:
        yield Entry(at, f"{task.name} {task.id}  RUNNING on {instance_id}", "elsewhere")


def note_on(scene: Scene, task: Task) -> str:
    """Return why a task on a leaving instance is where it is, in a few words."""
    if task.status == "RUNNING":
        if task.name in scene.daemons:
            return "ECS stops daemons last"
        return (
            "nothing stops it but its own end" if task.is_standalone else "until its replacement is healthy"
        )
    return NOTES.get(task.status, "")


NOTES = dict(
    zip(
        LEAVING_STATUSES,
        ("its targets deregister", "SIGTERM is sent", "ECS tidies up"),
        strict=True,
    )
)


def _execution_changed(scene: Scene, detail: Event, at: datetime) -> Iterator[Entry]:
    instance_id = next((each for each in scene.drains if detail["name"].startswith(f"{each}-")), None)
    if instance_id is None:
        return
    drain = scene.drains[instance_id]
    drain.status = detail["status"]
    if drain.status == "RUNNING":
        drain.execution = detail["executionArn"]
        yield Entry(at, "EventBridge invokes start_drain, which starts the drain", "drain", instance_id)


TAKERS: dict[str, Callable[[Scene, Event, datetime], Iterator[Entry]]] = {
    "EC2 Instance-terminate Lifecycle Action": _action_begins,
    "EC2 Instance Terminate Successful": _terminated,
    "ECS Container Instance State Change": _instance_changed,
    "ECS Task State Change": _task_changed,
    "Step Functions Execution Status Change": _execution_changed,
}
