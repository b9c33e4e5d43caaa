"""Events of the embedded ECS through its rule and queue into `wake`, and what becomes of a row that waits for them.

No machine waits here: the row's token is of nobody, so that to tell it is answered, and the token removed.
"""

from __future__ import annotations

from typing import Any

import boto3

from chalicelib.gateways.waiting import read_waiting, waiting_in
from chalicelib.wake import Waiting
from stories.world import CLUSTER, Service
from tests.cli.shell import Shell, shell

TABLE = "ecs-drainer-dev-ledger"


def wait_for_all_tasks(told: Shell) -> tuple[str, list[str]]:
    """Write a row as the state machine does, for the one container instance and its tasks; return their ARNs."""
    ecs = boto3.client("ecs")
    (instance,) = ecs.list_container_instances(cluster=CLUSTER)["containerInstanceArns"]
    (described,) = ecs.describe_clusters(clusters=[CLUSTER])["clusters"]
    tasks = sorted(ecs.list_tasks(cluster=CLUSTER, containerInstance=instance)["taskArns"])
    item: dict[str, Any] = {
        "pk": {"S": f"waiting#{instance}"},
        "execution": {"S": told.deployment.state_machine.replace(":stateMachine:", ":execution:") + ":x"},
        "waiting_cluster": {"S": described["clusterArn"]},
        "events": {"N": "0"},
        "token": {"S": "a-token-of-nobody"},
        "tasks": {"SS": tasks},
        "services": {"SS": ["web"]},
        "status": {"S": "ACTIVE"},
        "agent": {"S": "connected"},
    }
    boto3.client("dynamodb").put_item(TableName=TABLE, Item=item)
    return instance, tasks


def row_of(instance: str) -> Waiting:
    row = read_waiting(TABLE, instance)
    assert row is not None
    return row


def test_the_token_goes_with_the_last_task_and_not_before() -> None:
    with shell(Service(desired=2, has_target_group=False), instances=1) as told:
        instance, tasks = wait_for_all_tasks(told)
        assert len(tasks) == 2
        assert waiting_in(TABLE, row_of(instance).cluster) == [row_of(instance)]
        ecs = boto3.client("ecs")
        ecs.stop_task(cluster=CLUSTER, task=tasks[0])
        told.sleep(120)
        assert (set(row_of(instance).tasks), row_of(instance).token) == ({tasks[1]}, "a-token-of-nobody")
        ecs.stop_task(cluster=CLUSTER, task=tasks[1])
        told.sleep(120)
        row = row_of(instance)
        assert (row.tasks, row.token) == (frozenset(), None)
        assert row.events >= 2
        assert row.version, "the container instance's own events were heard too"
