"""Where a capacity provider strategy lets ECS place, and whether a new instance comes.

API reference, CapacityProviderStrategyItem: "Base requirements are satisfied first before weight distribution"; "any
capacity providers with a weight of 0 can't be used to place tasks"; CreateService: "If no capacityProviderStrategy or
launchType is specified, the defaultCapacityProviderStrategy for the cluster is used".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.common.model import Task
from chalicelib.common.services import Share, TaskDefinition
from chalicelib.explain import BlockerKind, Circumstances, Outcome, explain, forecast
from chalicelib.explain.capacity import Provider, next_providers
from chalicelib.explain.providers import candidates, wanted_providers
from chalicelib.fleet import room_for
from docs.gallery.capacity import a_provider, by_providers, waiting
from docs.gallery.worlds import (
    DEFINITION,
    NOW,
    OTHER,
    THIRD,
    a_service,
    a_world,
    an_instance,
    elsewhere,
    home,
)

A, B, C = Share("a", weight=1), Share("b", weight=1), Share("c", weight=4)
KIND = BlockerKind
LARGEST = {DEFINITION: TaskDefinition(cpu=4096)}


@pytest.mark.parametrize(
    ("story", "shares", "counts", "expected"),
    [
        ("a launch type has none", (), {}, ()),
        ("one provider takes all", (A,), {"a": 7}, ("a",)),
        ("the base is filled first", (Share("a", base=2), B), {"a": 1}, ("a",)),
        ("and no further, at weight 0", (Share("a", base=2), B), {"a": 2, "b": 9}, ("b",)),
        ("even weights: the one with fewer", (A, B), {"a": 1}, ("b",)),
        ("even weights, as many on each", (A, B), {"a": 1, "b": 1}, ("a", "b")),
        ("for one on a, four on c", (A, C), {"a": 1, "c": 3}, ("c",)),
        ("then either has its turn", (A, C), {"a": 0, "c": 3}, ("a", "c")),
        ("what lies in the base counts towards no weight", (Share("a", 3, 1), B), {"a": 3}, ("a", "b")),
        ("a weight that nobody gave takes all the same, alone", (Share("a"),), {"a": 1}, ("a",)),
    ],
)
def test_which_provider_is_next(
    story: str, shares: tuple[Share, ...], counts: dict[str, int], expected: tuple[str, ...]
) -> None:
    assert next_providers(shares, counts) == expected, story


WEIGHTS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=4)


@given(WEIGHTS, st.integers(0, 60))
def test_tasks_sent_one_by_one_end_in_the_ratio_of_the_weights(
    drawn: list[tuple[int, int]], tasks: int
) -> None:
    shares = [Share(f"p{n}", base, weight) for n, (base, weight) in enumerate(drawn)]
    counts: Counter[str] = Counter()
    for _ in range(tasks):
        counts[next_providers(shares, counts)[0]] += 1
    bases, total = sum(share.base for share in shares), sum(share.weight for share in shares)
    if tasks >= bases:
        for share in shares:
            fair = (tasks - bases) * share.weight / total
            assert abs(counts[share.provider] - share.base - fair) < len(shares)
    else:
        assert all(counts[share.provider] <= share.base for share in shares)


def three_zones(**changes: Any) -> Circumstances:
    """Return three providers of one instance each; of the service's three tasks one is on each."""
    others = (an_instance(capacity_provider="b"), an_instance(THIRD, capacity_provider="c"))
    tasks = (
        Task("task/1", container_instance_arn=home().arn, capacity_provider="a"),
        elsewhere(capacity_provider="b"),
        elsewhere(8, THIRD, capacity_provider="c"),
    )
    given: dict[str, Any] = {"others": others, "instance": home(capacity_provider="a", status="ACTIVE")}
    shares = (A, B, Share("c", weight=1))
    service = a_service(shares=shares, tasks=tasks, desired=3, running=3)
    return a_world(service, **given | {"drain_began_at": None} | changes)


def test_the_replacement_goes_where_the_one_that_leaves_was() -> None:
    """Base and weights count what stays: the drained instance's provider is the one that is short."""
    world = three_zones()
    assert wanted_providers(world, world.services["api"]) == ("a",)
    assert candidates(world, world.services["api"]) == ()


def test_a_plan_foresees_the_deadlock_of_three_one_zone_providers() -> None:
    full = a_provider("a", {"desired": 1, "counted": 1, "maximum": 1})
    told = forecast(three_zones(providers={"a": full}), NOW)
    assert [fate.outcome for fate in told.fates] == [Outcome.BLOCKED]
    assert told.blockers[0].kind is KIND.AT_MAXIMUM
    assert "--auto-scaling-group-name a-ecs --max-size 2" in told.blockers[0].remedy


def test_a_launch_type_service_may_use_every_instance() -> None:
    world = three_zones(services={"api": a_service(launch_type="EC2", shares=())})
    assert len(candidates(world, world.services["api"])) == 2
    assert forecast(world, NOW).fates[0].outcome is Outcome.MOVES


def test_without_strategy_and_launch_type_the_clusters_default_holds() -> None:
    world = three_zones(services={"api": a_service()}, default_shares=(B,))
    assert [one.ec2_instance_id for one in candidates(world, world.services["api"])] == [OTHER]


@pytest.mark.parametrize(
    ("story", "provider", "changes", "kind"),
    [
        ("it grows", {}, {}, KIND.AWAITS_INSTANCE),
        ("its group may launch no more", {"group": {"maximum": 2}}, {}, KIND.AT_MAXIMUM),
        ("but one is on its way", {"group": {"maximum": 2, "counted": 1}}, {}, KIND.AWAITS_INSTANCE),
        (
            "alarms are suspended",
            {"group": {"suspended": frozenset({"AlarmNotification"})}},
            {},
            KIND.LAUNCH_SUSPENDED,
        ),
        (
            "other processes may be",
            {"group": {"suspended": frozenset({"AZRebalance"})}},
            {},
            KIND.AWAITS_INSTANCE,
        ),
        ("managed scaling is off", {"manages_scaling": False}, {}, KIND.NO_CPU),
        ("off, yet one is launching", {"manages_scaling": False, "group": {"launching": 1}}, {}, KIND.AWAITS_INSTANCE),
        ("the replacement waits for long", {}, {"service": {"tasks": (waiting(10),)}}, KIND.INSTANCE_OVERDUE),
        ("no instance could ever take it", {}, {"task_definitions": LARGEST}, KIND.NO_CPU),
    ],
)  # fmt: skip
def test_whether_an_instance_comes(
    story: str, provider: dict[str, Any], changes: dict[str, Any], kind: BlockerKind
) -> None:
    assert explain(by_providers(a_provider(**provider), **changes), NOW)[0].kind is kind, story


def test_a_provisioning_replacement_counts_even_where_no_more_may_start() -> None:
    service = {"tasks": (waiting(2),), "pending": 1, "maximum_percent": 150}
    (found,) = explain(by_providers(a_provider(), service=service), NOW)
    assert found.kind is KIND.AWAITS_INSTANCE
    assert "expected within 3 min" in found.reason


def test_an_instance_that_is_late_is_told_so() -> None:
    (found,) = explain(by_providers(a_provider(), service={"tasks": (waiting(7),)}), NOW)
    assert "any moment, 2 min late by now" in found.reason


@pytest.mark.parametrize(
    ("story", "group", "says"),
    [
        ("a warm pool is quicker", {"warm": 2}, "expected within 1 min"),
        (
            "what was scaled out is scaled in again",
            {"leaving": frozenset({THIRD, home().ec2_instance_id})},
            "meanwhile the group takes 1 instance away again",
        ),
        (
            "alarms are suspended, yet one is on its way",
            {"launching": 1, "suspended": frozenset({"AlarmNotification"})},
            "1 launching",
        ),
    ],
)
def test_what_is_said_of_the_group(story: str, group: dict[str, Any], says: str) -> None:
    (found,) = explain(by_providers(a_provider(group=group), service={"tasks": (waiting(2),)}), NOW)
    assert found.kind is KIND.AWAITS_INSTANCE, story
    assert says in found.reason


def test_a_plan_waits_for_an_instance_and_is_not_blocked_by_it() -> None:
    told = forecast(replace(by_providers(a_provider()), drain_began_at=None), NOW)
    assert [fate.outcome for fate in told.fates] == [Outcome.WAITS]
    assert not told.is_blocked


@pytest.mark.parametrize(
    "service",
    [
        {"launch_type": "FARGATE", "shares": ()},
        {"shares": (Share("FARGATE_SPOT", weight=1),)},
        {"shares": (Share("ours", weight=1),)},
    ],
)
def test_what_starts_on_fargate_or_managed_instances_needs_none_of_yours(service: dict[str, Any]) -> None:
    world = by_providers(
        Provider("ours", launches_itself=True),
        service={"tasks": ()} | service,
        others=(),
        drain_began_at=NOW - timedelta(minutes=1),
    )
    assert [one.kind for one in explain(world, NOW)] == [KIND.MOVING]
    assert "has room for it" in forecast(world, NOW).fates[0].why


def test_a_fleets_room_is_that_of_the_strategys_providers() -> None:
    tasks = (Task("task/1", container_instance_arn=home().arn, capacity_provider="a"),)
    world = three_zones(services={"api": a_service(shares=(A,), tasks=tasks)})
    (cramped,) = room_for(world, (world.instance,))
    assert str(cramped) == "1 task of the 1 of api: no other ACTIVE instance of capacity provider a is left"
    widened = replace(world, services={"api": a_service(shares=(A, B), tasks=tasks)})
    assert room_for(widened, (world.instance,)) == ()
    of_b = replace(world, services={"api": a_service(shares=(B,), tasks=tasks)})
    assert room_for(of_b, (world.instance,)) == ()
    fargate = replace(world, services={"api": a_service(launch_type="FARGATE", tasks=tasks)})
    assert room_for(fargate, (world.instance,)) == ()
