"""Whether another container instance takes the replacement, and which comes closest where none does."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.common.model import ContainerInstance
from chalicelib.common.services import Constraint, TaskDefinition
from chalicelib.explain.blocker import BlockerKind
from chalicelib.explain.placement import best_elsewhere, match, with_task
from docs.gallery.worlds import (
    DEFINITION,
    OTHER,
    THIRD,
    a_service,
    a_world,
    an_instance,
    elsewhere,
    home,
)

TASK = TaskDefinition(cpu=512, memory=512)
ON_8080 = TaskDefinition(cpu=512, memory=512, tcp_ports=frozenset({8080}))
DNS = TaskDefinition(cpu=512, memory=512, udp_ports=frozenset({53}))
ARM = TaskDefinition(512, 512, attributes={"ecs.cpu-architecture": "arm64"})
PINNED = TaskDefinition(512, 512, pinned_volumes=("data",))
ZONE_A = {"ecs.availability-zone": "eu-west-1a"}

KIND = BlockerKind


@pytest.mark.parametrize(
    ("story", "needs", "instance", "lacks"),
    [
        ("there is room to spare", TASK, {}, []),
        ("it fits to the last unit", TASK, {"cpu": 512, "memory": 512}, []),
        ("one CPU unit is missing", TASK, {"cpu": 511}, [KIND.NO_CPU]),
        ("one MiB is missing", TASK, {"memory": 511}, [KIND.NO_MEMORY]),
        ("both are missing", TASK, {"cpu": 0, "memory": 0}, [KIND.NO_CPU, KIND.NO_MEMORY]),
        ("a GPU is missing", TaskDefinition(gpus=1), {"gpus": 0}, [KIND.NO_GPU]),
        ("a GPU is free", TaskDefinition(gpus=1), {"gpus": 1}, []),
        ("the host port is taken", ON_8080, {"tcp_ports_in_use": frozenset({8080})}, [KIND.NO_PORT]),
        ("the host port is free", ON_8080, {}, []),
        ("TCP and UDP ports are apart", DNS, {"tcp_ports_in_use": frozenset({53})}, []),
        ("the UDP port is taken", DNS, {"udp_ports_in_use": frozenset({53})}, [KIND.NO_PORT]),
        ("the volume is in this zone", PINNED, {"attributes": ZONE_A}, []),
        ("the volume is in another zone", PINNED, {}, [KIND.ZONE_PINNED]),
    ],
)
def test_an_instance_lacks_what_the_task_needs(
    story: str, needs: TaskDefinition, instance: dict[str, Any], lacks: list[BlockerKind]
) -> None:
    world = a_world(task_definitions={DEFINITION: needs})
    found = match(world, world.services["api"], an_instance(**instance))
    assert [shortfall.kind for shortfall in found.shortfalls] == lacks, story


@pytest.mark.parametrize(
    ("story", "here", "there", "lacks"),
    [
        ("it has the value", "arm64", {"ecs.cpu-architecture": "arm64"}, []),
        ("it has another value", "arm64", {"ecs.cpu-architecture": "x86_64"}, [KIND.MISSING_ATTRIBUTE]),
        ("it hasn't the attribute", "arm64", {}, [KIND.MISSING_ATTRIBUTE]),
        ("where the task runs without it, it isn't demanded", None, {}, []),
    ],
)
def test_a_required_attribute(
    story: str, here: str | None, there: dict[str, str], lacks: list[BlockerKind]
) -> None:
    attributes = {} if here is None else {"ecs.cpu-architecture": here}
    world = a_world(task_definitions={DEFINITION: ARM}, instance=home(attributes=attributes))
    found = match(world, world.services["api"], an_instance(attributes=there))
    assert [shortfall.kind for shortfall in found.shortfalls] == lacks, story


@pytest.mark.parametrize(
    ("story", "service", "lacks"),
    [
        ("an instance without the service", {"tasks": (elsewhere(instance_id=THIRD),)}, []),
        ("an instance with a task of it", {"tasks": (elsewhere(),)}, [KIND.DISTINCT_INSTANCE]),
        ("an instance whose task of it is STOPPED", {"tasks": (elsewhere(last_status="STOPPED"),)}, []),
    ],
)
def test_distinct_instance_keeps_tasks_apart(
    story: str, service: dict[str, Any], lacks: list[BlockerKind]
) -> None:
    world = a_world(a_service(constraints=(Constraint("distinctInstance"),), **service))
    found = match(world, world.services["api"], an_instance(OTHER))
    assert [shortfall.kind for shortfall in found.shortfalls] == lacks, story


def test_constraints_of_the_task_definition_count_as_well() -> None:
    bound = TaskDefinition(
        constraints=(Constraint("memberOf", "attribute:ecs.availability-zone == eu-west-1a"),)
    )
    world = a_world(task_definitions={DEFINITION: bound})
    assert [one.kind for one in match(world, world.services["api"], an_instance()).shortfalls] == [
        KIND.MEMBER_OF
    ]


def test_a_constraint_that_nobody_can_judge_is_taken_as_satisfied() -> None:
    world = a_world(a_service(constraints=(Constraint("memberOf", "task:group == service:cache"),)))
    assert match(world, world.services["api"], an_instance()).fits


FULL = an_instance(OTHER, cpu=0)
NEARLY_FULL = an_instance(THIRD, cpu=500)


@pytest.mark.parametrize(
    ("story", "others", "best"),
    [
        ("the one that lacks least", (FULL, NEARLY_FULL), THIRD),
        ("whatever their order", (NEARLY_FULL, FULL), THIRD),
        ("one that fits, before all", (an_instance(OTHER), NEARLY_FULL), OTHER),
        ("not one that is DRAINING", (an_instance(OTHER, status="DRAINING"), NEARLY_FULL), THIRD),
        ("not one without its agent", (an_instance(OTHER, agent_connected=False), NEARLY_FULL), THIRD),
        ("none where none takes tasks", (an_instance(OTHER, status="DRAINING"),), None),
        ("none where there are no others", (), None),
    ],
)
def test_the_closest_instance_is_named(
    story: str, others: tuple[ContainerInstance, ...], best: str | None
) -> None:
    world = a_world(task_definitions={DEFINITION: TASK}, others=others)
    found = best_elsewhere(world, world.services["api"])
    assert (found and found.instance.ec2_instance_id) == best, story


def test_room_can_be_made_but_a_constraint_can_not() -> None:
    """An instance that lacks CPU is closer than an empty one that the constraint forbids."""
    service = a_service(constraints=(Constraint("memberOf", f"ec2InstanceId == {OTHER}"),))
    found = best_elsewhere(a_world(service, others=(FULL, an_instance(THIRD))), service)
    assert found is not None
    assert found.instance.ec2_instance_id == OTHER


def test_a_placed_task_takes_its_room() -> None:
    after = with_task(an_instance(cpu=1024, memory=1024), ON_8080)
    assert (after.cpu, after.memory, 8080 in after.tcp_ports_in_use) == (512, 512, True)
