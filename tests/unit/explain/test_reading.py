"""What explaining asks AWS for: each call is one of 20 a second that all drains share, so none is made for nothing."""

from __future__ import annotations

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Deployment, Service, Share
from chalicelib.explain.capacity import Provider
from chalicelib.explain.reading import (
    PLACES_ASKED,
    definitions_to_ask_for,
    drained_by,
    goes_by_default,
    places_of_pending,
    providers_to_ask_for,
    services_to_ask_for,
    statuses_to_list,
    tasks_that_may_be_protected,
)

WEB = Service("web", 1, 1, launch_type="EC2", task_definition_arn="web:2")
LOGS = Service("logs", 1, 1, strategy="DAEMON")
TASKS = (
    Task("task/1", group="service:web", task_definition_arn="web:1"),
    Task("task/2", group="service:logs"),
    Task("task/3", group="family:job", task_definition_arn="job:1"),
)


def test_services_and_task_definitions_are_asked_for_once_each_and_replacements_too() -> None:
    assert services_to_ask_for(TASKS) == {"web", "logs"}
    assert definitions_to_ask_for(TASKS, (WEB, LOGS)) == {"web:1", "web:2", "job:1"}


def test_stopped_tasks_are_listed_only_where_some_fail_to_start() -> None:
    failing = Service("web", 1, 1, deployments=(Deployment("ecs-svc/1", failed_tasks=1),))
    assert [statuses_to_list(one) for one in (LOGS, WEB, failing)] == [
        (),
        ("RUNNING",),
        ("RUNNING", "STOPPED"),
    ]


def test_only_tasks_that_a_service_replaces_can_be_protected() -> None:
    assert tasks_that_may_be_protected(TASKS, (WEB, LOGS)) == ["task/1"]


def test_a_few_of_the_places_where_replacements_are_pending_tell_enough() -> None:
    pending = [Task(f"task/{n}", "PENDING", container_instance_arn=f"{n}") for n in range(9)]
    others = (
        Task("task/a", "PENDING"),
        Task("task/b", "RUNNING", container_instance_arn="0"),
        Task("task/c", "PENDING", "STOPPED", container_instance_arn="0"),
    )
    assert places_of_pending([Service("web", 1, 1, tasks=(*others, *pending[1:]))]) == ["1", "2", "3"]
    assert PLACES_ASKED == 3


def test_the_clusters_default_strategy_matters_only_to_who_has_none_and_no_launch_type() -> None:
    own = Service("own", 1, 1, shares=(Share("spot", weight=1), Share("FARGATE")))
    assert not goes_by_default((WEB, LOGS, own))
    assert goes_by_default((Service("bare", 1, 1),))
    assert providers_to_ask_for((WEB, own), (Share("web"),), own="mine") == {"spot", "web", "mine"}
    assert providers_to_ask_for((WEB,), ()) == frozenset()


def test_the_instances_own_provider_drains_it_or_nobody_does() -> None:
    providers = {"a": Provider("a", drains=True), "b": Provider("b")}
    drained = [
        drained_by(ContainerInstance("arn", capacity_provider=name), providers)
        for name in ("a", "b", "", "c")
    ]
    assert drained == ["a", None, None, None]
