"""One look at the gates: which calls it makes, in which order, and what it makes of their answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.gates import Counts, GateMemory, Holder, Lease, Leaving, Rules, Seen
from chalicelib.gates.leases import Full, Wanted, budget_key, quorum_key
from chalicelib.gateways.gates import Question, read_gates, without_the_dead
from chalicelib.policy import Gates
from chalicelib.policy.values import DrainBudget
from tests.builders import INSTANCE_ARN, START, after, task_arn
from tests.gateways.stubs import Stubs

TABLE, EXECUTION = (
    "ecs-drainer-dev-ledger",
    "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:x",
)
OTHER = INSTANCE_ARN[:-2] + "0f"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
TAGS = {
    "ecs-drainer:quorum-group": "store",
    "ecs-drainer:drain-queue": QUEUE,
    "ecs-drainer:sign-off": "required",
}
SERVICE: dict[str, Any] = {
    "serviceName": "store",
    "taskDefinition": "store:1",
    "desiredCount": 2,
    "runningCount": 2,
    "tags": [{"key": key, "value": value} for key, value in TAGS.items()],
}
KNOWN = GateMemory(members={"store": ("web|store",)}, members_at=START)
"""A memory that need not look for the group's services."""


def question(mode: Gates = Gates.SERVICES, budget: DrainBudget | None = None) -> Question:
    rules = Rules(
        instance_id="i-1",
        execution=EXECUTION,
        cluster="web",
        zone=None,
        budget=budget or DrainBudget(),
        deadline_at=after(hours=1),
        leases_end_at=after(hours=2),
    )
    return Question(table=TABLE, containers={"web": (INSTANCE_ARN,)}, mode=mode, rules=rules, at=START)


def an_instance(arn: str, instance_id: str, status: str, **more: Any) -> dict[str, Any]:
    return {"containerInstanceArn": arn, "ec2InstanceId": instance_id, "status": status, **more}


def expect_instances(stubs: Stubs, arns: Iterable[str], *described: dict[str, Any]) -> None:
    answer = {"containerInstances": list(described)}
    asked = {"cluster": "web", "containerInstances": list(arns)}
    stubs.expect("ecs", "describe_container_instances", answer, **asked)


def expect_status(stubs: Stubs, *statuses: str) -> None:
    described = (an_instance(INSTANCE_ARN, "i-1", status) for status in statuses)
    expect_instances(stubs, [INSTANCE_ARN], *described)


def a_task(number: int, home: str) -> dict[str, Any]:
    return {
        "taskArn": task_arn(number),
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "healthStatus": "HEALTHY",
        "group": "service:store",
        "containerInstanceArn": home,
    }


def expect_here(stubs: Stubs) -> None:
    """What is on the instance: a listing, its tasks and their services, each with tags."""
    asked: dict[str, Any] = {"cluster": "web", "containerInstance": INSTANCE_ARN, "desiredStatus": "RUNNING"}
    stubs.expect("ecs", "list_tasks", {"taskArns": [task_arn(1)]}, **asked)
    described = {"tasks": [a_task(1, INSTANCE_ARN)]}
    stubs.expect("ecs", "describe_tasks", described, cluster="web", tasks=[task_arn(1)], include=["TAGS"])
    expect_services(stubs, ["store"])


def expect_services(stubs: Stubs, names: list[str]) -> None:
    stubs.expect(
        "ecs", "describe_services", {"services": [SERVICE]}, cluster="web", services=names, include=["TAGS"]
    )


def expect_standing(stubs: Stubs, elsewhere: dict[str, Any]) -> None:
    """How the group fares: its services, all their tasks, and the container instances these are on."""
    expect_services(stubs, ["store"])
    asked: dict[str, Any] = {"cluster": "web", "serviceName": "store", "desiredStatus": "RUNNING"}
    arns = [task_arn(1), task_arn(2)]
    stubs.expect("ecs", "list_tasks", {"taskArns": arns}, **asked)
    tasks = [a_task(1, INSTANCE_ARN), a_task(2, OTHER)]
    stubs.expect("ecs", "describe_tasks", {"tasks": tasks}, cluster="web", tasks=arns)
    here = an_instance(INSTANCE_ARN, "i-1", "ACTIVE")
    expect_instances(stubs, sorted([INSTANCE_ARN, OTHER]), here, elsewhere)
    definition = {"taskDefinition": {"containerDefinitions": [{"name": "store"}]}}
    stubs.expect("ecs", "describe_task_definition", definition, taskDefinition="store:1")


def expect_kept(stubs: Stubs, *keys: str) -> None:
    wanted = {TABLE: {"Keys": [{"pk": {"S": key}} for key in keys], "ConsistentRead": True}}
    stubs.expect("dynamodb", "batch_get_item", {"Responses": {TABLE: []}}, RequestItems=wanted)


def expect_counts(stubs: Stubs) -> None:
    counts = {
        "ApproximateNumberOfMessages": "1",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
    }
    stubs.answer("sqs", "get_queue_attributes", {"Attributes": counts})


def test_a_quorum_group_its_queue_and_its_sign_offs_are_seen_in_one_look(stubs: Stubs) -> None:
    expect_status(stubs, "ACTIVE")
    expect_here(stubs)
    expect_standing(stubs, an_instance(OTHER, "i-2", "ACTIVE"))
    expect_kept(stubs, quorum_key("store"), f"sign-off#{task_arn(1)[-32:]}")
    expect_counts(stubs)
    seen, memory = read_gates(question(), KNOWN)
    (group,) = seen.groups
    assert (group.desired, group.here, group.healthy_elsewhere, group.leaving) == (2, 1, 1, ())
    assert [service.healthy_elsewhere for service in seen.services] == [1]
    assert seen.queues == {QUEUE: Counts(visible=1)}
    assert (seen.is_draining, seen.is_gone, seen.unstopped) == (False, False, 1)
    assert memory is KNOWN


@pytest.mark.parametrize(
    ("elsewhere", "why"),
    [
        (an_instance(OTHER, "i-2", "DRAINING"), "DRAINING"),
        (an_instance(OTHER, "i-2", "ACTIVE", agentConnected=False), "its agent is disconnected"),
    ],
)
def test_a_member_on_an_instance_that_is_leaving_is_not_healthy(
    stubs: Stubs, elsewhere: dict[str, Any], why: str
) -> None:
    expect_status(stubs, "ACTIVE")
    expect_here(stubs)
    expect_standing(stubs, elsewhere)
    expect_kept(stubs, quorum_key("store"), f"sign-off#{task_arn(1)[-32:]}")
    expect_counts(stubs)
    (group,) = read_gates(question(), KNOWN)[0].groups
    assert (group.healthy_elsewhere, group.leaving) == (0, (Leaving("i-2", 1, why),))


def test_a_member_whose_instance_is_gone_is_not_healthy(stubs: Stubs) -> None:
    expect_status(stubs, "ACTIVE")
    expect_here(stubs)
    expect_standing(stubs, an_instance(OTHER, "i-2", "INACTIVE"))
    expect_kept(stubs, quorum_key("store"), f"sign-off#{task_arn(1)[-32:]}")
    expect_counts(stubs)
    (group,) = read_gates(question(), KNOWN)[0].groups
    assert group.healthy_elsewhere == 0


def test_the_services_of_a_group_are_looked_for_anew_after_ten_minutes(stubs: Stubs) -> None:
    expect_status(stubs, "ACTIVE")
    expect_here(stubs)
    services = {"serviceArns": ["arn:store"]}
    stubs.expect("ecs", "list_services", services, cluster="web", maxResults=100)
    expect_services(stubs, ["arn:store"])
    expect_standing(stubs, an_instance(OTHER, "i-2", "ACTIVE"))
    expect_kept(stubs, quorum_key("store"), f"sign-off#{task_arn(1)[-32:]}")
    expect_counts(stubs)
    old = GateMemory(members={"store": ()}, members_at=START - timedelta(minutes=10))
    _, memory = read_gates(question(), old)
    assert (memory.members, memory.members_at) == ({"store": ("web|store",)}, START)


def test_for_a_budget_alone_no_task_is_read(stubs: Stubs) -> None:
    expect_status(stubs, "ACTIVE")
    expect_kept(stubs, budget_key("web"))
    seen, _ = read_gates(question(Gates.OFF, DrainBudget(cluster=2)), GateMemory())
    assert (seen.services, seen.unstopped) == ((), 0)


@pytest.mark.parametrize(
    ("statuses", "is_draining", "is_gone"),
    [
        (["DRAINING"], True, False),
        (["DRAINING", "ACTIVE"], False, False),
        (["INACTIVE"], False, True),
        ([], False, True),
    ],
)
def test_whether_the_instance_is_draining_or_gone(
    stubs: Stubs, statuses: list[str], is_draining: bool, is_gone: bool
) -> None:
    expect_status(stubs, *statuses)
    seen, _ = read_gates(question(Gates.OFF), GateMemory())
    assert (seen.is_draining, seen.is_gone) == (is_draining, is_gone)


def test_an_instance_deregistered_before_its_gates_opened_is_gone(stubs: Stubs) -> None:
    """ListTasks refuses it from then on; that ended the execution."""
    expect_status(stubs, "INACTIVE")
    message = "The container instance is not found or is inactive."
    stubs.refuse("ecs", "list_tasks", "InvalidParameterException", message=message)
    seen, _ = read_gates(question(), GateMemory())
    assert (seen.is_gone, seen.services, seen.unstopped) == (True, (), 0)


def test_holders_whose_execution_ended_hold_nothing(stubs: Stubs) -> None:
    held = {
        name: Holder(name, f"{EXECUTION}-{status}", after(hours=1))
        for name, status in (("i-2", "FAILED"), ("i-3", "RUNNING"), ("i-4", "unknown"))
    }
    times = {"stateMachineArn": EXECUTION.replace("execution", "stateMachine"), "startDate": START}
    for status in ("FAILED", "RUNNING"):
        arn = f"{EXECUTION}-{status}"
        stubs.expect(
            "stepfunctions",
            "describe_execution",
            {**times, "executionArn": arn, "status": status},
            executionArn=arn,
        )
    stubs.refuse("stepfunctions", "describe_execution", "ExecutionDoesNotExist")
    key = budget_key("web")
    seen = Seen(at=START, leases={key: Lease(key, held, 3)})
    full = [Full(Wanted(key, slots=3), tuple(held.values()))]
    assert set(without_the_dead(seen, full).leases[key].holders) == {"i-3"}


def test_where_every_holder_runs_nothing_changes(stubs: Stubs) -> None:
    holder = Holder("i-2", EXECUTION, after(hours=1))
    answer = {
        "executionArn": EXECUTION,
        "stateMachineArn": EXECUTION.replace("execution", "stateMachine"),
        "startDate": START,
        "status": "RUNNING",
    }
    stubs.expect("stepfunctions", "describe_execution", answer, executionArn=EXECUTION)
    seen = Seen(at=START)
    assert without_the_dead(seen, [Full(Wanted("lease#a", slots=1), (holder,))]) is seen
