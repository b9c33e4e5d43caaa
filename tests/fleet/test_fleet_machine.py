"""Fleets on the embedded AWS: no task moves twice, some at a time, and a stuck instance is passed by and told of."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from embedded_aws.clients import client
from stories.world import CLUSTER, Service
from tests.fleet.account import Fleet, a_fleet, most_at_once, told

QUICK = {"healthy-after": "10"}
FOREVER = Service(name="batch", has_target_group=False)


def web(name: str, desired: int, cpu: int = 64) -> Service:
    return Service(name=name, desired=desired, has_target_group=False, labels=QUICK, cpu=cpu)


def results_of(ended: dict[str, Any]) -> dict[str, str]:
    return {one["instance_id"]: one["outcome"] for one in json.loads(ended["output"])["results"]}


@pytest.mark.slow
def test_fifty_instances_drain_five_at_a_time_and_no_task_moves_twice() -> None:
    """One of them holds a batch job that doesn't end: it keeps one of five places until its deadline of 20 min."""
    with a_fleet(*(web(f"s{number}", 50) for number in range(4)), doomed=50, staying=10) as fleet:
        stuck = fleet.doomed[2]
        fleet.world.start_task(stuck, FOREVER)
        fleet.aws.clock.advance(10)
        before = fleet.service_tasks()
        ended = fleet.drain(max_concurrent=5, settings={"deadline": "20m", "on_deadline": "keep"})
        assert ended["status"] == "SUCCEEDED"
        drains = fleet.drains()
        assert len(drains) == 50
        assert most_at_once(drains) == 5
        assert results_of(ended) == {each: "kept" if each == stuck else "drained" for each in fleet.doomed}
        assert before > 150
        assert len(fleet.started_tasks()) == before, "one replacement for each task: none was moved again"
        assert fleet.hops() == 0
        assert the_stuck_one_blocked_nobody(fleet, stuck)
        assert stuck in told(fleet)


def the_stuck_one_blocked_nobody(fleet: Fleet, stuck: str) -> bool:
    ends = {one["name"][:19]: one["stopDate"] for one in fleet.drains()}
    others = [end for instance_id, end in ends.items() if instance_id != stuck]
    return bool(ends[stuck] - max(others) > timedelta(minutes=10))


def test_without_room_nothing_is_touched() -> None:
    """Set DRAINING all at once, tasks that find no room would stay spread over all: none would get empty."""
    with a_fleet(web("large", 8, cpu=1024), doomed=4, staying=1) as fleet:
        ended = fleet.drain()
        assert (ended["status"], ended["error"]) == ("FAILED", "NoRoom")
        assert "of large: on i-" in ended["cause"]
        assert fleet.statuses() == ["ACTIVE"] * 4
        assert fleet.drains() == []
        assert fleet.aws.requests.count("UpdateContainerInstancesState") == 0
        assert "The fleet fleet-1 failed: NoRoom. the rest of the cluster has no room for " in told(fleet)


def test_tasks_may_hop_where_somebody_says_so() -> None:
    """One by one, the room that each emptied instance leaves behind is not used; the next ones' room is."""
    with a_fleet(web("web", 12), doomed=4, staying=2) as fleet:
        ended = fleet.drain(max_concurrent=1, may_hop=True)
        assert set(results_of(ended).values()) == {"drained"}
        assert fleet.hops() > 0
        for earlier, later in pairwise(fleet.drains()):
            assert earlier["stopDate"] <= later["startDate"]


def test_after_so_many_failures_no_drain_begins_and_the_rest_takes_tasks_again() -> None:
    with a_fleet(web("web", 6), doomed=4, staying=2) as fleet:
        for instance_id in fleet.doomed[:2]:
            fleet.world.start_task(instance_id, FOREVER)
        fleet.aws.clock.advance(10)
        ended = fleet.drain(
            max_concurrent=1, stop_after=2, settings={"deadline": "2m", "on_deadline": "keep"}
        )
        assert list(results_of(ended).values()) == ["kept", "kept", "not-begun", "not-begun"]
        assert fleet.statuses() == ["DRAINING", "DRAINING", "ACTIVE", "ACTIVE"]
        assert "not begun: too many had failed: " in told(fleet)


def test_a_drain_that_is_open_already_is_left_to_its_own_execution() -> None:
    with a_fleet(web("web", 4), doomed=2, staying=2) as fleet:
        fleet.world.start_task(
            fleet.doomed[0], Service(name="batch", has_target_group=False, labels={"exits-after": "300"})
        )
        fleet.aws.clock.advance(10)
        client("lambda").invoke(
            FunctionName=fleet.deployment.functions["start_manual_drain"],
            Payload=json.dumps({"instance_id": fleet.doomed[0], "deadline": "1h"}),
        )
        fleet.aws.clock.advance(30)
        ended = fleet.drain()
        assert results_of(ended) == {fleet.doomed[0]: "already-open", fleet.doomed[1]: "drained"}


def test_what_no_cluster_knows_is_told_and_left_out() -> None:
    with a_fleet(web("web", 2), doomed=1, staying=1) as fleet:
        fleet.doomed.append("i-00000000000000bad")
        ended = fleet.drain()
        assert list(results_of(ended).values()) == ["drained"]
        assert "no cluster knows i-00000000000000bad: 1 instance left out" in told(fleet)


def test_ecs_is_asked_sparingly() -> None:
    """The account's reads are shared: planning a fleet must not cost a listing for each instance."""
    with a_fleet(web("web", 12), doomed=6, staying=2) as fleet:
        fleet.aws.requests.clear()
        fleet.drain()
        planning = [
            call.operation
            for call in fleet.aws.requests.calls
            if (call.role or "").endswith("plan_fleet") and call.service == "ecs"
        ]
        assert len(planning) <= 10, planning


def test_the_container_instances_are_set_draining_ten_a_call() -> None:
    """UpdateContainerInstancesState takes ten container instances at most."""
    with a_fleet(web("web", 12), doomed=12, staying=3) as fleet:
        fleet.aws.requests.clear()
        fleet.drain(max_concurrent=12)
        calls = [
            call for call in fleet.aws.requests.calls if call.operation == "UpdateContainerInstancesState"
        ]
        assert [len(call.parameters["containerInstances"]) for call in calls] == [10, 2]
        assert {call.parameters["cluster"].rsplit("/", 1)[-1] for call in calls} == {CLUSTER}
