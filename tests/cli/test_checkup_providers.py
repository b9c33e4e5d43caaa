"""What the doctor says of capacity providers and of the groups behind them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from chalicelib.common.model import AutoScalingGroup
from chalicelib.explain.capacity import Provider
from cli.checkup import complaints
from cli.checkup_found import Capacity, Deployed, Level
from cli.exit_codes import ExitCode
from stories.world import CLUSTER, GROUP
from tests.cli.shell import shell
from tests.cli.test_checkup import a_group, a_hook

TARGETS = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/6d0ecf831eec9f09"


def a_provider(desired: int = 3, maximum: int = 6, **fields: Any) -> Provider:
    """Return capacity provider `web` on a group of that size, with managed scaling."""
    group = AutoScalingGroup(
        "web",
        desired=desired,
        maximum=maximum,
        states={f"i-{number}": "InService" for number in range(desired)},
    )
    return Provider("web", **{"group_name": "web", "manages_scaling": True, "group": group, **fields})


@pytest.mark.parametrize(
    ("story", "capacity", "says", "remedy"),
    [
        ("all is well", {"providers": (a_provider(),)}, None, ""),
        (
            "protection and a hook of ours",
            {"providers": (a_provider(protects=True),)},
            "keeps scale-in away from instances with tasks: hook ecs-drainer drains only what is terminated otherwise",
            "ScaleInProtectedInstances",
        ),
        (
            "protection without managed scaling",
            {"providers": (a_provider(protects=True, manages_scaling=False),)},
            "without managed scaling it does nothing",
            "managedTerminationProtection=DISABLED",
        ),
        (
            "full, and nothing spare",
            {"providers": (a_provider(6),)},
            "keeps no instance spare (target capacity 100 %), and the group is at its maximum of 6",
            "--max-size 7",
        ),
        ("full, with one spare", {"providers": (a_provider(6, target_capacity=85),)}, None, ""),
        (
            "the group's own target groups",
            {"attached": (TARGETS,)},
            "attached to the group itself (api): its targets leave them",
            "detach-traffic-sources",
        ),
        (
            "no launches",
            {"suspended": frozenset({"Launch", "AZRebalance"})},
            "its process Launch is suspended",
            "resume-processes",
        ),
        (
            "no terminations",
            {"suspended": frozenset({"Terminate"})},
            "its process Terminate is suspended: nothing scales in",
            "--scaling-processes Terminate",
        ),
        (
            "terminate first",
            {"healthy_percents": (90, 100)},
            "(90 to 100 % healthy) terminates an instance before",
            "MinHealthyPercentage=100",
        ),
        ("launch first", {"healthy_percents": (100, 110)}, None, ""),
    ],
)
def test_a_groups_capacity_is_judged(
    story: str, capacity: dict[str, Any], says: str | None, remedy: str
) -> None:
    well = Deployed(stage="dev", rules={"start_drain": "ENABLED", "reconcile": "ENABLED"})
    found = complaints(well, [a_group(a_hook(), capacity=Capacity(**capacity))])
    if says is None:
        assert found == [], story
        return
    (complaint,) = found
    assert complaint.level is Level.WARNING
    assert says in complaint.sentence
    assert remedy in complaint.remedy


def test_the_doctor_reads_them_from_aws() -> None:
    with shell() as opened:
        autoscaling, ecs = boto3.client("autoscaling"), boto3.client("ecs")
        described = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
        arn = described["AutoScalingGroups"][0]["AutoScalingGroupARN"]
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, MaxSize=3)
        autoscaling.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Terminate"])
        scaling = {"status": "ENABLED", "targetCapacity": 100}
        provider = {"autoScalingGroupArn": arn, "managedScaling": scaling}
        ecs.create_capacity_provider(name="web-capacity", autoScalingGroupProvider=provider)
        ecs.put_cluster_capacity_providers(
            cluster=CLUSTER, capacityProviders=["web-capacity"], defaultCapacityProviderStrategy=[]
        )
        ran = opened.quietly("doctor")
        assert ran.exit_code == ExitCode.OK, ran.output
        assert "keeps no instance spare" in ran.output
        assert "its process Terminate is suspended" in ran.output
