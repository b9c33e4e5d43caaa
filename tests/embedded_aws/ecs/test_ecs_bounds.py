"""minimumHealthyPercent and maximumPercent while an instance drains, by real API calls on the virtual clock.

API reference, DeploymentConfiguration: the lower bound is rounded up, the upper bound is rounded down. Developer guide,
container-instance-draining: tasks on a DRAINING instance are replaced within those bounds.
"""

import pytest

from embedded_aws.ecs import behaviour
from embedded_aws.ecs.arithmetic import Bounds
from tests.embedded_aws.ecs.cluster import Cluster, cluster_of

NEVER = None
ROUND = 23  # seconds from a stop to STOPPED, without a load balancer: 20 to stop and 3 to deprovision
HEALTHY = 45  # seconds from placement to healthy

TABLE = [
    # story, desired, (minimum, maximum), STOPPED after so many seconds
    ("one task at 100/100 can neither stop nor start first", 1, (100, 100), [NEVER]),
    ("one task at 100/200 is replaced first", 1, (100, 200), [HEALTHY + ROUND]),
    ("one task at 0/100 stops first: a brief outage", 1, (0, 100), [ROUND]),
    ("half of one task is rounded up to one", 1, (50, 100), [NEVER]),
    ("one and a half tasks are rounded down to one", 1, (50, 150), [NEVER]),
    ("one task at 0/200 may stop at once", 1, (0, 200), [ROUND]),
    ("two tasks at 50/100 take two rounds", 2, (50, 100), [ROUND, ROUND + HEALTHY + ROUND]),
    ("two tasks at 100/150, one extra at a time", 2, (100, 150), [HEALTHY + ROUND, 2 * (HEALTHY + ROUND)]),
    ("2.98 tasks are rounded down to two", 2, (100, 149), [NEVER, NEVER]),
    ("3.99 tasks are rounded down to three", 3, (100, 133), [NEVER] * 3),
    ("2.01 tasks are rounded up to three", 3, (67, 100), [NEVER] * 3),
    ("1.98 tasks are rounded up to two, so one can go", 3, (66, 100), [23, 91, 159]),
    ("four tasks at 50/100 go in batches of two", 4, (50, 100), [23, 23, 91, 91]),
    ("four tasks at 100/125 go one at a time", 4, (100, 125), [68, 136, 204, 272]),
    ("ten tasks at 100/100 stay for ever", 10, (100, 100), [NEVER] * 10),
    ("ten tasks at 90/100 go one at a time", 10, (90, 100), [23 + 68 * turn for turn in range(10)]),
]


def put_all_on_one_instance(world: Cluster, desired: int, bounds: tuple[int, int]) -> str:
    world.serve("api", desired, bounds, taskDefinition=world.define())
    return world.arn(world.ids[0])


def stopped_after(world: Cluster, arn: str, since: float) -> list[float | None]:
    """Return the seconds from `since` (a timestamp) until each task of the instance was STOPPED, None if it runs."""
    return [
        task["stoppedAt"].timestamp() - since if task["lastStatus"] == "STOPPED" else NEVER
        for task in sorted(world.everything_on(arn), key=lambda task: str(task.get("stoppedAt")))
    ]


@pytest.mark.parametrize(("story", "desired", "bounds", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_service_leaves_a_draining_instance_as_its_bounds_allow(
    story: str, desired: int, bounds: tuple[int, int], expected: list[float | None]
) -> None:
    with cluster_of(1) as world:
        arn = put_all_on_one_instance(world, desired, bounds)
        world.add_instance()
        world.advance(15)
        since = world.aws.clock.now().timestamp()
        world.set_status(arn)
        world.advance(1500)
        assert stopped_after(world, arn, since) == expected, story


@pytest.mark.parametrize(("story", "desired", "bounds", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_deadlock_is_seen_in_the_bounds_alone(
    story: str, desired: int, bounds: tuple[int, int], expected: list[float | None]
) -> None:
    found = Bounds.of(desired, *bounds)
    assert (found.lower == desired == found.upper) is (NEVER in expected), story


def test_without_room_elsewhere_only_a_lower_bound_below_the_desired_count_lets_tasks_go() -> None:
    """Developer guide, service-event-messages: a task that can't be placed is told in a service event."""
    with cluster_of(1) as world:
        arn = put_all_on_one_instance(world, 2, (50, 200))
        world.set_status(arn)
        world.advance(600)
        assert sorted(task["lastStatus"] for task in world.everything_on(arn)) == ["RUNNING", "STOPPED"]
        assert world.service("api")["events"][0]["message"].startswith(
            "(service api) was unable to place a task because no container instance met all of its requirements."
        )


def test_a_reader_may_let_stopping_tasks_not_count_towards_the_upper_bound() -> None:
    """API reference: RUNNING or PENDING; a service definition text of 2023 adds STOPPING. The switch is for both."""
    with cluster_of(1) as world:
        behaviour().stopping_counts_towards_maximum = False
        arn = put_all_on_one_instance(world, 2, (50, 100))
        world.add_instance()
        world.advance(15)
        since = world.aws.clock.now().timestamp()
        world.set_status(arn)
        world.advance(600)
        assert stopped_after(world, arn, since) == [ROUND, HEALTHY + ROUND]
