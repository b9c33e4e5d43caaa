"""A container instance with a thousand tasks: what the machine carries of them stays below its 256 KiB.

"Maximum input or output size for a task, state, or execution: 256 KiB of data as a UTF-8 encoded string."
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sizes import LARGEST_STATE, Crowd, largest_state
from chalicelib.common.packing import PACKED_ABOVE, pack, pack_tasks, unpack, unpack_groups, unpack_tasks
from chalicelib.look.awaiting import Reading, Told, what_to_read
from chalicelib.look.decide import decide
from chalicelib.look.memory import MOST_REMEMBERED, Memory
from chalicelib.look.observation import Observation, remember
from chalicelib.look.pace import LOOKS_AFTER_THAT, LOOKS_AT_ANY_PACE, spread
from chalicelib.tell.notice import tasks_alive
from chalicelib.wake.row import NOTHING, Waiting
from tests.builders import (
    INSTANCE_ARN,
    START,
    a_container_instance,
    a_memory,
    a_policy,
    a_task,
    after,
    task_arn,
    timers,
)

EMPTIED = Told("emptied", {"status": "DRAINING", "agent_connected": True, "running": 0, "pending": 0})


def many(number: int, last_status: str = "RUNNING") -> tuple[Any, ...]:
    return tuple(a_task(last_status, one) for one in range(number))


def listed(number: int, **fields: Any) -> Observation:
    return Observation(at=after(seconds=10), tasks=many(number), is_full=True, **fields)


@given(
    st.integers(0, 3 * PACKED_ABOVE),
    st.lists(st.sampled_from(["RUNNING", "STOPPING", "DEACTIVATING"]), min_size=3, max_size=3),
    st.lists(st.sampled_from(["service:web", "family:a job", ""]), min_size=3, max_size=3),
)
def test_what_is_packed_is_unpacked(number: int, statuses: list[str], groups: list[str]) -> None:
    """However many, in however many clusters, old accounts' short ARNs among them."""
    heads = [
        "arn:aws:ecs:eu-west-1:1:task/web/",
        "arn:aws:ecs:eu-west-1:1:task/api/",
        "arn:aws:ecs:eu-west-1:1:task/",
    ]
    arns = [f"{heads[one % 3]}{one:032x}" for one in range(number)]
    tasks = {arn: statuses[one % 3] for one, arn in enumerate(arns)}
    of = {arn: groups[one % 3] for one, arn in enumerate(arns)}
    written = json.loads(json.dumps(pack_tasks(tasks, of)))
    assert unpack_tasks(written) == tasks
    assert number <= PACKED_ABOVE or unpack_groups(written) == of
    assert sorted(unpack(json.loads(json.dumps(pack(arns))))) == sorted(arns)


@pytest.mark.parametrize("awaited", [0, 150, 299, 300])
def test_a_memory_of_many_tasks_comes_back_as_it_was(awaited: int) -> None:
    tasks = {task_arn(one): "RUNNING" for one in range(300)}
    memory = a_memory(
        tasks=tasks,
        groups=dict.fromkeys(tasks, "service:web"),
        awaited=frozenset(list(tasks)[:awaited]),
        stopped=tuple(task_arn(one) for one in range(300, 450)),
    )
    assert Memory.from_state(json.loads(json.dumps(memory.to_state()))) == memory


@pytest.mark.parametrize("cluster", ["web", "c" * 255], ids=["a short name", "the longest name"])
@pytest.mark.parametrize("number", [1, 1_000, 1_200, MOST_REMEMBERED, 5_000])
@pytest.mark.parametrize("stops", [False, True], ids=["they move", "they are told to stop"])
def test_whatever_the_machine_carries_fits(number: int, cluster: str, stops: bool) -> None:
    assert largest_state(Crowd(number, cluster, stops=stops)) < LARGEST_STATE


def test_a_thousand_tasks_are_waited_for_by_events_and_more_are_asked_for() -> None:
    """Of a cluster with a short name; whether by events or not, each is remembered."""
    assert not Crowd(1_000, "web").look()["polls"]
    told = Crowd(1_400, "web").look()
    assert told["polls"]
    assert told["await"]["tasks"] == []
    assert len(unpack_tasks(told["memory"]["tasks"])) == 1_400


def test_beyond_what_is_followed_at_a_time_each_task_holds_the_drain_all_the_same() -> None:
    """The full listing before the end names the others: none of them may be passed over, nor counted as gone."""
    memory = remember(a_memory(), listed(MOST_REMEMBERED + 300))
    assert (len(memory.tasks), memory.more) == (MOST_REMEMBERED, 300)
    look = decide(memory, listed(MOST_REMEMBERED + 300), a_policy(), timers())
    assert look.holding == MOST_REMEMBERED + 300
    assert look.summary.endswith("and 1797 more; 1,500 are followed at a time")
    later = Observation(at=after(minutes=1), tasks=many(MOST_REMEMBERED))
    look = decide(remember(memory, later), later, a_policy(), timers())
    assert look.holding == MOST_REMEMBERED + 300
    assert not look.drained
    assert tasks_alive(look.to_state()) == MOST_REMEMBERED + 300


def test_events_alone_never_end_a_drain_that_does_not_follow_every_task() -> None:
    """ECS counts no task from DEACTIVATING on, so that the others may still serve while it counts none."""
    memory = a_memory(
        looks=1, listed_at=START, tasks={task_arn(1): "RUNNING"}, awaited=frozenset({task_arn(1)}), more=1
    )
    row = Waiting(
        instance=INSTANCE_ARN, execution="e", cluster="c", looks=1, services=frozenset({NOTHING}), token="t"
    )
    assert what_to_read(memory, row, EMPTIED, after(minutes=1)) is Reading.TASKS
    assert what_to_read(replace(memory, more=0), row, EMPTIED, after(minutes=1)) is Reading.NOTHING


def test_tasks_that_are_not_followed_are_lost_with_their_instance_as_well() -> None:
    memory = remember(a_memory(), listed(MOST_REMEMBERED + 300))
    gone = Observation(at=after(minutes=1), tasks=(), instances=(a_container_instance("INACTIVE"),))
    assert remember(memory, gone).lost == MOST_REMEMBERED + 300


def test_looks_that_events_ask_for_without_end_come_to_the_deadline_within_the_history() -> None:
    """An agent that comes and goes, a service that restarts without end: 25,000 history events end an execution."""
    deadline, at, memory = timers(deadline_at=after(hours=48)), START, a_memory()
    while at < deadline.deadline_at:
        at += max(timedelta(seconds=5), spread(memory, deadline, at))
        memory = replace(memory, looks=memory.looks + 1)
    assert memory.looks <= LOOKS_AT_ANY_PACE + LOOKS_AFTER_THAT + 1
    with_a_wait, without = 12, 9
    assert LOOKS_AT_ANY_PACE * with_a_wait + LOOKS_AFTER_THAT * without < 20_000
