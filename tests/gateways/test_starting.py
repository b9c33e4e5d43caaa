"""The functions that start drains, and take answers: what is asked of AWS, and what is refused before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.common.errors import InvalidEvent, InvalidRequest
from chalicelib.steps.reconcile import reconcile
from chalicelib.steps.sign_off import sign_off
from chalicelib.steps.start_drain import start_drain
from chalicelib.steps.start_manual_drain import start_manual_drain
from tests.builders import START
from tests.gateways.stubs import Stubs

SAMPLES = Path(__file__).parents[1] / "events"
INSTANCE = "i-0123456789abcdef0"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:ecs-drainer-dev-start_drain"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:ecs-drainer-dev"
REQUEST_ID = "6f1c2a54-0d7e-4a53-9a58-1f0c5d0c7e11"
TASK = "0123456789abcdef0123456789abcdef"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def execution(name: str) -> str:
    return f"{MACHINE.replace('stateMachine', 'execution')}:{name}"


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_MACHINE_ARN", "ECS_DRAINER_HOOKS", "ECS_DRAINER_CLUSTERS"):
        monkeypatch.delenv(name, raising=False)


def test_a_manual_drain_is_named_for_its_invocation_and_started_once(stubs: Stubs) -> None:
    """The machine is found by the function's own name: no wiring is needed."""
    started = execution(f"{INSTANCE}-manual-{REQUEST_ID}")
    stubs.answer("stepfunctions", "start_execution", {"executionArn": started, "startDate": START})
    answer = start_manual_drain({"instance_id": INSTANCE, "reason": "a disk"}, FUNCTION, REQUEST_ID)
    assert answer == {"instance_id": INSTANCE, "execution": started, "already_started": False}


def test_a_key_that_was_used_for_another_instance_is_refused(stubs: Stubs) -> None:
    stubs.refuse("stepfunctions", "start_execution", "ExecutionAlreadyExists")
    begun = {
        "executionArn": execution("disk-7"),
        "stateMachineArn": MACHINE,
        "status": "RUNNING",
        "startDate": START,
        "input": json.dumps({"instance_id": "i-0fedcba9876543210"}),
    }
    stubs.expect("stepfunctions", "describe_execution", begun, executionArn=execution("disk-7"))
    with pytest.raises(InvalidRequest, match="disk-7 was used for the drain of i-0fedcba9876543210"):
        start_manual_drain({"instance_id": INSTANCE, "idempotency_key": "disk-7"}, FUNCTION, REQUEST_ID)


@pytest.mark.parametrize(
    "request_", [{}, {"instance_id": "web-1"}, {"instance_id": INSTANCE, "deadline": "soon"}, []]
)
@pytest.mark.usefixtures("stubs")
def test_a_wrong_request_starts_nothing(request_: Any) -> None:
    with pytest.raises(InvalidRequest):
        start_manual_drain(request_, FUNCTION, REQUEST_ID)


def test_an_event_of_our_hook_starts_a_drain_and_ecs_s_own_hook_none(stubs: Stubs) -> None:
    event = sample("terminate-eventbridge")
    stubs.answer("stepfunctions", "start_execution", {"executionArn": execution("x"), "startDate": START})
    (answer,) = start_drain(event, FUNCTION)
    assert answer["execution"] == execution("x")
    event["detail"]["LifecycleHookName"] = "another-team"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ECS_DRAINER_HOOKS", "ecs-drain*")
        (left,) = start_drain(event, FUNCTION)
    assert "is none of ECS_DRAINER_HOOKS" in left["ignored"]


@pytest.mark.usefixtures("stubs")
def test_an_event_that_cannot_be_read_goes_to_the_dead_letters() -> None:
    with pytest.raises(InvalidEvent, match="lacks"):
        start_drain({"detail-type": "EC2 Spot Instance Interruption Warning", "detail": {}}, FUNCTION)


def test_where_nothing_waits_the_reconciler_starts_nothing(stubs: Stubs) -> None:
    stubs.answer("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": []})
    stubs.answer("stepfunctions", "list_executions", {"executions": []})
    stubs.answer("dynamodb", "scan", {"Items": []})
    assert reconcile(FUNCTION, START) == []


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "task is None: expected the id or the ARN of an ECS task"),
        ({"task": "../web"}, "task is '../web'"),
        ({"task": TASK, "answer": "maybe"}, "answer is 'maybe': expected done, refuse or more-time"),
    ],
)
@pytest.mark.usefixtures("stubs")
def test_a_wrong_answer_is_written_nowhere(request_: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        sign_off(request_, FUNCTION, START)
