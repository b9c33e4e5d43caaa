"""Which events reach the queue: the template's own pattern, asked as EventBridge asks it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from chalicelib.wake.instances import SAMPLE as INSTANCE_EVENT
from chalicelib.wake.services import SAMPLE_DEPLOYMENT, SAMPLE_PLACEMENT
from chalicelib.wake.tasks import SAMPLE as TASK_EVENT
from statemachine import template
from tests.wake.letters import changed

ROOT = Path(__file__).parents[2]
RESOURCES = template.load(ROOT / "statemachine" / "template.yaml")["Resources"]


@pytest.mark.parametrize(
    ("event", "passes"),
    [
        (TASK_EVENT, True),
        (changed(TASK_EVENT, lastStatus="RUNNING"), True),
        (changed(TASK_EVENT, lastStatus="RUNNING", group="family:job"), False),
        (changed(TASK_EVENT, lastStatus="PENDING"), False),
        (changed(TASK_EVENT, containerInstanceArn=None), False),
        (INSTANCE_EVENT, True),
        (SAMPLE_PLACEMENT, True),
        (changed(SAMPLE_PLACEMENT, eventName="SERVICE_STEADY_STATE"), False),
        (SAMPLE_DEPLOYMENT, True),
        (changed(SAMPLE_DEPLOYMENT, eventName="SERVICE_DEPLOYMENT_COMPLETED"), False),
        ({**TASK_EVENT, "source": "our.tests"}, False),
    ],
)
def test_the_rule_lets_through_what_a_drain_may_wait_for(event: Mapping[str, Any], passes: bool) -> None:
    """A task on Fargate, or a job that runs, is not worth a request to SQS."""
    pattern = EventPattern.load(json.dumps(RESOURCES["EcsEventsRule"]["Properties"]["EventPattern"]))
    assert pattern.matches_event(dict(event)) is passes


def test_a_batch_that_is_still_worked_on_is_not_delivered_again() -> None:
    """AWS asks for six times the function's timeout, and the retention must outlast all deliveries."""
    timeout = json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_timeout"]
    queue = RESOURCES["EcsEventsQueue"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["MessageRetentionPeriod"] > queue["RedrivePolicy"]["maxReceiveCount"] * 180
