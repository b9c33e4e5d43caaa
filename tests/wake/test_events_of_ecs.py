"""What each event of ECS says, and what it must say to be one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.model import ContainerInstance
from chalicelib.wake import Ignored, ServiceTrouble, TaskRunning, TaskStopped, parse
from chalicelib.wake.instances import SAMPLE as INSTANCE_EVENT
from chalicelib.wake.services import SAMPLE_DEPLOYMENT, SAMPLE_PLACEMENT
from chalicelib.wake.tasks import SAMPLE as TASK_EVENT
from tests.builders import CLUSTER, INSTANCE_ARN, task_arn
from tests.wake.letters import changed

STOPPED_AT = datetime(2026, 3, 2, 10, 2, 10, tzinfo=UTC)
OLD_SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/api"


def read(event: Any) -> Any:
    return parse(json.dumps(event))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (TASK_EVENT, TaskStopped(CLUSTER, INSTANCE_ARN, task_arn(1), STOPPED_AT)),
        (changed(TASK_EVENT, stoppedAt=None), TaskStopped(CLUSTER, INSTANCE_ARN, task_arn(1), None)),
        (
            INSTANCE_EVENT,
            ContainerInstance(
                INSTANCE_ARN,
                cluster=CLUSTER,
                status="DRAINING",
                agent_connected=False,
                running_tasks=2,
                version=14801,
            ),
        ),
        (
            SAMPLE_PLACEMENT,
            ServiceTrouble(CLUSTER, "api", "SERVICE_TASK_PLACEMENT_FAILURE", "RESOURCE:CPU"),
        ),
        (
            SAMPLE_DEPLOYMENT,
            ServiceTrouble(
                CLUSTER,
                "api",
                "SERVICE_DEPLOYMENT_FAILED",
                "ECS deployment circuit breaker: task failed to start.",
            ),
        ),
        (
            {**SAMPLE_PLACEMENT, "resources": [OLD_SERVICE]},
            ServiceTrouble(CLUSTER, "api", "SERVICE_TASK_PLACEMENT_FAILURE", "RESOURCE:CPU"),
        ),
        (
            changed(SAMPLE_PLACEMENT, clusterArn=None, reason=None),
            ServiceTrouble(CLUSTER, "api", "SERVICE_TASK_PLACEMENT_FAILURE", ""),
        ),
    ],
)
def test_an_event_says_what_happened_to_whom(event: Any, said: Any) -> None:
    """New properties are passed over, as AWS announces that it adds some."""
    assert read(event) == said
    assert read({**changed(event, novelty={"a": 1}), "more": 1}) == said


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (changed(TASK_EVENT, lastStatus="PENDING"), "the task is 'PENDING', not STOPPED"),
        (changed(TASK_EVENT, containerInstanceArn=None), "the task is on no container instance"),
        (changed(SAMPLE_PLACEMENT, eventName="SERVICE_STEADY_STATE"), "'SERVICE_STEADY_STATE' is no trouble"),
        (
            changed(SAMPLE_DEPLOYMENT, eventName="SERVICE_DEPLOYMENT_COMPLETED"),
            "'SERVICE_DEPLOYMENT_COMPLETED' is no trouble",
        ),
        (
            {**changed(SAMPLE_PLACEMENT, clusterArn=None), "resources": [OLD_SERVICE]},
            "no cluster is known of service api",
        ),
        ({**TASK_EVENT, "detail-type": "ECS Nap"}, "no drain waits for 'ECS Nap'"),
    ],
)
def test_what_no_drain_waits_for_is_passed_over(event: Any, reason: str) -> None:
    assert read(event) == Ignored(reason)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "the record's body is '{': expected an event of ECS as JSON"),
        (None, "the record's body is None"),
        ("[]", "expected an event of ECS as JSON"),
        ('{"detail-type": "ECS Task State Change"}', "the event lacks detail"),
        (
            changed(TASK_EVENT, taskArn=None),
            "the task in detail lacks taskArn: expected the ARN of a task",
        ),
        (
            changed(TASK_EVENT, stoppedAt="soon"),
            "stoppedAt of the task in detail is 'soon': expected an instant",
        ),
        (changed(INSTANCE_EVENT, version=None), "the container instance in detail lacks version"),
        (changed(INSTANCE_EVENT, version=True), "version of the container instance in detail is True"),
        (
            changed(INSTANCE_EVENT, agentConnected="yes"),
            "agentConnected of the container instance in detail is 'yes'",
        ),
        ({**SAMPLE_PLACEMENT, "resources": ["arn:x"]}, "resources of the event is 'arn:x'"),
        ({**SAMPLE_PLACEMENT, "resources": []}, "resources of the event is ''"),
    ],
)
def test_what_is_no_event_is_refused_in_words(body: Any, sentence: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        parse(json.dumps(body) if isinstance(body, dict) else body)
    assert sentence in str(refused.value)


def test_a_task_of_a_service_that_runs_may_be_what_a_gate_waits_for() -> None:
    running = changed(TASK_EVENT, lastStatus="RUNNING", desiredStatus="RUNNING")
    assert parse(json.dumps(running)) == TaskRunning(TASK_EVENT["detail"]["clusterArn"], "web")
