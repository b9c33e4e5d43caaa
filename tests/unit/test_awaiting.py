"""What a look reads after a wait, what events alone may decide, and what is waited for next."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.common.model import stamp
from chalicelib.look.awaiting import (
    AS_KEPT,
    FIRST_SAFETY_LOOK,
    LONGEST_SAFETY_WAIT,
    Reading,
    Told,
    as_told,
    awaited,
    new_troubles,
    next_due,
    unannounced,
    wait_of_drain,
    what_to_read,
    with_wait,
)
from chalicelib.look.decide import DAEMON_MARGIN, decide
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation, remember
from chalicelib.policy import DrainPolicy
from chalicelib.wake.row import NOTHING, Waiting
from tests.builders import (
    CLUSTER,
    INSTANCE_ARN,
    START,
    a_daemon_task,
    a_memory,
    a_policy,
    a_standalone_task,
    a_task,
    after,
    an_observation,
    task_arn,
    timers,
)

ONE, TWO = task_arn(1), task_arn(2)
NOW = after(minutes=2)
DUE = after(minutes=3)
PLACEMENT = {"service": "web", "event": "SERVICE_TASK_PLACEMENT_FAILURE", "reason": "RESOURCE:CPU"}


def a_waiting_memory(*arns: str, **fields: Any) -> Memory:
    """Return the memory of a drain that has looked once and waits for all of these tasks."""
    mine = arns or (ONE, TWO)
    waits = {
        "looks": 1,
        "listed_at": after(seconds=10),
        "next_read_at": DUE,
        "tasks": dict.fromkeys(mine, "RUNNING"),
        "groups": dict.fromkeys(mine, "service:web"),
        "awaited": frozenset(mine),
    }
    return a_memory(**{**waits, **fields})


def a_row(*arns: str, **fields: Any) -> Waiting:
    """Return the row after that wait, with the tasks that no event has said are STOPPED."""
    given_ = {
        "instance": INSTANCE_ARN,
        "execution": "arn:execution",
        "cluster": CLUSTER,
        "looks": 1,
        **fields,
    }
    return Waiting(tasks=frozenset(arns), **given_)


def seen_by_wake(**fields: Any) -> dict[str, Any]:
    """Return an instance that is DRAINING and empty, as `wake` reads it after the last STOPPED."""
    empty = {"status": "DRAINING", "agent_connected": True, "running": 0, "pending": 0}
    return {"arn": INSTANCE_ARN, "cluster": CLUSTER, **empty, **fields}


def emptied(**fields: Any) -> Told:
    return Told("emptied", seen_by_wake(**fields), stopped_at=after(seconds=118))


WHAT_TO_READ: list[tuple[str, Memory, Waiting | None, Told, Reading]] = [
    ("nothing was listed yet", a_memory(), a_row(), Told(), Reading.TASKS),
    ("the drain has no row: it polls", a_waiting_memory(), None, Told(), Reading.TASKS),
    ("events were lost: it polls", a_waiting_memory(polls=True), a_row(ONE), Told(), Reading.TASKS),
    ("an event came between the look and the wait", a_waiting_memory(), a_row(ONE), Told("raced"), Reading.TASKS),
    ("the last event took the last task", a_waiting_memory(), a_row(), emptied(), Reading.NOTHING),
    ("ECS counts a task that was never listed", a_waiting_memory(), a_row(), emptied(running=1), Reading.TASKS),
    ("ECS counts one that starts", a_waiting_memory(), a_row(), emptied(pending=1), Reading.TASKS),
    ("a person set it ACTIVE meanwhile", a_waiting_memory(), a_row(), emptied(status="ACTIVE"), Reading.TASKS),
    ("it is deregistered", a_waiting_memory(), a_row(), emptied(status="MISSING"), Reading.TASKS),
    ("it was stopped with its tasks", a_waiting_memory(), a_row(), emptied(agent_connected=False), Reading.TASKS),
    ("nobody read it", a_waiting_memory(), a_row(), Told("emptied"), Reading.TASKS),
    ("a daemon is left", a_waiting_memory(awaited=frozenset({ONE})), a_row(), emptied(), Reading.TASKS),
    ("told empty, though the row isn't", a_waiting_memory(), a_row(TWO), emptied(), Reading.TASKS),
    ("the instance changed", a_waiting_memory(), a_row(ONE), Told("instance"), Reading.INSTANCE),
    ("a service has trouble", a_waiting_memory(), a_row(ONE), Told("service"), Reading.NOTHING),
    ("a heartbeat was due, one task is left", a_waiting_memory(), a_row(TWO), Told(), Reading.NOTHING),
    ("it was due, and none is left", a_waiting_memory(), a_row(), Told(), Reading.TASKS),
    ("the last wait was not stored", a_waiting_memory(looks=2), a_row(ONE), Told(), Reading.TASKS),
    ("the safety look is due", a_waiting_memory(next_read_at=NOW), a_row(ONE), Told(), Reading.INSTANCE),
    ("no safety look was ever set", a_waiting_memory(next_read_at=None), a_row(ONE), Told(), Reading.INSTANCE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("story", "memory", "row", "told", "reading"), WHAT_TO_READ, ids=[row[0] for row in WHAT_TO_READ]
)
def test_what_a_look_reads(
    story: str, memory: Memory, row: Waiting | None, told: Told, reading: Reading
) -> None:
    """ECS is asked where the row can't be enough, and nowhere else: 20 reads a second are all an account has."""
    assert what_to_read(memory, row, told, NOW) is reading, story


def test_why_the_wait_ended_comes_as_wake_wrote_it() -> None:
    told = Told.from_state(
        {
            "why": "emptied",
            "events": 4,
            "looks": 1,
            "read_at": stamp(NOW),
            "stopped_at": "2026-03-02T10:01:58Z",
            "instance": seen_by_wake(),
            "services": [PLACEMENT],
        }
    )
    assert told == replace(emptied(), services=(PLACEMENT,), events=4, looks=1)
    assert Told.from_state({"why": ""}) == Told(), "the clock ended it"


@pytest.mark.parametrize(
    ("story", "told", "is_enough"),
    [
        ("no task is left of those that this look stored", Told("emptied", looks=2), True),
        ("a look in between stored others", Told("emptied", looks=1), False),
        ("a function of the release before does not say of which look", Told("emptied"), False),
        ("the agent was lost: tasks may be left", Told("instance", looks=2), False),
        ("the clock ended the wait", Told(), False),
    ],
)
def test_the_row_is_not_read_where_the_answer_says_what_is_in_it(
    story: str, told: Told, is_enough: bool
) -> None:
    assert told.is_of_look(2) is is_enough, story


def test_the_last_event_drains_the_instance_without_a_read() -> None:
    before = a_waiting_memory()
    seen = as_told(before, a_row(), emptied(), NOW)
    after_it = remember(before, seen)
    assert decide(after_it, seen, a_policy(), timers()).drained
    assert (dict(after_it.tasks), after_it.last_stopped_at) == ({}, after(seconds=118))


def test_of_two_tasks_one_is_told_stopped_and_the_other_stays_as_it_was() -> None:
    before = a_waiting_memory(tasks={ONE: "RUNNING", TWO: "DEACTIVATING"})
    seen = as_told(before, a_row(TWO), Told(), NOW)
    assert {task.arn: task.last_status for task in seen.tasks} == {ONE: "STOPPED", TWO: "DEACTIVATING"}
    assert not seen.is_full
    assert seen.instances is None
    assert [task.desired_status for task in seen.tasks] == ["STOPPED", "STOPPED"]


def test_a_task_that_is_not_waited_for_is_not_stopped_because_the_row_lacks_it() -> None:
    """Daemons aren't in the row until they are alone."""
    before = a_waiting_memory(ONE, task_arn(5), awaited=frozenset({ONE}))
    seen = as_told(before, a_row(ONE), Told(), NOW)
    assert {task.last_status for task in seen.tasks} == {"RUNNING"}


STATUSES = st.sampled_from(["RUNNING", "DEACTIVATING", "STOPPING"])
ARNS = [task_arn(number) for number in range(1, 5)]
SOME = st.frozensets(st.sampled_from(ARNS))
INSTANCES = st.sampled_from([None, seen_by_wake()]) | st.builds(
    seen_by_wake,
    status=st.sampled_from(["DRAINING", "ACTIVE", "INACTIVE", "MISSING"]),
    agent_connected=st.booleans(),
    running=st.integers(0, 1),
    pending=st.integers(0, 1),
)
TOLD = st.builds(Told, st.sampled_from(["emptied", "", "instance", "service", "raced"]), INSTANCES)
ROWS = st.none() | st.builds(lambda tasks, looks: a_row(*tasks, looks=looks), SOME, st.integers(0, 3))
MEMORIES = st.builds(
    lambda tasks, waits, looks, polls, due: a_waiting_memory(
        tasks=tasks, groups=dict.fromkeys(tasks, "service:web"), awaited=waits, looks=looks, polls=polls,
        next_read_at=due,
    ),
    st.dictionaries(st.sampled_from(ARNS), STATUSES),
    st.just(frozenset(ARNS)) | SOME,
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from([None, NOW, DUE]),
)  # fmt: skip
POLICIES = st.sampled_from([a_policy(), a_policy(standalone_tasks="ignore"), a_policy(daemons="ignore")])


@settings(max_examples=500)
@given(before=MEMORIES, row=ROWS, told=TOLD, policy=POLICIES, described=st.data())
def test_no_drain_ends_while_a_listed_task_was_neither_announced_nor_described_stopped(
    before: Memory, row: Waiting | None, told: Told, policy: DrainPolicy, described: st.DataObject
) -> None:
    """Whatever row, memory and message are put together, sensible or not: never early is the first rule."""
    reading = what_to_read(before, row, told, NOW)
    if reading is Reading.NOTHING:
        assert row is not None
        seen = as_told(before, row, told, NOW)
        stopped = before.awaited - row.tasks
    else:
        seen = described_by_ecs(before, described.draw(st.frozensets(st.sampled_from(ARNS))))
        stopped = frozenset(task.arn for task in seen.tasks if task.is_stopped)
    if decide(remember(before, seen), seen, policy, timers()).drained:
        assert set(before.tasks) <= stopped


def described_by_ecs(before: Memory, stopped: frozenset[str]) -> Observation:
    """Return a full listing in which these of the tasks are STOPPED."""
    tasks = (
        replace(a_task("STOPPED" if arn in stopped else "RUNNING"), arn=arn) for arn in sorted(before.tasks)
    )
    return an_observation(*tasks, at=NOW, is_full=True)


UNANNOUNCED: list[tuple[str, Memory, Waiting | None, timedelta | None, bool]] = [
    ("its event is late by less than events take", a_waiting_memory(), a_row(ONE), timedelta(seconds=60), False),
    ("its event is lost", a_waiting_memory(), a_row(ONE), timedelta(seconds=61), True),
    ("its event came", a_waiting_memory(), a_row(), timedelta(minutes=5), False),
    ("it runs", a_waiting_memory(), a_row(ONE), None, False),
    ("the drain polls, and said so before", a_waiting_memory(polls=True), a_row(ONE), timedelta(hours=1), False),
    ("there is no row to hear it", a_waiting_memory(), None, timedelta(hours=1), False),
    ("the row is of an earlier look", a_waiting_memory(looks=2), a_row(ONE), timedelta(hours=1), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("story", "memory", "row", "ago", "is_lost"), UNANNOUNCED, ids=[row[0] for row in UNANNOUNCED]
)
def test_events_are_called_lost_only_where_they_must_be(
    story: str, memory: Memory, row: Waiting | None, ago: timedelta | None, is_lost: bool
) -> None:
    task = a_task("RUNNING") if ago is None else a_task("STOPPED", stopped_at=NOW - ago)
    lost = unannounced(memory, an_observation(task, at=NOW), row)
    assert lost == ((ONE,) if is_lost else ()), story


def test_what_ecs_says_of_a_service_is_news_once() -> None:
    """It may have come while nothing waited, into the row, or with the message; or both."""
    kept = json.dumps(PLACEMENT, **AS_KEPT)
    told, row = Told("service", services=(PLACEMENT,)), a_row(troubles=frozenset({kept}))
    here = {"groups": [f"service:{PLACEMENT['service']}"]}
    assert new_troubles(a_memory(), None, Told(), **here) == ()
    assert new_troubles(a_memory(), row, Told(), **here) == (kept,)
    assert new_troubles(a_memory(), row, told, **here) == (kept,)
    assert new_troubles(a_memory(troubles=(kept,)), row, told, **here) == ()


def test_another_service_of_the_cluster_is_no_news() -> None:
    """Until the first look nobody knows which services have tasks on the instance, and the row hears of each."""
    row = a_row(troubles=frozenset({json.dumps(PLACEMENT, **AS_KEPT)}))
    assert new_troubles(a_memory(), row, Told(), groups=["service:other", "family:job"]) == ()
    assert a_row(services=frozenset()).has_service("whatever it is called")


WAITS: list[tuple[str, Memory, bool, timedelta]] = [
    ("the first look", a_memory(), True, FIRST_SAFETY_LOOK),
    ("nothing moved", a_memory(safety_wait=timedelta(minutes=3)), True, timedelta(minutes=6)),
    ("never beyond a quarter of an hour", a_memory(safety_wait=timedelta(minutes=12)), True, LONGEST_SAFETY_WAIT),
    ("a task moved", a_memory(safety_wait=timedelta(minutes=12), changed_at=NOW), True, FIRST_SAFETY_LOOK),
    ("nothing was read: the one that is set stays", a_memory(next_read_at=DUE), False, DUE - NOW),
    ("nothing was read, and none is set", a_memory(), False, FIRST_SAFETY_LOOK),
    ("nothing was read, and the one that is set is over", a_memory(next_read_at=NOW), False, FIRST_SAFETY_LOOK),
]  # fmt: skip


@pytest.mark.parametrize(("story", "memory", "was_read", "wait"), WAITS, ids=[row[0] for row in WAITS])
def test_safety_looks_come_ever_more_rarely_while_nothing_moves(
    story: str, memory: Memory, was_read: bool, wait: timedelta
) -> None:
    found = with_wait(memory, an_observation(at=NOW), was_read=was_read)
    assert found.next_read_at == NOW + wait, story


ALONE = a_memory(daemons_alone_at=NOW, daemon_stop=timedelta(seconds=30), next_read_at=after(minutes=15))
LATE = a_memory(next_read_at=after(minutes=20))
TOLD_UNTIL = timers(explained_until=after(minutes=20), warned=True)
NEXT_DUE: list[tuple[str, Memory, dict[str, str], Any, datetime]] = [
    ("the safety look", a_memory(next_read_at=DUE), {}, timers(), DUE),
    ("stuck_after", LATE, {}, timers(), after(minutes=10)),
    ("a stuck drain is explained again", a_memory(next_read_at=after(minutes=30)), {}, TOLD_UNTIL, after(minutes=20)),
    ("stop-after", LATE, {"standalone_tasks": "stop-after 5m"}, timers(), after(minutes=5)),
    ("what is over is due no more", LATE, {"standalone_tasks": "stop-after 1m"}, timers(), after(minutes=10)),
    ("daemons have had their time to stop", ALONE, {}, timers(), NOW + timedelta(seconds=30) + DAEMON_MARGIN),
    ("an agent is away for good", replace(LATE, disconnected_at=NOW), {}, timers(), after(minutes=7)),
    ("the deadline is near", LATE, {}, timers(deadline_at=after(minutes=10)), after(minutes=8)),
    ("the deadline", LATE, {}, timers(deadline_at=after(minutes=9), warned=True), after(minutes=9)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("story", "memory", "settings", "timers_", "at"), NEXT_DUE, ids=[row[0] for row in NEXT_DUE]
)
def test_a_wait_ends_when_the_first_thing_is_due(
    story: str, memory: Memory, settings: dict[str, str], timers_: Any, at: datetime
) -> None:
    assert next_due(memory, a_policy(**settings), timers_, NOW) == at, story


@given(
    st.none() | st.integers(-60, 60),
    st.none() | st.integers(-60, 60),
    st.none() | st.integers(-60, 60),
    st.integers(1, 60),
)
def test_a_wait_ends_later_than_now_and_never_after_the_deadline(
    read: int | None, alone: int | None, away: int | None, deadline: int
) -> None:
    memory = a_memory(next_read_at=in_(read), daemons_alone_at=in_(alone), disconnected_at=in_(away))
    due = next_due(memory, a_policy(), timers(deadline_at=NOW + timedelta(minutes=deadline)), NOW)
    assert NOW < due <= NOW + timedelta(minutes=deadline)


def in_(minutes: int | None) -> datetime | None:
    return None if minutes is None else NOW + timedelta(minutes=minutes)


def test_daemons_are_waited_for_once_they_are_alone() -> None:
    """ECS stops them last: their events say nothing before."""
    daemon, task, batch = a_daemon_task(), a_task(), a_standalone_task()
    assert awaited((daemon, task, batch), a_memory()) == {task.arn, batch.arn}
    assert awaited((daemon,), a_memory()) == {daemon.arn}
    assert awaited((), a_memory()) == frozenset()


def test_what_is_stored_is_what_is_waited_for() -> None:
    memory = a_waiting_memory(ONE, task_arn(9), groups={ONE: "service:web", task_arn(9): "family:batch"})
    wait = wait_of_drain(memory, a_row(events=7), DUE)
    assert wait == {
        "next_at": stamp(DUE),
        "polls": False,
        "await": {
            "events": 7,
            "tasks": sorted([ONE, task_arn(9)]),
            "services": [NOTHING, "web"],
            "status": "DRAINING",
            "agent": "connected",
        },
    }
    away = wait_of_drain(replace(memory, disconnected_at=START), a_row(), DUE)
    assert away["await"]["agent"] == "disconnected"


POLLS: list[tuple[str, Memory, Waiting | None, bool]] = [
    ("a drain that waits", a_waiting_memory(), a_row(ONE), False),
    ("several container instances", a_waiting_memory(), None, True),
    ("events were lost", a_waiting_memory(polls=True), a_row(ONE), True),
    ("nothing to wait for: an empty set can't be stored", a_waiting_memory(awaited=frozenset()), a_row(), True),
]  # fmt: skip


@pytest.mark.parametrize(("story", "memory", "row", "polls"), POLLS, ids=[row[0] for row in POLLS])
def test_where_nothing_can_be_waited_for_a_drain_polls(
    story: str, memory: Memory, row: Waiting | None, polls: bool
) -> None:
    assert wait_of_drain(memory, row, DUE)["polls"] is polls, story
