"""The closing summary: what happened when, the figures, and the sentence that says what went wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from embedded_aws.requests import Call
from stories.prices import Usage, cost, transitions_of, usage_of
from stories.summary import Records, figures, timeline_of, what_went_wrong

BEGAN_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LEAVING = "i-0aaaaaaaaaaaaaaaa"


def at(seconds: float) -> datetime:
    return BEGAN_AT + timedelta(seconds=seconds)


def event(kind: str, seconds: float, **detail: Any) -> dict[str, Any]:
    return {"detail-type": kind, "time": at(seconds).isoformat(), "detail": detail}


def task(name: str, group: str, *statuses: tuple[str, float]) -> list[dict[str, Any]]:
    of = {"taskArn": f"task/{name:0>8}{0:024}", "group": group, "containerInstanceArn": "arn"}
    return [
        event("ECS Task State Change", seconds, **of, lastStatus=status, desiredStatus="STOPPED")
        for status, seconds in statuses
    ]


ROLE = "arn:aws:sts::123456789012:assumed-role/ecs-drainer-dev-look/look"


def call(service: str, operation: str, seconds: float, error: str | None = None, **given: Any) -> Call:
    return Call(at(seconds), service, operation, ROLE, "", "eu-west-1", given, error)


def execution(status: str = "SUCCEEDED", **more: Any) -> dict[str, Any]:
    return {
        "executionArn": "arn:drain",
        "name": f"{LEAVING}-token",
        "status": status,
        "startDate": at(0),
        "input": json.dumps({"instance_id": LEAVING}),
        **more,
    }


DRAINED = execution(stopDate=at(225), output=json.dumps({"outcome": {"name": "drained"}}))

REGISTERED = {
    "ec2InstanceId": LEAVING,
    "containerInstanceArn": "arn",
    "status": "ACTIVE",
    "agentConnected": True,
}
RECORDS = Records(
    BEGAN_AT,
    events=[
        event("ECS Container Instance State Change", -90, **REGISTERED),
        *task("0", "service:web", ("STOPPED", -60)),
        event(
            "EC2 Instance-terminate Lifecycle Action", 0, EC2InstanceId=LEAVING, LifecycleHookName="ecs-drain"
        ),
        *task("1", "service:web", ("DEACTIVATING", 45), ("STOPPED", 128)),
        *task("2", "family:report", ("STOPPED", 200)),
        *task("3", "service:log-router", ("STOPPED", 220)),
        event("EC2 Instance Terminate Successful", 226, EC2InstanceId=LEAVING, Destination="EC2"),
    ],
    calls=[
        call("ecs", "UpdateContainerInstancesState", 0.2, status="DRAINING"),
        call("autoscaling", "RecordLifecycleActionHeartbeat", 30),
        call("dynamodb", "UpdateItem", 200, "ConditionalCheckFailedException"),
        call(
            "autoscaling",
            "CompleteLifecycleAction",
            225,
            InstanceId=LEAVING,
            LifecycleActionResult="CONTINUE",
        ),
    ],
    executions=[DRAINED],
    invocations=[("ecs-drainer-dev-look", {}), ("ecs-drainer-dev-wake", {"Records": [{}] * 12})],
    killed=[],
)
HISTORY = ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskScheduled", "TaskStateExited"]


def test_what_happened_when_is_told_as_in_the_scenarios() -> None:
    """A task that stopped before is no part of it."""
    assert timeline_of(RECORDS, LEAVING).splitlines() == [
        f"00:00  lifecycle action of hook ecs-drain begins for {LEAVING}",
        "00:00  an execution starts",
        "00:00  the container instance is set DRAINING",
        "00:30  a heartbeat is recorded",
        "00:45  task of web is DEACTIVATING: 00000001",
        "02:08  task of web is STOPPED: 00000001",
        "03:20  task of report is STOPPED: 00000002",
        "03:40  task of log-router is STOPPED: 00000003",
        "03:45  the lifecycle action is completed with CONTINUE",
        "03:45  the execution ends: SUCCEEDED, drained",
        f"03:46  {LEAVING} is terminated",
    ]


def test_the_figures() -> None:
    assert (
        "\n".join(figures(RECORDS, [LEAVING], [HISTORY])[:-1])
        == """\
  tasks not STOPPED at CONTINUE         0  by the embedded AWS's own record
  last STOPPED to CONTINUE            5 s
  looks                                 1  1 heartbeat
  state transitions                     3
  Lambda invocations                    2  look 1, wake 1
  API calls                             4  autoscaling 2, dynamodb 1, ecs 1; 1
                                           answered with an error
  cost at list price             $0.00008  transitions $0.00008, Lambda $0.00000"""
    )


@pytest.mark.parametrize(
    ("story", "ended", "killed", "said"),
    [
        ("all went well", DRAINED, [], None),
        ("tasks died", DRAINED, ["00000001", "00000002"], "2 tasks were not STOPPED"),
        (
            "the execution failed",
            execution("FAILED", error="AccessDenied", cause='{"errorMessage": "no", "stackTrace": ["x"]}'),
            [],
            "FAILED: AccessDenied: no",
        ),
        ("it failed without a word", execution("ABORTED"), [], "ABORTED: no cause was given"),
        ("it never ended", execution("RUNNING"), [], "did not end"),
    ],
)
def test_what_went_wrong_is_a_sentence(
    story: str, ended: dict[str, Any], killed: list[str], said: str | None
) -> None:
    wrong = what_went_wrong(replace(RECORDS, executions=[ended], killed=killed), "arn:drain")
    assert (wrong is None) if said is None else (said in (wrong or "")), story


def test_without_continue_it_went_wrong_and_no_task_is_counted_at_it() -> None:
    nothing = replace(RECORDS, calls=[])
    assert "not completed with CONTINUE" in (what_went_wrong(nothing, "arn:drain") or "")
    assert "none sent" in figures(nothing, [LEAVING], [])[0]


def test_the_bill_counts_a_transaction_twice_and_the_calls_of_ecs_not_at_all() -> None:
    """DynamoDB's prices: a transactional write costs two write request units a KiB."""
    calls: list[tuple[str, dict[str, Any]]] = [
        ("TransactWriteItems", {"TransactItems": [{}, {}]}),
        ("UpdateItem", {}),
        ("GetItem", {}),
        ("Publish", {}),
        ("DescribeTasks", {}),
    ]
    usage = usage_of(calls, RECORDS.invocations, transitions=10)
    assert (usage.ledger_writes, usage.ledger_reads, usage.notices, usage.transitions) == (5, 1, 1, 10)
    assert usage.lambda_gb_seconds == pytest.approx(2 * 0.2 * 0.25)
    assert usage.queue_requests == 12 + 2 * 2
    assert cost(usage) > cost(Usage(transitions=10))


def test_a_retry_is_a_transition() -> None:
    assert transitions_of(HISTORY) == 3
