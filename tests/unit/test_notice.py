"""What people and programs are told of a drain."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from chalicelib.look.memory import Memory
from chalicelib.steps.explain import preface
from chalicelib.tell.bodies import SUBJECT_LIMIT
from chalicelib.tell.notice import compose
from tests.builders import INSTANCE_ARN, START, after, task_arn
from tests.unit.test_plan import INSTANCE, plan

EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:name"


def a_state(**parts: Any) -> dict[str, Any]:
    """Return the machine's state after the plan, with some parts as later states leave them."""
    return {**plan().to_state(), **parts}


def told(occasion: str, at: datetime = START, **parts: Any) -> tuple[str, dict[str, Any]]:
    """Return the subject, and the body for each kind of subscriber."""
    state = compose(occasion, a_state(**parts), EXECUTION, at).to_state()
    return state["subject"], json.loads(state["message"])


def test_a_start_says_why_by_whom_and_until_when() -> None:
    subject, bodies = told("started")
    assert subject == f"ecs-drainer: {INSTANCE} is being drained"
    assert bodies["default"].splitlines() == [
        f"{INSTANCE}: draining, deadline 2026-03-02T11:00:00Z (1 h left), then continue",
        "Trigger: lifecycle-action",
        f"Execution: https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/{EXECUTION}",
    ]


@pytest.mark.parametrize(
    ("who", "reason", "line"),
    [
        ("-", "-", "Trigger: manual"),
        ("ana", "-", "Trigger: manual, by ana"),
        ("-", "kernel update", "Trigger: manual, reason kernel update"),
        ("ana", "kernel update", "Trigger: manual, by ana, reason kernel update"),
    ],
)
def test_what_nobody_said_is_left_out(who: str, reason: str, line: str) -> None:
    drain = {**a_state()["drain"], "trigger": "manual", "who": who, "reason": reason}
    _, bodies = told("started", drain=drain)
    assert bodies["default"].splitlines()[1] == line


def test_a_lost_agent_is_told_with_its_remedy() -> None:
    _, bodies = told("ended", after(minutes=6), **agent_lost())
    assert "let go: its agent stayed disconnected" in bodies["default"]
    assert "the drain waited for it until 2026-03-02T10:05:00Z (dead_agent_after)" in " ".join(
        bodies["default"].split()
    )
    assert f"restart the agent: aws ssm start-session --target {INSTANCE}" in bodies["default"]
    assert json.loads(bodies["sqs"])["blockers"]["groups"][0]["kind"] == "agent-disconnected"


def test_of_two_container_instances_nobody_says_which_to_deregister() -> None:
    """The agent registered again: the remedy for the dead container instance must not be run on the other."""
    drain = a_state()["drain"]
    (known,) = drain["containers"]
    both = [{**known, "container_instances": [*known["container_instances"], f"{INSTANCE_ARN}2"]}]
    _, bodies = told("ended", after(minutes=6), **agent_lost(), drain={**drain, "containers": both})
    assert "deregister-container-instance" not in bodies["default"]


def agent_lost() -> dict[str, Any]:
    """Return what the last look left where the agent was out of reach from the start."""
    memory = replace(Memory.at_start(START), disconnected_at=START, tasks={task_arn(): "RUNNING"}).to_state()
    return {
        "outcome": {"name": "agent-lost"},
        "look": {**a_state()["look"], "holding": 1, "summary": "1 task holds the drain", "memory": memory},
    }


def test_programs_get_the_same_as_data() -> None:
    _, bodies = told("started")
    record = json.loads(bodies["sqs"])
    assert (record["occasion"], record["instance_id"], record["at"]) == (
        "started",
        INSTANCE,
        "2026-03-02T10:00:00Z",
    )
    assert bodies["lambda"] == bodies["sqs"]


def test_an_explanation_is_in_the_text_and_in_the_record() -> None:
    blockers = {"blockers": 1, "groups": [{"kind": "deadlock"}], "more_groups": 0}
    look = {
        **a_state()["look"],
        "explain": "stuck",
        "summary": "1 task holds the drain: web 0a1b2c3d RUNNING",
    }
    explanation = {
        "text": "* no room to move a task",
        "blockers": blockers,
        "until": None,
        "warned": False,
        "times": 1,
    }
    subject, bodies = told("explained", after(minutes=10), look=look, explanation=explanation)
    assert subject == f"ecs-drainer: {INSTANCE} is stuck"
    assert "1 task holds the drain: web 0a1b2c3d RUNNING; deadline" in bodies["default"]
    assert "* no room to move a task" in bodies["default"]
    assert json.loads(bodies["sqs"])["blockers"] == blockers


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("drained", "drained: every task is STOPPED"),
        ("deadline", "let go at the deadline with tasks left"),
        ("already-done", "no longer held: its lifecycle action had ended already"),
        ("taken-back", "set ACTIVE by somebody; the drain stopped"),
    ],
)
def test_an_ending_says_how_it_ended_and_what_it_took(outcome: str, words: str) -> None:
    subject, bodies = told("ended", after(minutes=2, seconds=11), outcome={"name": outcome})
    assert subject == f"ecs-drainer: {INSTANCE} {words}"
    assert bodies["default"].startswith(f"{INSTANCE}: {words}; took 2 min 11 s")


def test_a_failure_names_its_cause_and_that_nothing_was_sent() -> None:
    subject, bodies = told(
        "failed", failure={"Error": "AccessDenied", "Cause": "ListTasks was answered with ..."}
    )
    assert subject.endswith("drain failed")
    assert "AccessDenied" in bodies["default"]
    assert "No result was sent to Auto Scaling" in bodies["default"]


def test_a_failure_before_the_plan_knows_only_the_request() -> None:
    state = {
        "instance_id": INSTANCE,
        "trigger": "manual",
        "failure": {"Error": "InvalidRequest", "Cause": "no"},
    }
    assert INSTANCE in compose("failed", state, EXECUTION, START).to_state()["subject"]


def test_the_largest_notice_fits_into_a_message_and_into_the_machines_state() -> None:
    """SNS and Step Functions both end at 256 KiB, and the state that fails there can't be caught."""
    tasks = {task_arn(number): "RUNNING" for number in range(200)}
    memory = Memory.at_start(START).to_state() | {
        "tasks": tasks,
        "stopped": [task_arn(n) for n in range(200)],
    }
    example = {"subject": "s" * 300, "reason": "r" * 300, "remedy": "x" * 300, "ends_at": None}
    groups = [{"kind": "k", "title": "t" * 100, "tasks": 9, "more": 6, "examples": [example] * 3}] * 8
    blockers = {
        "blockers": 72,
        "groups": groups,
        "more_groups": 0,
        "summary": "",
        "unread": [],
        "needs_a_person": True,
    }
    look = {**a_state()["look"], "explain": "stuck", "memory": memory}
    explanation = {"text": "t" * 15_000, "blockers": blockers, "until": None, "warned": False, "times": 1}
    state = a_state(look=look, explanation=explanation)
    composed = compose("explained", state, EXECUTION, START).to_state()
    assert len(composed["subject"]) <= SUBJECT_LIMIT
    assert len(json.dumps({**state, "notice": composed})) < 200_000


def explained(kind: str, at: datetime, **memory: Any) -> tuple[str, dict[str, Any]]:
    """Return the notice of an explanation, as "Explain" and "Tell" make it from a look."""
    look = {
        **a_state()["look"],
        "explain": kind,
        "summary": "1 task holds the drain: web 0a1b2c3d RUNNING",
        "memory": {**Memory.at_start(START).to_state(), **memory},
    }
    text = "\n".join([*preface(kind, look), "* until its replacement is healthy"])
    return told("explained", at, look=look, explanation={**a_state()["explanation"], "text": text})


def test_a_service_in_trouble_is_told_in_ecs_own_words() -> None:
    """When its event comes, not ten minutes later; the newest three, however many came."""
    reasons = ["RESOURCE:CPU", "RESOURCE:MEMORY", "RESOURCE:PORTS", "AGENT"]
    troubles = [
        json.dumps({"service": "web", "event": "SERVICE_TASK_PLACEMENT_FAILURE", "reason": reason})
        for reason in reasons
    ]
    subject, bodies = explained("blocked", after(minutes=1), troubles=troubles)
    assert subject == f"ecs-drainer: {INSTANCE} is blocked"
    lines = bodies["default"].splitlines()
    assert lines[1:5] == [
        *(
            f"ECS says of service web: SERVICE_TASK_PLACEMENT_FAILURE: {reason}"
            for reason in ("RESOURCE:MEMORY", "RESOURCE:PORTS", "AGENT")
        ),
        "* until its replacement is healthy",
    ]


def test_lost_events_are_told_with_what_the_drain_does_instead() -> None:
    subject, bodies = explained("events-lost", after(minutes=3))
    assert subject == f"ecs-drainer: {INSTANCE} gets no events; it is polled"
    assert bodies["default"].splitlines()[1] == (
        "Tasks were STOPPED and no event said so: from now on ECS is asked instead, every few seconds. "
        "`ecs-drainer doctor` says what keeps its events from the queue."
    )


def test_what_no_event_said_needs_no_preface() -> None:
    assert preface("stuck", {"memory": {"troubles": ["{}"]}}) == []


def test_a_drain_that_is_held_up_says_by_what_and_until_when() -> None:
    """A trouble that lasts is told while somebody can still mend it."""
    trouble = {"Error": "AwsUnavailable", "Cause": "DescribeTasks was answered with 503"}
    subject, bodies = told("troubled", after(minutes=5), trouble=trouble)
    assert subject == f"ecs-drainer: {INSTANCE} is held up"
    assert bodies["default"].splitlines()[:3] == [
        f"{INSTANCE}: the drain is held up: AwsUnavailable; deadline 2026-03-02T11:00:00Z (55 min left), then continue",
        "Cause: DescribeTasks was answered with 503",
        "It is tried again until the deadline, with heartbeats meanwhile; nothing is let go.",
    ]
    record = json.loads(bodies["sqs"])
    assert (record["occasion"], record["failure"], record["outcome"]) == ("troubled", trouble, None)


def test_a_trouble_without_a_cause_says_so() -> None:
    """A States.Timeout has none."""
    _, bodies = told("troubled", after(minutes=5), trouble={"Error": "States.Timeout", "Cause": ""})
    assert bodies["default"].splitlines()[1] == "Cause: none was given"


def test_a_refused_heartbeat_says_what_it_costs_and_what_mends_it() -> None:
    refused = {"Error": "AutoScaling.AutoScalingException", "Cause": "not authorized to perform"}
    subject, bodies = told("heartbeat-refused", after(minutes=3), heartbeat_trouble=refused)
    assert subject == f"ecs-drainer: {INSTANCE} may be lost: its heartbeat is refused"
    text = bodies["default"]
    assert "Auto Scaling refuses its heartbeat: AutoScaling.AutoScalingException; deadline" in text
    assert "Cause: not authorized to perform" in text
    assert "Auto Scaling takes the instance with what is left on it" in text
    assert "`ecs-drainer doctor` names what it lacks" in text
    assert json.loads(bodies["sqs"])["failure"] == refused
