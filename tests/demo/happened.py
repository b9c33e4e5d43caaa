"""Events and histories as AWS writes them, for drains that the tests make up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.common.model import stamp
from stories.demo.events import take_event
from stories.demo.histories import take_history
from stories.demo.scene import Drain, Entry, Scene, merged

BEGAN_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LEAVING, STAYING = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"


def at(seconds: float) -> datetime:
    return BEGAN_AT + timedelta(seconds=seconds)


def event(kind: str, seconds: float, detail: dict[str, Any]) -> dict[str, Any]:
    return {"detail-type": kind, "time": at(seconds).isoformat(), "detail": detail}


def instance(instance_id: str, status: str = "ACTIVE", seconds: float = -100) -> dict[str, Any]:
    zone = {"name": "ecs.availability-zone", "value": f"eu-west-1{instance_id[3]}"}
    detail = {"containerInstanceArn": f"arn:{instance_id}", "ec2InstanceId": instance_id}
    return event(
        "ECS Container Instance State Change", seconds, {**detail, "status": status, "attributes": [zone]}
    )


def task(number: int, group: str, status: str, seconds: float, on: str = LEAVING) -> dict[str, Any]:
    detail = {"taskArn": f"arn:task/web/{number:08}{0:024}", "group": group, "lastStatus": status}
    where = {"containerInstanceArn": f"arn:{on}", "updatedAt": at(seconds).isoformat()}
    return event("ECS Task State Change", seconds, {**detail, **where})


def action_begins(seconds: float = 0) -> dict[str, Any]:
    detail = {"EC2InstanceId": LEAVING, "LifecycleHookName": "ecs-drain"}
    return event("EC2 Instance-terminate Lifecycle Action", seconds, detail)


def execution_starts(seconds: float = 0) -> dict[str, Any]:
    detail = {"name": f"{LEAVING}-token", "status": "RUNNING", "executionArn": f"arn:{LEAVING}-token"}
    return event("Step Functions Execution Status Change", seconds, detail)


def terminated(seconds: float) -> dict[str, Any]:
    return event("EC2 Instance Terminate Successful", seconds, {"EC2InstanceId": LEAVING})


def entered(name: str, seconds: float) -> dict[str, Any]:
    return {
        "type": "TaskStateEntered",
        "timestamp": at(seconds),
        "stateEnteredEventDetails": {"name": name},
    }


def exited(name: str, seconds: float, **assigned: Any) -> dict[str, Any]:
    """The end of a state, with the variables that it assigned: each as JSON."""
    variables = {key: json.dumps(value) for key, value in assigned.items()}
    details = {"name": name, "output": "{}", "assignedVariables": variables}
    return {"type": "TaskStateExited", "timestamp": at(seconds), "stateExitedEventDetails": details}


def looked(seconds: float, summary: str, next_at: float | None = None, **more: Any) -> dict[str, Any]:
    """The end of a look after which events are waited for until `next_at`; without it the drain polls."""
    look = {
        "summary": summary,
        "wait_seconds": 15,
        **({} if next_at is None else {"next_at": stamp(at(next_at))}),
    }
    return exited("Look", seconds, look=look, **more)


def told(scene: Scene, *events: dict[str, Any]) -> list[Entry]:
    """Put events and histories of the one drain into the scene; returns the entries."""
    found: list[Entry] = []
    for each in events:
        if "detail-type" in each:
            found += take_event(scene, each)
        else:
            found += take_history(the_drain(scene), each)
    return merged(found)


def the_drain(scene: Scene) -> Drain:
    return scene.drains[LEAVING]


def in_mid_drain() -> Scene:
    """A service task that leaves, a standalone task and a daemon that hold the drain, a replacement that starts."""
    scene = Scene(daemons=frozenset({"log-router"}), comments={"Wait for events": "Stores a token."})
    told(
        scene,
        *(instance(each) for each in (LEAVING, STAYING)),
        task(1, "service:log-router", "RUNNING", -90),
        task(2, "service:web", "RUNNING", -90),
        task(3, "family:report", "RUNNING", -90),
        task(4, "service:web", "RUNNING", -90, STAYING),
        action_begins(),
        execution_starts(),
        task(5, "service:web", "PROVISIONING", 0, STAYING),
        exited("Set DRAINING", 0.2),
        entered("Look", 10.2),
        looked(10.2, "3 tasks hold the drain", 190.2),
        entered("Wait for events", 10.2),
        exited("Record a heartbeat", 30),
        task(2, "service:web", "DEACTIVATING", 45),
        looked(60, "3 tasks hold the drain", 190.2),
        entered("Wait for events", 60),
    )
    return scene


def at_the_end() -> Scene:
    """The same drain when all is over."""
    scene = in_mid_drain()
    told(
        scene,
        task(2, "service:web", "STOPPING", 105),
        task(2, "service:web", "STOPPED", 128),
        task(3, "family:report", "STOPPED", 200),
        task(1, "service:log-router", "STOPPED", 220),
        exited(
            "What is due?",
            225,
            look={"memory": {"stopped": ["a", "b", "c"]}},
            outcome={"name": "drained"},
        ),
        exited("Complete the lifecycle action", 225),
        {
            "type": "ExecutionSucceeded",
            "timestamp": at(225),
            "executionSucceededEventDetails": {"output": json.dumps({"outcome": {"name": "drained"}})},
        },
        terminated(226),
    )
    return scene
