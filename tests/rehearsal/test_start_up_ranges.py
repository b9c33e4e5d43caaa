"""How long it all takes is a range over how long tasks take to start: given, measured, or drawn from a seed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from rehearsal.result import Lasts, StartUp
from rehearsal.result import read as from_json
from stories.world import CLUSTER, Service
from tests.cli.shell import shell
from tests.rehearsal.test_snapshot_command import ran

pytestmark = pytest.mark.slow

WEB = Service(desired=3)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot in which `web` was deployed once, and 45 s later was steady."""
    path = tmp_path_factory.mktemp("ranges") / "cluster.json"
    with shell(WEB) as told:
        told.sleep(300)
        with told.aws.requests.unthrottled():
            answered = told.quietly(f"snapshot --cluster {CLUSTER} -o {path}")
        assert answered.exit_code == 0, answered.output
    return path


def lasts(taken: Path, more: str) -> Lasts:
    answered = ran(f"rehearse {taken} --scale-in 1 -o json {more}")
    assert answered.exit_code == 0, answered.output
    return from_json(answered.stdout).variants[0].lasts


def test_measured_from_the_latest_deployment(taken: Path) -> None:
    """The service's events say when it started its tasks, and when it was steady."""
    found = lasts(taken, "--once")
    (web,) = found.start_ups
    assert (web.source, web.seconds, web.samples) == ("measured", 45, 1)
    assert found.runs == 1


def test_given_as_a_range_the_shortest_and_the_longest_are_rehearsed(taken: Path) -> None:
    """A drain waits for the replacement to be healthy: a start-up of 70 s more makes it 70 s longer."""
    found = lasts(taken, "--start-up web=20s..90s")
    (web,) = found.start_ups
    assert web == StartUp("web", 55, 20, 90, "given")
    assert found.runs == 3
    assert found.most - found.least >= timedelta(seconds=70)
    assert found.least < found.expected < found.most


def test_drawn_from_a_seed_all_is_between_the_two_and_the_same_again(taken: Path) -> None:
    drawn = lasts(taken, "--start-up web=20s..90s --draws 3 --seed 5")
    assert drawn.runs == 6
    without = lasts(taken, "--start-up web=20s..90s --seed 5")
    assert (drawn.least, drawn.expected, drawn.most) == (without.least, without.expected, without.most)
    assert lasts(taken, "--start-up web=20s..90s --draws 3 --seed 5") == drawn
