"""docs/limits.md is what the code does: a figure that changes there changes here.

"Quotas apply per account": https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import pytest

from benchmarks import limits
from benchmarks.crowd import Drained, drain_crowd
from benchmarks.large import drain_a_fleet_in_a_wide_cluster, drain_in_a_wide_cluster, drain_unnamed
from benchmarks.sizes import LARGEST_STATE
from benchmarks.wide import explaining, planning
from chalicelib.fleet.request import MOST_INSTANCES


def test_the_document_is_right() -> None:
    text = limits.PATH.read_text(encoding="utf-8")
    assert limits.document(text, limits.rows()) == text, "run `python -m benchmarks.limits --write`"


def test_the_command_says_what_is_stale(capsys: pytest.CaptureFixture[str]) -> None:
    assert limits.main(["--check"]) == 0
    assert "docs/limits.md is right" in capsys.readouterr().out


def test_a_cluster_of_five_thousand_is_explained_in_time() -> None:
    """A function of 256 MB has about a sixth of a core, and 58 s."""
    seconds, blockers = explaining(5_000, cpu=1_500)
    assert len(blockers) == 4
    assert seconds * 6 < 20


def test_a_fleet_of_three_hundred_in_a_cluster_of_five_thousand_is_planned_in_time() -> None:
    """1,200 tasks are placed on 4,700 instances: half of the 58 s are for the reads."""
    seconds, cramped = planning(5_000, MOST_INSTANCES)
    assert not cramped
    assert seconds * 2 < 29


def test_more_than_a_hundred_tasks_drain_as_ever() -> None:
    """What the machine carries of them is packed."""
    came = drain_crowd(120)
    assert came.outcomes == ("drained",)
    assert came.tasks_killed == 0
    assert came.reads <= 12


def ended_right(came: Drained) -> bool:
    return set(came.outcomes) == {"drained"} and not came.tasks_killed


def test_more_clusters_than_ecs_answers_reads_at_once_are_asked_at_its_pace() -> None:
    """Amazon ECS developer guide, request throttling: 100 resource reads at once, then 20 a second."""
    came = drain_unnamed(120)
    assert ended_right(came)
    assert 120 < came.reads < 150
    assert 0 < came.throttled < 5


@pytest.mark.slow
def test_drains_that_ask_three_hundred_clusters_each_end_one_after_another() -> None:
    """Whoever has just begun gives way to those who are half through: else all would begin again, for ever."""
    came = drain_unnamed(300, at_once=4)
    assert ended_right(came)
    assert len(came.outcomes) == 4


@pytest.mark.slow
def test_a_thousand_tasks_of_a_service_drain_by_events() -> None:
    """The machine waits for each of a thousand; a look reads a hundred at a time."""
    came = drain_crowd(1_000)
    assert ended_right(came)
    assert came.looks <= 8
    assert came.reads <= 30
    assert came.largest_payload < LARGEST_STATE


@pytest.mark.slow
def test_a_drain_in_a_cluster_of_five_thousand_is_explained_and_ends() -> None:
    """The explanation reads all container instances of the cluster, a hundred at a time."""
    came = drain_in_a_wide_cluster(5_000)
    assert ended_right(came)
    assert came.explanations >= 2
    assert came.reads > 200


@pytest.mark.slow
def test_a_fleet_in_a_wide_cluster_is_planned_and_drained() -> None:
    """Its plan reads all tasks of the cluster, once."""
    came = drain_a_fleet_in_a_wide_cluster(2_000, 4)
    assert ended_right(came)
    assert 200 < came.reads < 240
