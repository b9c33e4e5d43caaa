"""Each invariant of docs/proof.md can break: the smallest records that break it, and those beside them that don't."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from embedded_aws.aws import EPOCH
from embedded_aws.requests import Call
from proof.invariants import Case, Clean, broken
from proof.records import Completion, Drain, Moment, Records, TaskLife

INSTANCE = "i-1"
CLEAN = Clean(((INSTANCE, "drained"),), ((INSTANCE, timedelta(seconds=2)),), frozenset(), frozenset())
STRUCK = Call(EPOCH, "ecs", "DescribeTasks", "", "", "", {}, "AccessDeniedException")


def after(seconds: float) -> Any:
    return EPOCH + timedelta(seconds=seconds)


def completion(at: float = 130, instance: str = INSTANCE) -> Completion:
    return Completion(after(at), instance, "ecs-drain", "token", "CONTINUE")


TASK = TaskLife("arn", INSTANCE, "service:web", after(-60), after(128))
DRAIN = Drain(f"{INSTANCE}-token", EPOCH, after(131), "drained", after(3600))
MOMENTS = tuple(Moment(after(at), frozenset({INSTANCE}), frozenset({INSTANCE})) for at in range(0, 130, 30))
RIGHT = Records(
    calls=(),
    tasks=(TASK,),
    drains=(DRAIN,),
    moments=MOMENTS,
    completions=(completion(),),
    actions=((INSTANCE, "ecs-drain"),),
    left_open=(),
    notices=(),
    warnings=(),
    dead_letters=0,
    ended_at=after(200),
)


def alone(seconds: int) -> tuple[Moment, ...]:
    """Our hook holds the instance for so long, and nobody drains it."""
    return tuple(Moment(after(at), frozenset({INSTANCE}), frozenset()) for at in range(0, seconds + 1, 30))


def test_a_right_run_breaks_nothing() -> None:
    assert broken(RIGHT, Case(CLEAN)) == ()


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("CONTINUE for i-1 at 10:02:00 with service:web not STOPPED", {"completions": (completion(120),)}),
        (
            "2 CompleteLifecycleAction of ecs-drain took effect",
            {"completions": (completion(), completion(140))},
        ),
        ("i-1 waited 0:06:30 without a drain", {"moments": alone(390)}),
        ("waiting#arn is left in the ledger", {"left_open": ("waiting#arn",)}),
        ("still runs", {"drains": (replace(DRAIN, ended_at=None, outcome="running"),)}),
        ("ended as None, and as drained", {"drains": ()}),
        ("ended as deadline, and as drained", {"drains": (replace(DRAIN, outcome="deadline"),)}),
        (
            "ended 0:10:03 after its last STOPPED task",
            {"completions": (completion(731),), "drains": (replace(DRAIN, ended_at=after(732)),)},
        ),
    ],
)
def test_each_invariant_can_break(said: str, changes: dict[str, Any]) -> None:
    assert any(said in line for line in broken(replace(RIGHT, **changes), Case(CLEAN)))


def test_each_lifecycle_action_of_an_instance_is_completed() -> None:
    """One that came back from the warm pool too late for its group is terminated: a second action."""
    twice = replace(RIGHT, completions=(completion(), completion(140)), actions=RIGHT.actions * 2)
    assert broken(twice, Case(CLEAN)) == ()


def test_a_continue_at_the_deadline_is_never_early() -> None:
    late = replace(
        RIGHT, tasks=(replace(TASK, stopped_at=None),), completions=(completion(3600),), moments=MOMENTS
    )
    assert not [line for line in broken(late, Case(CLEAN)) if "not STOPPED" in line]


def test_tasks_that_are_left_without_a_fault_may_be_left_with_one() -> None:
    early = replace(RIGHT, completions=(completion(120),))
    assert broken(early, Case(replace(CLEAN, left_behind=frozenset({"service:web"})))) == ()


def test_an_instance_may_wait_for_the_reconciler() -> None:
    assert broken(replace(RIGHT, moments=alone(360)), Case(CLEAN)) == ()


@pytest.mark.parametrize(
    ("told", "changes"),
    [
        (False, {}),
        (False, {"warnings": ("something else",)}),
        (False, {"warnings": ("AccessDenied",), "drains": (replace(DRAIN, outcome="taken-back"),)}),
        (True, {"warnings": ("DescribeTasks was answered with AccessDeniedException",)}),
        (True, {"dead_letters": 1}),
        (True, {"notices": ("a drain failed\nAccessDenied: ...",)}),
        (True, {"drains": (replace(DRAIN, outcome="AccessDenied"),)}),
    ],
)
def test_a_fault_that_lasts_must_be_told(told: bool, changes: dict[str, Any]) -> None:
    records = replace(RIGHT, struck=(STRUCK,), **changes)
    found = [line for line in broken(records, Case(CLEAN, lasts=True)) if "nobody is told" in line]
    assert (found == []) is told
