"""What a notice says of the deadline is what the machine then does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.common.trigger import Trigger
from chalicelib.policy.deadline import deadline_told
from chalicelib.tell.notice import compose
from tests.builders import START, after
from tests.unit.test_endings import manual
from tests.unit.test_plan import EXECUTION, a_request, plan

SPOT = {"gone_at": after(minutes=2)}


def gated(state: dict[str, Any], on_closed_gates: str) -> dict[str, Any]:
    """Return the state while gates are closed, as one look left it."""
    look = {
        **state["look"],
        "gates": {**state["look"]["gates"], "is_passed": False},
        "explain": "gates-closed",
    }
    policy = {**state["drain"]["policy"], "on_closed_gates": on_closed_gates}
    return {**state, "look": look, "drain": {**state["drain"], "policy": policy}}


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (plan(), "continue"),
        (plan(manual()), "keep"),
        (plan(manual(on_deadline="stop-tasks")), "stop-tasks"),
        (plan(manual(on_deadline="undrain")), "undrain"),
        (plan(a_request(Trigger.SPOT_INTERRUPTION, **SPOT)), "stop-tasks"),
        (
            plan(a_request(Trigger.SPOT_INTERRUPTION, settings={"on_deadline": "continue"}, **SPOT)),
            "continue",
        ),
    ],
    ids=["lifecycle", "manual", "manual stop", "manual undrain", "Spot", "Spot continue"],
)
def test_the_action_is_the_one_that_will_be_taken(state: Any, action: str) -> None:
    """Without a lifecycle action and without EC2's own end nothing can be continued: the instance is kept."""
    told = compose("started", state.to_state(), EXECUTION.arn, START)
    assert told.text.splitlines()[0].endswith(f", then {action}")
    assert told.record["deadline"]["action"] == action


def test_behind_the_stop_timeouts_of_a_manual_drain_nothing_is_continued() -> None:
    state = {**plan(manual()).to_state(), "deadline": {"at": "2026-03-02T10:05:00Z", "action": "continue"}}
    assert deadline_told(state, START) == "deadline 2026-03-02T10:05:00Z (5 min left), then keep"


def test_closed_gates_give_the_drain_up_at_the_deadline() -> None:
    told = compose("explained", gated(plan().to_state(), "give-up"), EXECUTION.arn, START)
    assert "; deadline 2026-03-02T11:00:00Z (1 h left), then it is given up, nothing touched" in told.text
    assert json.loads(json.dumps(told.record))["deadline"]["action"] == "give-up"


def test_closed_gates_that_are_passed_over_are_so_before_the_deadline() -> None:
    told = compose("explained", gated(plan().to_state(), "drain"), EXECUTION.arn, START)
    assert (
        "deadline 2026-03-02T11:00:00Z (1 h left); at 2026-03-02T10:50:00Z it is drained all the same"
        in told.text
    )
