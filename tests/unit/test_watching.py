"""Watching ECS drain: what its own hook's event starts, and what a watch may and may not do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.common.model import Task
from chalicelib.common.trigger import Trigger
from chalicelib.events import DrainRequest
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation, count_lost
from chalicelib.plan.findings import Findings
from chalicelib.plan.making import Plan, is_admitted, make_plan
from chalicelib.policy import OnDeadline, environment_source
from chalicelib.tell.notice import compose, ending
from tests.builders import START, a_container_instance, after, task_arn
from tests.unit.test_plan import ACTIVE, EXECUTION, INSTANCE, a_group

REQUEST = DrainRequest(instance_id=INSTANCE, trigger=Trigger.MANAGED_DRAINING, who="Amazon ECS")
ASKED = {"triggers": "managed-draining"}


def watch(state: str = "Terminating:Wait", **tags: str) -> Plan:
    """Plan a watch of an instance that ECS has not set DRAINING yet."""
    found = Findings(group=a_group(state, tags=ASKED | tags), instances=(ACTIVE,))
    return make_plan(REQUEST, found, environment_source({}), EXECUTION)


def test_a_watch_sets_nothing_and_has_no_lifecycle_action() -> None:
    state = watch().to_state()
    assert (state["to_set_draining"], state["lifecycle_action"]) == ([], None)
    assert watch().drain.observes
    assert watch(managed_draining="drain").drain.observes, "whatever the policy says"
    assert watch(managed_draining="drain").to_state()["to_set_draining"] == []


@pytest.mark.parametrize(
    ("state", "tags", "verdict"),
    [
        ("Terminating:Wait", {}, "drain"),
        ("InService", {}, "already-over"),
        ("Terminating:Wait", {"triggers": "spot-interruption"}, "not-admitted"),
    ],
)
def test_the_verdict(state: str, tags: dict[str, str], verdict: str) -> None:
    assert watch(state, **tags).verdict.value == verdict


@pytest.mark.parametrize(
    ("asked", "stands"),
    [
        ("stop-tasks", OnDeadline.STOP_TASKS),
        ("undrain", OnDeadline.UNDRAIN),
        ("keep", OnDeadline.KEEP),
        ("abandon", OnDeadline.CONTINUE),
        ("abandon-anyway", OnDeadline.CONTINUE),
    ],
)
def test_it_does_at_the_deadline_what_it_may(asked: str, stands: OnDeadline) -> None:
    """ABANDON would complete ECS's own lifecycle action, which a watch never does."""
    drain = watch(on_deadline=asked).drain
    assert drain.policy.on_deadline is stands
    assert any("ECS's own lifecycle action" in notice for notice in drain.notices) is asked.startswith(
        "abandon"
    )


def test_the_stage_or_the_groups_tag_asks_for_it() -> None:
    nowhere, stage = environment_source({}), environment_source({"ECS_DRAINER_TRIGGERS": "managed-draining"})
    assert not is_admitted(REQUEST, Findings(), nowhere)
    assert is_admitted(REQUEST, Findings(), stage)
    assert is_admitted(REQUEST, Findings(group=a_group(tags=ASKED)), nowhere)


def ended(outcome: str, **look: Any) -> dict[str, Any]:
    """Return the machine's state of a watch that ended."""
    state = watch().to_state()
    state["look"] |= {"holding": 0, **look}
    state["look"]["memory"] |= look.get("memory", {})
    return state | {"outcome": {"name": outcome}}


def test_its_notices_say_who_drains() -> None:
    started = compose("started", watch().to_state(), EXECUTION.arn, START)
    assert "is drained by ECS, and watched" in started.subject
    assert "ECS drains it itself" in started.text
    assert ending(ended("drained")) == "drained by ECS: every task that held it is STOPPED"
    assert "ECS drains on" in ending(ended("kept"))
    assert ending(ended("drained", memory={"is_gone": True, "lost": 2})) == "gone before it was drained"


@pytest.mark.parametrize(
    ("story", "code", "trusts", "lost"),
    [
        ("a drain of ours saw no end", "ServiceSchedulerInitiated", False, 1),
        ("ECS lets go after the last STOPPED", "ServiceSchedulerInitiated", True, 0),
        ("terminated under it", "TerminationNotice", True, 1),
    ],
)
def test_ecs_lets_go_before_a_look_sees_the_last_task_stopped(
    story: str, code: str, trusts: bool, lost: int
) -> None:
    memory = replace(Memory(started_at=START, changed_at=START), tasks={task_arn(1): "STOPPING"})
    stopped = Task(task_arn(1), "STOPPED", "STOPPED", stopped_at=after(minutes=1), stop_code=code)
    gone = (a_container_instance("INACTIVE"),)
    seen = Observation(at=after(minutes=2), tasks=(stopped,), instances=gone, trusts_ends=trusts)
    assert count_lost(memory, seen) == lost, story
