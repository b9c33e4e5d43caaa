"""Which tasks a drain stopped: only those that it called StopTask for, however often the step was tried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.common.errors import Throttled
from chalicelib.gateways import aws as gateway
from chalicelib.gateways import stop as stopping
from chalicelib.gateways.stop import stop_tasks
from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.requests import Fault
from stories.world import CLUSTER, Service, World
from tests.unit.test_plan import plan

DRAIN = plan().drain
"""Of a container instance in the cluster `web`."""


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        gateway.client.cache_clear()
        with running.requests.unthrottled():
            World(client, running.clock.advance).build((Service(desired=3),), None)
        running.requests.clear()
        yield running
    gateway.client.cache_clear()


def running_tasks() -> list[str]:
    return sorted(client("ecs").list_tasks(cluster=CLUSTER)["taskArns"])


def test_a_task_that_stops_by_itself_was_not_stopped_by_us(aws: EmbeddedAws) -> None:
    first, *others = everything = running_tasks()
    client("ecs").stop_task(cluster=CLUSTER, task=first, reason="a deployment")
    assert stop_tasks(DRAIN, everything, aws.clock.now()).asked == tuple(others)


def test_what_was_stopped_before_aws_throttled_counts_when_the_step_is_tried_again(aws: EmbeddedAws) -> None:
    everything = running_tasks()
    refused = everything[-1]
    aws.requests.fail_when(
        lambda call: call.operation == "StopTask" and call.parameters["task"] == refused,
        Fault("ThrottlingException", "Rate exceeded", 400),
        times=1,
    )
    with pytest.raises(Throttled):
        stop_tasks(DRAIN, everything, aws.clock.now())
    assert stop_tasks(DRAIN, everything, aws.clock.now()).asked == tuple(everything)
    answered = [c for c in aws.requests.calls if c.operation == "StopTask" and c.error is None]
    assert len(answered) == 3, "no task is told twice"


def test_more_than_a_function_has_time_for_are_told_at_the_next_tries(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand calls of StopTask take ECS 25 s, and a function has 30: those that are told stay told."""
    monkeypatch.setattr(stopping, "AT_ONCE", 2)
    everything = running_tasks()
    with pytest.raises(Throttled, match="2 tasks are told to stop; 1 more are told at the next try"):
        stop_tasks(DRAIN, everything, aws.clock.now())
    assert set(stop_tasks(DRAIN, everything, aws.clock.now()).asked) == set(everything)
    assert len([call for call in aws.requests.calls if call.operation == "StopTask"]) == 3, "each once"
