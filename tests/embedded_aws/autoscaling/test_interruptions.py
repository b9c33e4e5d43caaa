"""What befalls instances from outside: bad health, hands on EC2, Spot, rebalancing, scheduled changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from embedded_aws.autoscaling import health_scheduled_change, rebalance_recommendation, spot_interruption
from embedded_aws.clients import client
from tests.embedded_aws.autoscaling.world import GROUP, USER_DATA, World


def test_an_unhealthy_instance_is_replaced_through_its_hook(web: World) -> None:
    """User Guide, "Set up a custom health check"; hooks apply to health check replacements too."""
    web.hook()
    sick = web.ids()[0]
    web.autoscaling.set_instance_health(InstanceId=sick, HealthStatus="Unhealthy")
    web.after(60)
    assert (web.state(sick), len(web.ids("InService"))) == ("Terminating:Wait", 3)


def test_protection_does_not_save_an_unhealthy_instance(web: World) -> None:
    """User Guide, "Use instance scale-in protection": not against health check replacement."""
    sick = web.ids()[0]
    web.autoscaling.set_instance_protection(
        AutoScalingGroupName=GROUP, InstanceIds=[sick], ProtectedFromScaleIn=True
    )
    web.autoscaling.set_instance_health(InstanceId=sick, HealthStatus="Unhealthy")
    web.after(10)
    assert web.ec2_state(sick) == "terminated"


@pytest.mark.parametrize(("respect", "state"), [(True, "InService"), (False, "Terminating:Wait")])
def test_the_grace_period_is_respected_unless_the_caller_says_no(
    web: World, respect: bool, state: str
) -> None:
    """API, SetInstanceHealth: ShouldRespectGracePeriod, true by default."""
    web.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, HealthCheckGracePeriod=300)
    web.hook()
    young = web.ids()[0]
    web.autoscaling.set_instance_health(
        InstanceId=young, HealthStatus="Unhealthy", ShouldRespectGracePeriod=respect
    )
    web.after(10)
    assert web.state(young) == state


def test_an_instance_terminated_by_hand_is_gone_before_its_hook_fires(web: World) -> None:
    """Field reports: ec2:TerminateInstances passes the group by; its event may come for a dead instance."""
    web.hook()
    victim = web.ids()[0]
    client("ec2").terminate_instances(InstanceIds=[victim])
    assert (web.ec2_state(victim), web.container_instances(victim)) == ("terminated", [])
    assert web.state(victim) == "InService"
    web.after(65)
    assert (web.state(victim), web.actions()[0]["EC2InstanceId"]) == ("Terminating:Wait", victim)
    web.complete(InstanceId=victim)
    web.after(60)
    assert (web.state(victim), len(web.ids("InService"))) == (None, 3)


def test_an_instance_stopped_by_hand_is_replaced(web: World) -> None:
    """User Guide, "Health checks": an instance in any state other than running is unhealthy."""
    web.hook()
    halted = web.ids()[0]
    client("ec2").stop_instances(InstanceIds=[halted])
    assert web.container_instances(halted) == [("ACTIVE", False)]
    web.after(65)
    assert web.state(halted) == "Terminating:Wait"


def test_an_instance_terminated_by_hand_while_it_waits_stays_in_its_wait(web: World) -> None:
    """Field report: the group keeps it in Terminating:Wait until the action completes or times out."""
    web.hook(HeartbeatTimeout=600)
    held = web.ids()[0]
    web.terminate(held)
    web.after(60)
    client("ec2").terminate_instances(InstanceIds=[held])
    web.after(300)
    assert (web.state(held), len(web.actions())) == ("Terminating:Wait", 1)
    web.after(300)
    assert web.state(held) is None


def test_a_lone_instance_runs_its_agent_too(web: World) -> None:
    ec2 = client("ec2")
    ran = ec2.run_instances(ImageId="ami-11111111", MinCount=1, MaxCount=1, UserData=USER_DATA)
    lone = ran["Instances"][0]["InstanceId"]
    web.after(60)
    assert web.container_instances(lone) == [("ACTIVE", True)]
    ec2.stop_instances(InstanceIds=[lone])
    assert web.container_instances(lone) == [("ACTIVE", False)]
    ec2.start_instances(InstanceIds=[lone])
    web.after(60)
    assert web.container_instances(lone) == [("ACTIVE", True)]
    ec2.terminate_instances(InstanceIds=[lone])
    assert web.container_instances(lone) == []


def test_spot_takes_the_instance_two_minutes_after_its_notice_hook_or_not(web: World) -> None:
    """EC2 User Guide, "Spot Instance interruption notices": two minutes; a hook can't delay it."""
    web.hook()
    reclaimed = web.ids()[0]
    zone = web.zones()[reclaimed]
    spot_interruption(reclaimed)
    [notice] = web.events("EC2 Spot Instance Interruption Warning")
    assert notice["source"] == "aws.ec2"
    assert notice["detail"] == {"instance-id": reclaimed, "instance-action": "terminate"}
    assert notice["resources"] == [f"arn:aws:ec2:{zone}:instance/{reclaimed}"]
    web.after(119)
    assert web.ec2_state(reclaimed) == "running"
    web.after(1)
    assert (web.ec2_state(reclaimed), web.container_instances(reclaimed)) == ("terminated", [])
    web.after(60)
    assert web.state(reclaimed) == "Terminating:Wait"
    web.after(60)
    assert len(web.ids("InService")) == 3


def test_spot_reclaims_an_instance_that_waits_for_its_hook(web: World) -> None:
    web.hook()
    held = web.ids()[0]
    web.terminate(held)
    spot_interruption(held)
    web.after(120)
    assert (web.state(held), web.ec2_state(held)) == ("Terminating:Wait", "terminated")


def test_a_recommendation_only_tells_without_capacity_rebalancing(web: World) -> None:
    """EC2 User Guide, "EC2 instance rebalance recommendations": the detail names the instance only."""
    at_risk = web.ids()[0]
    rebalance_recommendation(at_risk)
    web.after(120)
    [event] = web.events("EC2 Instance Rebalance Recommendation")
    assert (event["source"], event["detail"]) == ("aws.ec2", {"instance-id": at_risk})
    assert web.states() == ["InService"] * 3


def test_capacity_rebalancing_launches_first_then_terminates_with_hooks(web: World) -> None:
    """User Guide, "Use Capacity Rebalancing to handle Amazon EC2 Spot interruptions"."""
    web.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, CapacityRebalance=True)
    web.hook()
    at_risk = web.ids()[0]
    rebalance_recommendation(at_risk)
    web.after(5)
    assert web.states() == ["InService", "InService", "InService", "Pending"]
    web.after(60)
    assert (web.state(at_risk), len(web.ids("InService"))) == ("Terminating:Wait", 3)


def test_a_scheduled_change_reads_as_aws_health_writes_it(web: World) -> None:
    """Health User Guide, "AWS Health events Amazon EventBridge schema": RFC 1123 dates, strings for numbers."""
    [first, second, _] = web.ids()
    health_scheduled_change([first, second], datetime(2026, 3, 16, tzinfo=UTC))
    [event] = web.events("AWS Health Event")
    detail = event["detail"]
    assert (event["source"], event["resources"]) == ("aws.health", [first, second])
    assert detail["eventTypeCode"] == "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED"
    assert detail["startTime"] == "Mon, 16 Mar 2026 00:00:00 GMT"
    assert [one["entityValue"] for one in detail["affectedEntities"]] == [first, second]
    assert (detail["eventTypeCategory"], detail["page"], detail["backupEvent"]) == (
        "scheduledChange",
        "1",
        "false",
    )
