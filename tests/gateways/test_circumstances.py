"""What explaining reads of AWS: the requests, their batches and pages, and what is left when AWS refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from chalicelib.common.errors import AwsRefused, Throttled
from chalicelib.common.model import ContainerInstance, Task
from chalicelib.explain.circumstances import Protection, Target, TargetGroup
from chalicelib.explain.reading import drained_by, tasks_that_may_be_protected
from chalicelib.gateways import circumstances, ecs, ecs_answers, target_groups
from chalicelib.gateways.aws import client

NOW = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
PREFIX = "arn:aws:ecs:eu-west-1:123456789012"
HERE = f"{PREFIX}:container-instance/web/0a"
THERE = f"{PREFIX}:container-instance/web/0b"
DEFINITION = f"{PREFIX}:task-definition/api:41"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/6d0ecf831eec9f09"
TASK = Task(f"{PREFIX}:task/web/1", "RUNNING", group="service:api", task_definition_arn=DEFINITION)


class Aws:
    """The two services' stubs: every call must be expected, in this order, with these parameters."""

    def __init__(self, stack: ExitStack) -> None:
        self.ecs = stack.enter_context(Stubber(client("ecs")))
        self.elbv2 = stack.enter_context(Stubber(client("elbv2")))

    def expect(self, operation: str, answer: dict[str, Any], **parameters: Any) -> None:
        stub = self.elbv2 if "target" in operation else self.ecs
        stub.add_response(operation, answer, parameters)

    def refuse(self, operation: str, code: str) -> None:
        stub = self.elbv2 if "target" in operation else self.ecs
        stub.add_client_error(operation, code)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client.cache_clear()
    with ExitStack() as stack:
        stubs = Aws(stack)
        yield stubs
        stubs.ecs.assert_no_pending_responses()
        stubs.elbv2.assert_no_pending_responses()
    client.cache_clear()


def an_instance(arn: str, **more: Any) -> dict[str, Any]:
    return {"containerInstanceArn": arn, "ec2InstanceId": f"i-{arn[-2:]}", "status": "ACTIVE"} | more


def a_service(**more: Any) -> dict[str, Any]:
    usual = {"serviceName": "api", "desiredCount": 2, "runningCount": 2, "launchType": "EC2"}
    return usual | {"taskDefinition": DEFINITION} | more


def expect_two_instances(aws: Aws, **more: Any) -> None:
    aws.expect("list_container_instances", {"containerInstanceArns": [HERE, THERE]}, cluster="web")
    aws.expect(
        "describe_container_instances",
        {"containerInstances": [an_instance(HERE, **more), an_instance(THERE)]},
        cluster="web",
        containerInstances=[HERE, THERE],
    )


def expect_service(aws: Aws, **more: Any) -> None:
    aws.expect("describe_services", {"services": [a_service(**more)]}, cluster="web", services=["api"])
    aws.expect("list_tasks", {"taskArns": []}, cluster="web", serviceName="api", desiredStatus="RUNNING")


def expect_definition(aws: Aws, **definition: Any) -> None:
    aws.expect("describe_task_definition", {"taskDefinition": definition}, taskDefinition=DEFINITION)


def expect_no_protection(aws: Aws) -> None:
    aws.expect("get_task_protection", {"protectedTasks": []}, cluster="web", tasks=[TASK.arn])


def test_everything_around_one_task_is_read_in_seven_calls(aws: Aws) -> None:
    expect_two_instances(aws)
    expect_service(aws)
    expect_definition(aws, cpu="512")
    expect_no_protection(aws)
    found = circumstances.read_circumstances(
        "web", [HERE], [TASK], auto_scaling_group="web-ecs", drain_began_at=NOW
    )
    assert found.instance.ec2_instance_id == "i-0a"
    assert [one.ec2_instance_id for one in found.others] == ["i-0b"]
    assert found.services["api"].desired == 2
    assert found.task_definitions[DEFINITION].cpu == 512
    assert (found.auto_scaling_group, found.drain_began_at, found.unread) == ("web-ecs", NOW, ())


def test_the_cluster_is_named_as_commands_name_it(aws: Aws) -> None:
    arn = f"{PREFIX}:cluster/web"
    aws.expect("list_container_instances", {"containerInstanceArns": [HERE]}, cluster=arn)
    aws.expect(
        "describe_container_instances",
        {"containerInstances": [an_instance(HERE)]},
        cluster=arn,
        containerInstances=[HERE],
    )
    assert circumstances.read_circumstances(arn, [HERE], []).cluster == "web"


def test_what_may_not_be_read_is_said_and_the_rest_stands(aws: Aws) -> None:
    expect_two_instances(aws, capacityProviderName="cp")
    expect_service(aws, loadBalancers=[{"targetGroupArn": GROUP}])
    expect_definition(aws)
    aws.refuse("get_task_protection", "AccessDeniedException")
    aws.refuse("describe_target_groups", "AccessDenied")
    aws.refuse("describe_capacity_providers", "InvalidParameterException")
    found = circumstances.read_circumstances("web", [HERE], [TASK])
    assert [one.partition(":")[0] for one in found.unread] == [
        "task protection",
        "target groups",
        "capacity provider",
    ]
    assert found.services["api"].target_group_arns == (GROUP,)


def test_a_throttled_read_is_left_to_the_state_machine(aws: Aws) -> None:
    expect_two_instances(aws)
    aws.refuse("describe_services", "ThrottlingException")
    with pytest.raises(Throttled):
        circumstances.read_circumstances("web", [HERE], [TASK])


def test_an_instance_that_the_cluster_no_longer_lists_is_refused(aws: Aws) -> None:
    aws.expect("list_container_instances", {"containerInstanceArns": []}, cluster="web")
    with pytest.raises(AwsRefused, match="cluster web lists none of"):
        circumstances.read_circumstances("web", [HERE], [TASK])


def test_instances_are_listed_by_page_and_described_a_hundred_at_once(aws: Aws) -> None:
    arns = [f"{PREFIX}:container-instance/web/{number}" for number in range(101)]
    aws.expect(
        "list_container_instances", {"containerInstanceArns": arns[:100], "nextToken": "t"}, cluster="web"
    )
    aws.expect(
        "list_container_instances", {"containerInstanceArns": arns[100:]}, cluster="web", nextToken="t"
    )
    for batch in (arns[:100], arns[100:]):
        aws.expect(
            "describe_container_instances",
            {"containerInstances": [an_instance(arn) for arn in batch]},
            cluster="web",
            containerInstances=batch,
        )
    assert len(ecs.all_container_instances("web")) == 101


def test_services_are_described_ten_at_once_and_daemons_need_no_task_list(aws: Aws) -> None:
    names = [f"s{number:02}" for number in range(11)]
    for batch in (names[:10], names[10:]):
        answers = [a_service(serviceName=name, schedulingStrategy="DAEMON") for name in batch]
        aws.expect("describe_services", {"services": answers}, cluster="web", services=batch)
    tasks = [Task(f"{PREFIX}:task/web/{name}", "RUNNING", group=f"service:{name}") for name in names]
    assert list(circumstances.services_of("web", tasks)) == names


def test_stopped_tasks_are_read_where_a_deployment_has_failed_tasks(aws: Aws) -> None:
    """Why a replacement failed to start stands in its stoppedReason, which ECS keeps for about an hour."""
    failing = [{"id": "ecs-svc/1", "status": "PRIMARY", "failedTasks": 3, "rolloutState": "IN_PROGRESS"}]
    expect_service(aws, deployments=failing)
    arn = f"{PREFIX}:task/web/9"
    aws.expect("list_tasks", {"taskArns": [arn]}, cluster="web", serviceName="api", desiredStatus="STOPPED")
    stopped = {
        "taskArn": arn,
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": "TaskFailedToStart",
        "stoppedReason": "CannotPullContainerError",
    }
    aws.expect("describe_tasks", {"tasks": [stopped]}, cluster="web", tasks=[arn])
    (service,) = circumstances.services_of("web", [TASK]).values()
    assert service.deployments[0].failed_tasks == 3
    assert service.tasks == (
        Task(
            arn,
            "STOPPED",
            "STOPPED",
            stop_code="TaskFailedToStart",
            stopped_reason="CannotPullContainerError",
        ),
    )


def test_protection_is_asked_of_service_tasks_alone_a_hundred_at_once(aws: Aws) -> None:
    """GetTaskProtection refuses tasks that no service started."""
    own = [Task(f"{PREFIX}:task/web/{n}", "RUNNING", group="service:api") for n in range(101)]
    job = Task(f"{PREFIX}:task/web/job", "RUNNING", group="family:job")
    daemon = Task(f"{PREFIX}:task/web/logs", "RUNNING", group="service:logs")
    first = [task.arn for task in own[:100]]
    protected = [
        {"taskArn": first[0], "protectionEnabled": True, "expirationDate": NOW},
        {"taskArn": first[1], "protectionEnabled": False},
    ]
    aws.expect("get_task_protection", {"protectedTasks": protected}, cluster="web", tasks=first)
    aws.expect("get_task_protection", {"protectedTasks": []}, cluster="web", tasks=[own[100].arn])
    logs = ecs_answers.service("web", a_service(serviceName="logs", schedulingStrategy="DAEMON"))
    found = ecs.protections("web", tasks_that_may_be_protected([job, *own, daemon], [logs]))
    assert found == {first[0]: Protection(NOW)}


def test_a_target_group_is_read_with_its_delay_and_its_health(aws: Aws) -> None:
    group = {
        "TargetGroupArn": GROUP,
        "TargetGroupName": "api",
        "HealthyThresholdCount": 5,
        "HealthCheckIntervalSeconds": 30,
    }
    aws.expect("describe_target_groups", {"TargetGroups": [group]}, TargetGroupArns=[GROUP])
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "120"}]
    aws.expect("describe_target_group_attributes", {"Attributes": delay}, TargetGroupArn=GROUP)
    health = [
        {"Target": {"Id": "i-0a"}, "TargetHealth": {"State": "healthy"}},
        {"Target": {"Id": "i-0b"}, "TargetHealth": {"State": "unhealthy", "Reason": "Target.Timeout"}},
    ]
    aws.expect("describe_target_health", {"TargetHealthDescriptions": health}, TargetGroupArn=GROUP)
    service = ecs_answers.service(
        "web", a_service(loadBalancers=[{"targetGroupArn": GROUP}, {"loadBalancerName": "old"}])
    )
    assert target_groups.target_groups_of([service, service]) == {
        GROUP: TargetGroup(
            GROUP,
            "api",
            timedelta(seconds=120),
            timedelta(seconds=150),
            healthy=1,
            others=(Target("i-0b", "unhealthy", "Target.Timeout"),),
        )
    }


@pytest.mark.parametrize(
    ("story", "provider", "drains"),
    [
        ("managed draining is on", {"autoScalingGroupProvider": {"managedDraining": "ENABLED"}}, "cp"),
        ("managed draining is off", {"autoScalingGroupProvider": {"managedDraining": "DISABLED"}}, None),
        ("the provider has no Auto Scaling group", {}, None),
    ],
)
def test_who_else_drains(aws: Aws, story: str, provider: dict[str, Any], drains: str | None) -> None:
    for part in provider.values():
        part["autoScalingGroupArn"] = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:web"
    answer = {"capacityProviders": [{"name": "cp", **provider}]}
    aws.expect("describe_capacity_providers", answer, capacityProviders=["cp"])
    instance = ContainerInstance(HERE, capacity_provider="cp")
    assert drained_by(instance, ecs.capacity_providers(["cp"])) == drains, story


@pytest.mark.usefixtures("aws")
def test_an_instance_outside_any_capacity_provider_costs_no_call() -> None:
    assert drained_by(ContainerInstance(HERE), ecs.capacity_providers([])) is None
