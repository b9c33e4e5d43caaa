"""Tasks that are not STOPPED when a drain ends: nobody is told that every task is."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.look.decide import Look, decide
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation, remember
from chalicelib.tell.notice import compose, tasks_alive
from tests.builders import (
    a_container_instance,
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
from tests.unit.test_endings import manual
from tests.unit.test_plan import EXECUTION, plan

LATER = after(minutes=5)
UNSTOPPED = {task_arn(1): "DEACTIVATING", task_arn(2): "STOPPING"}
WITH_ITS_HOST = {"stop_code": "TerminationNotice", "stopped_reason": "Host EC2 (instance i-1) stopped."}


def look(seen: Observation, memory: Memory | None = None, **policy: object) -> Look:
    return decide(remember(memory or a_memory(), seen), seen, a_policy(**policy), timers())


def told(facts: Look, **parts: Any) -> str:
    """Return the text of the closing notice after this look."""
    state = {**plan().to_state(), "outcome": {"name": "drained"}, **parts}
    return compose(
        "ended", {**state, "look": {**state["look"], **facts.to_state()}}, EXECUTION.arn, LATER
    ).text


@pytest.mark.parametrize(
    ("task", "policy", "words"),
    [
        (
            a_standalone_task(),
            {"standalone_tasks": "ignore"},
            "1 standalone task is left, as the policy says",
        ),
        (a_daemon_task(), {"daemons": "ignore"}, "1 daemon task is left, as the policy says"),
        (a_daemon_task("STOPPING"), {}, "1 daemon task is left, past the time to stop"),
    ],
)
def test_what_is_not_waited_for_is_said_to_be_left(task: Any, policy: dict[str, Any], words: str) -> None:
    seen = an_observation(task, is_full=True, at=LATER)
    facts = look(seen, a_memory(daemons_alone_at=after(minutes=1)), **policy)
    text = told(facts)
    assert (
        f"drained: every task that held it is STOPPED; took 5 min, no task holds the drain; {words}" in text
    )
    assert tasks_alive(facts.to_state()) == 1


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ("keep", "drained, and left DRAINING: every task that held it is STOPPED"),
        ("terminate", "drained; its group is asked to terminate it"),
        ("return", "drained, and ACTIVE again: every task that held it was STOPPED"),
    ],
)
def test_a_drain_that_a_person_asked_for_says_so_too(then: str, words: str) -> None:
    facts = look(an_observation(a_standalone_task(), is_full=True, at=LATER), standalone_tasks="ignore")
    state = plan(manual(then=then)).to_state()
    assert f"{words}; took" in told(facts, drain=state["drain"], lifecycle_action=None)


def test_a_terminated_instance_takes_its_tasks_with_it() -> None:
    stopped = (a_task("STOPPED", 1), a_task("STOPPED", 2))
    seen = an_observation(*stopped, is_full=True, at=LATER, instances=(a_container_instance("INACTIVE"),))
    facts = look(seen, a_memory(tasks=UNSTOPPED))
    lost = "the instance is gone, and 2 tasks that were not STOPPED at the last look went with it"
    assert f"gone before it was drained; took 5 min, {lost}" in told(facts)
    assert tasks_alive(facts.to_state()) == 2


def test_a_stopped_instance_stays_registered_and_its_tasks_are_gone_all_the_same() -> None:
    stopped = (a_task("STOPPED", 1, **WITH_ITS_HOST), a_task("STOPPED", 2))
    unreachable = a_container_instance(agent_connected=False)
    facts = look(
        an_observation(*stopped, is_full=True, at=LATER, instances=(unreachable,)), a_memory(tasks=UNSTOPPED)
    )
    assert (
        facts.summary == "the instance is gone, and 1 task that was not STOPPED at the last look went with it"
    )


def test_what_a_throttled_look_learned_of_lost_tasks_is_kept() -> None:
    seen = an_observation(a_task("STOPPED", 1, **WITH_ITS_HOST), at=LATER)
    kept = Memory.from_state(look(seen, a_memory(tasks=UNSTOPPED)).memory.to_state())
    unreachable = a_container_instance(agent_connected=False)
    facts = look(an_observation(is_full=True, at=LATER, instances=(unreachable,)), kept)
    assert "gone before it was drained" in told(facts)


def test_one_of_two_container_instances_that_goes_is_not_the_whole_instance() -> None:
    """The agent registered again, and the container instance that it had been was deregistered by force."""
    both = (a_container_instance("INACTIVE", agent_connected=False), a_container_instance())
    seen = an_observation(a_task("STOPPED", 1, **WITH_ITS_HOST), is_full=True, at=LATER, instances=both)
    text = told(look(seen, a_memory(tasks=UNSTOPPED)))
    assert "gone before" not in text
    assert "1 task that was not STOPPED at the last look went with a container instance that is gone" in text


def test_an_empty_instance_that_goes_takes_nothing_with_it() -> None:
    text = told(look(an_observation(is_full=True, at=LATER, instances=())))
    assert "drained: every task is STOPPED; took 5 min, the instance is gone, and no task with it" in text


def test_a_drain_that_began_before_this_was_remembered_goes_on() -> None:
    state = a_memory().to_state()
    assert Memory.from_state({key: state[key] for key in state.keys() - {"is_gone", "lost"}}) == a_memory()
