"""Whether what stays has room for all: counted task by task, with each task's own needs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Constraint, Service, TaskDefinition
from chalicelib.explain import Circumstances
from chalicelib.fleet import FleetRequest, Member, plan, room_for

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def instance(name: str, cpu: int = 1000, **more: Any) -> ContainerInstance:
    return ContainerInstance(f"arn:{name}", name, cpu=cpu, memory=1000, **more)


def service(name: str, homes: str, cpu: int = 100, **more: Any) -> tuple[Service, TaskDefinition]:
    tasks = tuple(
        Task(f"{name}/{number}", container_instance_arn=f"arn:{home}")
        for number, home in enumerate(homes.split())
    )
    made = Service(name, len(tasks), len(tasks), task_definition_arn=name, tasks=tasks, **more)
    return made, TaskDefinition(cpu=cpu, memory=10)


def cramped(
    *services: tuple[Service, TaskDefinition], others: tuple[ContainerInstance, ...]
) -> list[tuple[str, int, int]]:
    doomed = (instance("d1"), instance("d2"))
    world = Circumstances(
        "web",
        doomed[0],
        (),
        others=others,
        services={one.name: one for one, _ in services},
        task_definitions={one.name: needs for one, needs in services},
    )
    return [(each.service, each.tasks, each.of) for each in room_for(world, doomed)]


DISTINCT: dict[str, Any] = {"constraints": (Constraint("distinctInstance"),)}
TABLE = [
    ("room for all", [service("web", "d1 d2 d1")], (instance("a", 300),), []),
    ("one too many", [service("web", "d1 d2 d1")], (instance("a", 250),), [("web", 1, 3)]),
    ("tasks elsewhere need no room", [service("web", "d1 a a a a a")], (instance("a", 100),), []),
    (
        "two services share the room",
        [service("web", "d1 d1"), service("api", "d2")],
        (instance("a", 200),),
        [("api", 1, 1)],
    ),
    ("room in two places", [service("web", "d1 d1", cpu=150)], (instance("a", 200), instance("b", 200)), []),
    (
        "room in pieces is none",
        [service("web", "d1", cpu=150)],
        (instance("a", 100), instance("b", 100)),
        [("web", 1, 1)],
    ),
    ("one a distinct instance", [service("web", "d1 d2", **DISTINCT)], (instance("a"),), [("web", 1, 2)]),
    ("a daemon needs none", [service("log", "d1 d2", strategy="DAEMON")], (), []),
    ("nobody stays", [service("web", "d1")], (), [("web", 1, 1)]),
    (
        "who is DRAINING takes none",
        [service("web", "d1")],
        (instance("a", status="DRAINING"),),
        [("web", 1, 1)],
    ),
    (
        "who is disconnected takes none",
        [service("web", "d1")],
        (instance("a", agent_connected=False),),
        [("web", 1, 1)],
    ),
]


@pytest.mark.parametrize(("story", "services", "others", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_room(
    story: str,
    services: list[tuple[Service, TaskDefinition]],
    others: tuple[ContainerInstance, ...],
    expected: list[tuple[str, int, int]],
) -> None:
    assert cramped(*services, others=others) == expected, story


def a_plan(*members: Member, **request: Any) -> dict[str, Any]:
    ids = tuple(dict.fromkeys(member.instance_id for member in members))
    asked = FleetRequest(instances=ids, **request)
    return plan("fleet-1", asked, members, (), topic="arn:topic", began_at=AT).to_state()


def test_ten_a_call_and_each_cluster_apart() -> None:
    members = [
        Member(f"i-{number}", "web" if number < 12 else "batch", f"arn:{number}") for number in range(13)
    ]
    batches = a_plan(*members)["to_set_draining"]
    assert [(one["cluster"], len(one["container_instances"])) for one in batches] == [
        ("web", 10),
        ("web", 2),
        ("batch", 1),
    ]


def test_who_is_draining_already_is_not_set_so_and_not_set_active_later() -> None:
    planned = a_plan(Member("i-1", "web", "arn:1", "DRAINING"), Member("i-2", "web", "arn:2"))
    assert planned["to_set_draining"] == [{"cluster": "web", "container_instances": ["arn:2"]}]
    assert [one["was_active"] for one in planned["drains"]] == [False, True]


def test_an_instance_in_two_clusters_is_drained_once() -> None:
    planned = a_plan(Member("i-1", "web", "arn:1"), Member("i-1", "batch", "arn:2"))
    assert len(planned["to_set_draining"]) == 2
    assert [one["name"] for one in planned["drains"]] == ["i-1-fleet-1"]


def test_where_tasks_may_hop_nobody_is_set_draining_first() -> None:
    assert a_plan(Member("i-1", "web", "arn:1"), may_hop=True)["to_set_draining"] == []
