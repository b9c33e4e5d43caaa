"""What counts as a healthy member of a group, read from the embedded AWS: not just RUNNING."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.gateways import aws as gateway
from chalicelib.gateways.gates import read_standing, stateful_by_instance
from embedded_aws.aws import ACCOUNT_ID, REGION, EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.ecs import target_groups
from stories.world import CLUSTER, Service, World

MEMBERS = Service(
    name="store",
    constraints=({"type": "distinctInstance"},),
    tags={"ecs-drainer:quorum-group": "store", "ecs-drainer:max-unavailable": "1"},
)


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        gateway.client.cache_clear()
        world = World(client, running.clock.advance)
        with running.requests.unthrottled():
            world.build((MEMBERS, Service(name="web")), None)
        yield running
    gateway.client.cache_clear()


def healthy_on(aws: EmbeddedAws) -> set[str]:
    return set(read_standing(CLUSTER, ["store"], aws.clock.now())["store"].healthy_on)


def test_a_member_whose_target_fails_its_health_checks_is_not_healthy(aws: EmbeddedAws) -> None:
    assert len(healthy_on(aws)) == 3
    (group,) = client("ecs").describe_services(cluster=CLUSTER, services=["store"])["services"][0][
        "loadBalancers"
    ]
    arn = group["targetGroupArn"]
    first, *_ = client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    target = first["Target"]
    found = target_groups.find(arn, ACCOUNT_ID, REGION)
    target_groups.set_state(found, target["Id"], target["Port"], "unhealthy")
    assert target["Id"] not in healthy_on(aws)
    assert len(healthy_on(aws)) == 2


def test_a_member_on_an_instance_that_is_draining_counts_as_leaving(aws: EmbeddedAws) -> None:
    arn = client("ecs").list_container_instances(cluster=CLUSTER)["containerInstanceArns"][0]
    client("ecs").update_container_instances_state(
        cluster=CLUSTER, containerInstances=[arn], status="DRAINING"
    )
    standing = read_standing(CLUSTER, ["store"], aws.clock.now())["store"]
    assert len(standing.healthy_on) == 2
    assert [(each.tasks, each.why) for each in standing.leaving] == [(1, "DRAINING")]


@pytest.mark.usefixtures("aws")
def test_stateful_services_are_found_for_each_instance_of_a_cluster() -> None:
    """One listing for the cluster; what carries no tag of ours is left out."""
    found = stateful_by_instance(CLUSTER)
    assert set(found.values()) == {("store",)}
    assert set(found) == set(client("ecs").list_container_instances(cluster=CLUSTER)["containerInstanceArns"])
