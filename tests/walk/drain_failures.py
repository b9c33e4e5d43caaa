"""Each call of the drain's machine, a story that makes it, and what each kind of failure makes of that story."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from tests.walk.a_drain import (
    CLUSTER,
    CONTAINER,
    DRAINED,
    HELD,
    HOOK_SECONDS,
    MANUAL_INPUT,
    OVER,
    TASK,
    Story,
    after,
    gates,
    manual,
    occasions,
    opened,
    plan,
    recorded,
    results,
    seen,
)
from tests.walk.answers import NO_ANSWER, Answer, Error, TimedOut
from tests.walk.walked import Walk
from tests.walk.walker import AT

TAKING_OVER = Story({"Open the ledger entry": [HELD, {}], "Read the open drain": opened()})
FUNCTIONS = ("Plan the drain", "Look", "Explain", "Stop tasks", "Tell")
STORY_OF: dict[str, Story] = {
    "Plan the drain": Story(),
    "Open the ledger entry": Story(),
    "Read the open drain": TAKING_OVER,
    "Look at the open execution": TAKING_OVER,
    "Stop the open execution": TAKING_OVER,
    "Close the record of the other drain": TAKING_OVER,
    "Update the container instances": Story(),
    "Tell": Story(),
    "Look": Story(),
    "Wait for events": Story(
        {"Look": [seen(), seen(), DRAINED], "Wait for events": [NO_ANSWER, {"why": "emptied"}]}
    ),
    "Record a heartbeat": Story({"Plan the drain": plan(heartbeat={"recorded_at": after(seconds=-340)})}),
    "Explain": Story({"Look": [seen(explain="stuck"), DRAINED]}, told=("started", "explained", "ended")),
    "Stop tasks": Story({"Look": [seen(tasks_to_stop=1, stop_now=[TASK]), DRAINED]}),
    "Reactivate": Story({"Plan the drain": manual("return")}, MANUAL_INPUT),
    "Deregister the container instance": Story(
        {"Plan the drain": plan(to_deregister=[{"cluster": CLUSTER, "container_instance": CONTAINER}])}
    ),
    "Complete the lifecycle action": Story(),
    "Close the ledger entry": Story(),
    "Free a slot": Story({"Plan the drain": plan(look={**plan()["look"], "gates": gates(slots=1)})}),
    "Terminate the instance": Story({"Plan the drain": manual("terminate")}, MANUAL_INPUT),
}
"""For each Task of the machine a drain that comes by it, and ends well where nothing fails."""

KINDS: dict[str, tuple[Answer, Answer]] = {
    "throttled": (Error("Throttled"), Error("States.TaskFailed", "Rate exceeded (Status Code: 400)")),
    "5xx": (Error("AwsUnavailable"), Error("States.TaskFailed", "(Status Code: 503)")),
    "time-out": (TimedOut(), TimedOut()),
    "crash": (Error("Runtime.ExitError"), None),
    "function's time-out": (Error("Sandbox.Timedout"), None),
    "a bug of ours": (Error("KeyError", "'arn'"), None),
    "denied": (
        Error("AccessDenied", "no such permission"),
        Error("States.TaskFailed", "is not authorized to perform it"),
    ),
    "refused by us": (Error("AwsRefused"), None),
    "failed expression": (Error("States.QueryEvaluationError"), Error("States.QueryEvaluationError")),
    "gone": (Error("Gone"), None),
}
"""What a function's failure looks like to the machine, and that of a native call, where there is one."""

GONE: dict[str, Error] = {
    "Look at the open execution": Error("Sfn.ExecutionDoesNotExistException", "Execution Does Not Exist"),
    "Stop the open execution": Error("Sfn.ExecutionDoesNotExistException", "Execution Does Not Exist"),
    "Update the container instances": Error("Ecs.ClusterNotFoundException", "Cluster not found."),
    "Wait for events": Error("DynamoDb.ConditionalCheckFailedException"),
    "Record a heartbeat": OVER,
    "Reactivate": Error("Ecs.ClusterNotFoundException", "Cluster not found."),
    "Deregister the container instance": Error(
        "Ecs.InvalidParameterException", "Referenced container instance not found."
    ),
    "Complete the lifecycle action": OVER,
    "Close the ledger entry": HELD,
    "Free a slot": Error("DynamoDB.ConditionalCheckFailedException"),
    "Terminate the instance": Error("AutoScaling.AutoScalingException", "Instance Id not found"),
}
"""How each native call is told that what it names is there no more, or another's by now."""


def kinds_of(state: str) -> dict[str, Answer]:
    """Return what a call can fail with, by kind."""
    is_function = state in FUNCTIONS
    kinds = {kind: answers[0 if is_function else 1] for kind, answers in KINDS.items()}
    if not is_function:
        kinds["gone"] = GONE.get(state)
    return {kind: answer for kind, answer in kinds.items() if answer is not None}


def once(state: str, kind: str) -> Walk:
    """Walk the state's story where its first call fails."""
    story, answer = STORY_OF[state], kinds_of(state)[kind]
    usual = story.script[state]
    failed = TimedOut(1) if isinstance(answer, TimedOut) else Error(answer.name, answer.cause, 1)
    then = usual if isinstance(usual, list) else [usual] * 50
    return Story({**story.answers, state: [failed, *then]}, story.input).walked()


def for_good(state: str, kind: str) -> Walk:
    """Walk the state's story where each call of the state fails, also after the drain's deadline."""
    story = STORY_OF[state]
    answers = {**story.answers, state: kinds_of(state)[kind]}
    if story is TAKING_OVER and not (state == "Look at the open execution" and kind == "gone"):
        answers["Open the ledger entry"] = HELD
    return Story(answers, story.input).walked()


MOST_CALLS_A_MINUTE = 30
"""In the walks no call takes any time: an ordinary drain makes twelve of them within ten seconds."""


def became(found: Walk, undisturbed: Walk) -> str:
    """Say in some words what became of a story."""
    end, was = (found.ended_in, found.variables["outcome"]), undisturbed.variables["outcome"]
    if found.ended_in == "The drain failed":
        return "failed" if "failed" in recorded(found) else "failed, told only"
    if end != (undisturbed.ended_in, was):
        return f"{found.ended_in}: {found.variables['outcome']['name']}"
    more = [each for each in occasions(found) if each not in occasions(undisturbed)]
    more += [name for name in ("unrecorded", "left_behind", "untold") if found.variables[name]]
    return ", ".join(["as ever", *more])


def longest_gap(found: Walk, held_for: int = 300) -> float:
    """Return the longest time in seconds without a heartbeat, of a lifecycle action held for so long before."""
    calls = found.calls
    closing = [c.at for c in calls if c.state in ("Complete the lifecycle action", "Close the ledger entry")]
    end = min([*closing, AT + timedelta(seconds=found.seconds)])
    beats = [c.at for c in calls if c.state == "Record a heartbeat" and c.at <= end]
    instants: list[datetime] = [AT - timedelta(seconds=held_for), *beats, end]
    return max((b - a).total_seconds() for a, b in pairwise(instants))


def most_calls_a_minute(found: Walk) -> int:
    """Return the most calls within any minute of a walk."""
    instants = [call.at for call in found.calls]
    return max(sum(at <= each < at + timedelta(minutes=1) for each in instants) for at in instants)


def broken_promises(found: Walk) -> list[str]:
    """Return in words each promise that a walk broke, whatever failed in it."""
    states = [call.state for call in found.calls]
    told = [each["Payload"]["occasion"] for each in found.calls_of("Tell")]
    wrong = []
    if "CONTINUE" in results(found) and not found.variables["look"]["drained"]:
        wrong.append("CONTINUE came from an error")
    if "failed" in told and "Update the container instances" in states:
        tells = [number for number, state in enumerate(states) if state == "Tell"]
        if "Close the ledger entry" not in states[: tells[told.index("failed")]]:
            wrong.append("the failure was told before it was recorded")
    if found.variables["lifecycle_action"] and longest_gap(found) > HOOK_SECONDS:
        wrong.append(f"no heartbeat for {longest_gap(found)} s")
    if most_calls_a_minute(found) > MOST_CALLS_A_MINUTE:
        wrong.append(f"{most_calls_a_minute(found)} calls a minute")
    return wrong
