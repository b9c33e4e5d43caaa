"""What is measured, as CloudWatch reads it from the log; and that explaining costs nothing while nothing is stuck."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app import app
from stories.stage import Stage
from stories.story import read_story
from stories.telling import told

HERE = Path(__file__).parent
READS = ("DescribeContainerInstances", "DescribeTasks", "ListContainerInstances", "ListTasks")
"""The calls that share the account's 20 resource reads a second."""


def measured(story: str, capsys: pytest.CaptureFixture[str]) -> tuple[Stage, dict[str, list[Any]]]:
    """Tell a story; return it with each metric's values, and its dimensions by `<metric>.<dimension>`."""
    capsys.readouterr()
    with told(read_story(HERE / f"{story}.toml"), app) as came:
        blobs = [
            json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')
        ]
    found: dict[str, list[Any]] = {}
    for blob in blobs:
        (directive,) = blob["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "ecs-drainer"
        for metric in directive["Metrics"]:
            found.setdefault(metric["Name"], []).extend(blob[metric["Name"]])
            for name in directive["Dimensions"][0]:
                found.setdefault(f"{metric['Name']}.{name}", []).append(blob[name])
    return came, found


def test_a_drain_is_measured_by_cluster_and_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = measured("three-service-tasks", capsys)
    (duration,), (delay,), (looks,) = found["DrainDuration"], found["ContinueDelay"], found["Looks"]
    assert 128 <= duration <= 145
    assert 0 <= delay < 3, "of that the event takes a second, and the queue's batch another"
    assert looks == 2, "one that lists, one that events lead to"
    assert found["ForcedStops"] == found["TasksAliveAtContinue"] == [0]
    assert found["DrainDuration.cluster"] == ["web"]
    assert found["DrainDuration.outcome"] == ["drained"]
    assert "StuckDrains" not in found


def test_tasks_that_are_left_at_the_deadline_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = measured("a-task-that-never-stops", capsys)
    assert found["TasksAliveAtContinue"] == [1]
    assert found["DrainDuration.outcome"] == ["deadline"]
    assert found["DrainsNearDeadline"] == [1]


@pytest.mark.parametrize(
    ("story", "alive"),
    [("standalone-task-ignored", 1), ("completed-by-another", 3), ("stopped-in-mid-drain", 3)],
)
def test_tasks_that_nobody_waited_for_are_counted(
    story: str, alive: int, capsys: pytest.CaptureFixture[str]
) -> None:
    _, found = measured(story, capsys)
    assert found["TasksAliveAtContinue"] == [alive]


def test_forced_stops_and_stuck_drains_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    came, found = measured("deadline-stop-tasks", capsys)
    assert found["ForcedStops"] == [len(came.answered("StopTask"))] == [1]
    assert found["StuckDrains"] == [1]
    assert found["TasksAliveAtContinue"] == [0]


def test_a_failed_drain_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = measured("failed-execution", capsys)
    assert found["FailedDrains"] == [1]
    assert found["DrainDuration.outcome"] == ["drained"]


@pytest.mark.parametrize("story", ["three-service-tasks", "standalone-task-of-400-s"])
def test_explaining_reads_nothing_while_nothing_is_stuck(story: str) -> None:
    with told(read_story(HERE / f"{story}.toml"), app) as came:
        explaining = [call for call in came.drain_calls if (call.role or "").endswith("-explain")]
        reads = [call for call in came.drain_calls if call.operation in READS]
    assert explaining == []
    assert {(call.role or "").rpartition("-")[2] for call in reads} <= {"plan_drain", "look", "wake"}


def test_explaining_takes_a_handful_of_reads_each_time_it_is_due() -> None:
    with told(read_story(HERE / "stuck-for-an-hour.toml"), app) as came:
        explaining = [call for call in came.drain_calls if (call.role or "").endswith("-explain")]
        times = len({call.at for call in explaining})
    reads = [call for call in explaining if call.operation in READS]
    assert times == 5, "stuck three times, near the deadline, and at it"
    assert len(reads) / times <= 6
