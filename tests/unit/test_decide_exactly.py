"""Bounds and words of a look that `make mutants` changed and no other fast test noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.common.model import Task
from chalicelib.look.decide import Look, decide, gone, name_of, what_to_explain
from chalicelib.look.memory import Memory
from chalicelib.look.observation import remember
from tests.builders import (
    START,
    a_daemon_task,
    a_memory,
    a_policy,
    a_standalone_task,
    a_task,
    after,
    an_observation,
    timers,
)


def look(*tasks: Task, at: datetime = START, memory: Memory | None = None, **fields: object) -> Look:
    seen = an_observation(*tasks, at=at)
    return decide(remember(memory or a_memory(), seen), seen, a_policy(), timers(**fields))


@pytest.mark.parametrize(
    ("due_at", "is_due"),
    [(None, False), (after(seconds=59), True), (after(seconds=60), True), (after(seconds=61), False)],
)
def test_a_heartbeat_is_due_from_its_instant_on(due_at: datetime | None, is_due: bool) -> None:
    assert look(a_task(), at=after(seconds=60), heartbeat_due_at=due_at).heartbeat_due is is_due


def test_a_task_that_is_told_to_stop_already_is_not_stopped_again() -> None:
    seen = an_observation(a_standalone_task(desired_status="STOPPED"), a_standalone_task(number=8))
    memory = remember(a_memory(), seen)
    assert decide(memory, seen, a_policy(standalone_tasks="stop"), timers()).stop_now == (
        a_standalone_task(number=8).arn,
    )


def test_the_wait_is_remembered_so_that_the_next_can_grow_from_it() -> None:
    told = look(a_task(), memory=replace(a_memory(), wait=timedelta(seconds=7)))
    assert told.memory.wait == told.wait


@pytest.mark.parametrize(
    ("at", "explain"), [(after(minutes=29, seconds=59), "no"), (after(minutes=30), "stuck")]
)
def test_an_explanation_stands_until_its_instant_and_no_longer(at: datetime, explain: str) -> None:
    told = timers(explained_until=after(minutes=30))
    assert what_to_explain(a_memory(), a_policy(stuck_after="10m"), told, at) == explain


@pytest.mark.parametrize(
    ("tasks", "sentence"),
    [
        ([a_task()], "1 task holds the drain: web 00000000 RUNNING"),
        (
            [a_task(), a_standalone_task("DEACTIVATING")],
            "2 tasks hold the drain: web 00000000 RUNNING, batch 00000000 DEACTIVATING",
        ),
        (
            [a_task(number=number) for number in (1, 2, 3)],
            "3 tasks hold the drain: " + ", ".join(["web 00000000 RUNNING"] * 3),
        ),
        (
            [a_task(number=number) for number in range(1, 6)],
            "5 tasks hold the drain: " + ", ".join(["web 00000000 RUNNING"] * 3) + " and 2 more",
        ),
        ([], "no task holds the drain"),
    ],
)
def test_the_summary_counts_names_and_says_how_many_more(tasks: list[Task], sentence: str) -> None:
    assert look(*tasks).summary == sentence


@pytest.mark.parametrize(
    ("number", "clause"),
    [
        (1, "1 standalone task is left, as the policy says"),
        (2, "2 standalone tasks are left, as the policy says"),
    ],
)
def test_what_is_left_is_counted_in_words(number: int, clause: str) -> None:
    seen = an_observation(*(a_standalone_task(number=each) for each in range(1, number + 1)))
    told = decide(remember(a_memory(), seen), seen, a_policy(standalone_tasks="ignore"), timers())
    assert told.summary == f"no task holds the drain; {clause}"


@pytest.mark.parametrize(
    ("daemons", "why"), [("ignore", "as the policy says"), ("last", "past the time to stop")]
)
def test_a_daemons_task_that_is_left_is_told_with_its_reason(daemons: str, why: str) -> None:
    seen = an_observation(a_daemon_task(), at=after(hours=1))
    memory = remember(replace(a_memory(), daemons_alone_at=START), seen)
    told = decide(memory, seen, a_policy(daemons=daemons), timers())
    assert told.summary == f"no task holds the drain; 1 daemon task is left, {why}"


def test_what_went_with_an_instance_is_counted_in_words() -> None:
    assert gone(0) == "the instance is gone, and no task with it"
    assert gone(1) == "the instance is gone, and 1 task that was not STOPPED at the last look went with it"
    assert gone(2) == "the instance is gone, and 2 tasks that were not STOPPED at the last look went with it"
    told = look(memory=replace(a_memory(), lost=2))
    lost = "2 tasks that were not STOPPED at the last look went with a container instance that is gone"
    assert told.summary == f"no task holds the drain; {lost}"


@pytest.mark.parametrize(
    ("group", "name"), [("service:web", "web"), ("family:batch", "batch"), ("batch", "batch"), ("", "task")]
)
def test_a_task_is_named_by_service_or_family(group: str, name: str) -> None:
    assert name_of(a_task(group=group)) == name
