"""What one look reads: one DescribeTasks in mid-drain, the full listing at both ends, and no call more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.common.errors import Throttled
from chalicelib.gateways.observe import observe, with_instances
from chalicelib.look.observation import remember
from tests.builders import CLUSTER, INSTANCE_ARN, START, a_memory, after, an_observation, task_arn
from tests.gateways.stubs import Stubs

CONTAINERS = {CLUSTER: (INSTANCE_ARN,)}


def described(*tasks: tuple[int, str]) -> dict[str, Any]:
    return {
        "tasks": [
            {"taskArn": task_arn(number), "lastStatus": status, "group": "service:web"}
            for number, status in tasks
        ]
    }


def expect_listing(stubs: Stubs, running: list[int], stopped: list[int]) -> None:
    for status, numbers in (("RUNNING", running), ("STOPPED", stopped)):
        stubs.expect(
            "ecs",
            "list_tasks",
            {"taskArns": [task_arn(number) for number in numbers]},
            cluster=CLUSTER,
            containerInstance=INSTANCE_ARN,
            desiredStatus=status,
        )


def expect_describe(stubs: Stubs, *tasks: tuple[int, str]) -> None:
    arns = [task_arn(number) for number, _ in tasks]
    stubs.expect("ecs", "describe_tasks", described(*tasks), cluster=CLUSTER, tasks=arns)


def expect_container_instance(stubs: Stubs, status: str) -> None:
    item = {"containerInstanceArn": INSTANCE_ARN, "ec2InstanceId": "i-0123456789abcdef0", "status": status}
    stubs.expect(
        "ecs",
        "describe_container_instances",
        {"containerInstances": [item]},
        cluster=CLUSTER,
        containerInstances=[INSTANCE_ARN],
    )


def test_the_first_look_lists_everything(stubs: Stubs) -> None:
    expect_listing(stubs, [1], [2])
    expect_describe(stubs, (1, "RUNNING"), (2, "DEACTIVATING"))
    seen = observe(CONTAINERS, a_memory(), START)
    assert seen.is_full
    assert [task.last_status for task in seen.unstopped] == ["RUNNING", "DEACTIVATING"]


def test_in_mid_drain_one_call_is_enough(stubs: Stubs) -> None:
    expect_describe(stubs, (1, "DEACTIVATING"), (2, "STOPPED"))
    memory = a_memory(
        looks=2, tasks={task_arn(1): "RUNNING", task_arn(2): "STOPPING"}, known_services=frozenset({"web"})
    )
    seen = observe(CONTAINERS, memory, after(minutes=1))
    assert (seen.is_full, len(seen.unstopped)) == (False, 1)


def test_once_a_task_is_stopped_it_matters_which_services_are_daemons(stubs: Stubs) -> None:
    expect_describe(stubs, (1, "STOPPED"), (2, "RUNNING"))
    services = {"services": [{"serviceName": "web", "schedulingStrategy": "DAEMON", "desiredCount": 2}]}
    stubs.expect("ecs", "describe_services", services, cluster=CLUSTER, services=["web"])
    definition = {"taskDefinition": {"containerDefinitions": [{"name": "web"}]}}
    stubs.expect("ecs", "describe_task_definition", definition, taskDefinition="")
    memory = a_memory(looks=2, tasks={task_arn(1): "STOPPING", task_arn(2): "RUNNING"})
    assert observe(CONTAINERS, memory, after(minutes=1)).daemon_services == {"web"}


def test_when_all_remembered_tasks_are_stopped_the_listing_is_repeated(stubs: Stubs) -> None:
    """A task placed just before DRAINING may have been missing in the first listing."""
    expect_describe(stubs, (1, "STOPPED"))
    expect_listing(stubs, [3], [1])
    expect_describe(stubs, (3, "RUNNING"))
    expect_container_instance(stubs, "DRAINING")
    memory = a_memory(looks=2, tasks={task_arn(1): "STOPPING"}, known_services=frozenset({"web"}))
    seen = observe(CONTAINERS, memory, after(minutes=1))
    assert (seen.is_full, [task.id for task in seen.unstopped]) == (True, [task_arn(3)[-32:]])


def test_a_person_who_sets_the_instance_active_is_noticed_within_five_minutes(stubs: Stubs) -> None:
    expect_describe(stubs, (1, "RUNNING"))
    expect_container_instance(stubs, "ACTIVE")
    memory = a_memory(looks=9, tasks={task_arn(1): "RUNNING"}, known_services=frozenset({"web"}))
    seen = observe(CONTAINERS, memory, after(minutes=5))
    assert seen.instances is not None
    assert [instance.status for instance in seen.instances] == ["ACTIVE"]


def test_daemons_left_alone_are_asked_for_their_stop_timeout_once(stubs: Stubs) -> None:
    daemon = {
        "taskArn": task_arn(5),
        "lastStatus": "RUNNING",
        "group": "service:logs",
        "taskDefinitionArn": "logs:1",
    }
    asked = {"cluster": CLUSTER, "tasks": [task_arn(5)]}
    stubs.expect("ecs", "describe_tasks", {"tasks": [daemon]}, **asked)
    definition = {"taskDefinition": {"containerDefinitions": [{"name": "logs", "stopTimeout": 90}]}}
    stubs.expect("ecs", "describe_task_definition", definition, taskDefinition="logs:1")
    memory = a_memory(looks=4, tasks={task_arn(5): "RUNNING"}, known_services=frozenset({"logs"}))
    seen = observe(CONTAINERS, memory, after(minutes=2))
    assert seen.daemon_stop == timedelta(seconds=90)


def test_what_a_throttled_look_has_learned_is_kept(stubs: Stubs) -> None:
    """The reads are scarce when ECS throttles: the next look lists, and need not ask for these tasks again."""
    expect_describe(stubs, (1, "STOPPED"))
    stubs.refuse("ecs", "list_tasks", "ThrottlingException")
    seen = observe(CONTAINERS, a_memory(looks=3, tasks={task_arn(1): "STOPPING"}), after(minutes=2))
    assert not seen.is_full
    assert not seen.unstopped
    assert remember(a_memory(looks=3, tasks={task_arn(1): "STOPPING"}), seen).tasks == {}


def test_a_look_that_learned_nothing_is_throttled(stubs: Stubs) -> None:
    stubs.refuse("ecs", "list_tasks", "ThrottlingException")
    with pytest.raises(Throttled):
        observe(CONTAINERS, a_memory(looks=3), after(minutes=2))


def test_remembered_tasks_are_asked_for_in_their_own_cluster(stubs: Stubs) -> None:
    """An EC2 instance may be a container instance of two clusters; an ARN names the task's."""
    other = "arn:aws:ecs:eu-west-1:123456789012:cluster/jobs"
    job = task_arn(2).replace("/web/", "/jobs/")
    expect_describe(stubs, (1, "RUNNING"))
    task = {"taskArn": job, "lastStatus": "RUNNING", "group": "family:job"}
    stubs.expect("ecs", "describe_tasks", {"tasks": [task]}, cluster=other, tasks=[job])
    memory = a_memory(looks=2, tasks={task_arn(1): "RUNNING", job: "RUNNING"})
    seen = observe({CLUSTER: (INSTANCE_ARN,), other: ("arn:b",)}, memory, after(minutes=1))
    assert len(seen.unstopped) == 2


def test_before_a_deed_the_container_instances_are_described_anew(stubs: Stubs) -> None:
    expect_container_instance(stubs, "ACTIVE")
    seen = with_instances(an_observation(), CONTAINERS)
    assert seen.instances is not None
    assert [each.status for each in seen.instances] == ["ACTIVE"]
