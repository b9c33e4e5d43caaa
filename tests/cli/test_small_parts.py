"""What Auto Scaling does anyway, room and time, tables, the help page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.common.model import AutoScalingGroup, ContainerInstance, LifecycleHook
from chalicelib.common.services import TaskDefinition
from chalicelib.explain import Blocker, BlockerKind, Circumstances, Fate, Forecast, Outcome
from cli import help_pages
from cli.cancelling import doom_of
from cli.exit_codes import ExitCode
from cli.outlook import room_for, time_needed, under_policy
from cli.tables import columns
from tests.builders import a_policy, a_standalone_task, a_task, after

INSTANCE = "i-0123456789abcdef0"
HOOK = LifecycleHook("web", "ecs-drainer", 900, 90_000, "CONTINUE")


def a_group(state: str) -> AutoScalingGroup:
    """Return group `web` with the instance in a lifecycle state."""
    return AutoScalingGroup("web", {}, False, {INSTANCE: state})


@pytest.mark.parametrize("state", ["InService", "Standby", "Pending"])
def test_an_instance_that_auto_scaling_leaves_alone_can_be_saved(state: str) -> None:
    assert doom_of(INSTANCE, a_group(state), HOOK, {}) is None
    assert doom_of(INSTANCE, None, None, {}) is None


DOOMS: list[tuple[str, dict[str, Any], str]] = [
    (
        "a heartbeat restarts the timeout of 15 min",
        {
            "heartbeat": {"recorded_at": "2026-03-02T10:10:00Z"},
            "drain": {"ceiling_at": "2026-03-04T10:00:00Z"},
        },
        "terminate it at about 2026-03-02T10:25:00Z (in 25 min), when hook ecs-drainer has had no heartbeat",
    ),
    (
        "and can't move the ceiling",
        {
            "heartbeat": {"recorded_at": "2026-03-02T10:10:00Z"},
            "drain": {"ceiling_at": "2026-03-02T10:12:00Z"},
        },
        "at about 2026-03-02T10:12:00Z (in 12 min)",
    ),
    ("nothing is known of heartbeats", {}, "terminate it when its hooks end"),
    (
        "it goes to the warm pool",
        {"heartbeat": {"recorded_at": "2026-03-02T10:10:00Z"}, "drain": {"destination": "WarmPool"}},
        "put it into the warm pool",
    ),
]


@pytest.mark.parametrize(("story", "state", "said"), DOOMS, ids=[row[0] for row in DOOMS])
def test_what_auto_scaling_does_anyway_and_when(story: str, state: dict[str, Any], said: str) -> None:
    doom = doom_of(INSTANCE, a_group("Terminating:Wait"), HOOK, state)
    assert doom is not None, story
    assert said in doom.sentence(after(minutes=0))


JOB, TASK = a_standalone_task(), a_task()


def a_fate(task_id: str, outcome: Outcome, minutes: float | None = 2) -> Fate:
    """Return what becomes of a task."""
    time = None if minutes is None else timedelta(minutes=minutes)
    return Fate(task_id, f"task {task_id}", outcome, "why", "remedy", time, time)


def a_world(**fields: Any) -> Circumstances:
    """Return an instance with a task of a service and a job, one other instance beside it."""
    other = ContainerInstance("other", "i-1", cpu=1000, memory=2000)
    needs = {"": TaskDefinition(cpu=300, memory=500, stop_timeout=timedelta(seconds=45))}
    given = {"tasks": (TASK, JOB), "others": (other,), "task_definitions": needs, **fields}
    return Circumstances("web", ContainerInstance("arn", INSTANCE), **given)


JOB_BLOCKER = Blocker(BlockerKind.STANDALONE, "job", "why", "remedy", (JOB.id,))
TOLD = Forecast(
    INSTANCE, (a_fate(TASK.id, Outcome.MOVES), a_fate(JOB.id, Outcome.WAITS, None)), (JOB_BLOCKER,)
)


@pytest.mark.parametrize(
    ("standalone", "outcome", "allow", "is_open_ended"),
    [
        ("wait", Outcome.WAITS, None, True),
        ("stop", Outcome.STOPS, 45, False),
        ("stop-after 10m", Outcome.STOPS, 645, False),
        ("ignore", Outcome.STOPS, 0, False),
    ],
)
def test_the_policy_decides_what_becomes_of_jobs(
    standalone: str, outcome: Outcome, allow: float | None, is_open_ended: bool
) -> None:
    told = under_policy(TOLD, a_world(), a_policy(standalone_tasks=standalone))
    fate = next(fate for fate in told.fates if fate.task_id == JOB.id)
    assert fate.outcome is outcome
    assert (fate.allow and fate.allow.total_seconds()) == (allow or (fate.allow and 0))
    assert told.is_open_ended is is_open_ended
    assert bool(told.blockers) is is_open_ended


def test_a_job_that_is_stopping_already_is_left_as_it_is() -> None:
    leaving = replace(TOLD, fates=(a_fate(JOB.id, Outcome.LEAVING),))
    assert under_policy(leaving, a_world(), a_policy(standalone_tasks="stop")).fates == leaving.fates


def test_room_counts_places_that_take_tasks_and_services_that_move() -> None:
    draining = ContainerInstance("third", "i-2", status="DRAINING", cpu=9999, memory=9999)
    world = a_world()
    room = room_for(replace(world, others=(*world.others, draining)), TOLD)
    assert (room.places, room.cpu_left, room.memory_left) == (1, 1000, 2000)
    assert (room.moving, room.cpu_needed, room.memory_needed) == (1, 300, 500)
    assert str(room) == (
        "1 other container instance takes tasks; 1,000 CPU units and 2,000 MiB are left there, "
        "1 task to move asks for 300 and 500"
    )


@pytest.mark.parametrize(("kind", "homeless"), [(BlockerKind.NO_CPU, 1), (BlockerKind.DEADLOCK, 0)])
def test_a_task_without_a_place_is_counted_and_a_deadlock_is_another_matter(
    kind: BlockerKind, homeless: int
) -> None:
    blocked = replace(
        TOLD,
        fates=(a_fate(TASK.id, Outcome.BLOCKED),),
        blockers=(Blocker(kind, "s", "why", "remedy", (TASK.id,)),),
    )
    assert room_for(a_world(), blocked).without_place == homeless


def test_nothing_to_move_needs_no_room() -> None:
    assert str(room_for(a_world(tasks=(JOB,)), TOLD)) == "no task needs room elsewhere"


def test_how_long_it_takes_at_least() -> None:
    assert time_needed([TOLD]) == (timedelta(minutes=2), timedelta(minutes=2))
    assert time_needed([]) == (timedelta(0), timedelta(0))


def test_columns_align_and_lines_end_with_their_last_cell() -> None:
    assert columns(("name", "why"), [("a", "x"), ("longer", ""), ("b", "y")]) == (
        "NAME    WHY\na       x\nlonger\nb       y"
    )


def test_the_help_page_is_what_the_commands_say() -> None:
    assert help_pages.main(["--check"]) == 0, "run `python -m cli.help_pages`"


def test_every_exit_code_is_documented() -> None:
    page = help_pages.page()
    assert all(f"| {int(code)} | {code.name} |" in page for code in ExitCode)
