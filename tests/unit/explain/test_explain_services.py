"""Why a service's task stays: which blockers, in which numbers, and what frees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.common.services import ServiceEvent, TaskDefinition
from chalicelib.explain import Blocker, BlockerKind, Circumstances, explain
from chalicelib.explain.circumstances import Target, TargetGroup
from docs.gallery.worlds import (
    DEFINITION,
    NOW,
    TARGET_GROUP,
    THIRD,
    a_service,
    a_world,
    an_instance,
    elsewhere,
)

KIND = BlockerKind
JUST_BEGUN = {"drain_began_at": NOW - timedelta(minutes=1)}
FULL = (an_instance(cpu=0),)


def kinds(world: Circumstances) -> list[BlockerKind]:
    return [blocker.kind for blocker in explain(world, NOW)]


def the_one(world: Circumstances) -> Blocker:
    (blocker,) = explain(world, NOW)
    return blocker


@pytest.mark.parametrize(
    ("story", "service", "world", "expected"),
    [
        ("a service at rest that may start one more", {}, JUST_BEGUN, [KIND.MOVING]),
        ("the same, twenty minutes later", {}, {}, [KIND.UNEXPLAINED]),
        ("the same, while a replacement starts", {"pending": 1}, {}, [KIND.MOVING]),
        ("the same, and a task started lately", {"tasks": (elsewhere(created_at=NOW),)}, {}, [KIND.MOVING]),
        ("the same, while a replacement runs", {"running": 3}, {}, [KIND.MOVING]),
        (
            "no room, but one may stop first",
            {"minimum_percent": 50},
            JUST_BEGUN | {"others": FULL},
            [KIND.MOVING],
        ),
        ("no room, and none may stop first", {}, {"others": FULL}, [KIND.NO_CPU]),
        (
            "no room, and the one that may stop first has gone",
            {"minimum_percent": 50, "running": 1},
            {"others": FULL},
            [KIND.NO_CPU],
        ),
        (
            "percents without room, told before the lack of room",
            {"maximum_percent": 100},
            {"others": FULL},
            [KIND.DEADLOCK],
        ),
        (
            "percents without room, though a task too many runs",
            {"maximum_percent": 100, "running": 3},
            JUST_BEGUN,
            [KIND.MOVING],
        ),
        ("a service that was deleted", {"desired": 0, "running": 1}, JUST_BEGUN, [KIND.MOVING]),
        ("CodeDeploy's service without room", {"controller": "CODE_DEPLOY"}, {"others": FULL}, [KIND.NO_CPU]),
        ("an external controller's service with room", {"controller": "EXTERNAL"}, {}, [KIND.FIXED_PERCENTS]),
        (
            "CodeDeploy's service with a replacement",
            {"controller": "CODE_DEPLOY", "running": 3},
            {},
            [KIND.MOVING],
        ),
    ],
)
def test_the_next_step_of_a_service(
    story: str, service: dict[str, Any], world: dict[str, Any], expected: list[BlockerKind]
) -> None:
    assert kinds(a_world(a_service(**service), **world)) == expected, story


def test_the_deadlock_remedy_starts_first_where_there_is_room() -> None:
    blocker = the_one(a_world(a_service(desired=3, running=3, maximum_percent=133)))
    assert (
        "3 tasks desired; minimum healthy 100 % rounds up to 3, maximum 133 % rounds down to 3"
        in blocker.reason
    )
    assert (
        "--service api --deployment-configuration minimumHealthyPercent=100,maximumPercent=134"
        in blocker.remedy
    )


def test_the_deadlock_remedy_stops_first_where_there_is_none() -> None:
    blocker = the_one(a_world(a_service(desired=3, running=3, maximum_percent=133), others=FULL))
    assert "minimumHealthyPercent=66,maximumPercent=133" in blocker.remedy


def test_the_closest_instance_is_named_with_what_it_lacks() -> None:
    blocker = the_one(a_world(others=(an_instance(cpu=100), an_instance(THIRD, cpu=384))))
    assert "the closest of 2 other instances, i-0cccccccccccccccc" in blocker.reason
    assert "it has 384 of the 512 CPU units left (128 short)" in blocker.reason
    assert "Auto Scaling group web-ecs" in blocker.remedy


@pytest.mark.parametrize(
    ("story", "others", "kind"),
    [
        ("it is the only one", (), KIND.NO_OTHER_INSTANCE),
        ("the others have lost their agents", (an_instance(agent_connected=False),), KIND.NO_OTHER_INSTANCE),
        ("the others are DRAINING", (an_instance(status="DRAINING"),), KIND.ALL_DRAINING),
        (
            "one is DRAINING, one lost its agent",
            (an_instance(status="DRAINING"), an_instance(THIRD, agent_connected=False)),
            KIND.NO_OTHER_INSTANCE,
        ),
    ],
)
def test_no_instance_takes_tasks(story: str, others: tuple[Any, ...], kind: BlockerKind) -> None:
    assert the_one(a_world(others=others)).kind is kind, story


SICK = elsewhere(health_status="UNHEALTHY")
CHECKED = {"task_definitions": {DEFINITION: TaskDefinition(health_check_interval=timedelta(seconds=10))}}
TOLD: dict[str, Any] = {"created_at": NOW - timedelta(minutes=6)}


@pytest.mark.parametrize(
    ("story", "service", "world", "expected"),
    [
        (
            "a container health check fails",
            {"running": 4, "tasks": (SICK,)},
            CHECKED,
            [KIND.UNHEALTHY_REPLACEMENT],
        ),
        (
            "it says nothing for a quarter of an hour",
            {"running": 4, "tasks": (elsewhere(),)},
            CHECKED,
            [KIND.UNHEALTHY_REPLACEMENT],
        ),
        (
            "a replacement is merely young",
            {"running": 4, "tasks": (elsewhere(started_at=NOW),)},
            CHECKED,
            [KIND.MOVING],
        ),
        (
            "a replacement has been PENDING for six minutes",
            {"pending": 2, "tasks": (elsewhere(last_status="PENDING", started_at=None, **TOLD),)},
            {},
            [KIND.START_IMPAIRED],
        ),
        (
            "a replacement became PENDING just now",
            {"pending": 2, "tasks": (elsewhere(last_status="PENDING", created_at=NOW),)},
            {},
            [KIND.MOVING],
        ),
    ],
)
def test_replacements_that_do_not_come_up(
    story: str, service: dict[str, Any], world: dict[str, Any], expected: list[BlockerKind]
) -> None:
    assert kinds(a_world(a_service(**service), **world)) == expected, story


def test_an_unhealthy_target_is_named_with_its_reason() -> None:
    sick = TargetGroup(
        TARGET_GROUP, "api", healthy=1, others=(Target("i-0b:32768", "unhealthy", "Target.Timeout"),)
    )
    world = a_world(
        a_service(running=4, target_group_arns=(TARGET_GROUP,)), target_groups={TARGET_GROUP: sick}
    )
    blocker = the_one(world)
    assert "api has i-0b:32768 unhealthy Target.Timeout" in blocker.reason
    assert f"describe-target-health --target-group-arn {TARGET_GROUP}" in blocker.remedy


def test_the_event_log_does_not_repeat_what_is_known() -> None:
    event = ServiceEvent(NOW, "(service api) was unable to place a task: insufficient CPU units available")
    assert kinds(a_world(a_service(events=(event,)), others=FULL)) == [KIND.NO_CPU]


@pytest.mark.parametrize(
    ("stop_code", "is_quoted"), [("TaskFailedToStart", True), ("EssentialContainerExited", False)]
)
def test_only_a_task_that_failed_to_start_says_why_none_starts(stop_code: str, is_quoted: bool) -> None:
    """Tasks that ran and ended have a stoppedReason too: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html."""
    event = ServiceEvent(NOW, "(service api) is unable to consistently start tasks successfully.")
    stopped = elsewhere(
        last_status="STOPPED", desired_status="STOPPED", stop_code=stop_code, stopped_reason="no such image"
    )
    told = the_one(a_world(a_service(events=(event,), tasks=(stopped,))))
    assert told.kind is KIND.START_IMPAIRED
    assert ("no such image" in told.reason) is is_quoted
