"""Which story brings a drain of the release before into which state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fault = tuple[float, str, Mapping[str, Any]]
"""Seconds from the begin, what happens, and what it is given."""


@dataclass(frozen=True)
class Way:
    """A story of tests/scenarios, and what happens in it besides."""

    story: str
    faults: tuple[Fault, ...] = ()
    planned: Mapping[str, Any] = field(default_factory=dict)
    """What the plan of that release said otherwise."""
    tags: Mapping[str, str] = field(default_factory=dict)
    leaves_open: bool = False
    """Whether that release's machine leaves its entry to the reconciler, upgraded or not."""


def failing(
    at: float, operation: str, service: str = "ecs", code: str = "ServerException", **given: Any
) -> Fault:
    """Return that the machine's calls of an operation fail, `times` or for `seconds`."""
    fault = {"service": service, "operation": operation, "code": code, "status": 500, **given}
    return (at, "fail-calls", fault)


TEAM_TOPIC = "arn:aws:sns:eu-west-1:123456789012:team-topic"
TO_THE_TEAM = {"ecs-drainer:notify": TEAM_TOPIC}

WAYS: dict[str, Way] = {}

TOPIC_LATER_GONE: tuple[Fault, ...] = ((0, "make-topic", {}), (300, "delete-topic", {}))

WAYS |= {
    "it is drained": Way("three-service-tasks"),
    "Spot takes it, and Auto Scaling as well": Way("spot-interruption-and-lifecycle-action-at-once"),
    "it fails and is begun anew": Way("failed-execution"),
    "it is asked for twice": Way("asked-for-twice"),
    "somebody else completes it": Way("completed-by-another"),
    "nobody can be told": Way("sns-away-in-mid-drain"),
    "Auto Scaling takes it, then Spot": Way("lifecycle-action-then-spot-interruption"),
    "Lambda is away": Way("lambda-away-in-mid-drain"),
    "Lambda is away, and Auto Scaling too": Way(
        "lambda-away-in-mid-drain",
        (failing(0, "RecordLifecycleActionHeartbeat", "autoscaling", "InternalFailure", seconds=3000),),
    ),
    "heartbeats fail": Way(
        "completed-by-another",
        (failing(0, "RecordLifecycleActionHeartbeat", "autoscaling", "InternalFailure", seconds=3000),),
    ),
    "at the deadline it is given back": Way("deadline-undrain"),
    "at the deadline it can't be given back": Way(
        "deadline-undrain", (failing(600, "UpdateContainerInstancesState", times=7),)
    ),
    "its plan is throttled": Way("planning-is-throttled"),
    "nobody asked for it": Way("rebalance-not-asked-for"),
    "it is abandoned": Way("deadline-abandon-with-retention"),
    "its gates stay closed": Way("stateful/a-silent-task-holds"),
    "it has a slot": Way("stateful/a-drain-budget"),
    "its slot is lost": Way("stateful/a-drain-budget", ((30, "lose-leases", {}),)),
    "it fails with a slot": Way(
        "stateful/a-drain-budget",
        (failing(0, "CompleteLifecycleAction", "autoscaling", "InternalFailure", seconds=600),),
    ),
    "it fails, and its slot is lost": Way(
        "stateful/a-drain-budget",
        (
            failing(0, "CompleteLifecycleAction", "autoscaling", "InternalFailure", seconds=600),
            (30, "lose-leases", {}),
        ),
    ),
    "somebody sets it ACTIVE": Way("set-active-by-a-person"),
    "its root volume is replaced": Way("root-volume-replacement"),
    "it can't be deregistered": Way(
        "root-volume-replacement", (failing(0, "DeregisterContainerInstance", times=7),)
    ),
    "a person wants it back": Way("manual-drain-then-return"),
    "a person wants it back, and ECS is away": Way(
        "manual-drain-then-return", (failing(60, "UpdateContainerInstancesState", times=7),)
    ),
    "a person wants it gone": Way("manual-drain-then-terminate"),
    "a person keeps it": Way("manual-drain-kept"),
    "standalone tasks are stopped": Way("standalone-task-stopped"),
    "its agent is lost": Way("agent-away-for-good"),
    "it is out of time": Way("deadline-abandon-without-retention"),
    "its plan says what nobody knows": Way("three-service-tasks", planned={"verdict": "odd"}),
    "its plan comes too late": Way("three-service-tasks", planned={"verdict": "already-over"}),
    "its plan names what is gone": Way(
        "three-service-tasks",
        planned={"to_set_draining": [{"cluster": "web", "container_instances": ["0" * 32]}]},
    ),
    "the ledger is busy": Way(
        "three-service-tasks",
        (failing(0, "TransactWriteItems", "dynamodb", "TransactionCanceledException", times=1),),
    ),
    "ECS won't set DRAINING": Way(
        "three-service-tasks", (failing(0, "UpdateContainerInstancesState", times=7),)
    ),
    "its topic is not there": Way("three-service-tasks", tags=TO_THE_TEAM),
    "its topic goes": Way("stuck-and-freed-by-its-remedy", TOPIC_LATER_GONE, tags=TO_THE_TEAM),
    "nobody hears the explanation": Way(
        "stuck-and-freed-by-its-remedy", (failing(60, "Publish", "sns", "InternalError", seconds=1500),)
    ),
}

POLLING: dict[str, tuple[str, ...]] = {
    "it is drained": (
        "Plan the drain",
        "What does the plan say?",
        "Open the ledger entry",
        "Is there anything to drain?",
        "Are there gates?",
        "Set DRAINING",
        "Update the container instances",
        "Did ECS refuse?",
        "Set",
        "Compose the start notice",
        "Is anybody told of the start?",
        "Publish the start",
        "Look",
        "What does the look say?",
        "Wait before the next look",
        "Drained",
        "Which result is it?",
        "Choose CONTINUE",
        "Deregister what is forgotten",
        "Is the token known?",
        "Complete the lifecycle action",
        "Close the ledger entry",
        "Are slots held?",
        "Compose the closing notice",
        "Is anybody told of the outcome?",
        "Publish the outcome",
        "What follows the drain?",
        "Done",
    ),
    "Spot takes it, and Auto Scaling as well": (
        "Read the open drain",
        "Is a drain open?",
        "Look at the open execution",
        "Who goes on with the drain?",
        "Keep the earlier deadline",
        "Which deadline is earlier?",
        "Adopt the earlier deadline",
        "Stop the open execution",
        "Take over the ledger entry",
        "Explain what holds the drain",
        "Compose the explanation",
        "Is anybody told of the explanation?",
        "Publish the explanation",
        "Explain at the deadline",
        "What is to happen at the deadline?",
        "Stop every task that is left",
        "Give the tasks their time",
    ),
    "it fails and is begun anew": (
        "Record a heartbeat by instance id",
        "What else does the look say?",
        "Complete the lifecycle action by instance id",
        "Compose the failure notice",
        "Publish the failure",
        "Was the drain planned?",
        "Record the failure",
        "Are slots left behind?",
        "The drain failed",
    ),
    "it is asked for twice": (
        "Did a person ask for it?",
        "Compose the answer",
        "Publish the answer",
        "Already draining",
    ),
    "somebody else completes it": (
        "Record a heartbeat",
        "Ended by another",
        "Was it over already?",
    ),
    "nobody can be told": (
        "Is the stage left to tell of the start?",
        "Tell the stage the outcome",
        "The outcome was not told",
    ),
    "Auto Scaling takes it, then Spot": (
        "Did it know a lifecycle action?",
        "Keep the lifecycle action",
        "Adopt the lifecycle action",
        "Adopt the heartbeat",
        "Adopt the heartbeat's interval",
    ),
    "Lambda is away": (
        "Is there time for another look?",
        "Record a heartbeat meanwhile",
        "Make room before the look",
    ),
    "Lambda is away, and Auto Scaling too": ("Is the held action over?",),
    "heartbeats fail": ("Is the lifecycle action over?",),
    "at the deadline it is given back": (
        "Set ACTIVE again",
        "Reactivate",
        "Undrained",
    ),
    "at the deadline it can't be given back": ("Not reactivated",),
    "its plan is throttled": (
        "Is an action held meanwhile?",
        "Record a heartbeat before the plan",
        "Make room before the plan",
    ),
    "nobody asked for it": ("Not asked for",),
    "it is abandoned": (
        "Abandoned",
        "Choose ABANDON",
    ),
    "its gates stay closed": ("Gates stayed closed",),
    "it has a slot": (
        "Free the slots",
        "Free a slot",
    ),
    "its slot is lost": ("Free a slot, or leave it",),
    "it fails with a slot": (
        "Free the slots left behind",
        "Free a slot left behind",
    ),
    "it fails, and its slot is lost": ("Free a slot left behind, or leave it",),
    "somebody sets it ACTIVE": ("Taken back",),
    "its root volume is replaced": ("Deregister the container instance",),
    "it can't be deregistered": ("Not deregistered",),
    "a person wants it back": (
        "Return to service",
        "Bring back",
    ),
    "a person wants it back, and ECS is away": ("Not brought back",),
    "a person wants it gone": ("Terminate the instance",),
    "a person keeps it": ("Kept DRAINING",),
    "standalone tasks are stopped": ("Stop the standalone tasks",),
    "its agent is lost": ("Agent lost",),
    "it is out of time": ("Deadline reached",),
    "its plan says what nobody knows": ("Not understood",),
    "its plan comes too late": ("Already over",),
    "its plan names what is gone": ("Refused by ECS",),
    "the ledger is busy": ("Wait until the entry is free",),
    "ECS won't set DRAINING": ("Not set DRAINING",),
    "its topic is not there": ("Tell the stage of the start",),
    "its topic goes": ("Tell the stage of the explanation",),
    "nobody hears the explanation": ("Is the stage left to tell of the explanation?",),
}
"""Every state of that release's drain machine, by the way that passes it."""

PASSED = {"polling": POLLING}
"""By release: one that is added to this folder needs its own states here."""
