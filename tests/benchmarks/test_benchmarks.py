"""The figures in the document are those of the embedded AWS; the calls of the first story are counted exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import document, report
from benchmarks.__main__ import ended_right, main, stale_parts
from benchmarks.figures import ECS_READS, measure, percentile
from benchmarks.first_story import calls_by_kind


@pytest.mark.slow
def test_the_document_is_that_of_one_and_ten_drains() -> None:
    assert stale_parts() == [], "run `python -m benchmarks --write`"


def test_the_first_story_takes_eighteen_calls_and_a_write_for_each_of_its_three_tasks() -> None:
    """Of the ledger: turn, opening, wait, an event of the instance, the stops, closing. Invocations are left out."""
    calls, idle = calls_by_kind()
    assert calls == {
        "autoscaling:CompleteLifecycleAction": 1,
        "autoscaling:DescribeAutoScalingGroups": 1,
        "autoscaling:DescribeLifecycleHooks": 1,
        "dynamodb:TransactWriteItems": 2,
        "dynamodb:UpdateItem": 4,
        "ecs:DescribeContainerInstances": 2,
        "ecs:DescribeServices": 1,
        "ecs:DescribeTasks": 1,
        "ecs:ListContainerInstances": 1,
        "ecs:ListTasks": 2,
        "ecs:UpdateContainerInstancesState": 1,
        "events:PutEvents": 2,
        "sns:Publish": 2,
        "stepfunctions:SendTaskSuccess": 1,
        "stepfunctions:StartExecution": 1,
    }
    assert calls.total() - calls["events:PutEvents"] <= 18 + 3, (
        "what the drain itself needs: events are for others"
    )
    assert idle == 5, (
        "two of other instances, one of this one after its end, and two batches of tasks that start"
    )


def test_an_ordinary_drain_keeps_its_promises() -> None:
    """A CONTINUE two seconds after the last STOPPED, in twenty transitions, for less than 70 cents a thousand."""
    figures = measure(1)
    assert figures.delays[0] < 2.1
    assert figures.transitions <= 20, "nineteen states, and the start"
    assert sum(figures.calls[f"ecs:{read}"] for read in READS) <= 8
    assert figures.dollars * 1000 <= 0.70


READS = (*sorted(ECS_READS), "ListClusters", "DescribeServices")


def test_late_events_are_noticed_as_much_later() -> None:
    """Whatever they take, the drain adds two seconds at most: a second of batching, and a look."""
    assert all(1 < measure(1, latency=latency).delays[0] - latency < 1.1 for latency in (0.0, 5.0))


@pytest.mark.slow
def test_five_hundred_at_once_are_noticed_within_seconds() -> None:
    """They want two minutes of the account's reads: they begin by turns, so that those that end can read."""
    figures = measure(500)
    assert figures.is_right
    assert percentile(figures.delays, 95) <= 5
    assert figures.delays[-1] <= 15


@pytest.mark.parametrize("poll", ["15s", "60s"])
def test_a_fixed_poll_is_late_by_less_than_its_wait(poll: str) -> None:
    figures = measure(1, poll)
    assert figures.is_right
    assert 0 <= figures.delays[0] < int(poll.removesuffix("s"))


@pytest.mark.slow
def test_forty_drains_at_once_begin_by_turns_and_none_is_throttled() -> None:
    """Two hundred reads in the first second are more than ECS answers at once."""
    figures = measure(40)
    assert figures.is_right
    assert figures.throttled == 0
    assert figures.reads_a_second <= 20
    assert figures.delays[-1] < 15


def test_only_the_drains_own_waits_must_end_right() -> None:
    """A task that a fixed poll lets die is shown in its column; the command fails for our own only."""
    own = measure(1)
    other, harmed = replace(own, poll="60s", tasks_killed=1), replace(own, tasks_killed=1)
    assert ended_right([own, other])
    assert not ended_right([harmed, replace(own, poll="60s")])


@pytest.mark.parametrize(("percent", "expected"), [(50, 2.0), (95, 4.0), (25, 1.0), (1, 1.0), (100, 4.0)])
def test_percentiles_are_values_that_were_measured(percent: int, expected: float) -> None:
    assert percentile((1.0, 2.0, 3.0, 4.0), percent) == expected


def test_only_what_stands_between_the_markers_is_written() -> None:
    text = "# Title\n<!-- prices -->\nold\n<!-- end of prices -->\nwords\n"
    written = document.with_part(text, "prices", "new\n")
    assert written == "# Title\n<!-- prices -->\nnew\n<!-- end of prices -->\nwords\n"
    with pytest.raises(document.MarkerMissing, match="lacks the markers of `calls`"):
        document.part(text, "calls")


@pytest.mark.slow
def test_the_command_shows_the_sizes_it_is_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--sizes", "1"]) == 0
    shown = capfd.readouterr().out
    assert "one drain" in shown
    assert all(name.split()[-1] in shown for name in report.SCHEDULES.values())
    assert "delay after the last STOPPED, median" in shown
