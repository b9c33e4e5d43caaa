"""Where tests may not drain: refused with what was expected, and nothing is touched."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from embedded_aws.requests import Fault
from stories.world import CLUSTER, GROUP, HOOK, Service
from tests.aws.permission import ALLOWED, TAG, NotAllowed, place_for_tests
from tests.cli.shell import Shell, shell

MACHINE = "ecs-drainer-dev"


def allow(value: str = ALLOWED) -> None:
    ecs = boto3.client("ecs")
    (found,) = ecs.describe_clusters(clusters=[CLUSTER])["clusters"]
    ecs.tag_resource(resourceArn=found["clusterArn"], tags=[{"key": TAG, "value": value}])


def refused(cluster: str = CLUSTER, machine: str = MACHINE) -> str:
    with pytest.raises(NotAllowed) as refusal:
        place_for_tests(boto3.client, cluster, machine)
    return str(refusal.value)


@pytest.fixture(name="told", scope="module")
def _told() -> Any:
    with shell(Service(has_target_group=False), instances=2) as told:
        yield told


def test_a_cluster_must_say_that_it_is_for_tests(told: Shell) -> None:
    calls = len(told.aws.requests.calls)
    assert "--aws no-such: there is no such ECS cluster" in refused("no-such")
    assert f"its tag {TAG} is missing: expected yes" in refused()
    assert "aws ecs tag-resource --resource-arn" in refused()
    allow("no")
    assert f"its tag {TAG} is 'no': expected yes" in refused()
    made = {call.operation for call in told.aws.requests.calls[calls:]}
    assert made == {"DescribeClusters", "TagResource"}


def test_what_else_a_place_for_tests_must_have(told: Shell) -> None:
    allow()
    assert "there is no state machine ecs-drainer-prod" in refused(machine="ecs-drainer-prod")
    place = place_for_tests(boto3.client, CLUSTER, MACHINE)
    assert (place.cluster, place.group, place.hook) == (CLUSTER, GROUP, HOOK)
    assert sorted(place.instances) == told.ids
    scaling = boto3.client("autoscaling")
    scaling.delete_lifecycle_hook(AutoScalingGroupName=GROUP, LifecycleHookName=HOOK)
    assert f"group {GROUP} has no terminate hook: `ecs-drainer enroll --asg {GROUP}`" in refused()
    scaling.detach_instances(
        AutoScalingGroupName=GROUP, InstanceIds=[told.ids[0]], ShouldDecrementDesiredCapacity=True
    )
    assert f"in these Auto Scaling groups: {GROUP}: expected all of them in one" in refused()
    arn = told.world.container_instance(told.ids[0])
    boto3.client("ecs").update_container_instances_state(
        cluster=CLUSTER, containerInstances=[arn], status="DRAINING"
    )
    assert "it has 1 ACTIVE container instances with an agent: expected 2 or more" in refused()


def test_an_account_that_does_not_answer_is_told(told: Shell) -> None:
    denied = Fault("AccessDeniedException", "not authorized", 400)
    told.aws.requests.fail_when(lambda call: call.operation == "DescribeClusters", denied)
    assert "the account could not be asked: An error occurred (AccessDeniedException)" in refused()
