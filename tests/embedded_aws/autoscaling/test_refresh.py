"""Instance refresh: batch after batch, with the group's hooks, or new root volumes for the same instances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from embedded_aws.autoscaling.refresh import batch_sizes
from embedded_aws.clients import client
from tests.embedded_aws.autoscaling.world import GROUP, LAUNCH, LAUNCHING, World, world

SUCCEEDED = "EC2 Auto Scaling Instance Refresh Succeeded"


def refresh(web: World, **more: Any) -> str:
    answer = web.autoscaling.start_instance_refresh(AutoScalingGroupName=GROUP, **more)
    web.after(2)
    return str(answer["InstanceRefreshId"])


def status(web: World) -> tuple[str, int]:
    told = web.autoscaling.describe_instance_refreshes(AutoScalingGroupName=GROUP)["InstanceRefreshes"][0]
    return told["Status"], told["PercentageComplete"]


def release_all(web: World) -> None:
    for held in web.ids("Terminating:Wait"):
        web.complete(InstanceId=held)


def test_one_batch_goes_after_the_other(web: World) -> None:
    """User Guide, "How an instance refresh works": a set at a time, each in service before the next."""
    web.hook()
    old = set(web.ids())
    identifier = refresh(web)
    for done in range(3):
        web.after(600)
        assert len(web.ids("Terminating:Wait")) == 1
        assert len(web.ids("InService")) == 3  # the replacement didn't wait for the drain
        assert status(web) == ("InProgress", 100 * done // 3)
        release_all(web)
        web.after(60)
    assert status(web) == ("Successful", 100)
    assert old.isdisjoint(web.ids())
    [event] = web.events(SUCCEEDED)
    assert event["detail"] == {"InstanceRefreshId": identifier, "AutoScalingGroupName": GROUP}


def test_a_low_minimum_takes_several_at_once(web: World) -> None:
    """API, RefreshPreferences: the percentage of the group that stays in service is what limits a batch."""
    web.hook()
    refresh(web, Preferences={"MinHealthyPercentage": 0})
    assert len(web.ids("Terminating:Wait")) == 3


def test_with_a_maximum_above_100_the_replacement_comes_first(web: World) -> None:
    """API, RefreshPreferences: MaxHealthyPercentage lets the group exceed its desired capacity meanwhile."""
    web.hook()
    refresh(web, Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200})
    assert (len(web.ids("InService")), len(web.ids("Pending"))) == (3, 3)
    web.after(60)
    assert (len(web.ids("InService")), len(web.ids("Terminating:Wait"))) == (3, 3)
    release_all(web)
    web.after(60)
    assert status(web) == ("Successful", 100)


def test_the_warmup_passes_between_batches(web: World) -> None:
    """API, RefreshPreferences.InstanceWarmup: counted from the moment the new instance is in service."""
    refresh(web, Preferences={"InstanceWarmup": 300})
    web.after(40)
    assert (status(web), len(web.ids("Pending"))) == (("InProgress", 33), 0)
    web.after(280)
    assert len(web.ids("InService")) == 3
    web.after(20)
    assert len(web.ids("Pending")) == 1


def test_a_new_launch_template_version_is_rolled_out_and_matching_instances_skipped(web: World) -> None:
    """API, RefreshPreferences.SkipMatching."""
    client("ec2").create_launch_template_version(
        LaunchTemplateName="web",
        SourceVersion="1",
        LaunchTemplateData={"ImageId": "ami-22222222", "InstanceType": "m5.large"},
    )
    web.terminate(web.ids()[0], decrement=False)
    web.after(60)
    [new] = [one["InstanceId"] for one in web.group()["Instances"] if one["LaunchTemplate"]["Version"] == "2"]
    refresh(web, Preferences={"SkipMatching": True, "MinHealthyPercentage": 0})
    web.after(120)
    assert status(web) == ("Successful", 100)
    assert new in web.ids()
    assert {one["LaunchTemplate"]["Version"] for one in web.group()["Instances"]} == {"2"}


def test_cancelling_finishes_the_batch_on_the_way_and_begins_no_other(web: World) -> None:
    """API, CancelInstanceRefresh: nothing is rolled back."""
    web.hook()
    refresh(web)
    web.autoscaling.cancel_instance_refresh(AutoScalingGroupName=GROUP)
    web.after(60)
    assert status(web)[0] == "Cancelling"
    release_all(web)
    web.after(60)
    assert status(web) == ("Cancelled", 33)
    assert len(web.events("EC2 Auto Scaling Instance Refresh Cancelled")) == 1
    assert web.states() == ["InService"] * 3


def test_a_second_refresh_and_a_cancel_of_none_are_refused(web: World) -> None:
    with pytest.raises(ClientError) as none:
        web.autoscaling.cancel_instance_refresh(AutoScalingGroupName=GROUP)
    assert none.value.response["Error"]["Code"] == "ActiveInstanceRefreshNotFound"
    refresh(web)
    with pytest.raises(ClientError) as second:
        refresh(web)
    assert second.value.response["Error"]["Code"] == "InstanceRefreshInProgress"


def test_a_refresh_waits_an_hour_for_protected_instances_and_fails(web: World) -> None:
    """API, RefreshPreferences.ScaleInProtectedInstances: `Wait` by default."""
    web.autoscaling.set_instance_protection(
        AutoScalingGroupName=GROUP, InstanceIds=[web.ids()[0]], ProtectedFromScaleIn=True
    )
    refresh(web, Preferences={"MinHealthyPercentage": 0})
    web.after(3500)
    assert status(web) == ("InProgress", 66)
    web.after(300)
    assert status(web) == ("Failed", 66)


@pytest.mark.parametrize(("choice", "replaced"), [("Ignore", False), ("Refresh", True)])
def test_protected_instances_are_left_out_or_replaced_on_request(
    web: World, choice: str, replaced: bool
) -> None:
    protected = web.ids()[0]
    web.autoscaling.set_instance_protection(
        AutoScalingGroupName=GROUP, InstanceIds=[protected], ProtectedFromScaleIn=True
    )
    refresh(web, Preferences={"MinHealthyPercentage": 0, "ScaleInProtectedInstances": choice})
    web.after(120)
    assert status(web) == ("Successful", 100)
    assert (protected not in web.ids()) == replaced


def test_what_a_refresh_here_lacks_is_refused_not_ignored(web: World) -> None:
    with pytest.raises(ClientError, match="has no CheckpointPercentages"):
        refresh(web, Preferences={"CheckpointPercentages": [50, 100]})


BOUNDS = st.tuples(st.integers(0, 100), st.none() | st.integers(100, 200)).filter(
    lambda both: (both[1] or 0) - both[0] <= 100
)


@given(desired=st.integers(1, 200), bounds=BOUNDS)
def test_a_batch_breaks_neither_bound_unless_it_is_a_single_instance(
    desired: int, bounds: tuple[int, int | None]
) -> None:
    minimum, maximum = bounds
    preferences = {"MinHealthyPercentage": minimum, "MaxHealthyPercentage": maximum}
    at_once, launched_first = batch_sizes(desired, preferences)
    assert 1 <= at_once + launched_first <= desired
    if at_once + launched_first > 1:
        assert (desired - at_once) * 100 >= desired * minimum
        assert (desired + launched_first) * 100 <= desired * (maximum or 100)


SIZES = [
    (20, 90, 110, (2, 2)),
    (10, 90, 110, (1, 1)),
    (10, 90, 120, (1, 2)),
    (20, 90, 100, (2, 0)),
    (20, 90, None, (2, 0)),
    (20, 100, 110, (0, 2)),
    (3, 90, 110, (0, 1)),
    (3, 100, 100, (0, 1)),
    (3, 100, None, (1, 0)),
]


@pytest.mark.parametrize(("desired", "minimum", "maximum", "sizes"), SIZES)
def test_both_bounds_size_a_batch(
    desired: int, minimum: int, maximum: int | None, sizes: tuple[int, int]
) -> None:
    """API, RefreshPreferences.MaxHealthyPercentage: "A larger range increases the number of instances that can be
    replaced at the same time", and "Explicitly setting MaxHealthyPercentage to 100 is not equivalent to omitting it":
    where no instance can be replaced within both bounds, the new one is launched first, and without it at once.
    """
    preferences = {"MinHealthyPercentage": minimum, "MaxHealthyPercentage": maximum}
    assert batch_sizes(desired, preferences) == sizes


def test_with_90_and_110_percent_the_group_stays_within_both_all_the_while() -> None:
    """API, RefreshPreferences: the minimum is "to keep in service", the maximum is of those "in service and healthy,
    or pending": of 20 instances one batch terminates two, and launches four, two of them ahead.
    """
    with world(DesiredCapacity=20, MaxSize=20) as web:
        web.hook()
        refresh(web, Preferences={"MinHealthyPercentage": 90, "MaxHealthyPercentage": 110})
        assert counts(web) == (18, 4, 2)
        seen = [counts(web)]
        for _ in range(60):
            web.after(5)
            release_all(web)
            seen.append(counts(web))
        assert min(serving for serving, _, _ in seen) == 18
        assert max(serving + pending for serving, pending, _ in seen) == 22
        assert status(web) == ("Successful", 100)


def counts(web: World) -> tuple[int, int, int]:
    """Return how many instances are in service, pending, and held by the terminate hook."""
    return (
        len(web.ids("InService")),
        sum(each.startswith("Pending") for each in web.states()),
        len(web.ids("Terminating:Wait")),
    )


@pytest.mark.parametrize(
    "percents",
    [{"MaxHealthyPercentage": 110}, {"MinHealthyPercentage": 50, "MaxHealthyPercentage": 160}],
)
def test_a_maximum_needs_a_minimum_at_most_100_below_it(web: World, percents: dict[str, int]) -> None:
    """API, RefreshPreferences.MaxHealthyPercentage."""
    with pytest.raises(ClientError, match="at most 100 below it"):
        refresh(web, Preferences=percents)


ROOT = {"LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "1"}}


def mixed(image: str) -> dict[str, Any]:
    return {"LaunchTemplate": {**ROOT, "Overrides": [{"InstanceType": "m5.large", "ImageId": image}]}}


@pytest.fixture(name="in_place")
def _in_place() -> Iterator[World]:
    with world(MixedInstancesPolicy=mixed("ami-11111111")) as web:
        yield web


def replace_root_volumes(web: World) -> None:
    refresh(
        web,
        Strategy="ReplaceRootVolume",
        DesiredConfiguration={"MixedInstancesPolicy": mixed("ami-22222222")},
    )


def test_a_root_volume_is_replaced_under_a_living_instance(in_place: World) -> None:
    """User Guide, "Replace root volumes": the terminate hook fires, yet the EC2 instance id survives."""
    web = in_place
    web.hook()
    web.hook("warm-up", LAUNCHING)
    first = web.ids()[0]
    replace_root_volumes(web)
    [action] = web.actions()
    assert (action["EC2InstanceId"], action["Action"]) == (first, "ReplaceRootVolume")
    assert (action["Origin"], action["Destination"]) == ("AutoScalingGroup", "AutoScalingGroup")
    assert web.state(first) == "ReplacingRootVolume:Wait"
    web.complete(InstanceId=first)
    assert web.state(first) == "ReplacingRootVolume:Proceed"
    web.after(55)
    assert (web.state(first), web.ec2_state(first)) == ("Pending:Wait", "running")
    assert web.actions(LAUNCH)[0]["Action"] == "ReplaceRootVolume"
    web.complete(hook="warm-up", InstanceId=first)
    web.after(5)
    assert (web.state(first), len(web.ids())) == ("InService", 3)


def test_the_agent_registers_anew_after_its_disk_is_gone(in_place: World) -> None:
    web = in_place
    first = web.ids()[0]
    before = client("ecs").list_container_instances(cluster="web")["containerInstanceArns"]
    replace_root_volumes(web)
    web.after(100)
    assert sorted(web.container_instances(first)) == [("ACTIVE", False), ("ACTIVE", True)]
    now = client("ecs").list_container_instances(cluster="web")["containerInstanceArns"]
    assert len(set(now) - set(before)) >= 1


def test_all_root_volumes_are_replaced_one_after_the_other(in_place: World) -> None:
    web = in_place
    instances = web.ids()
    replace_root_volumes(web)
    web.after(300)
    assert (status(web), sorted(web.ids())) == (("Successful", 100), sorted(instances))
    assert {one["ImageId"] for one in web.group()["Instances"]} == {"ami-22222222"}


def test_an_abandoned_root_volume_replacement_replaces_the_instance(in_place: World) -> None:
    """User Guide, "Replace root volumes": an instance whose replacement fails is terminated and replaced."""
    web = in_place
    web.hook()
    first = web.ids()[0]
    replace_root_volumes(web)
    web.complete("ABANDON", InstanceId=first)
    assert web.state(first) == "Terminating:Wait"
    web.complete(InstanceId=first)
    web.after(60)
    assert (web.state(first), len(web.ids())) == (None, 3)


def test_root_volumes_need_a_mixed_instances_policy_with_images(web: World) -> None:
    """User Guide, "Replace root volumes", requirements."""
    with pytest.raises(ClientError, match="requires a mixed instances policy"):
        refresh(web, Strategy="ReplaceRootVolume")
