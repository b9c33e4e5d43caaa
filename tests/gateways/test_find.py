"""Where an EC2 instance is looked for: the policy's cluster first, then the others; warm pools apart."""

from __future__ import annotations

from chalicelib.common.model import AutoScalingGroup, LifecycleHook
from chalicelib.common.trigger import Trigger
from chalicelib.events import DrainRequest, LifecycleAction
from chalicelib.gateways import autoscaling
from chalicelib.gateways.find import find_instances
from chalicelib.plan.findings import Findings
from tests.builders import CLUSTER, INSTANCE_ARN
from tests.gateways.stubs import Stubs

INSTANCE = "i-0123456789abcdef0"
QUERY = f"ec2InstanceId == {INSTANCE}"
ACTION = LifecycleAction(auto_scaling_group="web-ecs", hook="ecs-drain")
REQUEST = DrainRequest(instance_id=INSTANCE, trigger=Trigger.RECONCILER, lifecycle_action=ACTION)


def expect_it(stubs: Stubs, cluster: str, status: str = "ACTIVE") -> None:
    stubs.expect(
        "ecs",
        "list_container_instances",
        {"containerInstanceArns": [INSTANCE_ARN]},
        cluster=cluster,
        filter=QUERY,
    )
    described = {"containerInstanceArn": INSTANCE_ARN, "ec2InstanceId": INSTANCE, "status": status}
    stubs.expect(
        "ecs",
        "describe_container_instances",
        {"containerInstances": [described]},
        cluster=cluster,
        containerInstances=[INSTANCE_ARN],
    )


def expect_nothing(stubs: Stubs, cluster: str) -> None:
    stubs.expect(
        "ecs", "list_container_instances", {"containerInstanceArns": []}, cluster=cluster, filter=QUERY
    )


def test_where_the_policys_cluster_knows_it_no_other_is_asked(stubs: Stubs) -> None:
    expect_it(stubs, "web")
    found = find_instances(Findings(), INSTANCE, "web", ["alpha", "beta"])
    assert (list(found.containers()), found.notices) == (["web"], ())


def test_a_cluster_that_does_not_know_it_hides_no_instance(stubs: Stubs) -> None:
    """Half a truth in a tag must not pass off a busy instance as one that no cluster knows."""
    expect_nothing(stubs, "wbe")
    expect_it(stubs, "alpha")
    found = find_instances(Findings(), INSTANCE, "wbe", ["alpha"])
    assert list(found.containers()) == ["alpha"]
    assert found.notices == ("Cluster wbe of the policy doesn't know the instance; alpha does.",)


def test_a_cluster_that_there_is_not_hides_none_either(stubs: Stubs) -> None:
    stubs.refuse("ecs", "list_container_instances", "ClusterNotFoundException", message="Cluster not found.")
    stubs.expect("ecs", "list_clusters", {"clusterArns": [CLUSTER]})
    expect_it(stubs, CLUSTER)
    assert list(find_instances(Findings(), INSTANCE, "wbe", []).containers()) == [CLUSTER]


HOOK = LifecycleHook("web-ecs", "ecs-drain", 3_600, 172_800, "CONTINUE")


def test_an_instance_that_a_hook_holds_is_looked_for_in_clusters_that_nobody_named(stubs: Stubs) -> None:
    """A cluster that is newer than the setting holds tasks all the same: only what is in none may be let go."""
    expect_nothing(stubs, "alpha")
    stubs.expect("ecs", "list_clusters", {"clusterArns": [CLUSTER, CLUSTER.replace("web", "alpha")]})
    expect_it(stubs, CLUSTER)
    found = find_instances(Findings(hook=HOOK), INSTANCE, None, ["alpha"])
    assert list(found.containers()) == [CLUSTER]
    assert found.notices == ("Cluster web knows the instance, and ECS_DRAINER_CLUSTERS doesn't name it.",)


def test_what_the_stage_may_not_look_in_is_told(stubs: Stubs) -> None:
    """Least privilege may keep a stage to its clusters: it says that it can't know."""
    expect_nothing(stubs, "alpha")
    stubs.expect("ecs", "list_clusters", {"clusterArns": [CLUSTER]})
    stubs.refuse("ecs", "list_container_instances", "AccessDeniedException", message="not authorized")
    found = find_instances(Findings(hook=HOOK), INSTANCE, None, ["alpha"])
    (told,) = found.notices
    assert found.instances == ()
    assert "nobody looked in cluster web" in told


def test_a_warning_about_an_instance_of_no_named_cluster_asks_no_others(stubs: Stubs) -> None:
    """Warnings of Spot and AWS Health come for every EC2 instance of an account, most of them none of ECS's."""
    expect_nothing(stubs, "alpha")
    assert find_instances(Findings(), INSTANCE, None, ["alpha"]).notices == ()


def test_an_instance_that_left_the_policys_cluster_is_looked_for_elsewhere(stubs: Stubs) -> None:
    expect_it(stubs, "web", "INACTIVE")
    expect_nothing(stubs, "alpha")
    assert find_instances(Findings(), INSTANCE, "web", ["alpha"]).in_service == ()


def test_an_instance_on_its_way_into_the_warm_pool_is_still_held(stubs: Stubs) -> None:
    """DescribeAutoScalingGroups lists the instances in service, not those of the warm pool."""
    item = {
        "InstanceId": INSTANCE,
        "AutoScalingGroupName": "web-ecs",
        "LifecycleState": "Warmed:Pending:Wait",
        "AvailabilityZone": "eu-west-1a",
        "HealthStatus": "HEALTHY",
        "ProtectedFromScaleIn": False,
    }
    stubs.expect(
        "autoscaling",
        "describe_auto_scaling_instances",
        {"AutoScalingInstances": [item]},
        InstanceIds=[INSTANCE],
    )
    group = autoscaling.with_pooled(AutoScalingGroup("web-ecs", {}, False, {}), INSTANCE)
    assert not Findings(group=group).is_action_over(INSTANCE)
    assert REQUEST.lifecycle_action is not None


def test_an_instance_in_service_costs_no_further_call(stubs: Stubs) -> None:
    group = AutoScalingGroup("web-ecs", {}, False, {INSTANCE: "Terminating:Wait"})
    assert autoscaling.with_pooled(group, INSTANCE) is group
    assert stubs


def test_an_instance_that_ecs_manages_itself_is_known_by_its_capacity_provider(stubs: Stubs) -> None:
    """ECS API, CapacityProvider: one of ECS Managed Instances has `managedInstancesProvider`, and no group."""
    stubs.answer("ecs", "list_container_instances", {"containerInstanceArns": [INSTANCE_ARN]})
    described = {"containerInstanceArn": INSTANCE_ARN, "ec2InstanceId": INSTANCE, "status": "ACTIVE"}
    managed = {**described, "capacityProviderName": "managed"}
    stubs.answer("ecs", "describe_container_instances", {"containerInstances": [managed]})
    provider = {"name": "managed", "managedInstancesProvider": {}, "status": "ACTIVE"}
    stubs.answer("ecs", "describe_capacity_providers", {"capacityProviders": [provider]})
    found = find_instances(Findings(), INSTANCE, "web", ())
    assert (found.is_managed_instance, found.managed_draining) == (True, False)
    assert found.notices == (
        "It is one of ECS Managed Instances, of capacity provider managed: ECS alone drains it.",
    )
