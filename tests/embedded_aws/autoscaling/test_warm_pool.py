"""Warm pools: the same instance comes and goes, and the terminate hook fires for an instance that lives on."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.embedded_aws.autoscaling.world import GROUP, LAUNCH, LAUNCHING, World


def pool(web: World, reuse: bool = True, **more: object) -> None:
    settings = {"MinSize": 0, "MaxGroupPreparedCapacity": 3, **more}
    web.autoscaling.put_warm_pool(
        AutoScalingGroupName=GROUP, InstanceReusePolicy={"ReuseOnScaleIn": reuse}, **settings
    )


def warm(web: World) -> dict[str, str]:
    found = web.autoscaling.describe_warm_pool(AutoScalingGroupName=GROUP)
    return {one["InstanceId"]: one["LifecycleState"] for one in found["Instances"]}


def test_a_pool_is_as_large_as_what_the_group_lacks_of_its_maximum(web: World) -> None:
    """API, PutWarmPool: by default the difference between maximum and desired capacity."""
    web.autoscaling.put_warm_pool(AutoScalingGroupName=GROUP)
    web.after(60)
    assert sorted(warm(web).values()) == ["Warmed:Stopped"] * 3
    assert web.group()["WarmPoolSize"] == 3
    assert {web.ec2_state(one) for one in warm(web)} == {"stopped"}


def test_a_maximum_of_its_own_and_a_minimum_size_the_pool(web: World) -> None:
    """API, PutWarmPool: 0 where the group is larger than MaxGroupPreparedCapacity, but at least MinSize."""
    pool(web, MaxGroupPreparedCapacity=2, MinSize=1, PoolState="Running")
    web.after(60)
    assert list(warm(web).values()) == ["Warmed:Running"]


def test_entering_the_pool_runs_the_launch_hook(web: World) -> None:
    """User Guide, "Use lifecycle hooks with a warm pool": Warmed:Pending:Wait, from EC2 to WarmPool."""
    web.hook("warm-up", LAUNCHING)
    pool(web, MaxGroupPreparedCapacity=4)
    web.after(40)
    [action] = web.actions(LAUNCH)
    assert (action["Origin"], action["Destination"]) == ("EC2", "WarmPool")
    assert warm(web) == {action["EC2InstanceId"]: "Warmed:Pending:Wait"}
    web.complete(hook="warm-up", InstanceId=action["EC2InstanceId"])
    web.after(2)
    assert warm(web) == {action["EC2InstanceId"]: "Warmed:Stopped"}


def test_scaling_in_sends_an_instance_back_to_the_pool_through_the_terminate_hook(web: World) -> None:
    """User Guide, "Example EventBridge events": a terminate event with destination WarmPool; nothing dies."""
    web.hook()
    pool(web)
    returned = web.ids()[0]
    web.scale_to(2)
    web.after(5)
    [action] = web.actions()
    assert (action["Origin"], action["Destination"]) == ("AutoScalingGroup", "WarmPool")
    assert (web.state(returned), web.ec2_state(returned)) == ("Warmed:Pending:Wait", "running")
    web.complete(InstanceId=returned)
    web.after(2)
    assert (warm(web), web.ec2_state(returned)) == ({returned: "Warmed:Stopped"}, "stopped")
    assert web.events("EC2 Instance Terminate Successful")[0]["detail"]["Destination"] == "WarmPool"


def test_the_instance_comes_back_into_service_and_may_leave_again_with_a_new_token(web: World) -> None:
    web.hook()
    web.hook("warm-up", LAUNCHING, DefaultResult="CONTINUE")
    pool(web)
    returned = web.ids()[0]
    web.scale_to(2)
    web.complete(InstanceId=returned)
    web.after(5)
    assert web.container_instances(returned) == [("ACTIVE", False)]
    web.scale_to(3)
    web.after(20)
    [launch] = web.actions(LAUNCH)
    assert (launch["Origin"], launch["Destination"]) == ("WarmPool", "AutoScalingGroup")
    assert web.state(returned) == "Pending:Wait"
    web.complete(hook="warm-up", InstanceId=returned)
    web.after(2)
    assert (web.state(returned), web.container_instances(returned)) == ("InService", [("ACTIVE", True)])
    web.terminate(returned)
    web.after(5)
    tokens = [action["LifecycleActionToken"] for action in web.actions()]
    assert len(set(tokens)) == 2


def test_without_a_reuse_policy_scaling_in_terminates(web: World) -> None:
    """User Guide, "Warm pools": instances are terminated by default when the group scales in."""
    pool(web, reuse=False, MaxGroupPreparedCapacity=2)
    gone = web.ids()[0]
    web.scale_to(2)
    web.after(5)
    assert (web.state(gone), web.ec2_state(gone)) == (None, "terminated")


def test_an_unhealthy_instance_never_goes_back_to_the_pool(web: World) -> None:
    pool(web)
    sick = web.ids()[0]
    web.autoscaling.set_instance_health(InstanceId=sick, HealthStatus="Unhealthy")
    web.after(10)
    assert (web.state(sick), web.ec2_state(sick)) == (None, "terminated")


def test_leaving_the_pool_for_good_waits_in_warmed_terminating(web: World) -> None:
    """User Guide, "Use lifecycle hooks with a warm pool": Warmed:Terminating:Wait; origin WarmPool."""
    pool(web, MaxGroupPreparedCapacity=4)
    web.after(60)
    web.hook()
    [leaving] = warm(web)
    web.autoscaling.delete_warm_pool(AutoScalingGroupName=GROUP)
    web.after(5)
    [action] = web.actions()
    assert (action["Origin"], action["Destination"]) == ("WarmPool", "EC2")
    assert warm(web) == {leaving: "Warmed:Terminating:Wait"}
    web.complete(InstanceId=leaving)
    web.after(5)
    assert (web.state(leaving), web.ec2_state(leaving)) == (None, "terminated")
    assert "WarmPoolConfiguration" not in web.group()


def test_a_pool_deleted_by_force_asks_no_hook(web: World) -> None:
    """API, DeleteWarmPool: ForceDelete."""
    pool(web, MaxGroupPreparedCapacity=4)
    web.after(60)
    web.hook()
    web.autoscaling.delete_warm_pool(AutoScalingGroupName=GROUP, ForceDelete=True)
    web.after(5)
    assert (web.actions(), "WarmPoolConfiguration" in web.group()) == ([], False)


def test_a_return_that_is_abandoned_ends_the_instance_or_retains_it(web: World) -> None:
    """User Guide, "Manage retained instances": Warmed:Pending:Retained on the way back to the pool."""
    retain = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}
    web.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, InstanceLifecyclePolicy=retain)
    web.hook()
    pool(web)
    kept = web.ids()[0]
    web.scale_to(2)
    web.complete("ABANDON", InstanceId=kept)
    web.after(2)
    assert (web.state(kept), web.ec2_state(kept)) == ("Warmed:Pending:Retained", "running")
    web.terminate(kept, decrement=False)
    web.after(2)
    assert (web.state(kept), web.ec2_state(kept)) == (None, "terminated")


def test_an_instance_of_the_pool_is_not_terminated_through_the_group(web: World) -> None:
    """API, TerminateInstanceInAutoScalingGroup: not for instances in a warm pool."""
    pool(web, MaxGroupPreparedCapacity=4)
    web.after(60)
    [warmed] = warm(web)
    with pytest.raises(ClientError, match="warm pool"):
        web.terminate(warmed)


def test_an_instance_terminated_through_the_group_never_goes_back_to_the_pool(web: World) -> None:
    """User Guide, "Warm pools": instances return to the pool on scale-in."""
    web.hook()
    pool(web)
    web.terminate(web.ids()[0])
    web.after(5)
    assert web.actions()[0]["Destination"] == "EC2"
