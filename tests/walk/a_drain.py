"""What the drain's machine is answered in a walk: the functions' answers in their shapes, and AWS's where they count.

A story changes a few of the ORDINARY answers; what it doesn't name happens as in an ordinary drain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.walk.answers import Answers, Error
from tests.walk.coverage import Coverage
from tests.walk.evaluating import instant
from tests.walk.walked import Walk
from tests.walk.walker import AT, load, walk

DRAIN = load("statemachine/drain.asl.json")

INSTANCE = "i-0a1b2c3d4e5f60718"
CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/shop"
CONTAINER = "arn:aws:ecs:eu-west-1:123456789012:container-instance/shop/0a1b"
TASK = "arn:aws:ecs:eu-west-1:123456789012:task/shop/web1"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:drains"
OTHER = "arn:aws:states:eu-west-1:123456789012:execution:drain:other"
HOOK_SECONDS = 900
ACTION = {
    "AutoScalingGroupName": "shop",
    "LifecycleHookName": "drain",
    "InstanceId": INSTANCE,
    "LifecycleActionToken": "token-1",
}
INPUT = {
    "instance_id": INSTANCE,
    "trigger": "lifecycle-action",
    "lifecycle_action": {"auto_scaling_group": "shop", "hook": "drain", "token": "token-1"},
}
MANUAL_INPUT = {"instance_id": INSTANCE, "trigger": "manual"}

OVER = Error("AutoScaling.AutoScalingException", "No active Lifecycle Action found with token token-1")
DENIED = Error("AutoScaling.AutoScalingException", "User: drain is not authorized to perform: it")
RACED = Error("DynamoDb.ConditionalCheckFailedException", "The conditional request failed")
HELD = Error("DynamoDb.TransactionCanceledException", "reasons [None, ConditionalCheckFailed]")
BUSY = Error("DynamoDb.TransactionCanceledException", "reasons [ThrottlingError, None]")


def after(**time: float) -> str:
    """Return an instant so long after the drain began."""
    return instant(AT + timedelta(**time))


def plan(**changes: Any) -> dict[str, Any]:
    """Return what `plan_drain` answers of a drain that a lifecycle action triggered, with other values of its parts."""
    drain = {
        "instance_id": INSTANCE,
        "trigger": "lifecycle-action",
        "who": "-",
        "reason": "-",
        "policy": {"then": "keep", "notify": "stage"},
        "containers": [{"cluster": CLUSTER, "container_instances": [CONTAINER]}],
        "started_at": after(),
        "topic": TOPIC,
        "heartbeat_seconds": HOOK_SECONDS // 2,
        "destination": "EC2",
        "ceiling_at": after(hours=20),
        "gone_at": None,
        "ledger_key": "drain#1",
        "lock_key": f"instance#{INSTANCE}",
        "waiting_key": f"waiting#{CONTAINER}",
        "waiting_cluster": CLUSTER,
        "expires_at": "1780000000",
        **changes.pop("drain", {}),
    }
    return {
        "verdict": "drain",
        "drain": drain,
        "lifecycle_action": ACTION,
        "to_set_draining": [{"cluster": CLUSTER, "container_instances": [CONTAINER]}],
        "to_deregister": [],
        "deadline": {"at": after(hours=1), "action": "continue"},
        "heartbeat": {"recorded_at": after(minutes=-5)},
        "look": {
            "summary": "not looked yet",
            "holding": 0,
            "memory": {"looks": 0, "tasks": {}},
            "gates": gates(),
        },
        "explanation": {"until": None, "warned": False, "times": 0, "text": "", "blockers": []},
        "stopped": {"asked": []},
        "outcome": {"name": "drain"},
        **changes,
    }


def gates(*, is_passed: bool = True, slots: int = 0) -> dict[str, Any]:
    """Return the gates as a plan and looks carry them, with so many slots taken."""
    taken = [{"pk": f"slot#{number}", "instance_id": INSTANCE} for number in range(slots)]
    return {"is_passed": is_passed, "slots": taken}


def manual(then: str = "keep", **changes: Any) -> dict[str, Any]:
    """Return what `plan_drain` answers of a drain that a person asked for: nobody waits for it."""
    drain = {
        "trigger": "manual",
        "policy": {"then": then, "notify": "stage"},
        "heartbeat_seconds": 0,
        "ceiling_at": None,
    }
    return plan(
        lifecycle_action=None,
        heartbeat={"recorded_at": None},
        **{**changes, "drain": {**drain, **changes.get("drain", {})}},
    )


def seen(**facts: Any) -> Callable[[Any], dict[str, Any]]:
    """Return what `look` answers: one task holds the drain, and nothing else is due for `next_in` seconds."""
    next_in = facts.pop("next_in", 900)

    def answer(arguments: Any) -> dict[str, Any]:
        event = arguments["Payload"]
        now = datetime.fromisoformat(event["now"])
        looks = event["memory"]["looks"] + 1
        usual = {
            "at": instant(now),
            "drained": False,
            "taken_back": False,
            "agent_lost": False,
            "heartbeat_due": _is_due(event, now),
            "stop_now": [],
            "tasks_to_stop": 0,
            "explain": "no",
            "holding": 1,
            "wait_seconds": 60,
            "summary": "1 task holds the drain: web RUNNING",
            "memory": {"looks": looks, "tasks": {TASK: "RUNNING"}, "polls": False},
            "gates": event["gates"],
            "may_drain": False,
            "set_by_another": False,
            "gates_closed": False,
            "polls": False,
            "next_at": instant(now + timedelta(seconds=next_in)),
            "await": {
                "events": looks,
                "tasks": [TASK],
                "services": ["-", "web"],
                "status": "DRAINING",
                "agent": "connected",
            },
        }
        return {**usual, **facts}

    return answer


def _is_due(event: dict[str, Any], now: datetime) -> bool:
    recorded_at = event["heartbeat"]["recorded_at"]
    every = timedelta(seconds=event["drain"]["heartbeat_seconds"])
    return recorded_at is not None and datetime.fromisoformat(recorded_at) + every <= now


DRAINED = seen(drained=True, holding=0, summary="no task holds the drain", memory={"looks": 2, "tasks": {}})
EMPTIED = {"why": "emptied", "events": 3, "stopped_at": None, "instance": None, "services": []}


def told_of(arguments: Any) -> dict[str, Any]:
    """Return what `tell` answers."""
    event = arguments["Payload"]
    return {"subject": f"ecs-drainer: {event['occasion']}", "topic": event["stage_topic"], "untold": None}


def explained(arguments: Any) -> dict[str, Any]:
    """Return what `explain` answers: it is said again in half an hour."""
    event = arguments["Payload"]
    until = instant(datetime.fromisoformat(event["now"]) + timedelta(minutes=30))
    times = event["explanation"]["times"] + 1
    return {"until": until, "warned": False, "times": times, "text": "web is protected", "blockers": []}


def stopping(arguments: Any) -> dict[str, Any]:
    """Return what `stop_tasks` answers: the tasks get two minutes, after which the drain is over all the same."""
    event = arguments["Payload"]
    until = instant(datetime.fromisoformat(event["now"]) + timedelta(minutes=2))
    return {"asked": [*event["asked"], TASK], "deadline": {"at": until, "action": "continue"}}


ORDINARY: dict[str, Any] = {
    "Plan the drain": plan(),
    "Open the ledger entry": {},
    "Read the open drain": {"Item": {}},
    "Look at the open execution": {"Status": "RUNNING"},
    "Stop the open execution": {},
    "Close the record of the other drain": {},
    "Update the container instances": {"ContainerInstances": [], "Failures": []},
    "Tell": told_of,
    "Look": [seen(), DRAINED],
    "Wait for events": [EMPTIED],
    "Record a heartbeat": {},
    "Explain": explained,
    "Stop tasks": stopping,
    "Reactivate": {"Failures": []},
    "Deregister the container instance": {},
    "Complete the lifecycle action": {},
    "Close the ledger entry": {},
    "Free a slot": {},
    "Terminate the instance": {},
}


def opened(**changes: Any) -> dict[str, Any]:
    """Return the ledger's entry of the other drain that is open, one that a person asked for."""
    texts = {
        "execution": OTHER,
        "drain": "drain#other",
        "trigger": "manual",
        "started_at": after(minutes=-8),
        "deadline": '{"at":"2026-03-02T10:30:00Z","action":"keep"}',
        "lifecycle_action": "null",
        **changes,
    }
    return {
        "Item": {**{name: {"S": text} for name, text in texts.items()}, "heartbeat_seconds": {"N": "450"}}
    }


@dataclass(frozen=True)
class Story:
    """A walk to take, and how it ends: answers that differ from an ordinary drain's, and the execution's input."""

    answers: Answers = field(default_factory=dict)
    input: Any = field(default_factory=lambda: INPUT)
    outcome: str = "drained"
    told: tuple[str, ...] = ("started", "ended")
    results: tuple[str, ...] = ("CONTINUE",)
    ends: str = "Done"
    passes: tuple[str, ...] = ()
    """States that the walk takes in this order, others between them."""

    @property
    def script(self) -> dict[str, Any]:
        """The answers to every state."""
        return {**ORDINARY, **self.answers}

    def walked(self, coverage: Coverage | None = None, **options: Any) -> Walk:
        """Walk it."""
        return walk(DRAIN, self.input, self.script, coverage=coverage, **options)

    def holds(self) -> Walk:
        """Walk it and hold it to its end; returns the walk for whatever else is to be said of it."""
        found = self.walked()
        said = (found.ended_in, outcome(found), occasions(found), results(found))
        assert said == (self.ends, self.outcome, [*self.told], [*self.results]), found.states
        taken = iter(found.states)
        assert all(state in taken for state in self.passes), found.states
        return found


def occasions(found: Walk) -> list[str]:
    """Return the occasions on which somebody was told, each once, in their order."""
    told = [each["Payload"]["occasion"] for each in found.calls_of("Tell")]
    return [each for number, each in enumerate(told) if number == 0 or told[number - 1] != each]


def outcome(found: Walk) -> str:
    """Return the name of the outcome as it was recorded at last."""
    name: str = found.variables["outcome"]["name"]
    return name


def recorded(found: Walk) -> list[str]:
    """Return the status that each try to close the ledger entry wrote."""
    closed = found.calls_of("Close the ledger entry")
    return [
        each["TransactItems"][0]["Update"]["ExpressionAttributeValues"][":status"]["S"] for each in closed
    ]


def results(found: Walk) -> list[str]:
    """Return what Auto Scaling was told, each try: CONTINUE or ABANDON."""
    return [each["LifecycleActionResult"] for each in found.calls_of("Complete the lifecycle action")]
