"""Task scale-in protection (developer guide, task-scale-in-protection); what DRAINING does to it: test_ecs_draining."""

import pytest
from botocore.exceptions import ClientError

from tests.embedded_aws.ecs.cluster import Cluster, cluster_of


def protections(world: Cluster) -> list[bool]:
    answer = world.ecs.get_task_protection(cluster="web")
    return [task["protectionEnabled"] for task in answer["protectedTasks"]]


def test_protection_lasts_two_hours_by_default_and_expires() -> None:
    """UpdateTaskProtection: expiresInMinutes is 120 unless given."""
    with cluster_of(1) as world:
        world.define()
        world.serve("api", 1)
        standalone = world.run()
        task = world.tasks(serviceName="api")[0]["taskArn"]
        answer = world.ecs.update_task_protection(
            cluster="web", tasks=[task, standalone], protectionEnabled=True
        )
        assert [failure["reason"] for failure in answer["failures"]] == ["TASK_NOT_VALID"]
        world.advance(2 * 3600 - 1)
        assert protections(world) == [True]
        world.advance(1)
        assert protections(world) == [False]


def test_more_than_48_hours_are_refused() -> None:
    with (
        cluster_of(0) as world,
        pytest.raises(ClientError, match="expiresInMinutes should be between 1 and 2880"),
    ):
        world.ecs.update_task_protection(
            cluster="web", tasks=["t"], protectionEnabled=True, expiresInMinutes=2881
        )
