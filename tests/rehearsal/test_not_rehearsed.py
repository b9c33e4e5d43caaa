"""What the embedded AWS can't behave like is told, or refused: no difference is silent."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.common.errors import InvalidInput
from rehearsal.running import Wanted, rehearse
from rehearsal.scenarios import Kind, Scenario
from rehearsal.unknown import not_rehearsed
from tests.rehearsal.a_snapshot import TASK, a_snapshot
from tests.rehearsal.worlds import changed

TOLD: list[tuple[dict[str, Any], str]] = [
    ({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True}}}, "its circuit breaker"),
    ({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}, "its deployment strategy BLUE_GREEN"),
    ({"availabilityZoneRebalancing": "ENABLED"}, "Availability Zone rebalancing"),
    ({"loadBalancers": [{"loadBalancerName": "old"}]}, "its Classic Load Balancer"),
    ({"launchType": "FARGATE"}, "it runs on FARGATE"),
    (
        {"tags": [{"key": "ecs-drainer:drain-queue", "value": "https://sqs"}]},
        "its tag ecs-drainer:drain-queue",
    ),
]


@pytest.mark.parametrize(("change", "said"), TOLD, ids=[said for _, said in TOLD])
def test_what_a_service_has_more_is_told(change: dict[str, Any], said: str) -> None:
    sentences = not_rehearsed(a_snapshot(**change))
    assert [each for each in sentences if each.startswith("service web: ") and said in each]


def test_an_instance_type_nobody_knows_is_refused() -> None:
    snapshot = a_snapshot()
    unknown = [{**each, "InstanceType": "z9.huge"} for each in snapshot.document["ec2_instances"]]
    with pytest.raises(InvalidInput, match=r"`InstanceType` of i-00000000000000001 is 'z9.huge'"):
        rehearse(Wanted(changed(snapshot, ec2_instances=unknown), Scenario(Kind.SCALE_IN, 1)))


def test_a_cluster_of_another_region_is_rehearsed_under_its_own_zones() -> None:
    """Placement constraints and spreads name Availability Zones: they must stay what they are."""
    told = rehearse(Wanted(a_snapshot(), Scenario(Kind.AT_ONCE, 1)))
    assert {lane.zone for lane in told.lanes} == {"us-east-1b"}
    assert sum(lane.is_new for lane in told.lanes) == 1


def test_who_scales_and_what_waits_for_it_is_told() -> None:
    """cluster-auto-scaling: managed scaling looks once a minute, and no answer says when; tasks wait for it."""
    provider = {"name": "spare", "autoScalingGroupProvider": {"managedScaling": {"status": "ENABLED"}}}
    waits = {"lastStatus": "PROVISIONING", "desiredStatus": "RUNNING", "capacityProviderName": "spare"}
    task = {name: value for name, value in TASK.items() if name != "containerInstanceArn"} | waits
    said = not_rehearsed(changed(a_snapshot(), capacity_providers=[provider], tasks=[TASK, task]))
    assert [
        each for each in said if each.startswith("capacity provider spare: when its managed scaling looks")
    ]
    assert "1 tasks wait for an instance of a capacity provider; in a rehearsal they run without one" in said
    off = {"name": "spare", "autoScalingGroupProvider": {"managedScaling": {"status": "DISABLED"}}}
    said = not_rehearsed(changed(a_snapshot(), capacity_providers=[off]))
    assert not [each for each in said if "managed scaling" in each or "wait for an instance" in each]
