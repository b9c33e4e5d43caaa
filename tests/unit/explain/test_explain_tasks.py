"""Why a task or a whole instance holds the drain, whatever its services do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.explain import Blocker, BlockerKind, Circumstances, explain
from chalicelib.explain.circumstances import Protection, TargetGroup
from docs.gallery.worlds import (
    DAEMON,
    NOW,
    TARGET_GROUP,
    a_service,
    a_task,
    a_world,
    an_instance,
    home,
    leaving,
    task_arn,
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
    ("story", "task", "kind", "said"),
    [
        (
            "deregistering",
            leaving(last_status="DEACTIVATING"),
            KIND.DEREGISTERING,
            "drains connections for 2 min",
        ),
        ("stopping", leaving(), KIND.STOPPING, "until about 2026-03-02T10:21:30Z (in 1 min 30 s)"),
        (
            "past SIGKILL, but within the agent's delay",
            leaving(told=timedelta(seconds=209)),
            KIND.STOPPING,
            "(in 0 s)",
        ),
        ("long past SIGKILL", leaving(told=timedelta(seconds=210)), KIND.STOP_OVERDUE, "1 min ago"),
        ("nobody knows since when", leaving(stopping_at=None), KIND.STOPPING, "30 s before SIGKILL"),
    ],
)
def test_a_task_on_its_way_out(story: str, task: Any, kind: BlockerKind, said: str) -> None:
    """Deregistration runs first, in DEACTIVATING; SIGTERM and the stop timeout follow."""
    group = TargetGroup(TARGET_GROUP, "api", timedelta(seconds=120))
    world = a_world(
        a_service(target_group_arns=(TARGET_GROUP,)), tasks=(task,), target_groups={TARGET_GROUP: group}
    )
    blocker = the_one(world)
    assert (blocker.kind, said in blocker.reason) == (kind, True), (story, blocker.reason)


def test_a_standalone_task_says_who_started_it_and_since_when() -> None:
    job = a_task(group="family:report", started_by="cron", started_at=NOW - timedelta(minutes=90))
    blocker = the_one(a_world(tasks=(job,)))
    assert blocker.subject == "task 00000001 of family report"
    assert 'started by "cron", RUNNING for 1 h 30 min, since 2026-03-02T08:50:00Z' in blocker.reason
    assert f"aws ecs stop-task --cluster web --task {job.id}" in blocker.remedy


def test_a_standalone_task_that_nobody_owns_up_to() -> None:
    job = a_task(group="", started_by="", started_at=None, created_at=None)
    blocker = the_one(a_world(tasks=(job,)))
    assert blocker.subject == "task 00000001 of family api"
    assert "without startedBy, RUNNING for an unknown time" in blocker.reason


@pytest.mark.parametrize(
    ("expires_at", "said"),
    [(NOW + timedelta(hours=48), "(in 2 d)"), (None, "with no known end")],
)
def test_a_protected_task_says_until_when(expires_at: Any, said: str) -> None:
    blocker = the_one(a_world(protections={task_arn(1): Protection(expires_at)}))
    assert (blocker.kind, said in blocker.reason, blocker.ends_at) == (KIND.PROTECTED, True, expires_at)
    assert (
        f"update-task-protection --cluster web --tasks {a_task().id} --no-protection-enabled"
        in blocker.remedy
    )


def test_protection_and_a_deadlock_are_both_told() -> None:
    world = a_world(a_service(maximum_percent=100), protections={task_arn(1): Protection()})
    assert kinds(world) == [KIND.DEADLOCK, KIND.PROTECTED]


def test_a_daemon_waits_for_the_others_and_then_only_for_itself() -> None:
    daemon, job = a_task(2, "logs"), a_task(1, group="family:report")
    assert (
        "1 other task that must leave first" in explain(a_world(DAEMON, tasks=(daemon, job)), NOW)[-1].reason
    )
    assert "no longer than 30 s and a margin" in the_one(a_world(DAEMON, tasks=(daemon,))).reason


def test_a_lost_agent_speaks_for_all_its_tasks() -> None:
    world = a_world(
        instance=home(agent_connected=False),
        tasks=(leaving(1), a_task(2)),
        agent_disconnected_since=NOW - timedelta(minutes=3),
    )
    blocker = the_one(world)
    assert blocker.kind is KIND.AGENT_DISCONNECTED
    assert "for 3 min, since 2026-03-02T10:17:00Z" in blocker.reason
    assert blocker.ends_at == NOW + timedelta(minutes=2)


def test_a_lost_agent_without_a_date() -> None:
    blocker = the_one(a_world(instance=home(agent_connected=False)))
    assert "disconnected for an unknown time" in blocker.reason
    assert "the drain waits 5 min for it" in blocker.reason


def test_an_instance_that_is_active_before_the_drain_is_nothing_odd() -> None:
    assert kinds(a_world(instance=home(status="ACTIVE"), drain_began_at=None)) == [KIND.MOVING]


def test_no_task_no_blocker() -> None:
    assert explain(a_world(tasks=(), managed_draining_by="web"), NOW) == ()
    assert explain(a_world(tasks=(a_task(last_status="STOPPED", desired_status="STOPPED"),)), NOW) == ()
