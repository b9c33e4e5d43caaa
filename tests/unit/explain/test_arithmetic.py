"""How minimum and maximum percent round, and when they leave no room to move a task."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.common.services import TaskDefinition
from chalicelib.explain.arithmetic import (
    Standing,
    bounds_of,
    greatest_minimum_percent,
    health_time,
    healthy_count,
    is_deadlocked,
    least_maximum_percent,
    percents_of,
)
from chalicelib.explain.circumstances import TargetGroup
from docs.gallery.worlds import DEFINITION, NOW, TARGET_GROUP, a_service, a_world, elsewhere

DESIRED = st.integers(min_value=1, max_value=500)
MINIMUM = st.integers(min_value=0, max_value=100)
MAXIMUM = st.integers(min_value=100, max_value=400)

CASES = [
    ("both at 100 make draining impossible", 1, (100, 100), (1, 1), True),
    ("one task, doubled: moves if another instance has room", 1, (100, 200), (1, 2), False),
    ("one task that may stop first: a brief outage", 1, (0, 100), (0, 1), False),
    ("50 % of one task rounds up to one", 1, (50, 100), (1, 1), True),
    ("150 % of one task rounds down to one", 1, (50, 150), (1, 1), True),
    ("one task, either way", 1, (0, 200), (0, 2), False),
    ("two tasks, one at a time", 2, (50, 100), (1, 2), False),
    ("two tasks, one extra at a time", 2, (100, 150), (2, 3), False),
    ("149 % of two tasks is not three", 2, (100, 149), (2, 2), True),
    ("133 % of three tasks is 3.99, which is three", 3, (100, 133), (3, 3), True),
    ("67 % of three tasks is 2.01, which is three", 3, (67, 100), (3, 3), True),
    ("66 % of three tasks is two", 3, (66, 100), (2, 3), False),
    ("four tasks in batches of two", 4, (50, 100), (2, 4), False),
    ("four tasks, one extra at a time", 4, (100, 125), (4, 5), False),
    ("ten tasks and no room", 10, (100, 100), (10, 10), True),
    ("ten tasks, one at a time", 10, (90, 100), (9, 10), False),
]


@pytest.mark.parametrize(("story", "desired", "percents", "bounds", "deadlocked"), CASES)
def test_the_worked_cases(
    story: str, desired: int, percents: tuple[int, int], bounds: tuple[int, int], deadlocked: bool
) -> None:
    """ECS rounds the lower bound up and the upper bound down to whole tasks."""
    found = bounds_of(desired, *percents)
    assert (found.fewest, found.most) == bounds, story
    assert is_deadlocked(desired, *percents) is deadlocked, story


@given(DESIRED, MINIMUM, MAXIMUM)
def test_the_rounding_is_exact(desired: int, minimum: int, maximum: int) -> None:
    bounds = bounds_of(desired, minimum, maximum)
    assert bounds.fewest == ceil(Fraction(desired * minimum, 100))
    assert bounds.most == floor(Fraction(desired * maximum, 100))


@given(DESIRED, MINIMUM, MAXIMUM)
def test_a_service_is_deadlocked_when_and_only_when_neither_step_is_open(
    desired: int, minimum: int, maximum: int
) -> None:
    bounds = bounds_of(desired, minimum, maximum)
    at_rest = Standing(bounds, running=desired, pending=0, healthy=desired)
    is_open = at_rest.can_stop_first or at_rest.can_start_first
    assert is_deadlocked(desired, minimum, maximum) is not is_open
    assert is_deadlocked(desired, minimum, maximum) is (bounds.fewest == desired == bounds.most)
    assert is_deadlocked(desired, minimum, maximum) is (bounds.room == 0)


@given(DESIRED, MINIMUM)
def test_the_maximum_that_we_recommend_is_the_smallest_that_frees_a_service(
    desired: int, minimum: int
) -> None:
    percent = least_maximum_percent(desired)
    assert bounds_of(desired, minimum, percent).most >= desired + 1
    assert bounds_of(desired, minimum, percent - 1).most <= desired


@given(DESIRED, MAXIMUM)
def test_the_minimum_that_we_recommend_is_the_greatest_that_frees_a_service(
    desired: int, maximum: int
) -> None:
    percent = greatest_minimum_percent(desired)
    assert bounds_of(desired, percent, maximum).fewest <= desired - 1
    assert bounds_of(desired, percent + 1, maximum).fewest >= desired


@given(MINIMUM, MAXIMUM)
def test_a_service_of_no_tasks_is_never_deadlocked(minimum: int, maximum: int) -> None:
    assert not is_deadlocked(0, minimum, maximum)


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_other_controllers_drain_with_the_default_percents(controller: str) -> None:
    """The percents of CODE_DEPLOY and EXTERNAL services on EC2 can't be set; the defaults hold while draining."""
    service = a_service(controller=controller, minimum_percent=100, maximum_percent=100)
    assert percents_of(service) == (100, 200)


YOUNG: dict[str, Any] = {"started_at": NOW - timedelta(seconds=39)}
CHECKED = {DEFINITION: TaskDefinition(health_check_interval=timedelta(seconds=10))}
GROUP = TargetGroup(TARGET_GROUP, "api", health_time=timedelta(seconds=150), healthy=1)


@pytest.mark.parametrize(
    ("story", "service", "world", "healthy"),
    [
        ("unread tasks count as running ones do", {}, {}, 2),
        (
            "40 s after RUNNING a task without checks is healthy",
            {"tasks": (elsewhere(), elsewhere(8))},
            {},
            2,
        ),
        ("39 s after RUNNING it isn't", {"tasks": (elsewhere(), elsewhere(8, **YOUNG))}, {}, 1),
        (
            "a container health check must have said so",
            {"tasks": (elsewhere(),)},
            {"task_definitions": CHECKED},
            0,
        ),
        (
            "a container health check has said so",
            {"tasks": (elsewhere(health_status="HEALTHY"),)},
            {"task_definitions": CHECKED},
            1,
        ),
        (
            "a task that is told to stop is no healthy one",
            {"tasks": (elsewhere(desired_status="STOPPED"),)},
            {},
            0,
        ),
        (
            "the target group has the last word",
            {"target_group_arns": (TARGET_GROUP,), "tasks": (elsewhere(), elsewhere(8))},
            {"target_groups": {TARGET_GROUP: GROUP}},
            1,
        ),
    ],
)
def test_healthy_tasks_are_counted_as_ecs_counts_them(
    story: str, service: dict[str, Any], world: dict[str, Any], healthy: int
) -> None:
    circumstances = a_world(a_service(**service), **world)
    assert healthy_count(circumstances, circumstances.services["api"], NOW) == healthy, story


def test_the_slowest_of_a_services_checks_sets_the_health_time() -> None:
    world = a_world(
        a_service(target_group_arns=(TARGET_GROUP,)),
        task_definitions=CHECKED,
        target_groups={TARGET_GROUP: GROUP},
    )
    assert health_time(world, world.services["api"]) == timedelta(seconds=150)
