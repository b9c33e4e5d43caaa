"""A group keeps its size: what it launches, where, and which instance it lets go."""

from __future__ import annotations

import base64

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from tests.embedded_aws.autoscaling.world import GROUP, LAUNCH, LAUNCHING, USER_DATA, World, create, template


def test_instances_spread_over_the_availability_zones(web: World) -> None:
    """User Guide, "Distribute instances across Availability Zones": evenly, among the group's subnets."""
    assert sorted(web.zones().values()) == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    web.scale_to(5)
    web.after(60)
    assert sorted(web.zones().values())[:4] == ["eu-west-1a", "eu-west-1a", "eu-west-1b", "eu-west-1b"]


def test_instances_carry_the_user_data_of_the_launch_template(web: World) -> None:
    data = client("ec2").describe_instance_attribute(InstanceId=web.ids()[0], Attribute="userData")
    assert base64.b64decode(data["UserData"]["Value"]).decode() == USER_DATA


def test_instances_are_pending_until_they_are_up() -> None:
    with embedded_aws() as aws:
        template()
        create()
        web = World(aws)
        assert web.states() == ["Pending"] * 3
        web.after(30)
        assert web.states() == ["Pending:Proceed"] * 3
        web.after(1)
        assert web.states() == ["InService"] * 3
        assert len(web.events("EC2 Instance Launch Successful")) == 3


def test_each_instance_registers_with_its_cluster(web: World) -> None:
    assert [web.container_instances(one) for one in web.ids()] == [[("ACTIVE", True)]] * 3


def test_a_launch_hook_holds_the_new_instance_with_its_agent_up(web: World) -> None:
    """User Guide, "Lifecycle hooks": the instance completes its startup, then waits in Pending:Wait."""
    web.hook("warm-up", LAUNCHING)
    web.scale_to(4)
    web.after(100)
    [new] = web.ids("Pending:Wait")
    [action] = web.actions(LAUNCH)
    assert (action["EC2InstanceId"], action["Origin"], action["Destination"]) == (
        new,
        "EC2",
        "AutoScalingGroup",
    )
    assert web.container_instances(new) == [("ACTIVE", True)]
    web.complete(hook="warm-up", LifecycleActionToken=action["LifecycleActionToken"])
    web.after(2)
    assert web.state(new) == "InService"


def test_an_abandoned_launch_is_terminated_and_replaced(web: World) -> None:
    """User Guide, "Complete a lifecycle action": ABANDON lets the group terminate the instance and try anew."""
    web.hook("warm-up", LAUNCHING)
    web.scale_to(4)
    web.after(40)
    [failed] = web.ids("Pending:Wait")
    web.complete("ABANDON", hook="warm-up", InstanceId=failed)
    web.after(40)
    assert (web.state(failed), web.ec2_state(failed)) == (None, "terminated")
    assert len(web.ids("Pending:Wait")) == 1


def test_scale_in_takes_the_oldest_instance_of_the_fullest_zone(web: World) -> None:
    """User Guide, "Default termination policy": the zone with most instances first, the oldest in it."""
    first_in_a = next(one for one, zone in web.zones().items() if zone == "eu-west-1a")
    web.scale_to(4)
    web.after(60)
    web.hook()
    web.scale_to(3)
    assert web.ids("Terminating:Wait") == [first_in_a]


def test_scale_in_passes_over_protected_instances(web: World) -> None:
    """User Guide, "Use instance scale-in protection"."""
    keep, leave = web.ids()[:2]
    web.autoscaling.set_instance_protection(
        AutoScalingGroupName=GROUP, InstanceIds=[keep, web.ids()[2]], ProtectedFromScaleIn=True
    )
    web.hook()
    web.scale_to(0)
    assert (web.ids("Terminating:Wait"), len(web.ids("InService"))) == ([leave], 2)


def test_update_auto_scaling_group_scales_in_too(web: World) -> None:
    web.hook()
    web.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, MaxSize=2)
    assert (web.group()["DesiredCapacity"], len(web.ids("Terminating:Wait"))) == (2, 1)


def test_a_replacement_starts_while_the_old_instance_still_waits(web: World) -> None:
    """User Guide, "Replace instances": a terminating instance no longer counts as capacity."""
    web.hook()
    held = web.ids()[0]
    web.terminate(held, decrement=False)
    web.after(60)
    assert web.state(held) == "Terminating:Wait"
    assert len(web.ids("InService")) == 3


def test_the_replacement_takes_the_place_in_the_same_zone(web: World) -> None:
    web.hook()
    held = web.ids()[1]
    web.terminate(held, decrement=False)
    web.after(60)
    zones = web.zones()
    assert sorted(zones[one] for one in web.ids("InService")) == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


@pytest.mark.parametrize("capacity", [-1, 7])
def test_a_capacity_outside_of_the_groups_bounds_is_refused(web: World, capacity: int) -> None:
    with pytest.raises(ClientError, match="must be between the specified min size:0 and max size:6"):
        web.scale_to(capacity)


def test_the_minimum_forbids_to_shrink_with_a_termination(web: World) -> None:
    """API, TerminateInstanceInAutoScalingGroup: the desired capacity can't be decremented below the minimum."""
    web.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, MinSize=3)
    with pytest.raises(ClientError, match="desiredSize equals minSize"):
        web.terminate(web.ids()[0])


def test_terminating_answers_with_its_activity(web: World) -> None:
    web.hook()
    held = web.ids()[0]
    answer = web.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=held, ShouldDecrementDesiredCapacity=True
    )
    assert answer["Activity"]["Description"] == f"Terminating EC2 instance: {held}"
    assert answer["Activity"]["StatusCode"] == "MidLifecycleAction"
    told = web.autoscaling.describe_scaling_activities(AutoScalingGroupName=GROUP)["Activities"]
    assert told[0]["ActivityId"] == answer["Activity"]["ActivityId"]
    assert [one["StatusCode"] for one in told[1:]] == ["Successful"] * 3


def test_several_instances_go_with_one_call(web: World) -> None:
    """API, TerminateInstanceInAutoScalingGroup: InstanceIds with AutoScalingGroupName answers Activities."""
    web.hook()
    answer = web.autoscaling.terminate_instance_in_auto_scaling_group(
        AutoScalingGroupName=GROUP, InstanceIds=web.ids()[:2], ShouldDecrementDesiredCapacity=True
    )
    assert len(answer["Activities"]) == len(web.ids("Terminating:Wait")) == 2


def test_detaching_runs_no_hook(web: World) -> None:
    """User Guide, "Lifecycle hooks", considerations: not invoked for detach, nor for standby."""
    web.hook()
    detached, kept = web.ids()[0], web.ids()[1:]
    web.autoscaling.detach_instances(
        AutoScalingGroupName=GROUP, InstanceIds=[detached], ShouldDecrementDesiredCapacity=True
    )
    web.after(60)
    assert (web.actions(), web.ids(), web.ec2_state(detached)) == ([], kept, "running")


def test_standby_runs_no_hook_and_is_not_capacity(web: World) -> None:
    """User Guide, "Temporarily remove instances from your group"."""
    web.hook()
    resting = web.ids()[0]
    web.autoscaling.enter_standby(
        AutoScalingGroupName=GROUP, InstanceIds=[resting], ShouldDecrementDesiredCapacity=True
    )
    web.after(60)
    assert (web.actions(), web.states()) == ([], ["InService", "InService", "Standby"])
    web.autoscaling.exit_standby(AutoScalingGroupName=GROUP, InstanceIds=[resting])
    assert (web.group()["DesiredCapacity"], web.states()) == (3, ["InService"] * 3)


def test_attaching_takes_an_instance_in(web: World) -> None:
    ec2 = client("ec2")
    subnet = web.group()["VPCZoneIdentifier"].split(",")[0]
    lone = ec2.run_instances(ImageId="ami-11111111", MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]
    web.autoscaling.attach_instances(AutoScalingGroupName=GROUP, InstanceIds=[lone["InstanceId"]])
    assert (web.state(lone["InstanceId"]), web.group()["DesiredCapacity"]) == ("InService", 4)


def test_a_group_with_instances_is_deleted_only_by_force_and_without_hooks(web: World) -> None:
    """User Guide, "Delete your Auto Scaling infrastructure"; considerations of lifecycle hooks."""
    web.hook()
    instances = web.ids()
    with pytest.raises(ClientError) as refused:
        web.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=GROUP)
    assert refused.value.response["Error"]["Code"] == "ResourceInUse"
    web.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=GROUP, ForceDelete=True)
    web.after(120)
    assert (web.group(), web.actions()) == ({}, [])
    assert [web.ec2_state(one) for one in instances] == ["terminated"] * 3


def test_suspended_processes_neither_launch_nor_terminate(web: World) -> None:
    """User Guide, "Suspend and resume processes"."""
    web.autoscaling.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Launch", "Terminate"])
    web.scale_to(4)
    web.after(60)
    assert len(web.ids()) == 3
    web.autoscaling.resume_processes(AutoScalingGroupName=GROUP)
    web.after(60)
    assert len(web.ids("InService")) == 4


def test_tags_of_a_group_are_told_and_propagated(web: World) -> None:
    tag = {"ResourceId": GROUP, "ResourceType": "auto-scaling-group", "Key": "ecs-drainer:deadline"}
    web.autoscaling.create_or_update_tags(Tags=[{**tag, "Value": "2h", "PropagateAtLaunch": True}])
    assert [(one["Key"], one["Value"]) for one in web.group()["Tags"]] == [("ecs-drainer:deadline", "2h")]
    before = web.ids()
    web.scale_to(4)
    [new] = set(web.ids()) - set(before)
    tags = client("ec2").describe_instances(InstanceIds=[new])["Reservations"][0]["Instances"][0]["Tags"]
    assert {"Key": "ecs-drainer:deadline", "Value": "2h"} in tags
    assert {"Key": "aws:autoscaling:groupName", "Value": GROUP} in tags


def test_instances_are_described_a_page_at_a_time_50_ids_at_most(web: World) -> None:
    """API, DescribeAutoScalingInstances: up to 50 ids; ids that no group has are left out."""
    pages = web.autoscaling.get_paginator("describe_auto_scaling_instances").paginate(
        PaginationConfig={"PageSize": 2}
    )
    assert [len(page["AutoScalingInstances"]) for page in pages] == [2, 1]
    assert web.state("i-0123456789abcdef0") is None
    with pytest.raises(ClientError, match="limited to 50"):
        web.autoscaling.describe_auto_scaling_instances(InstanceIds=web.ids() * 17)


def test_every_run_gives_the_same_tokens() -> None:
    def token() -> str:
        with embedded_aws() as aws:
            template()
            create(DesiredCapacity=1)
            aws.clock.advance(60)
            web = World(aws)
            web.hook()
            web.terminate(web.ids()[0])
            web.after(2)
            return str(web.actions()[0]["LifecycleActionToken"])

    assert token() == token()
