"""A task's way through its statuses (developer guide, task-lifecycle-explanation), scripted by dockerLabels."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import EPOCH
from tests.embedded_aws.ecs.cluster import Cluster, cluster_of

START = EPOCH + timedelta(seconds=15)  # when the world is ready: its instances have registered


def way(world: Cluster, arn: str, seconds: int, step: float = 0.5) -> list[tuple[float, str]]:
    """Watch a task: (seconds from now, last status) whenever it changes."""
    seen: list[tuple[float, str]] = []
    for tick in range(int(seconds / step) + 1):
        status = world.task(arn)["lastStatus"]
        if not seen or seen[-1][1] != status:
            seen.append((tick * step, status))
        world.advance(step)
    return seen


def test_a_task_walks_to_running_and_all_the_way_back() -> None:
    with cluster_of(1) as world:
        world.define(port=0)
        world.serve("web", 1, loadBalancers=world.balanced(world.target_group(delay=60)))
        task = world.tasks()[0]
        assert task["createdAt"] == START
        assert task["startedAt"] == START + timedelta(seconds=5)
        world.ecs.stop_task(cluster="web", task=task["taskArn"], reason="a person said so")
        assert way(world, task["taskArn"], 90) == [
            (0, "DEACTIVATING"),
            (60, "STOPPING"),
            (80, "DEPROVISIONING"),
            (83, "STOPPED"),
        ]


def test_the_way_up() -> None:
    """PROVISIONING, PENDING, ACTIVATING, RUNNING; a task with no health check at all is healthy 40 s later."""
    with cluster_of(1) as world:
        world.define()
        assert way(world, world.run(), 10) == [
            (0, "PROVISIONING"),
            (1, "PENDING"),
            (4, "ACTIVATING"),
            (5, "RUNNING"),
        ]


def test_a_slow_task_without_a_check_runs_40_seconds_before_it_counts_as_healthy() -> None:
    with cluster_of(1) as world:
        world.define(script={"healthy-after": 100})
        arn = world.run()
        world.advance(60)
        assert world.task(arn)["startedAt"] == START + timedelta(seconds=60)


def test_a_slow_task_with_a_check_runs_early_and_is_healthy_late() -> None:
    """Task.healthStatus: UNKNOWN without a container health check, and until it has passed."""
    with cluster_of(1) as world:
        world.define(script={"healthy-after": 100}, healthCheck={"command": ["CMD", "true"]})
        arn = world.run()
        world.advance(99)
        assert (world.task(arn)["lastStatus"], world.task(arn)["healthStatus"]) == ("RUNNING", "UNKNOWN")
        world.advance(1)
        assert world.task(arn)["healthStatus"] == "HEALTHY"
        assert world.task(arn)["containers"][0]["healthStatus"] == "HEALTHY"


def stopped(world: Cluster, **container: Any) -> dict[str, Any]:
    world.define(**container)
    arn = world.run()
    world.advance(60)
    world.ecs.stop_task(cluster="web", task=arn)
    world.advance(200)
    return world.task(arn)


def test_the_instants_of_a_stop() -> None:
    with cluster_of(1) as world:
        task = stopped(world)
        stop = START + timedelta(seconds=60)
        assert task["stoppingAt"] == stop
        assert task["executionStoppedAt"] == stop + timedelta(seconds=20)
        assert task["stoppedAt"] == stop + timedelta(seconds=23)
        assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "Task stopped by user")
        assert (task["desiredStatus"], task["connectivity"]) == ("STOPPED", "DISCONNECTED")
        assert task["containers"][0]["exitCode"] == 0


def test_sigkill_comes_30_seconds_after_sigterm_by_default() -> None:
    """API reference, StopTask: SIGTERM, a default of 30 s, then SIGKILL."""
    with cluster_of(1) as world:
        task = stopped(world, script={"stops-after": 300})
        assert task["executionStoppedAt"] - task["stoppingAt"] == timedelta(seconds=30)
        assert task["containers"][0]["exitCode"] == 137


def test_stop_timeout_moves_the_sigkill() -> None:
    """ContainerDefinition, stopTimeout: how long to wait before the container is killed; EC2 knows no upper bound."""
    with cluster_of(1) as world:
        task = stopped(world, script={"stops-after": 300}, stopTimeout=150)
        assert task["executionStoppedAt"] - task["stoppingAt"] == timedelta(seconds=150)


def test_a_task_that_never_stops_stays_stopping() -> None:
    with cluster_of(1) as world:
        task = stopped(world, script={"stops-after": "never"})
        assert (task["desiredStatus"], task["lastStatus"]) == ("STOPPED", "STOPPING")


def test_a_task_that_ends_by_itself() -> None:
    """StopCode EssentialContainerExited: an essential container has exited."""
    with cluster_of(1) as world:
        world.define(script={"exits-after": 400})
        arn = world.run()
        world.advance(404)
        assert world.task(arn)["lastStatus"] == "RUNNING"
        world.advance(4)
        task = world.task(arn)
        assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
        assert task["executionStoppedAt"] == START + timedelta(seconds=405)


def test_looking_moves_nothing() -> None:
    """moto moves a task on with each DescribeTasks; ECS doesn't."""
    with cluster_of(1) as world:
        world.define()
        arn = world.run()
        assert [world.task(arn)["lastStatus"] for _ in range(8)] == ["PROVISIONING"] * 8


def test_each_change_counts_the_version_up() -> None:
    with cluster_of(1) as world:
        world.define()
        arn = world.run()
        versions = []
        for _ in range(6):
            versions.append(world.task(arn)["version"])
            world.advance(1)
        assert versions == sorted(versions)
        assert versions[-1] > versions[0]


def test_a_stopped_task_may_be_described_for_an_hour_then_it_is_missing() -> None:
    """API reference, DescribeTasks: stopped tasks appear for at least one hour."""
    with cluster_of(1) as world:
        arn = stopped(world)["taskArn"]
        since_stop = 200 - 23
        world.advance(3600 - since_stop - 1)
        assert world.task(arn)["lastStatus"] == "STOPPED"
        assert [task["taskArn"] for task in world.tasks(desiredStatus="STOPPED")] == [arn]
        world.advance(1)
        answer = world.ecs.describe_tasks(cluster="web", tasks=[arn])
        assert answer["tasks"] == []
        assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]
        assert world.tasks(desiredStatus="STOPPED") == []


def test_stop_task_of_a_service_is_replaced_without_waiting_for_the_bounds() -> None:
    """StopTask kills first; the service starts another one afterwards (containers-roadmap 576)."""
    with cluster_of(1) as world:
        world.define()
        world.serve("api", 1, (100, 200))
        arn = world.tasks()[0]["taskArn"]
        world.ecs.stop_task(cluster="web", task=arn)
        world.advance(0)
        assert world.task(arn)["desiredStatus"] == "STOPPED"
        world.advance(60)
        assert [task["lastStatus"] for task in world.tasks()] == ["RUNNING"]
        assert world.tasks()[0]["taskArn"] != arn


def test_stopping_an_unknown_task_is_refused() -> None:
    with cluster_of(1) as world, pytest.raises(ClientError, match="The referenced task was not found"):
        world.ecs.stop_task(cluster="web", task="0" * 32)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ({"stops-after": "soon"}, "embedded-aws/stops-after is 'soon', but a number of seconds is expected"),
        ({"healthy-after": "-1"}, "embedded-aws/healthy-after is '-1'"),
        ({"stop-after": "3"}, "embedded-aws/stop-after is unknown; known are healthy-after, stops-after"),
        ({"unhealthy": "yes"}, "embedded-aws/unhealthy is 'yes', but true or false is expected"),
    ],
)
def test_a_script_that_cannot_be_read_is_refused_by_name(script: dict[str, str], sentence: str) -> None:
    with cluster_of(0) as world, pytest.raises(ClientError, match=sentence):
        world.define(script=script)
