"""docs/limits.md is what the code does: a figure that changes there changes here.

"Quotas apply per account": https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import pytest

from benchmarks import limits
from benchmarks.crowd import drain_crowd
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
