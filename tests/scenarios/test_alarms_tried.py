"""Each alarm is tried once: what it watches is provoked on the embedded AWS, and its own definition rings.

"Set up alarms" helps nobody where the metric has another name, other dimensions, or a threshold that is never met.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.common import telemetry
from embedded_aws.clients import client
from stories.timeline import executions
from stories.world import Service
from tests.scenarios.scene import Scene, a_scene

STUCK = Service(desired=3, minimum_percent=100, maximum_percent=100)
CONFIG = json.loads((Path(__file__).parents[2] / ".chalice" / "config.json").read_text(encoding="utf-8"))
STATUS_OF = {"ExecutionsFailed": "FAILED", "ExecutionsTimedOut": "TIMED_OUT", "ExecutionsAborted": "ABORTED"}
"""https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html"""

Alarm = Mapping[str, Any]


def alarms() -> dict[str, Alarm]:
    """Return the deployed alarms by their names without app and stage."""
    found = client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {each["AlarmName"].removeprefix("ecs-drainer-dev-"): each for each in found}


def rings(alarm: Alarm, values: list[float]) -> bool:
    """Whether an alarm goes off on the values of as many periods as it evaluates, oldest first."""
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    newest = values[-alarm["EvaluationPeriods"] :]
    return len(newest) == alarm["EvaluationPeriods"] and all(each >= alarm["Threshold"] for each in newest)


def dimension(alarm: Alarm, name: str) -> str:
    """Return the value of an alarm's only dimension."""
    (one,) = alarm["Dimensions"]
    assert one["Name"] == name
    return str(one["Value"])


def ended(alarm: Alarm) -> list[float]:
    """Return what AWS/States counts for an alarm: the executions of its machine that ended so."""
    assert alarm["Namespace"] == "AWS/States"
    machine = dimension(alarm, "StateMachineArn")
    statuses = [execution["status"] for execution in executions(machine)]
    return [float(statuses.count(STATUS_OF[alarm["MetricName"]]))]


def of_queue(alarm: Alarm, scene: Scene) -> float:
    """Return what AWS/SQS says now of an alarm's queue, as CloudWatch answers it."""
    now = scene.aws.clock.now()
    answer = client("cloudwatch").get_metric_statistics(
        Namespace=alarm["Namespace"],
        MetricName=alarm["MetricName"],
        Dimensions=alarm["Dimensions"],
        StartTime=now - timedelta(minutes=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=[alarm["Statistic"]],
    )
    return max((float(point[alarm["Statistic"]]) for point in answer["Datapoints"]), default=0.0)


def written(out: str, alarm: Alarm) -> list[float]:
    """Return the sum of a metric of our own as the functions wrote it, with the alarm's dimensions and no others."""
    assert (
        dimension(alarm, "service")
        == CONFIG["stages"]["dev"]["environment_variables"]["POWERTOOLS_SERVICE_NAME"]
    )
    lines = (json.loads(line) for line in out.splitlines() if line.startswith('{"_aws"'))
    blobs = [
        blob
        for blob in lines
        for directive in blob["_aws"]["CloudWatchMetrics"]
        if directive["Namespace"] == alarm["Namespace"]
        and ["service"] in directive["Dimensions"]
        # In this process all stages are one: the name was read when the app was imported.
        and blob["service"] == telemetry.SERVICE
    ]
    return [sum(sum(blob.get(alarm["MetricName"], [])) for blob in blobs)]


@pytest.fixture
def scene() -> Iterator[Scene]:
    with a_scene() as one:
        yield one


def start(machine: str, words: Any) -> str:
    answer = client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(words))
    return str(answer["executionArn"])


def a_drain_fails(scene: Scene) -> None:
    start(scene.deployment.state_machine, {"instance_id": "no instance"})


def a_drain_is_stopped(scene: Scene) -> None:
    drain = start(scene.deployment.state_machine, {"instance_id": scene.doomed})
    scene.aws.clock.advance(30)
    client("stepfunctions").stop_execution(executionArn=drain)


def a_drain_outlives_its_limit(scene: Scene) -> None:
    """49 hours are longer than any hook lasts and any deadline may be: the limit itself is shortened."""
    machine, sfn = scene.deployment.state_machine, client("stepfunctions")
    definition = json.loads(sfn.describe_state_machine(stateMachineArn=machine)["definition"])
    sfn.update_state_machine(
        stateMachineArn=machine, definition=json.dumps({**definition, "TimeoutSeconds": 20})
    )
    start(machine, {"instance_id": scene.doomed})


def a_fleet_fails(scene: Scene) -> None:
    start(f"{scene.deployment.state_machine}-fleet", {"instances": []})


@pytest.mark.parametrize(
    ("name", "provoke"),
    [
        ("drain-failed", a_drain_fails),
        ("drain-aborted", a_drain_is_stopped),
        ("drain-timed-out", a_drain_outlives_its_limit),
        ("fleet-failed", a_fleet_fails),
    ],
)
def test_an_execution_that_ends_badly_rings(scene: Scene, name: str, provoke: Any) -> None:
    alarm = alarms()[name]
    assert not rings(alarm, ended(alarm))
    provoke(scene)
    scene.aws.clock.advance(900)
    assert rings(alarm, ended(alarm))
    others = [each for other, each in alarms().items() if other != name and each["Namespace"] == "AWS/States"]
    assert [each["AlarmName"] for each in others if rings(each, ended(each))] == []


def test_an_event_that_no_function_can_read_rings(scene: Scene) -> None:
    alarm = alarms()["dead-letters"]
    assert not rings(alarm, [of_queue(alarm, scene)])
    scene.invoke("start_drain", {"detail-type": "no such thing"}, "Event")
    scene.aws.clock.advance(600)
    assert rings(alarm, [of_queue(alarm, scene)])


def test_an_event_of_ecs_that_can_not_be_read_rings(scene: Scene) -> None:
    alarm, queue = alarms()["ecs-events-dead-letters"], "ecs-drainer-dev-ecs-events"
    assert not rings(alarm, [of_queue(alarm, scene)])
    client("sqs").send_message(
        QueueUrl=client("sqs").get_queue_url(QueueName=queue)["QueueUrl"], MessageBody="no event"
    )
    scene.aws.clock.advance(3000)
    assert rings(alarm, [of_queue(alarm, scene)])


def test_events_that_nobody_takes_ring(scene: Scene) -> None:
    alarm = alarms()["ecs-events-late"]
    lambda_ = client("lambda")
    (mapping,) = lambda_.list_event_source_mappings()["EventSourceMappings"]
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    url = client("sqs").get_queue_url(QueueName="ecs-drainer-dev-ecs-events")["QueueUrl"]
    client("sqs").send_message(QueueUrl=url, MessageBody="{}")
    ages: list[float] = []
    for _ in range(alarm["EvaluationPeriods"]):
        assert not rings(alarm, ages)
        scene.aws.clock.advance(alarm["Period"])
        ages.append(of_queue(alarm, scene))
    assert rings(alarm, ages)


def test_a_stuck_drain_and_one_near_its_deadline_ring(capsys: pytest.CaptureFixture[str]) -> None:
    with a_scene(service=STUCK, tags={"ecs-drainer:deadline": "40m"}) as scene:
        found = alarms()
        stuck, near = found["stuck-drain"], found["near-deadline"]
        scene.world.terminate(scene.doomed)
        scene.aws.clock.advance(300)
        before = capsys.readouterr().out
        assert [rings(each, written(before, each)) for each in (stuck, near)] == [False, False]
        scene.aws.clock.advance(2400)
        out = capsys.readouterr().out
    assert [rings(each, written(out, each)) for each in (stuck, near)] == [True, True]


TRIED = {
    "drain-failed", "drain-aborted", "drain-timed-out", "fleet-failed", "dead-letters", "ecs-events-dead-letters",
    "ecs-events-late", "stuck-drain", "near-deadline",
}  # fmt: skip


def test_no_alarm_is_untried(scene: Scene) -> None:
    assert alarms().keys() == TRIED
    assert scene.outcomes == []
