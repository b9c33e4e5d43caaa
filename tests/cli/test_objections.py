"""Objections to a drain: each says what is wrong, and which flag overrides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.common.model import AutoScalingGroup, ContainerInstance, Task
from chalicelib.explain import Circumstances, Fate, Forecast, Outcome
from chalicelib.explain.circumstances import Protection
from chalicelib.plan.findings import Findings
from chalicelib.plan.making import Execution, make_plan
from chalicelib.policy import environment_source
from cli.outlook import under_policy
from cli.prospects import Prospect
from cli.refusals import objections, split
from cli.requests import Wishes
from tests.builders import START, a_container_instance, a_standalone_task, a_task, after

INSTANCE = "i-0123456789abcdef0"
GROUP = AutoScalingGroup("web", {}, False, {INSTANCE: "InService"})


def a_prospect(
    *tasks: Task,
    fates: tuple[Fate, ...] = (),
    findings: dict[str, Any] | None = None,
    world: dict[str, Any] | None = None,
    **settings: str,
) -> Prospect:
    """Return an instance with these tasks, whose forecast is given, in group `web`."""
    found = {"group": GROUP, "instances": (a_container_instance("ACTIVE"),), **(findings or {})}
    plan = make_plan(
        Wishes(settings=settings).request(INSTANCE),
        Findings(**found),
        environment_source({}),
        Execution(arn="", started_at=START, topic=""),
    )
    around = Circumstances("web", ContainerInstance("arn", INSTANCE), tasks=tasks, **(world or {}))
    told = under_policy(Forecast(INSTANCE, fates, ()), around, plan.drain.policy)
    return Prospect(INSTANCE, plan, (around,), (told,))


def a_fate(outcome: Outcome = Outcome.MOVES, minutes: float | None = 2, task: str = "t") -> Fate:
    """Return what becomes of a task, after so many minutes."""
    time = None if minutes is None else timedelta(minutes=minutes)
    return Fate(task, f"task {task}", outcome, "percents leave no room", "update-service", time, time)


JOB = a_standalone_task()

CASES: list[tuple[str, Callable[[], Prospect], list[tuple[str, str | None]]]] = [
    ("nothing is wrong", lambda: a_prospect(a_task(), fates=(a_fate(),)), []),
    ("no task at all is fine", a_prospect, []),
    (
        "in no cluster",
        lambda: a_prospect(findings={"instances": ()}),
        [("not-registered", None)],
    ),
    (
        "INACTIVE: deregistered a while ago",
        lambda: a_prospect(findings={"instances": (a_container_instance("INACTIVE"),)}),
        [("not-registered", None)],
    ),
    (
        "a drain is open",
        lambda: replace(a_prospect(), open_execution="arn:aws:states:eu-west-1:1:execution:m:i-1-manual"),
        [("already-open", None)],
    ),
    (
        "Auto Scaling is terminating it",
        lambda: a_prospect(findings={"group": replace(GROUP, states={INSTANCE: "Terminating:Wait"})}),
        [("on-its-way-out", "--force")],
    ),
    (
        "in Standby: out of service, and ours to drain",
        lambda: a_prospect(findings={"group": replace(GROUP, states={INSTANCE: "Standby"})}),
        [],
    ),
    (
        "a job that nobody spoke of",
        lambda: a_prospect(JOB, fates=(a_fate(Outcome.WAITS, None, JOB.id),)),
        [("standalone-tasks", "--standalone")],
    ),
    (
        "a job that the operator spoke of",
        lambda: a_prospect(JOB, fates=(a_fate(Outcome.WAITS, None, JOB.id),), standalone_tasks="wait"),
        [],
    ),
    (
        "a job that the group's tag speaks of",
        lambda: a_prospect(
            JOB, findings={"group": replace(GROUP, tags={"ecs-drainer:standalone_tasks": "wait"})}
        ),
        [],
    ),
    (
        "a deadlock",
        lambda: a_prospect(a_task(), fates=(a_fate(Outcome.BLOCKED, None),)),
        [("blocked", "--force")],
    ),
    (
        "a deadlock that the deadline's policy ends",
        lambda: a_prospect(a_task(), fates=(a_fate(Outcome.BLOCKED, None),), on_deadline="stop-tasks"),
        [],
    ),
    (
        "protected beyond the deadline",
        lambda: a_prospect(
            a_task(), world={"protections": {a_task().arn: Protection(after(hours=2))}}, deadline="1h"
        ),
        [("protected", "--force")],
    ),
    (
        "protected, but only until before it",
        lambda: a_prospect(
            a_task(), world={"protections": {a_task().arn: Protection(after(minutes=30))}}, deadline="1h"
        ),
        [],
    ),
    (
        "protected without an end",
        lambda: a_prospect(a_task(), world={"protections": {a_task().arn: Protection()}}),
        [("protected", "--force")],
    ),
    (
        "a deadline that even a smooth drain misses",
        lambda: a_prospect(a_task(), fates=(a_fate(minutes=5),), deadline="2m"),
        [("deadline-too-short", "--force")],
    ),
    (
        "a deadline that just fits",
        lambda: a_prospect(a_task(), fates=(a_fate(minutes=5),), deadline="5m"),
        [],
    ),
    (
        "the agent is gone",
        lambda: a_prospect(findings={"instances": (a_container_instance("ACTIVE", agent_connected=False),)}),
        [("agent-disconnected", "--force")],
    ),
    (
        "to be terminated, and in no group",
        lambda: a_prospect(findings={"group": None}, then="terminate"),
        [("setting", None)],
    ),
    (
        "to be abandoned, without a lifecycle action that could be",
        lambda: a_prospect(on_deadline="abandon"),
        [("setting", None)],
    ),
    ("to be terminated by its group", lambda: a_prospect(then="terminate"), []),
]


@pytest.mark.parametrize(("story", "prospect", "expected"), CASES, ids=[case[0] for case in CASES])
def test_objections(
    story: str, prospect: Callable[[], Prospect], expected: list[tuple[str, str | None]]
) -> None:
    found = objections([prospect()])
    assert [(objection.kind, objection.flag) for objection in found] == expected, story
    assert all(
        objection.flag is None or f"override with {objection.flag}" in str(objection) for objection in found
    )


def test_every_objection_is_told_and_force_lifts_only_its_own() -> None:
    """kubectl keeps only the last filter's message; nobody learns of the others until they run it again."""
    prospect = a_prospect(
        a_task(),
        JOB,
        fates=(a_fate(Outcome.BLOCKED, None),),
        world={"protections": {a_task().arn: Protection()}},
    )
    found = objections([prospect])
    assert [objection.kind for objection in found] == ["standalone-tasks", "blocked", "protected"]
    standing, overridden = split(found, force=True)
    assert [objection.kind for objection in standing] == ["standalone-tasks"]
    assert [objection.kind for objection in overridden] == ["blocked", "protected"]
    assert split(found, force=False) == (list(found), [])


def test_a_reason_that_two_tasks_share_is_told_once() -> None:
    fates = (a_fate(Outcome.BLOCKED, None, "one"), a_fate(Outcome.BLOCKED, None, "two"))
    (objection,) = objections([a_prospect(a_task(), fates=fates)])
    assert (
        "task one, task two can't leave: percents leave no room. Remedy: update-service" in objection.sentence
    )


def test_an_instance_that_ecs_manages_is_refused_and_nothing_overrides_it() -> None:
    (objection,) = objections([a_prospect(findings={"is_managed_instance": True})])
    assert (objection.kind, objection.flag) == ("managed-instance", None)
    assert "ECS launches, patches, drains and terminates it by itself" in objection.sentence
