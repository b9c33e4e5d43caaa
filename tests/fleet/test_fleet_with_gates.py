"""A fleet and gates: what waits for its gates is not set DRAINING with the others, and quorum holds throughout."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from embedded_aws.clients import client
from stories.samples import Store
from stories.stage import play
from stories.world import GROUP, Service
from tests.fleet.account import Fleet, a_fleet, most_at_once, told

MEMBER_TAGS = {"ecs-drainer:quorum-group": "store", "ecs-drainer:max-unavailable": "1"}
APART = ({"type": "distinctInstance"},)
GATED = {"gates": "services"}


def store(tags: Mapping[str, str] = MEMBER_TAGS) -> Service:
    """Return a store that ECS would stop as a whole: only the gates keep its quorum."""
    return Service(
        name="store",
        desired=3,
        minimum_percent=0,
        maximum_percent=100,
        has_target_group=False,
        constraints=APART,
        tags=tags,
    )


def web(desired: int = 9) -> Service:
    return Service(name="web", desired=desired, has_target_group=False, labels={"healthy-after": "10"})


def outcomes(ended: dict[str, Any]) -> set[str]:
    return {one["outcome"] for one in json.loads(ended["output"])["results"]}


def set_draining(fleet: Fleet) -> list[set[str]]:
    """Return the container instances of each call that set DRAINING, in order."""
    calls = [each for each in fleet.aws.requests.calls if each.operation == "UpdateContainerInstancesState"]
    given = [{key.lower(): value for key, value in each.parameters.items()} for each in calls]
    return [set(each["containerinstances"]) for each in given if each["status"] == "DRAINING"]


def members_on(fleet: Fleet) -> set[str]:
    """Return the doomed container instances with a member of the store."""
    sample = Store(client, fleet.aws.clock.now)
    return {one.container_instance for one in sample.running()} & set(fleet.arns.values())


def test_a_fleet_over_a_quorum_store_lets_one_member_go_at_a_time() -> None:
    """Six instances, three with a member: set DRAINING together, ECS would stop all three members at once."""
    with a_fleet(store(), web(), doomed=6, staying=6) as fleet:
        sample = Store(client, fleet.aws.clock.now)
        fleet.aws.clock.advance(60)
        members = members_on(fleet)
        assert len(members) >= 2, "the story needs members on the fleet"
        play(fleet.aws, sample)
        ended = fleet.drain(max_concurrent=6, settings=GATED)
        assert outcomes(ended) == {"drained"}
        assert sample.refused == 0, "a write found no majority"
        assert sample.fewest == 2
        first, *alone = set_draining(fleet)
        assert first == set(fleet.arns.values()) - members
        assert sorted(len(each) for each in alone) == [1] * len(members)
        assert "ACTIVE until the own drain sets DRAINING, because of service store" in told(fleet)


def test_the_same_fleet_without_gates_loses_quorum() -> None:
    """The story above would hold of anything otherwise."""
    with a_fleet(store(), doomed=6, staying=6) as fleet:
        sample = Store(client, fleet.aws.clock.now)
        fleet.aws.clock.advance(60)
        assert len(members_on(fleet)) >= 2
        play(fleet.aws, sample)
        fleet.drain(max_concurrent=6)
        assert sample.refused > 0


def test_tags_of_task_definitions_count_where_the_policy_says_so() -> None:
    with a_fleet(store(tags={}), web(), doomed=6, staying=6) as fleet:
        tag_the_definition_of("store")
        sample = Store(client, fleet.aws.clock.now)
        fleet.aws.clock.advance(60)
        play(fleet.aws, sample)
        members = members_on(fleet)
        fleet.drain(max_concurrent=6, settings={"gates": "task-definitions"})
        assert set_draining(fleet)[0] == set(fleet.arns.values()) - members
        assert (sample.fewest, sample.refused) == (2, 0)


def tag_the_definition_of(service: str) -> None:
    ecs = client("ecs")
    described = ecs.describe_services(cluster="web", services=[service])["services"][0]
    tags = [{"key": key, "value": value} for key, value in MEMBER_TAGS.items()]
    ecs.tag_resource(resourceArn=described["taskDefinition"], tags=tags)


@pytest.mark.parametrize("said_by", ["the request", "the group's tags"])
def test_a_drain_budget_is_not_passed_by(said_by: str) -> None:
    """DRAINING moves tasks whoever sets it: with a budget of two, no more than two may be DRAINING at once."""
    with a_fleet(web(6), doomed=4, staying=3) as fleet:
        settings = {"max_concurrent_drains": "2"} if said_by == "the request" else {}
        if said_by == "the group's tags":
            tag_the_group("ecs-drainer:max_concurrent_drains", "2")
        ended = fleet.drain(max_concurrent=4, settings=settings)
        assert outcomes(ended) == {"drained"}
        assert [len(each) for each in set_draining(fleet)] == [1, 1, 1, 1]
        assert most_at_once(fleet.drains()) == 4
        assert most_draining(fleet) == 2


def tag_the_group(key: str, value: str) -> None:
    tag = {"ResourceId": GROUP, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    client("autoscaling").create_or_update_tags(Tags=[{**tag, "Key": key, "Value": value}])


def most_draining(fleet: Fleet) -> int:
    """Return how many drains were at once between setting DRAINING and their end, at most."""
    arns = {arn: instance_id for instance_id, arn in fleet.arns.items()}
    begun = {
        arns[next(iter(each.parameters["containerInstances"]))]: each.at
        for each in fleet.aws.requests.calls
        if each.operation == "UpdateContainerInstancesState"
    }
    ended = {one["name"][:19]: one["stopDate"] for one in fleet.drains()}
    return most_at_once([{"startDate": begun[each], "stopDate": ended[each]} for each in begun])
