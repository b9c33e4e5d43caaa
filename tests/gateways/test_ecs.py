"""What the drain asks of ECS: exact requests, pages and batches, and our values out of the answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.common.errors import AccessDenied, AwsRefused, AwsUnavailable, DrainerError, Gone, Throttled
from chalicelib.gateways import ecs
from cli.fleets.reading import read_standalone
from cli.fleets.selection import Described
from tests.builders import CLUSTER, INSTANCE_ARN, task_arn
from tests.gateways.stubs import Stubs

DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"


def test_one_filtered_listing_finds_the_container_instance(stubs: Stubs) -> None:
    """Paging the whole cluster to find one instance is what most drainers do, at every poll."""
    stubs.expect(
        "ecs",
        "list_container_instances",
        {"containerInstanceArns": [INSTANCE_ARN]},
        cluster=CLUSTER,
        filter="ec2InstanceId == i-0123456789abcdef0",
    )
    assert ecs.container_instances_of("i-0123456789abcdef0", CLUSTER) == [INSTANCE_ARN]


def test_the_full_listing_asks_for_both_desired_statuses_and_every_page(stubs: Stubs) -> None:
    """ListTasks means desiredStatus=RUNNING where none is given, and so leaves out DEACTIVATING tasks."""
    asked = {"cluster": CLUSTER, "containerInstance": INSTANCE_ARN}
    first = {"taskArns": [task_arn(1)], "nextToken": "more"}
    stubs.expect("ecs", "list_tasks", first, desiredStatus="RUNNING", **asked)
    stubs.expect(
        "ecs", "list_tasks", {"taskArns": [task_arn(2)]}, desiredStatus="RUNNING", nextToken="more", **asked
    )
    stubs.expect(
        "ecs", "list_tasks", {"taskArns": [task_arn(2), task_arn(3)]}, desiredStatus="STOPPED", **asked
    )
    assert ecs.list_tasks(CLUSTER, INSTANCE_ARN) == [task_arn(1), task_arn(2), task_arn(3)]


def test_tasks_are_described_a_hundred_at_a_time_and_missing_ones_are_gone(stubs: Stubs) -> None:
    arns = [task_arn(number) for number in range(130)]
    described = [{"taskArn": arn, "lastStatus": "RUNNING", "group": "service:web"} for arn in arns]
    stubs.expect("ecs", "describe_tasks", {"tasks": described[:100]}, cluster=CLUSTER, tasks=arns[:100])
    gone = [{"arn": arns[129], "reason": "MISSING"}]
    second = {"tasks": described[100:129], "failures": gone}
    stubs.expect("ecs", "describe_tasks", second, cluster=CLUSTER, tasks=arns[100:])
    found = ecs.describe_tasks(CLUSTER, arns)
    assert (len(found.tasks), found.gone) == (129, frozenset({arns[129]}))


def test_a_disconnected_agent_shows_on_its_unstopped_tasks(stubs: Stubs) -> None:
    tasks = [
        {"taskArn": task_arn(1), "lastStatus": "STOPPED", "connectivity": "DISCONNECTED"},
        {"taskArn": task_arn(2), "lastStatus": "RUNNING", "connectivity": "DISCONNECTED"},
    ]
    stubs.expect("ecs", "describe_tasks", {"tasks": tasks}, cluster=CLUSTER, tasks=[task_arn(1), task_arn(2)])
    found = ecs.describe_tasks(CLUSTER, [task_arn(1), task_arn(2)]).tasks
    assert [task.has_lost_its_agent for task in found] == [False, True]


def test_only_describe_services_tells_a_daemon(stubs: Stubs) -> None:
    services = [
        {"serviceName": "logs", "schedulingStrategy": "DAEMON", "desiredCount": 3},
        {"serviceName": "web", "schedulingStrategy": "REPLICA", "desiredCount": 3},
    ]
    stubs.expect(
        "ecs", "describe_services", {"services": services}, cluster=CLUSTER, services=["logs", "web"]
    )
    found = ecs.describe_services(CLUSTER, ["web", "logs"])
    assert [(service.name, service.is_daemon) for service in found] == [("logs", True), ("web", False)]


def test_standalone_tasks_are_found_in_one_listing_of_the_cluster(stubs: Stubs) -> None:
    """One for each of fifty container instances would take the account's reads of three seconds."""
    tasks = [
        {
            "taskArn": task_arn(1),
            "lastStatus": "RUNNING",
            "group": "service:web",
            "containerInstanceArn": "a",
        },
        {"taskArn": task_arn(2), "lastStatus": "RUNNING", "group": "family:job", "containerInstanceArn": "a"},
        {"taskArn": task_arn(3), "lastStatus": "STOPPED", "group": "family:job", "containerInstanceArn": "b"},
    ]
    arns = [task["taskArn"] for task in tasks]
    stubs.expect("ecs", "list_tasks", {"taskArns": arns}, cluster=CLUSTER)
    stubs.expect("ecs", "describe_tasks", {"tasks": tasks}, cluster=CLUSTER, tasks=arns)
    chosen = [Described(instance_id=f"i-{home}", arn=home, cluster=CLUSTER) for home in "ab"]
    assert [(one.arn, [task.arn for task in found]) for one, found in read_standalone(chosen)] == [
        ("a", [task_arn(2)])
    ]


@pytest.mark.parametrize(("timeouts", "seconds"), [([], 30), ([10], 30), ([120, 45], 120)])
def test_the_longest_stop_timeout_counts_and_30_s_where_none_is_set(
    stubs: Stubs, timeouts: list[int], seconds: int
) -> None:
    containers = [{"name": f"c{number}", "stopTimeout": each} for number, each in enumerate(timeouts)]
    answer = {"taskDefinition": {"containerDefinitions": [*containers, {"name": "last"}]}}
    stubs.expect("ecs", "describe_task_definition", answer, taskDefinition=DEFINITION)
    assert ecs.longest_stop([DEFINITION, DEFINITION]) == timedelta(seconds=seconds)


def test_a_container_instance_becomes_our_value(stubs: Stubs) -> None:
    item = {
        "containerInstanceArn": INSTANCE_ARN,
        "ec2InstanceId": "i-0123456789abcdef0",
        "status": "DRAINING",
        "agentConnected": False,
        "capacityProviderName": "spot",
        "runningTasksCount": 3,
        "pendingTasksCount": 1,
        "attributes": [{"name": "ecs.os-type"}, {"name": "ecs.availability-zone", "value": "eu-west-1b"}],
    }
    answer = {"containerInstances": [item]}
    stubs.expect(
        "ecs", "describe_container_instances", answer, cluster=CLUSTER, containerInstances=[INSTANCE_ARN]
    )
    (instance,) = ecs.describe_container_instances(CLUSTER, [INSTANCE_ARN])
    assert (instance.status, instance.agent_connected) == ("DRAINING", False)
    assert (instance.capacity_provider, instance.availability_zone) == ("spot", "eu-west-1b")
    assert (instance.running_tasks, instance.pending_tasks) == (3, 1)


@pytest.mark.parametrize(
    ("code", "status", "ours"),
    [
        ("ThrottlingException", 400, Throttled),
        ("RequestLimitExceeded", 503, Throttled),
        ("AccessDeniedException", 400, AccessDenied),
        ("ServerException", 500, AwsUnavailable),
        ("ClusterNotFoundException", 400, Gone),
        ("InvalidParameterException", 400, AwsRefused),
    ],
)
def test_errors_are_ours(stubs: Stubs, code: str, status: int, ours: type[DrainerError]) -> None:
    """The class names are what the state machine's Retry and Catch name."""
    stubs.refuse("ecs", "list_tasks", code, status)
    with pytest.raises(DrainerError, match=f"ListTasks was answered with {code}: no") as caught:
        ecs.list_tasks(CLUSTER, INSTANCE_ARN)
    assert type(caught.value) is ours


def test_the_machine_retries_and_botocore_does_not(stubs: Stubs) -> None:
    retries = stubs.of("ecs").client.meta.config.__dict__["retries"]
    assert retries["total_max_attempts"] == 1
