"""Which services are stateful, and which of their tasks a quorum group can count on: no client needed."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Service, TaskDefinition
from chalicelib.explain.circumstances import Target, TargetGroup
from chalicelib.gates import Group, Leaving, StatefulService
from chalicelib.gates.standing import (
    Standing,
    groups_of,
    services_to_ask_for,
    standing_of,
    stateful_among,
    with_health,
)
from tests.builders import START

TAGS = {"ecs-drainer:quorum-group": "store", "ecs-drainer:max-unavailable": "2"}
PLAIN = TaskDefinition()


def a_service(**changes: Any) -> Service:
    given = {"name": "store", "desired": 3, "running": 3, "cluster": "web", "tags": TAGS}
    return Service(**{**given, "task_definition_arn": "store:1", **changes})


def a_task(number: int, home: str = "a", **changes: Any) -> Task:
    return Task(f"task/{number}", group="service:store", container_instance_arn=home, **changes)


def stateful(service: Service, definitions: dict[str, TaskDefinition] | None = None) -> list[StatefulService]:
    return list(
        stateful_among([service], [a_task(1), Task("task/2", group="service:web")], definitions or {})
    )


def test_a_tagged_service_is_stateful_with_its_own_tasks_alone() -> None:
    (found,) = stateful(a_service())
    assert (found.key, found.tasks) == ("web|store", ("1",))
    assert (found.declared.quorum_group, found.declared.max_unavailable) == ("store", 2)


@pytest.mark.parametrize(
    ("story", "service"),
    [
        ("without a tag of ours", a_service(tags={"team": "data"})),
        ("a daemon has one task on each instance, and nothing of it moves", a_service(strategy="DAEMON")),
    ],
)
def test_not_stateful(story: str, service: Service) -> None:
    assert stateful(service) == [], story


def test_a_task_definitions_tag_counts_and_the_services_own_goes_before_it() -> None:
    definitions = {"store:1": TaskDefinition(tags={**TAGS, "ecs-drainer:order": "3"})}
    (found,) = stateful(a_service(tags={"ecs-drainer:max-unavailable": "1"}), definitions)
    assert (found.declared.quorum_group, found.declared.max_unavailable, found.declared.order) == (
        "store",
        1,
        3,
    )


INSTANCES = {
    "a": ContainerInstance("a", "i-a"),
    "b": ContainerInstance("b", "i-b", status="DRAINING"),
    "c": ContainerInstance("c", "i-c", agent_connected=False),
}


def standing(*tasks: Task, groups: tuple[TargetGroup, ...] = ()) -> Standing:
    return standing_of(a_service(tasks=tasks), INSTANCES, PLAIN, groups, START)


@pytest.mark.parametrize(
    ("story", "task", "healthy", "leaving"),
    [
        ("RUNNING on an ACTIVE instance", a_task(1), ("i-a",), ()),
        ("on one that is DRAINING it won't stay", a_task(1, "b"), (), (Leaving("i-b", 1, "DRAINING"),)),
        (
            "out of reach, nobody knows",
            a_task(1, "c"),
            (),
            (Leaving("i-c", 1, "its agent is disconnected"),),
        ),
        ("on an instance that is gone it is nowhere", a_task(1, "d"), (), ()),
        ("PENDING isn't healthy", a_task(1, last_status="PENDING"), (), ()),
        ("nor is UNHEALTHY", a_task(1, health_status="UNHEALTHY"), (), ()),
        ("RUNNING for too short", a_task(1, started_at=START), (), ()),
    ],
)
def test_whom_a_group_can_count_on(
    story: str, task: Task, healthy: tuple[str, ...], leaving: tuple[Leaving, ...]
) -> None:
    found = standing(task)
    assert (found.healthy_on, found.leaving) == (healthy, leaving), story


def test_a_target_that_fails_its_checks_takes_one_task_of_its_instance_away() -> None:
    group = TargetGroup("arn", "store", others=(Target("i-a", "unhealthy"), Target("i-a:80", "draining")))
    assert standing(a_task(1), a_task(2), groups=(group,)).healthy_on == ("i-a",)


def test_a_group_counts_its_services_everywhere_but_its_own_instance_apart() -> None:
    (here,) = stateful(a_service())
    members = {"store": ("web|store", "web|other", "web|gone")}
    standings = {
        "web|store": Standing(2, 3, ("i-here", "i-a"), (Leaving("i-b", 1, "DRAINING"),)),
        "web|other": Standing(
            1, 2, ("i-a",), (Leaving("i-b", 2, "DRAINING"), Leaving("i-here", 1, "DRAINING"))
        ),
    }
    assert services_to_ask_for([here], members) == {"web|store", "web|other", "web|gone"}
    assert groups_of([here], members, standings, "i-here") == (
        Group("store", 1, 5, here=1, healthy_elsewhere=2, leaving=(Leaving("i-b", 3, "DRAINING"),)),
    )
    assert with_health(here, standings, "i-here").healthy_elsewhere == 1
    assert with_health(here, {}, "i-here") is here
