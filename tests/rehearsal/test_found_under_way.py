"""A snapshot is taken whenever it is: what was under way then goes on in a rehearsal as it does live, to the second."""

from __future__ import annotations

from typing import Any

import pytest

from embedded_aws.clients import client
from rehearsal.comparing import differences
from rehearsal.result import Rehearsal
from rehearsal.running import Wanted, rehearse
from rehearsal.scenarios import Kind, Scenario
from rehearsal.snapshot import Snapshot
from stories.world import CLUSTER, GROUP, Service
from tests.rehearsal.worlds import Grown, grown

pytestmark = pytest.mark.slow

SCALE_IN = Scenario(Kind.SCALE_IN, 1)


def both(world: Grown, scenario: Scenario = SCALE_IN) -> tuple[Snapshot, Rehearsal]:
    """Return the snapshot of a world, and what then happens live in it."""
    snapshot = world.snapshot()
    return snapshot, world.live(snapshot, scenario)


def statuses(snapshot: Snapshot) -> set[str]:
    return {task["lastStatus"] for task in snapshot.tasks}


@pytest.mark.parametrize(
    ("seconds", "status"), [(0.5, "PROVISIONING"), (2, "PENDING"), (4.5, "ACTIVATING"), (20, "RUNNING")]
)
def test_tasks_that_start(seconds: float, status: str) -> None:
    """Of six tasks three are on their way to RUNNING, or to healthy: they get there when they would have."""
    with grown(Service(desired=3), Service(name="api", desired=3, has_target_group=False)) as world:
        for service in ("web", "api"):
            client("ecs").update_service(cluster=CLUSTER, service=service, desiredCount=6)
        world.world.wait(seconds)
        snapshot, live = both(world)
    assert status in statuses(snapshot)
    assert differences(rehearse(Wanted(snapshot, SCALE_IN)), live) == []


@pytest.mark.parametrize(("seconds", "status"), [(5, "DEACTIVATING"), (35, "STOPPING")])
def test_tasks_that_stop(seconds: float, status: str) -> None:
    """A service that was scaled in stops three of six tasks: they are gone when they would have been."""
    slow = Service(desired=6, deregistration_delay=30, labels={"stops-after": "60"}, stop_timeout=90)
    with grown(slow) as world:
        client("ecs").update_service(cluster=CLUSTER, service="web", desiredCount=3)
        world.world.wait(seconds)
        snapshot, live = both(world)
    assert status in statuses(snapshot)
    assert differences(rehearse(Wanted(snapshot, SCALE_IN)), live) == []


def test_tasks_that_are_protected_from_scale_in() -> None:
    """UpdateTaskProtection: a drain waits for protected tasks until the protection is over."""
    with grown(Service(desired=3)) as world:
        ecs = client("ecs")
        tasks = ecs.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"]
        ecs.update_task_protection(cluster=CLUSTER, tasks=tasks, protectionEnabled=True, expiresInMinutes=20)
        world.world.wait(100)
        snapshot, live = both(world)
    assert len(snapshot.document["protections"]) == 3
    told = rehearse(Wanted(snapshot, SCALE_IN))
    assert differences(told, live) == []
    (end,) = told.drains
    assert end.took is not None
    assert end.took.total_seconds() > 1000


def test_a_warm_pool() -> None:
    """A replacement comes out of the pool, sooner than a launch; a pool that reuses takes a scaled-in one back."""
    with grown(Service(desired=3)) as world:
        pool: dict[str, Any] = {
            "MinSize": 2,
            "PoolState": "Stopped",
            "InstanceReusePolicy": {"ReuseOnScaleIn": True},
        }
        client("autoscaling").put_warm_pool(AutoScalingGroupName=GROUP, MaxGroupPreparedCapacity=5, **pool)
        world.world.wait(300)
        snapshot = world.snapshot()
        scenario = Scenario(Kind.AT_ONCE, 1)
        live = world.live(snapshot, scenario)
    assert {one["LifecycleState"] for one in snapshot.groups[0]["warmPool"]["Instances"]} == {
        "Warmed:Stopped"
    }
    told = rehearse(Wanted(snapshot, scenario))
    assert differences(told, live) == []
