"""`pytest --aws CLUSTER`: the stories that a real account can tell, told there by the stage that is deployed in it.

Every task is STOPPED before CONTINUE, and the drain says so. Each story takes as long as it does in AWS.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from stories.story import Story, read_story
from tests.aws.live import (
    is_measured,
    killed,
    last_stopped,
    live,
    outcome_of,
    terminate,
    wait_for,
    why_not_live,
)
from tests.aws.permission import Place, place_for_tests

FOLDER = Path(__file__).parents[1] / "scenarios"
STORIES = {path.stem: read_story(path) for path in sorted(FOLDER.glob("*.toml"))}
LIVE = sorted(name for name, story in STORIES.items() if why_not_live(story) is None)
LATER = 60.0
"""Seconds that an account may be later than the embedded AWS: events and queues take their time."""


def test_there_are_stories_for_an_account() -> None:
    assert LIVE == [
        "empty-instance",
        "services-and-a-daemon",
        "standalone-task-of-1500-s",
        "standalone-task-of-400-s",
        "three-service-tasks",
    ]


@pytest.fixture(name="place")
def _place(request: pytest.FixtureRequest) -> Place:
    """Where the tests may drain, looked up anew: the last story has ended an instance."""
    cluster, machine = request.config.getoption("--aws"), request.config.getoption("--aws-machine")
    return place_for_tests(boto3.client, cluster, machine)


@pytest.mark.aws
@pytest.mark.parametrize("name", LIVE)
def test_story(name: str, place: Place) -> None:
    story = STORIES[name]
    with live(place, boto3.client) as there:
        doomed = there.prepare(story)
        arn = there.arn_of(doomed)
        before = there.tasks_on(arn)
        terminate(there, doomed)
        ended = wait_for(
            f"the drain of {doomed} has ended", lambda: there.drain_of(doomed), story.lasts + 600
        )
        tasks = there.ask("describe_tasks", tasks=before)["tasks"] if before else []
        _check(story, ended, tasks)


def _check(story: Story, ended: dict[str, Any], tasks: list[dict[str, Any]]) -> None:
    assert outcome_of(ended) == "drained"
    assert [one["lastStatus"] for one in tasks] == ["STOPPED"] * len(tasks)
    assert killed(tasks) == []
    stopped_at = last_stopped(tasks)
    if stopped_at is None:
        return
    assert ended["stopDate"] >= stopped_at, "CONTINUE came before the last STOPPED"
    if story.expected.delay is not None and is_measured(story.expected.delay):
        assert (ended["stopDate"] - stopped_at).total_seconds() <= story.expected.delay + LATER
