"""Differences that `make mutants` made and no other test noticed: words of refusals, counts, who has a service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.model import ContainerInstance
from chalicelib.wake import GATES, Heard, TaskRunning, Waiting, by_running_service, parse, read_letters, why
from chalicelib.wake.instances import SAMPLE as INSTANCE_EVENT
from chalicelib.wake.row import NOTHING
from chalicelib.wake.services import SAMPLE_PLACEMENT
from chalicelib.wake.tasks import SAMPLE as TASK_EVENT
from tests.builders import CLUSTER, INSTANCE_ARN
from tests.wake.letters import batch, changed, placement_failed

LONG = ", at most 1,024 characters"


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (
            changed(INSTANCE_EVENT, containerInstanceArn=None),
            "the container instance in detail lacks containerInstanceArn: "
            f"expected the ARN of a container instance{LONG}",
        ),
        (
            changed(INSTANCE_EVENT, clusterArn=None),
            f"the container instance in detail lacks clusterArn: expected the ARN of a cluster{LONG}",
        ),
        (
            changed(INSTANCE_EVENT, status=None),
            f"the container instance in detail lacks status: expected a status such as DRAINING{LONG}",
        ),
        (
            changed(INSTANCE_EVENT, agentConnected=None),
            "the container instance in detail lacks agentConnected: expected true or false",
        ),
        (
            changed(INSTANCE_EVENT, pendingTasksCount="two"),
            "pendingTasksCount of the container instance in detail is 'two': expected a whole number",
        ),
        (
            changed(INSTANCE_EVENT, version=None),
            "the container instance in detail lacks version: expected a whole number",
        ),
        (
            {**SAMPLE_PLACEMENT, "resources": ["arn:aws:ecs:eu-west-1:1:task/web"]},
            "resources of the event is 'arn:aws:ecs:eu-west-1:1:task/web': expected the ARN of a service first",
        ),
        (
            changed(TASK_EVENT, clusterArn=None),
            f"the task in detail lacks clusterArn: expected the ARN of a cluster{LONG}",
        ),
        (
            changed(TASK_EVENT, lastStatus="RUNNING", clusterArn=None),
            f"the task in detail lacks clusterArn: expected the ARN of a cluster{LONG}",
        ),
        (
            changed(TASK_EVENT, containerInstanceArn=7),
            f"containerInstanceArn of the task in detail is 7: expected the ARN of a container instance{LONG}",
        ),
        (
            changed(TASK_EVENT, taskArn=None),
            f"the task in detail lacks taskArn: expected the ARN of a task{LONG}",
        ),
    ],
)
def test_a_refusal_says_which_field_and_what_was_expected(event: dict[str, Any], sentence: str) -> None:
    """It is what the operator finds in the log, beside a record in the dead-letter queue."""
    with pytest.raises(InvalidEvent) as refusal:
        parse(json.dumps(event))
    assert str(refusal.value) == sentence


def test_an_event_without_a_detail_is_refused_in_words() -> None:
    with pytest.raises(InvalidEvent, match=r"^the event lacks detail: expected an object$"):
        parse(json.dumps({**TASK_EVENT, "detail": None}))


def test_a_record_without_attributes_was_delivered_once_and_has_no_handle() -> None:
    """Who invokes the function by hand writes no more than a body."""
    (letter,) = read_letters({"Records": [{"messageId": "m1", "body": json.dumps(TASK_EVENT)}]})
    assert (letter.deliveries, letter.handle) == (1, "")
    (letter,) = read_letters({"Records": [{"messageId": "m1", "body": "x", "attributes": {}}]})
    assert letter.deliveries == 1


def test_an_instances_counts_are_read_apart_and_may_be_missing() -> None:
    view = parse(json.dumps(changed(INSTANCE_EVENT, runningTasksCount=2, pendingTasksCount=3)))
    assert isinstance(view, ContainerInstance)
    assert (view.running_tasks, view.pending_tasks) == (2, 3)
    view = parse(json.dumps(changed(INSTANCE_EVENT, runningTasksCount=None, pendingTasksCount=None)))
    assert isinstance(view, ContainerInstance)
    assert (view.running_tasks, view.pending_tasks) == (0, 0)


def a_row(**fields: Any) -> Waiting:
    return Waiting(instance=INSTANCE_ARN, execution="arn:x", cluster=CLUSTER, **fields)


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (True, True)])
def test_gates_may_open_by_either_of_two_events(first: bool, second: bool) -> None:
    heard = Heard(a_row(), may_open_gates=first).and_also(Heard(a_row(), may_open_gates=second))
    assert heard.may_open_gates
    assert not Heard(a_row()).and_also(Heard(a_row())).may_open_gates


@pytest.mark.parametrize(
    ("may_open", "tasks", "told"),
    [
        (True, {NOTHING}, GATES),
        (False, {NOTHING}, None),
        (True, {"arn:task"}, None),
        (False, {"arn:task"}, None),
    ],
)
def test_gates_are_told_of_what_may_open_them_and_no_drain_that_is_past_them(
    may_open: bool, tasks: set[str], told: str | None
) -> None:
    row = a_row(token="AQAB", tasks=frozenset(tasks))
    assert why(Heard(row, may_open_gates=may_open)) == told


@pytest.mark.parametrize(
    ("services", "name", "has"),
    [
        ((), "web", True),
        (("web",), "web", True),
        (("web",), "api", False),
        (("arn:aws:ecs:eu-west-1:123456789012:service/web/api",), "api", True),
        (("arn:aws:ecs:eu-west-1:123456789012:service/web/api",), "web", False),
        (("arn:aws:ecs:eu-west-1:123456789012:service/api", "web"), "web", True),
    ],
)
def test_a_row_knows_its_services_by_name_and_by_either_arn(
    services: tuple[str, ...], name: str, has: bool
) -> None:
    assert a_row(services=frozenset(services)).has_service(name) is has


def test_running_tasks_of_a_service_are_one_with_every_record_that_says_so() -> None:
    web, api = (changed(TASK_EVENT, lastStatus="RUNNING", group=f"service:{name}") for name in ("web", "api"))
    letters = read_letters(batch(web, api, web, placement_failed()))
    assert by_running_service(letters) == {
        TaskRunning(CLUSTER, "web"): frozenset({"m1", "m3"}),
        TaskRunning(CLUSTER, "api"): frozenset({"m2"}),
    }
