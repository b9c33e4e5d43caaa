"""AWS's answers as the values that explaining reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.common.services import Constraint, TaskDefinition
from chalicelib.gateways import ecs_answers

PREFIX = "arn:aws:ecs:eu-west-1:123456789012"
HERE = f"{PREFIX}:container-instance/web/0a"
DEFINITION = f"{PREFIX}:task-definition/api:41"


def an_instance(arn: str, **more: Any) -> dict[str, Any]:
    return {"containerInstanceArn": arn, "ec2InstanceId": f"i-{arn[-2:]}", "status": "ACTIVE"} | more


def a_service(**more: Any) -> dict[str, Any]:
    return {"serviceName": "api", "desiredCount": 2, "runningCount": 2, "taskDefinition": DEFINITION} | more


CONTAINER = {"name": "main", "cpu": 100, "memory": 300}


@pytest.mark.parametrize(
    ("story", "definition", "expected"),
    [
        (
            "containers add up",
            {"containerDefinitions": [CONTAINER, CONTAINER]},
            TaskDefinition(cpu=200, memory=600),
        ),
        (
            "the task's own size goes before its containers'",
            {"cpu": "256", "memory": "512", "containerDefinitions": [CONTAINER]},
            TaskDefinition(cpu=256, memory=512),
        ),
        (
            "of memory the reservation is subtracted, where there is one",
            {"containerDefinitions": [CONTAINER | {"memoryReservation": 128}]},
            TaskDefinition(cpu=100, memory=128),
        ),
        (
            "a static host port is needed, a dynamic one isn't",
            {
                "containerDefinitions": [
                    {
                        "portMappings": [
                            {"containerPort": 80, "hostPort": 8080},
                            {"containerPort": 81, "hostPort": 0},
                        ]
                    }
                ]
            },
            TaskDefinition(tcp_ports=frozenset({8080})),
        ),
        (
            "in host mode each port is a host port",
            {
                "networkMode": "host",
                "containerDefinitions": [{"portMappings": [{"containerPort": 53, "protocol": "udp"}]}],
            },
            TaskDefinition(udp_ports=frozenset({53})),
        ),
        (
            "in awsvpc mode none is",
            {
                "networkMode": "awsvpc",
                "containerDefinitions": [{"portMappings": [{"containerPort": 80, "hostPort": 80}]}],
            },
            TaskDefinition(),
        ),
        (
            "a GPU",
            {"containerDefinitions": [{"resourceRequirements": [{"type": "GPU", "value": "2"}]}]},
            TaskDefinition(gpus=2),
        ),
        (
            "the longest stop timeout counts, and a container without one has thirty seconds",
            {"containerDefinitions": [{"stopTimeout": 5}, {"stopTimeout": 120}]},
            TaskDefinition(stop_timeout=timedelta(seconds=120)),
        ),
        (
            "a short stop timeout beside a container that has none",
            {"containerDefinitions": [{"stopTimeout": 5}, {}]},
            TaskDefinition(stop_timeout=timedelta(seconds=30)),
        ),
        (
            "the slowest health check",
            {
                "containerDefinitions": [
                    {"healthCheck": {"command": ["x"], "interval": 5}},
                    {"healthCheck": {"command": ["x"]}},
                ]
            },
            TaskDefinition(health_check_interval=timedelta(seconds=30)),
        ),
        (
            "an EBS volume of a Docker driver",
            {
                "volumes": [
                    {"name": "data", "dockerVolumeConfiguration": {"driver": "rexray/ebs:latest"}},
                    {"name": "tmp"},
                ]
            },
            TaskDefinition(pinned_volumes=("data",)),
        ),
        (
            "attributes and constraints",
            {
                "requiresAttributes": [{"name": "a"}, {"name": "b", "value": "1"}],
                "placementConstraints": [{"type": "memberOf", "expression": "x"}],
            },
            TaskDefinition(attributes={"a": "", "b": "1"}, constraints=(Constraint("memberOf", "x"),)),
        ),
    ],
)
def test_what_a_task_definition_asks_for(
    story: str, definition: dict[str, Any], expected: TaskDefinition
) -> None:
    assert ecs_answers.task_definition({"taskDefinition": definition}) == expected, story


def test_what_is_left_on_an_instance() -> None:
    """Of ports, remainingResources lists the taken ones; of CPU, memory and GPUs what is free."""
    found = ecs_answers.container_instance(
        "web",
        an_instance(
            HERE,
            remainingResources=[
                {"name": "CPU", "type": "INTEGER", "integerValue": 512},
                {"name": "MEMORY", "type": "INTEGER", "integerValue": 900},
                {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22", "8080"]},
                {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": ["53"]},
                {"name": "GPU", "type": "STRINGSET", "stringSetValue": ["gpu-1"]},
            ],
            registeredResources=[{"name": "CPU", "type": "INTEGER", "integerValue": 2048}],
            attributes=[{"name": "ecs.availability-zone", "value": "eu-west-1a"}, {"name": "flag"}],
        ),
    )
    assert (found.cpu, found.memory, found.gpus, found.registered_cpu) == (512, 900, 1, 2048)
    assert (found.tcp_ports_in_use, found.udp_ports_in_use) == (frozenset({22, 8080}), frozenset({53}))
    assert (found.availability_zone, found.attributes["flag"]) == ("eu-west-1a", "")


def test_a_zone_that_the_agent_left_empty_is_none() -> None:
    attributes = [{"name": "ecs.availability-zone"}]
    answer = an_instance(HERE, attributes=attributes)
    assert ecs_answers.container_instance("web", answer).availability_zone is None


@pytest.mark.parametrize(
    ("strategy", "percents"),
    [("REPLICA", (100, 200)), ("DAEMON", (0, 100))],
)
def test_percents_that_were_never_set(strategy: str, percents: tuple[int, int]) -> None:
    """The API's defaults: 100 and 200 for REPLICA, 0 and 100 for DAEMON."""
    found = ecs_answers.service("web", a_service(schedulingStrategy=strategy))
    assert (found.minimum_percent, found.maximum_percent) == percents
