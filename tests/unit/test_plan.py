"""What the plan says: a verdict, the calls that begin the drain, and the instants that end it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.common.model import AutoScalingGroup, LifecycleHook, instant
from chalicelib.common.trigger import Trigger
from chalicelib.events import DrainRequest, LifecycleAction
from chalicelib.plan.drain import Drain
from chalicelib.plan.findings import Findings
from chalicelib.plan.making import Execution, Plan, make_plan
from chalicelib.policy import environment_source
from tests.builders import CLUSTER, INSTANCE_ARN, START, TOKEN, a_container_instance, after

INSTANCE = "i-0123456789abcdef0"
ACTION = LifecycleAction(auto_scaling_group="web-ecs", hook="ecs-drain", token=TOKEN)
EXECUTION = Execution(
    arn=f"arn:aws:states:eu-west-1:123456789012:execution:d:{INSTANCE}-{TOKEN}", started_at=START, topic="t"
)
ACTIVE = a_container_instance("ACTIVE")


def a_request(trigger: Trigger = Trigger.LIFECYCLE_ACTION, **fields: Any) -> DrainRequest:
    action = ACTION if trigger in (Trigger.LIFECYCLE_ACTION, Trigger.RECONCILER) else None
    return DrainRequest(**{"instance_id": INSTANCE, "trigger": trigger, "lifecycle_action": action, **fields})


def a_group(
    state: str = "Terminating:Wait", *, retains: bool = False, tags: dict[str, str] | None = None
) -> AutoScalingGroup:
    given = {f"ecs-drainer:{name}": value for name, value in (tags or {}).items()}
    return AutoScalingGroup("web-ecs", given, retains, {INSTANCE: state})


def a_hook(heartbeat: int = 900) -> LifecycleHook:
    return LifecycleHook("web-ecs", "ecs-drain", heartbeat, min(172_800, 100 * heartbeat), "CONTINUE")


def plan(request: DrainRequest | None = None, **found: Any) -> Plan:
    given = {"group": a_group(), "hook": a_hook(), "instances": (ACTIVE,), **found}
    return make_plan(request or a_request(), Findings(**given), environment_source({}), EXECUTION)


@pytest.mark.parametrize(
    ("story", "found", "verdict"),
    [
        ("an ACTIVE instance that waits is drained", {}, "drain"),
        (
            "one that is DRAINING already is watched",
            {"instances": (a_container_instance("DRAINING"),)},
            "drain",
        ),
        ("no cluster knows it", {"instances": ()}, "nothing-to-drain"),
        ("it left its cluster", {"instances": (a_container_instance("INACTIVE"),)}, "nothing-to-drain"),
        (
            "a stale event must not drain an instance in service",
            {"group": a_group("InService")},
            "already-over",
        ),
        ("it was let go already", {"group": a_group("Terminating:Proceed")}, "already-over"),
        ("its group is gone", {"group": None}, "already-over"),
        ("a return to the warm pool is a drain too", {"group": a_group("Warmed:Pending:Wait")}, "drain"),
        ("so is a new root volume", {"group": a_group("ReplacingRootVolume:Wait")}, "drain"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_verdict(story: str, found: dict[str, Any], verdict: str) -> None:
    assert plan(**found).verdict.value == verdict, story


@pytest.mark.parametrize(
    ("trigger", "tags", "verdict"),
    [
        (Trigger.SPOT_INTERRUPTION, {}, "drain"),
        (Trigger.REBALANCE_RECOMMENDATION, {}, "not-admitted"),
        (Trigger.REBALANCE_RECOMMENDATION, {"triggers": "rebalance-recommendation"}, "drain"),
        (Trigger.HEALTH_SCHEDULED_CHANGE, {}, "not-admitted"),
        (Trigger.SPOT_INTERRUPTION, {"triggers": "none"}, "not-admitted"),
    ],
)
def test_warnings_start_drains_only_where_somebody_opted_in(
    trigger: Trigger, tags: dict[str, str], verdict: str
) -> None:
    assert plan(a_request(trigger), group=a_group("InService", tags=tags), hook=None).verdict.value == verdict


@pytest.mark.parametrize("trigger", [Trigger.SPOT_INTERRUPTION, Trigger.MANUAL])
def test_an_instance_of_ecs_managed_instances_is_left_to_ecs(trigger: Trigger) -> None:
    """ECS guide, "Managed Instances": AWS drains and terminates them by itself. A hook that holds one is answered."""
    left = plan(a_request(trigger), group=None, hook=None, is_managed_instance=True)
    assert left.verdict.value == "not-admitted"
    assert plan(is_managed_instance=True).verdict.value == "drain"


def test_a_container_instance_that_is_draining_is_not_set_so_again() -> None:
    """ECS takes DRAINING from ACTIVE only (UpdateContainerInstancesState)."""
    second = a_container_instance("DRAINING", arn=f"{INSTANCE_ARN}2")
    state = plan(instances=(ACTIVE, second)).to_state()
    assert state["to_set_draining"] == [{"cluster": CLUSTER, "container_instances": [INSTANCE_ARN]}]
    assert state["drain"]["containers"] == [
        {"cluster": CLUSTER, "container_instances": [INSTANCE_ARN, f"{INSTANCE_ARN}2"]}
    ]


def test_one_that_is_registering_is_set_draining_once_it_may_be() -> None:
    """With awsvpcTrunking an instance is REGISTERING until its trunk is there: the call is refused, and tried again.

    ACTIVE a moment later and not DRAINING, it would be given tasks after a listing that showed none.
    """
    state = plan(instances=(a_container_instance("REGISTERING"),)).to_state()
    assert state["to_set_draining"] == [{"cluster": CLUSTER, "container_instances": [INSTANCE_ARN]}]


def test_where_ecs_drains_itself_nothing_is_set_unless_asked_for() -> None:
    assert plan(managed_draining=True).to_state()["to_set_draining"] == []
    asked = plan(managed_draining=True, group=a_group(tags={"managed_draining": "drain"}))
    assert len(asked.to_state()["to_set_draining"]) == 1


@pytest.mark.parametrize("trigger", [Trigger.MANUAL, Trigger.SPOT_INTERRUPTION])
def test_without_a_lifecycle_action_nobody_but_us_sets_draining(trigger: Trigger) -> None:
    """Managed draining acts by a terminate hook of its own: an instance that Auto Scaling keeps stays ACTIVE."""
    by_hand = plan(a_request(trigger), managed_draining=True, group=a_group("InService"), hook=None)
    assert len(by_hand.to_state()["to_set_draining"]) == 1
    assert not by_hand.drain.observes, "an instance ACTIVE again was set so by somebody"


def test_auto_scaling_is_asked_in_its_own_words() -> None:
    assert plan().to_state()["lifecycle_action"] == {
        "AutoScalingGroupName": "web-ecs",
        "LifecycleHookName": "ecs-drain",
        "InstanceId": INSTANCE,
        "LifecycleActionToken": TOKEN,
    }
    assert plan(a_request(Trigger.MANUAL), hook=None).to_state()["lifecycle_action"] is None


def test_the_reconciler_knows_no_token() -> None:
    unknown = LifecycleAction(auto_scaling_group="web-ecs", hook="ecs-drain")
    state = plan(a_request(Trigger.RECONCILER, lifecycle_action=unknown)).to_state()
    assert "LifecycleActionToken" not in state["lifecycle_action"]


def test_a_drain_that_the_actions_own_event_did_not_begin_records_a_heartbeat_at_once() -> None:
    """The hook's timer has run since whoever recorded the last one: a fresh one is believed of no such action."""
    unknown = LifecycleAction(auto_scaling_group="web-ecs", hook="ecs-drain")
    times = plan(a_request(Trigger.RECONCILER, lifecycle_action=unknown)).times
    assert times.first_heartbeat_at == START


def test_a_deadline_that_does_not_fit_is_cut_and_said_so() -> None:
    """A heartbeat timeout of 30 s lets the hook hold an instance for 50 minutes, whatever is recorded."""
    planned = plan(hook=a_hook(30), group=a_group(tags={"deadline": "4h"}))
    assert planned.times.deadline_at < after(minutes=50)
    assert any("can't fit" in notice for notice in planned.drain.notices)


def test_a_spot_notice_leaves_two_minutes_and_stops_tasks_before_their_end() -> None:
    request = a_request(Trigger.SPOT_INTERRUPTION, gone_at=after(minutes=2))
    state = plan(request, group=a_group("InService"), hook=None).to_state()
    assert state["deadline"] == {"at": "2026-03-02T10:01:15Z", "action": "stop-tasks"}
    assert state["drain"]["gone_at"] == "2026-03-02T10:02:00Z"


def test_the_first_heartbeat_allows_for_a_late_event() -> None:
    """EventBridge and Lambda may deliver up to five minutes late; half a timeout of 15 minutes is 7.5."""
    counted_from = instant(plan().to_state()["heartbeat"]["recorded_at"])
    assert counted_from + plan().drain.heartbeat == after(minutes=2, seconds=30)
    assert plan(a_request(Trigger.MANUAL), hook=None).to_state()["heartbeat"]["recorded_at"] is None


def test_abandon_needs_a_group_that_keeps_the_instance() -> None:
    tags = {"on_deadline": "abandon"}
    kept = plan(group=a_group(retains=True, tags=tags)).to_state()["deadline"]["action"]
    assert (kept, plan(group=a_group(tags=tags)).to_state()["deadline"]["action"]) == ("abandon", "continue")


def test_the_drain_survives_the_state_machine() -> None:
    drain = plan().drain
    assert Drain.from_state(drain.to_state()) == drain


def test_the_ledger_keeps_a_drain_as_long_as_step_functions_keeps_its_history() -> None:
    state = plan().to_state()["drain"]
    assert int(state["expires_at"]) == int((START + timedelta(days=90)).timestamp())
    assert (state["ledger_key"], state["lock_key"]) == (f"drain#{INSTANCE}-{TOKEN}", f"instance#{INSTANCE}")


def test_two_minutes_that_a_spot_notice_brings_are_not_said_to_be_too_long() -> None:
    """Nobody asked for them; a deadline that somebody asked for and that is cut short by EC2 is told."""
    gone = {"gone_at": after(minutes=2)}
    spot = plan(a_request(Trigger.SPOT_INTERRUPTION, **gone), hook=None)
    assert (spot.times.deadline_at, spot.drain.notices) == (after(seconds=75), ())
    asked = plan(a_request(Trigger.SPOT_INTERRUPTION, settings={"deadline": "1h"}, **gone), hook=None)
    assert any("A deadline of 1 h can't fit" in notice for notice in asked.drain.notices)
