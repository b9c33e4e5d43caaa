"""Accounts as large as they get, on the embedded AWS: 300 clusters of which nobody names one, and a cluster of 5,000.

The drained instances, their group, hook and tasks are real there. What fills the cluster is put into ECS's own backend,
as a snapshot of it is: thousands of EC2 instances would take hours to launch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from unittest.mock import patch

from moto.ecs.models import ecs_backends

from benchmarks.crowd import Drained, drain
from benchmarks.wide import EACH, SERVICES, an_instance
from embedded_aws.aws import ACCOUNT_ID, REGION, now
from embedded_aws.ecs.backend import EcsBackend
from embedded_aws.ecs.model import ContainerInstance
from embedded_aws.ecs.restored import FoundTask, put_instance, put_task
from stories import world
from stories.deployment import Deployment
from stories.world import CLUSTER, GROUP, REGISTERED_WITHIN, STEADY_WITHIN, Hook, Service, World

TASKS_OF_EACH = 3
"""Of the service that moves, for each drained instance."""
FREED_AFTER = 20 * 60
"""Seconds; a drain explains what holds it after ten minutes without progress."""
ROOMY = "m5.2xlarge"
LARGE_TASK = Service(cpu=1_200, memory=512, desired=TASKS_OF_EACH)
"""A task for which the other instances of the wide cluster, half full, have no room: 1,024 CPU units are left."""


def drain_unnamed(clusters: int, at_once: int = 1) -> Drained:
    """Drain so many instances of an account with so many clusters; no setting, tag or hook says which is theirs."""
    return drain(partial(_among_clusters, clusters=clusters, at_once=at_once))


def drain_in_a_wide_cluster(instances: int) -> Drained:
    """Drain an instance in a cluster of so many, none of which has room, until a new one has."""
    with patch.object(world, "INSTANCE_TYPE", ROOMY):
        return drain(partial(_in_a_wide_cluster, instances=instances), happens={FREED_AFTER: _make_room})


def drain_a_fleet_in_a_wide_cluster(instances: int, fleet: int) -> Drained:
    """Drain so many instances as one fleet in a cluster of so many, where there are as many new ones."""
    with patch.object(world, "INSTANCE_TYPE", ROOMY):
        build = partial(_with_a_fleet, instances=instances, fleet=fleet)
        return drain(build, begin=_begin_fleet)


def _with_a_fleet(around: World, *, instances: int, fleet: int) -> list[str]:
    around.make_ground()
    doomed = _doomed(around, fleet, replace(LARGE_TASK, desired=TASKS_OF_EACH * fleet))
    around.add_group("spare", fleet)
    around.wait(REGISTERED_WITHIN)
    fill(around, instances - 2 * fleet)
    return doomed


def _begin_fleet(around: World, deployment: Deployment, doomed: Sequence[str]) -> None:
    around.client("stepfunctions").start_execution(
        stateMachineArn=deployment.outputs["FleetStateMachineArn"],
        name="fleet-1",
        input=json.dumps({"instances": list(doomed), "reason": "a new AMI"}),
    )


def _among_clusters(around: World, *, clusters: int, at_once: int) -> list[str]:
    around.make_ground()
    for number in range(1, clusters):
        around.client("ecs").create_cluster(clusterName=f"other-{number}")
    doomed = _doomed(around, at_once, Service(desired=TASKS_OF_EACH * at_once))
    around.add_group("spare", at_once)
    around.wait(REGISTERED_WITHIN)
    return doomed


def _in_a_wide_cluster(around: World, *, instances: int) -> list[str]:
    around.make_ground()
    doomed = _doomed(around, 1, LARGE_TASK)
    fill(around, instances - 1)
    return doomed


def _doomed(around: World, number: int, service: Service) -> list[str]:
    around.add_group(GROUP, number)
    around.wait(REGISTERED_WITHIN)
    around.put_hook(Hook())
    around.create_service(service)
    around.wait(STEADY_WITHIN)
    return around.instances()


def _make_room(around: World) -> None:
    around.add_group("spare", 1)


def fill(around: World, instances: int) -> None:
    """Put so many container instances into the cluster, each with four tasks of services that are as they should be."""
    backend: EcsBackend = ecs_backends[ACCOUNT_ID][REGION]
    names = [f"service-{number}" for number in range(SERVICES)]
    for name in names:
        around.create_service(Service(name=name, desired=0, cpu=256, memory=512, has_target_group=False))
    around.wait(1)
    services = [backend.services[f"{CLUSTER}:{name}"] for name in names]
    for number in range(instances):
        place = put_instance(backend, _instance(backend, number))
        for one in range(EACH):
            service = services[(number + one) % SERVICES]
            service.desired_count += 1
            put_task(backend, service.launch(), place, _running(backend, number * EACH + one))
    around.wait(STEADY_WITHIN)


def _instance(backend: EcsBackend, number: int) -> ContainerInstance:
    cluster, like = backend.cluster(CLUSTER), an_instance(number)
    return ContainerInstance(
        arn=cluster.arn.replace(":cluster/", ":container-instance/") + f"/{number:032x}",
        cluster_name=cluster.name,
        cluster_arn=cluster.arn,
        ec2_instance_id=like.ec2_instance_id,
        cpu=like.registered_cpu,
        memory=like.registered_memory,
        interfaces=2,
        attributes=dict(like.attributes),
        tags=[],
        registered_at=now(),
    )


def _running(backend: EcsBackend, number: int) -> FoundTask:
    arn = backend.cluster(CLUSTER).arn.replace(":cluster/", ":task/") + f"/{number:032x}"
    return FoundTask(
        arn=arn, last_status="RUNNING", desired_status="RUNNING", created_at=now(), started_at=now()
    )
