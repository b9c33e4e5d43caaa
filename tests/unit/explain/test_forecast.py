"""What `ecs-drainer plan` says before anything is touched."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.common.services import Constraint, TaskDefinition
from chalicelib.explain import (
    BlockerKind,
    Circumstances,
    Forecast,
    Outcome,
    forecast,
    forecast_to_state,
    render_forecast,
)
from chalicelib.explain.circumstances import Protection, TargetGroup
from chalicelib.explain.render import OUTCOMES
from docs.gallery.worlds import (
    DAEMON,
    DEFINITION,
    NOW,
    OTHER,
    TARGET_GROUP,
    THIRD,
    a_service,
    a_task,
    a_world,
    an_instance,
    elsewhere,
    home,
    leaving,
    task_arn,
)

FULL = an_instance(cpu=0)
GROUP = TargetGroup(TARGET_GROUP, "api", timedelta(seconds=60), timedelta(seconds=150), healthy=4)


def before(*services: Any, **changes: Any) -> Circumstances:
    given = {"instance": home(status="ACTIVE"), "drain_began_at": None}
    return a_world(*services, **given | changes)


def told(*services: Any, **changes: Any) -> Forecast:
    return forecast(before(*services, **changes), NOW)


def outcomes(found: Forecast) -> list[str]:
    return [fate.outcome.value for fate in found.fates]


@pytest.mark.parametrize(
    ("story", "service", "world", "outcome"),
    [
        ("there is room for its replacement", {}, {}, "moves"),
        ("there is none, but it may stop first", {"minimum_percent": 50}, {"others": (FULL,)}, "stops"),
        ("there is none, and it may not", {}, {"others": (FULL,)}, "blocked"),
        ("its percents leave no room", {"maximum_percent": 100}, {}, "blocked"),
        ("it is protected", {}, {"protections": {task_arn(1): Protection()}}, "waits"),
        ("it runs for itself", {}, {"tasks": (a_task(group="family:job"),)}, "waits"),
        ("it is told to stop already", {}, {"tasks": (leaving(),)}, "leaving"),
        ("its service is unknown", {}, {"services": {}}, "waits"),
        ("it is a daemon", {"strategy": "DAEMON"}, {}, "last"),
    ],
)
def test_a_tasks_fate(story: str, service: dict[str, Any], world: dict[str, Any], outcome: str) -> None:
    assert outcomes(told(a_service(**service), **world)) == [outcome], story


def test_replacements_take_each_others_room() -> None:
    """Two tasks fit on the other instance one by one, but not both."""
    found = told(
        a_service(desired=3, running=3), tasks=(a_task(1), a_task(2)), others=(an_instance(cpu=600),)
    )
    assert outcomes(found) == ["moves", "blocked"]
    assert [blocker.kind for blocker in found.blockers] == [BlockerKind.NO_CPU]


def test_replacements_keep_their_distance() -> None:
    service = a_service(
        desired=4, running=4, constraints=(Constraint("distinctInstance"),), tasks=(elsewhere(),)
    )
    found = told(service, tasks=(a_task(1), a_task(2)), others=(an_instance(OTHER), an_instance(THIRD)))
    assert outcomes(found) == ["moves", "blocked"]
    assert "fits on i-0cccccccccccccccc" in found.fates[0].why


def test_a_service_may_run_short_no_further_than_its_minimum() -> None:
    """Four tasks at 50 percent may be two short; the third here finds no place."""
    service = a_service(desired=4, running=4, minimum_percent=50)
    found = told(service, tasks=(a_task(1), a_task(2), a_task(3)), others=(FULL,))
    assert outcomes(found) == ["stops", "stops", "blocked"]


def test_the_fullest_picture_of_an_instance() -> None:
    tasks = (a_task(4, group="family:job"), a_task(1), a_task(2, "billing"), a_task(3, "logs"))
    found = told(a_service(), a_service(name="billing", maximum_percent=100), DAEMON, tasks=tasks)
    assert [(fate.subject.split()[-1], fate.outcome.value) for fate in found.fates] == [
        ("job", "waits"),
        ("api", "moves"),
        ("billing", "blocked"),
        ("logs", "last"),
    ]
    assert found.is_blocked
    assert found.is_open_ended


CHECKED = {
    "target_groups": {TARGET_GROUP: GROUP},
    "task_definitions": {DEFINITION: TaskDefinition(stop_timeout=timedelta(seconds=20))},
}


@pytest.mark.parametrize(
    ("story", "service", "here", "at_least", "allow"),
    [
        ("start first: health, deregistration, stop timeout", {}, 1, 150 + 60, 150 + 60 + 20),
        ("start first, two at once", {"desired": 4}, 2, 150 + 60, 150 + 60 + 20),
        (
            "start first, one at a time",
            {"desired": 4, "maximum_percent": 125},
            2,
            2 * 150 + 60,
            2 * 150 + 60 + 20,
        ),
        ("stop first: no health time before the first", {"minimum_percent": 50}, 1, 60, 60 + 20),
        (
            "stop first, one at a time: each round waits for the one before",
            {"minimum_percent": 50, "maximum_percent": 100},
            2,
            150 + 2 * 60,
            150 + 2 * (60 + 20),
        ),
    ],
)
def test_how_long_a_drain_takes(
    story: str, service: dict[str, Any], here: int, at_least: int, allow: int
) -> None:
    """A replacement needs its target group's health first; deregistration and stop timeout follow."""
    given = {"target_group_arns": (TARGET_GROUP,), "running": 4} | service
    found = told(a_service(**given), tasks=tuple(a_task(n) for n in range(1, here + 1)), **CHECKED)
    assert (found.at_least, found.allow) == (timedelta(seconds=at_least), timedelta(seconds=allow)), story


def test_protection_that_expires_bounds_the_drain() -> None:
    found = told(protections={task_arn(1): Protection(NOW + timedelta(hours=2))})
    assert (found.at_least, found.is_open_ended) == (timedelta(hours=2), False)


def test_a_lost_agent_is_told_before_the_drain() -> None:
    found = told(instance=home(status="ACTIVE", agent_connected=False))
    assert BlockerKind.AGENT_DISCONNECTED in [blocker.kind for blocker in found.blockers]


@pytest.mark.parametrize(
    ("world", "verdict"),
    [
        ({"tasks": ()}, "i-0aaaaaaaaaaaaaaaa holds no task: it can go at once"),
        ({}, "i-0aaaaaaaaaaaaaaaa holds 1 task: the drain takes at least 40 s (allow 1 min 10 s)"),
        (
            {"tasks": (a_task(1), a_task(2, group="family:job"))},
            "i-0aaaaaaaaaaaaaaaa holds 2 tasks: the drain takes at least 40 s (allow 1 min 10 s), "
            "and as long as it takes tasks to end by themselves",
        ),
        ({"others": ()}, "i-0aaaaaaaaaaaaaaaa holds 1 task: 1 task will not leave until somebody acts"),
    ],
)
def test_the_verdict_comes_first(world: dict[str, Any], verdict: str) -> None:
    assert render_forecast(told(**world)).splitlines()[0] == verdict


def test_a_forecast_for_programs() -> None:
    state = forecast_to_state(told(tasks=(a_task(1), a_task(2, group="family:job"))))
    assert (state["blocked"], state["open_ended"]) == (False, True)
    assert (state["at_least_seconds"], state["allow_seconds"]) == (40, 70)
    assert [(task["outcome"], task["at_least_seconds"]) for task in state["tasks"]] == [
        ("waits", None),
        ("moves", 40),
    ]
    assert json.loads(json.dumps(state)) == state


def test_every_outcome_has_words_for_people() -> None:
    assert set(OUTCOMES) == set(Outcome)


def test_a_daemon_stops_after_all_others_and_may_take_its_stop_timeout() -> None:
    """Alone it is all that the drain waits for; with others its time comes on top of theirs."""
    needs = {DEFINITION: TaskDefinition(cpu=512, memory=512, stop_timeout=timedelta(seconds=45))}
    alone = forecast(a_world(DAEMON, tasks=(a_task(1, "logs"),), task_definitions=needs), NOW)
    assert (alone.at_least, alone.allow) == (timedelta(0), timedelta(seconds=45))
    without = forecast(a_world(task_definitions=needs), NOW)
    both = forecast(
        a_world(a_service(), DAEMON, tasks=(a_task(1), a_task(2, "logs")), task_definitions=needs), NOW
    )
    assert both.allow == without.allow + timedelta(seconds=45)
