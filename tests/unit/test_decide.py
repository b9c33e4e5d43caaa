"""What one look tells the state machine: tables whose first column is the story, then every small world."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.common.model import Task
from chalicelib.look.decide import Look, decide
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation, remember
from tests.builders import (
    a_container_instance,
    a_daemon_task,
    a_memory,
    a_policy,
    a_standalone_task,
    a_task,
    after,
    an_observation,
    timers,
)

STATUSES = (
    "PROVISIONING",
    "PENDING",
    "ACTIVATING",
    "RUNNING",
    "DEACTIVATING",
    "STOPPING",
    "DEPROVISIONING",
    "STOPPED",
)


def look(seen: Observation, memory: Memory | None = None, **policy: object) -> Look:
    return decide(remember(memory or a_memory(), seen), seen, a_policy(**policy), timers())


@pytest.mark.parametrize(
    ("story", "tasks", "drained"),
    [
        ("an empty instance is drained", [], True),
        ("a stopped task is gone", [a_task("STOPPED")], True),
        ("a deactivating task still serves traffic", [a_task("DEACTIVATING")], False),
        ("a stopping container still runs", [a_task("STOPPING")], False),
        ("its network interface is still attached", [a_task("DEPROVISIONING")], False),
        ("DRAINING leaves a standalone task alone, and so do we", [a_standalone_task()], False),
        ("a pending task may yet start", [a_task("PENDING")], False),
        ("one of three is enough", [a_task("STOPPED"), a_task("STOPPED", 2), a_task("STOPPING", 3)], False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_instance_is_drained_when_every_task_is_stopped(
    story: str, tasks: list[Task], drained: bool
) -> None:
    assert look(an_observation(*tasks, at=after(minutes=2), is_full=True)).drained is drained, story


def test_nothing_but_stopped_tasks_drains_an_instance() -> None:
    """Every world of up to three tasks: design §4, and the damage of aws/aws-cdk#13506."""
    for size in range(4):
        for world in combinations_with_replacement(STATUSES, size):
            tasks = [a_task(status, number) for number, status in enumerate(world)]
            seen = an_observation(*tasks, at=after(minutes=2), is_full=True)
            assert look(seen).drained is all(status == "STOPPED" for status in world), world


def test_a_first_empty_listing_right_after_draining_proves_nothing() -> None:
    """ECS reads are eventually consistent: a task placed a moment ago may not be listed yet."""
    assert not look(an_observation(at=after(seconds=1), is_full=True)).drained
    assert look(an_observation(at=after(seconds=10), is_full=True)).drained


def test_without_the_full_listing_nothing_is_drained() -> None:
    assert not look(an_observation(a_task("STOPPED"), at=after(minutes=2))).drained


def test_an_instance_that_left_its_cluster_is_drained() -> None:
    """A terminated instance turns INACTIVE at once; its tasks may be shown as they last were."""
    gone = (a_container_instance("INACTIVE"),)
    assert look(an_observation(a_task(), at=after(seconds=1), is_full=True, instances=gone)).drained


def test_an_instance_set_active_by_a_person_is_said_so() -> None:
    back = (a_container_instance("ACTIVE"),)
    assert look(an_observation(at=after(minutes=6), is_full=True, instances=back)).taken_back
    assert not look(an_observation(at=after(minutes=6), is_full=True)).taken_back


class TestDaemons:
    """ECS stops daemon tasks last; they must not keep an instance whose other tasks are STOPPED."""

    def test_a_daemon_holds_the_drain_while_replicas_are_there(self) -> None:
        facts = look(an_observation(a_task("STOPPING"), a_daemon_task(), at=after(minutes=20), is_full=True))
        assert facts.kinds == {"service": 1, "daemon": 1, "standalone": 0}

    def test_alone_it_holds_the_drain_for_its_stop_timeout_and_a_margin(self) -> None:
        memory = a_memory(daemons_alone_at=after(minutes=2), daemon_stop=timedelta(seconds=45), looks=3)
        seen = an_observation(a_daemon_task("STOPPING"), is_full=True, at=after(minutes=2, seconds=74))
        assert not look(seen, memory).drained
        later = an_observation(a_daemon_task("STOPPING"), is_full=True, at=after(minutes=2, seconds=75))
        assert look(later, memory).drained

    def test_a_replica_that_is_back_starts_its_time_again(self) -> None:
        memory = a_memory(daemons_alone_at=after(minutes=2), looks=3)
        seen = an_observation(a_task(), a_daemon_task(), at=after(minutes=3))
        assert remember(memory, seen).daemons_alone_at is None

    def test_the_policy_may_ignore_them(self) -> None:
        seen = an_observation(a_daemon_task(), at=after(minutes=2), is_full=True)
        assert look(seen, daemons="ignore").drained


class TestStandaloneTasks:
    """DRAINING doesn't touch what RunTask started: wait, stop, stop after a while, or ignore."""

    @pytest.mark.parametrize(
        ("policy", "minutes", "stopped", "holding"),
        [
            ("wait", 50, 0, 1),
            ("stop", 0, 1, 1),
            ("stop-after 10m", 9, 0, 1),
            ("stop-after 10m", 10, 1, 1),
            ("ignore", 0, 0, 0),
        ],
    )
    def test_the_policy_decides(self, policy: str, minutes: int, stopped: int, holding: int) -> None:
        facts = look(an_observation(a_standalone_task(), at=after(minutes=minutes)), standalone_tasks=policy)
        assert (len(facts.stop_now), facts.holding) == (stopped, holding)

    def test_a_task_is_told_once(self) -> None:
        told = a_memory(stop_asked=(a_standalone_task().arn,))
        assert look(an_observation(a_standalone_task()), told, standalone_tasks="stop").stop_now == ()

    def test_a_task_of_a_service_is_never_stopped_by_it(self) -> None:
        seen = an_observation(a_task(), a_daemon_task())
        assert look(seen, standalone_tasks="stop").stop_now == ()


class TestTheAgent:
    """Blips happen several times an hour; only an agent that stays away is given up."""

    def test_five_minutes_without_it_are_enough(self) -> None:
        memory = a_memory(disconnected_at=after(minutes=1), looks=4)
        gone = {"agents_connected": False}
        assert not look(an_observation(a_task(), at=after(minutes=5), **gone), memory).agent_lost
        assert look(an_observation(a_task(), at=after(minutes=6), **gone), memory).agent_lost

    def test_one_that_returns_is_forgiven(self) -> None:
        memory = a_memory(disconnected_at=after(minutes=1), looks=4)
        assert not look(an_observation(a_task(), at=after(minutes=9)), memory).agent_lost


class TestExplaining:
    """Explaining costs ECS reads, so it waits until nothing has moved for long, or time runs out."""

    def test_not_while_tasks_move(self) -> None:
        memory = a_memory(tasks={a_task().arn: "RUNNING"}, looks=4)
        assert look(an_observation(a_task("DEACTIVATING"), at=after(minutes=30)), memory).explain == "no"

    def test_when_nothing_moved_for_stuck_after(self) -> None:
        memory = a_memory(tasks={a_task().arn: "RUNNING"}, looks=4)
        assert look(an_observation(a_task(), at=after(minutes=9)), memory).explain == "no"
        assert look(an_observation(a_task(), at=after(minutes=10)), memory).explain == "stuck"

    def test_not_again_before_its_time(self) -> None:
        memory = a_memory(tasks={a_task().arn: "RUNNING"}, looks=4)
        seen = an_observation(a_task(), at=after(minutes=15))
        told = timers(explained_until=after(minutes=20))
        assert decide(remember(memory, seen), seen, a_policy(), told).explain == "no"

    def test_once_when_the_deadline_is_near(self) -> None:
        seen = an_observation(a_task("STOPPING"), at=after(minutes=48))
        assert decide(remember(a_memory(), seen), seen, a_policy(), timers()).explain == "near-deadline"
        warned = timers(warned=True)
        assert decide(remember(a_memory(), seen), seen, a_policy(), warned).explain == "no"


@given(st.lists(st.sampled_from(STATUSES), max_size=4), st.lists(st.sampled_from(STATUSES), max_size=4))
def test_memory_survives_the_state_machine(first: list[str], second: list[str]) -> None:
    """The machine carries the memory as JSON from look to look; nothing may be lost on the way."""
    memory = a_memory()
    for minute, statuses in enumerate((first, second)):
        tasks = [a_task(status, number) for number, status in enumerate(statuses)]
        memory = remember(memory, an_observation(*tasks, at=after(minutes=minute)))
        assert Memory.from_state(memory.to_state()) == memory
