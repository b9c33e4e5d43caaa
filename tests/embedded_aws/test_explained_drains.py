"""Drains held up on the embedded AWS, read through boto3 and explained: the words must fit what AWS really does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.explain import Blocker, BlockerKind, Circumstances, Forecast, Outcome, explain, forecast
from chalicelib.gateways import aws, ecs
from chalicelib.gateways.circumstances import read_circumstances
from embedded_aws.ecs import agent
from tests.embedded_aws.ecs.cluster import Cluster, cluster_of

KIND = BlockerKind


@pytest.fixture(autouse=True, scope="module")
def _fresh_clients() -> Iterator[None]:
    aws.client.cache_clear()
    yield
    aws.client.cache_clear()


def circumstances(world: Cluster, **known: Any) -> Circumstances:
    """Read what surrounds the first instance's tasks."""
    arn = world.arn(world.ids[0])
    tasks = ecs.describe_tasks("web", ecs.list_tasks("web", arn)).tasks
    return read_circumstances("web", [arn], tasks, **known)


def explained_after(world: Cluster, seconds: float) -> tuple[Blocker, ...]:
    """Set the first instance DRAINING, let time pass, and explain."""
    began_at = world.aws.clock.now()
    world.set_status(world.arn(world.ids[0]))
    world.advance(seconds)
    return explain(circumstances(world, drain_began_at=began_at), world.aws.clock.now())


def kinds(blockers: tuple[Blocker, ...]) -> list[BlockerKind]:
    return [blocker.kind for blocker in blockers]


def foretold(world: Cluster) -> Forecast:
    return forecast(circumstances(world), world.aws.clock.now())


def drained_within(world: Cluster, seconds: float) -> bool:
    world.advance(seconds)
    return circumstances(world).tasks == ()


def test_both_percents_at_100_are_a_deadlock_and_the_remedy_frees_it() -> None:
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 2, (100, 100))
        (blocker,) = explained_after(world, 900)
        assert blocker.kind is KIND.DEADLOCK
        assert "minimumHealthyPercent=100,maximumPercent=150" in blocker.remedy
        world.ecs.update_service(
            cluster="web",
            service="api",
            deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 150},
        )
        assert drained_within(world, 300)


@pytest.mark.parametrize(
    ("kind", "container", "said"),
    [
        (KIND.NO_CPU, {"cpu": 1200}, "it has 848 of the 1200 CPU units left (352 short)"),
        (KIND.NO_MEMORY, {"memory": 5000}, "of the 5000 MiB of memory left"),
        (KIND.NO_PORT, {"port": 8080}, "host port 8080/tcp is in use there"),
    ],
)
def test_no_room_on_the_other_instance_until_another_joins(
    kind: BlockerKind, container: dict[str, Any], said: str
) -> None:
    """Two tasks on two instances, neither of which takes a second one."""
    with cluster_of(2) as world:
        world.define(**container)
        world.serve("api", 2)
        (blocker,) = explained_after(world, 900)
        assert blocker.kind is kind
        assert world.ids[1] in blocker.reason
        assert said in blocker.reason
        world.add_instance()
        assert drained_within(world, 300)


@pytest.mark.parametrize(
    ("kind", "constraint"),
    [
        (KIND.DISTINCT_INSTANCE, {"type": "distinctInstance"}),
        (KIND.MEMBER_OF, {"type": "memberOf", "expression": "attribute:ecs.availability-zone == eu-west-1a"}),
    ],
)
def test_a_constraint_keeps_the_replacement_away(kind: BlockerKind, constraint: dict[str, str]) -> None:
    with cluster_of(2) as world:
        world.define()
        desired = 2 if kind is KIND.DISTINCT_INSTANCE else 1
        world.serve("api", desired, placementConstraints=[constraint])
        assert kinds(explained_after(world, 900)) == [kind]


def test_every_other_instance_drains_too() -> None:
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 2)
        world.set_status(world.arn(world.ids[1]))
        assert kinds(explained_after(world, 900)) == [KIND.ALL_DRAINING]


def test_replacements_that_never_become_healthy() -> None:
    """The new release's replacement runs, fails its health check, and the old task must stay."""
    with cluster_of(2) as world:
        check = {"command": ["CMD-SHELL", "true"], "interval": 10}
        world.define(healthCheck=check)
        world.serve("api", 1)
        world.define(healthCheck=check, script={"unhealthy": "true"})
        world.ecs.update_service(cluster="web", service="api", taskDefinition="app")
        found = explained_after(world, 900)
        assert KIND.UNHEALTHY_REPLACEMENT in kinds(found)
        assert "is UNHEALTHY" in next(one.reason for one in found if one.kind is KIND.UNHEALTHY_REPLACEMENT)


def test_a_task_behind_a_load_balancer_leaves_when_the_explanation_says() -> None:
    """DEACTIVATING lasts the deregistration delay; the containers get SIGTERM after it."""
    with cluster_of(2) as world:
        world.define(port=0, stopTimeout=30, script={"stops-after": 30})
        group = world.target_group(delay=120)
        world.serve("api", 1, loadBalancers=world.balanced(group))
        (draining,) = explained_after(world, 60)
        assert draining.kind is KIND.DEREGISTERING
        assert draining.ends_at is not None
        world.advance((draining.ends_at - world.aws.clock.now()).total_seconds() + 1)
        (stopping,) = explain(circumstances(world), world.aws.clock.now())
        assert stopping.kind is KIND.STOPPING
        assert stopping.ends_at is not None
        left = (stopping.ends_at - world.aws.clock.now()).total_seconds()
        assert not drained_within(world, left - 1)
        assert drained_within(world, 1 + 3), "DEPROVISIONING takes 3 s"


def test_a_container_that_outlives_sigkill() -> None:
    with cluster_of(2) as world:
        world.define(script={"stops-after": "never"})
        world.serve("api", 1)
        assert kinds(explained_after(world, 900)) == [KIND.STOP_OVERDUE]


def test_jobs_protection_daemons_and_a_lost_agent() -> None:
    """An instance with everything on it, before and after its agent is lost."""
    with cluster_of(1) as world:
        world.define()
        world.serve("logs", None, schedulingStrategy="DAEMON")
        world.serve("api", 1)
        job = world.run(startedBy="nightly")
        own = world.tasks(serviceName="api")[0]["taskArn"]
        world.ecs.update_task_protection(
            cluster="web", tasks=[own], protectionEnabled=True, expiresInMinutes=90
        )
        world.advance(60)
        found = explained_after(world, 600)
        assert kinds(found) == [KIND.NO_OTHER_INSTANCE, KIND.PROTECTED, KIND.STANDALONE, KIND.DAEMON_LAST]
        assert 'started by "nightly"' in found[2].reason
        assert found[2].tasks == (job.rsplit("/", 1)[-1],)
        agent.disconnect(world.ids[0])
        assert kinds(explain(circumstances(world), world.aws.clock.now()))[0] is KIND.AGENT_DISCONNECTED


def test_taken_back_in_mid_drain() -> None:
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 2, (100, 100))
        began_at = world.aws.clock.now()
        found = explain(circumstances(world, drain_began_at=began_at), began_at)
        assert kinds(found) == [KIND.SET_ACTIVE, KIND.DEADLOCK]


ROWS = [
    ("start first", 1, (100, 200), 40),
    ("stop first", 1, (0, 100), 0),
    ("start first, one at a time", 4, (100, 125), 2 * 40),
    ("stop first, two at once", 4, (50, 100), 0),
    ("a deadlock", 3, (67, 100), None),
    ("another", 1, (50, 150), None),
]


@pytest.mark.parametrize(("story", "desired", "bounds", "at_least"), ROWS, ids=[row[0] for row in ROWS])
def test_a_forecast_comes_true(
    story: str, desired: int, bounds: tuple[int, int], at_least: int | None
) -> None:
    """A drain takes at least as long as foretold, and one that is foretold to be blocked never ends."""
    with cluster_of(2) as world:
        world.define(script={"stops-after": 0})
        world.serve("api", desired, bounds)
        told = foretold(world)
        assert told.is_blocked is (at_least is None), story
        world.set_status(world.arn(world.ids[0]))
        if at_least is None:
            assert {fate.outcome for fate in told.fates} == {Outcome.BLOCKED}
            assert not drained_within(world, 1500), story
        else:
            assert told.at_least.total_seconds() == at_least, story
            assert at_least == 0 or not drained_within(world, at_least), story
            assert drained_within(world, 60), story
