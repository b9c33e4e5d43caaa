"""How notices say that a drain is over: what became of the instance, and what is left to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.common.trigger import Trigger
from chalicelib.events import DrainRequest
from chalicelib.plan.findings import Findings
from chalicelib.plan.making import make_plan, preferred_cluster
from chalicelib.policy import environment_source
from chalicelib.tell.notice import compose
from tests.builders import CLUSTER, INSTANCE_ARN, START, task_arn
from tests.unit.test_plan import ACTION, ACTIVE, EXECUTION, INSTANCE, a_group, a_hook, a_request, plan


def ending(outcome: str, request: DrainRequest | None = None, **parts: Any) -> str:
    state = {**plan(request).to_state(), "outcome": {"name": outcome}, **parts}
    return compose("ended", state, EXECUTION.arn, START).text


def manual(**settings: object) -> DrainRequest:
    return a_request(Trigger.MANUAL, settings=settings)


@pytest.mark.parametrize(
    ("outcome", "request_", "words"),
    [
        ("drained", a_request(), "drained: every task is STOPPED;"),
        ("drained", manual(), "drained, and left DRAINING"),
        ("drained", manual(then="return"), "drained, and ACTIVE again"),
        ("drained", manual(then="terminate"), "its group is asked to terminate it"),
        ("nothing-to-drain", a_request(), "let go: no cluster knows it"),
        ("nothing-to-drain", manual(), "not drained: no cluster knows it"),
        ("agent-lost", a_request(), "let go: its agent stayed disconnected"),
        ("agent-lost", manual(), "still DRAINING: its agent stayed disconnected"),
        ("kept", manual(), "still DRAINING: the deadline passed"),
        ("taken-back", a_request(), "unless it is detached from the group before"),
        ("undrained", a_request(), "ends with CONTINUE when its heartbeat timeout is over"),
    ],
)
def test_an_ending(outcome: str, request_: DrainRequest, words: str) -> None:
    assert words in ending(outcome, request_)


@pytest.mark.parametrize("outcome", ["taken-back", "undrained"])
def test_without_a_lifecycle_action_nothing_waits(outcome: str) -> None:
    assert "lifecycle action" not in ending(outcome, manual())


def test_what_did_not_get_through_is_told_with_the_next_notice() -> None:
    text = ending("drained", untold={"Error": "SNS.NotFound", "Cause": "Topic does not exist"})
    assert "An earlier notice did not get through: Topic does not exist" in text


def test_a_topic_that_the_stages_stands_in_for_is_named() -> None:
    own = "arn:aws:sns:eu-west-1:123456789012:own"
    drain = plan(group=a_group(tags={"notify": own})).to_state()["drain"]
    untold = {"Error": "SNS.NotFound", "Cause": "Topic does not exist"}
    assert "An earlier notice did not get through" in ending("drained", drain=drain, untold=untold)
    text = ending("drained", drain={**drain, "topic": "t"}, untold=untold)
    assert (
        f"The topic that the policy names, {own}, can't be published to; the stage's is told instead: "
        "Topic does not exist"
    ) in text


def test_a_container_instance_that_is_left_behind_is_named() -> None:
    assert "left behind in its cluster: denied" in ending("drained", left_behind={"Cause": "denied"})


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([1], "1 task was stopped by the policy: 00000000"),
        (range(12), f"12 tasks were stopped by the policy: {', '.join(['00000000'] * 10)} and 2 more"),
    ],
)
def test_tasks_that_were_forced_to_stop_are_told(numbers: Iterable[int], words: str) -> None:
    asked = [task_arn(number) for number in numbers]
    state = {**plan().to_state(), "stopped": {"asked": asked}, "failure": {"Error": "AccessDenied"}}
    for occasion in ("ended", "failed"):
        told = compose(occasion, {**state, "outcome": {"name": "drained"}}, EXECUTION.arn, START)
        assert words in told.text
        assert told.record["forced_stops"] == len(asked)


def test_where_no_task_was_forced_to_stop_nothing_is_said_of_it() -> None:
    assert "stopped by the policy" not in ending("drained")
    assert compose("started", plan().to_state(), EXECUTION.arn, START).record["forced_stops"] == 0


def test_terminating_needs_an_auto_scaling_group() -> None:
    made = plan(manual(then="terminate"), group=None)
    assert made.drain.policy.then == "keep"
    assert "'terminate' asks the Auto Scaling group, and the instance is in none" in made.drain.notices[0]


def test_only_a_new_root_volume_leaves_a_container_instance_behind() -> None:
    action = replace(ACTION, destination="AutoScalingGroup", action="ReplaceRootVolume")
    group = a_group("ReplacingRootVolume:Wait")
    made = plan(a_request(lifecycle_action=action), group=group).to_state()
    assert made["to_deregister"] == [{"cluster": CLUSTER, "container_instance": INSTANCE_ARN}]
    assert plan().to_state()["to_deregister"] == []


@pytest.mark.parametrize(
    ("notify", "topic"),
    [
        ("stage", "t"),
        ("none", None),
        ("arn:aws:sns:eu-west-1:123456789012:own", "arn:aws:sns:eu-west-1:123456789012:own"),
    ],
)
def test_the_policy_says_which_topic_is_told(notify: str, topic: str | None) -> None:
    assert plan(group=a_group(tags={"notify": notify})).drain.topic == topic


def test_the_cluster_of_the_policy_is_known_before_any_instance() -> None:
    found = Findings(group=a_group(tags={"cluster": "web"}), hook=a_hook())
    assert preferred_cluster(a_request(), found, environment_source({})) == "web"
    assert preferred_cluster(a_request(), Findings(), environment_source({})) is None


def test_where_ecs_drains_itself_the_start_says_so() -> None:
    found = Findings(group=a_group(), hook=a_hook(), instances=(ACTIVE,), managed_draining=True)
    state = make_plan(a_request(), found, environment_source({}), EXECUTION).to_state()
    assert state["to_set_draining"] == []
    assert "ECS drains it itself" in compose("started", state, EXECUTION.arn, START).text
    assert INSTANCE in compose("started", state, EXECUTION.arn, START).subject
