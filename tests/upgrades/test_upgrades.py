"""An upgrade in mid-drain loses nothing, whatever the drain does just then; nor does a rollback.

"When you update a state machine, running executions continue to use the previous definition."
https://docs.aws.amazon.com/step-functions/latest/dg/getting-started.html
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import app
from stories.stage import Stage
from stories.story import Happening, Story, read_story
from stories.telling import told
from stories.timeline import history

HERE = Path(__file__).parent
SCENARIOS = HERE.parent / "scenarios"
RELEASES = sorted(path.name for path in HERE.iterdir() if (path / "drain.asl.json").exists())

STORIES = {
    "tasks leave by themselves": ("three-service-tasks", 60),
    "before the first look": ("three-service-tasks", 5),
    "it is stuck and was explained": ("stuck-and-freed-by-its-remedy", 900),
    "standalone tasks were stopped": ("standalone-task-stopped", 20),
    "the deadline is near": ("deadline-stop-tasks", 420),
    "its agent is away": ("agent-away-for-a-while", 90),
    "ECS drains it itself": ("managed-draining", 60),
    "no cluster knows it": ("in-no-cluster", 1),
    "Spot takes it": ("spot-interruption", 30),
    "its queue is not empty": ("stateful/a-queue-is-worked-off", 60),
    "a task was asked to sign off": ("stateful/a-task-signs-off", 30),
}
"""What the drain does when the upgrade comes, the story that it is part of, and when that is."""


def upgraded(name: str, at: float, *, before: str, after: str) -> Story:
    """Return a story in which the definition `before` is deployed at its beginning, and `after` at an instant."""
    story = read_story(SCENARIOS / f"{name}.toml")
    # The definition is deployed before anything else happens, all of which is a second later.
    later = [replace(each, at=each.at + 1) for each in story.happens]
    deployed = [
        Happening(0, "deploy-definition", {"path": before}),
        Happening(at, "deploy-definition", {"path": after}),
    ]
    return replace(story, happens=tuple(sorted([*deployed, *later], key=lambda each: each.at)))


def ends_right(story: Story) -> None:
    with told(story, app) as came:
        assert tuple(came.outcomes) == story.expected.outcomes
        assert len(came.answered("CompleteLifecycleAction")) == story.expected.continues
        assert came.tasks_killed == story.expected.tasks_killed
        assert came.left_open == []
        _check_order(came)


def _check_order(came: Stage) -> None:
    """CONTINUE after the last STOPPED, as ever; the story's own test says how long after."""
    stopped_at = came.last_stopped_at
    for continued in came.answered("CompleteLifecycleAction"):
        assert stopped_at is None or came.tasks_killed or continued.at >= stopped_at


def states_of(execution: dict[str, Any]) -> set[str]:
    """Return the names of the states that an execution entered."""
    entered = (event.get("stateEnteredEventDetails") for event in history(execution["executionArn"]))
    return {each["name"] for each in entered if each}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("story", STORIES)
def test_a_drain_that_a_release_before_began_ends_right(release: str, story: str) -> None:
    name, at = STORIES[story]
    ends_right(upgraded(name, at, before=f"tests/upgrades/{release}/drain.asl.json", after=""))


@pytest.mark.parametrize("story", ["tasks leave by themselves", "it is stuck and was explained"])
def test_a_rollback_in_mid_drain_ends_right(story: str) -> None:
    """Only the definition goes back: the functions of today know both."""
    name, at = STORIES[story]
    ends_right(upgraded(name, at, before="", after=f"tests/upgrades/{RELEASES[0]}/drain.asl.json"))


@pytest.mark.parametrize("release", RELEASES)
def test_what_fails_after_the_upgrade_is_drained_again_by_the_machine_of_today(release: str) -> None:
    """Its own execution fails; the reconciler starts the next one, which has today's definition."""
    story = upgraded("failed-execution", 40, before=f"tests/upgrades/{release}/drain.asl.json", after="")
    with told(story, app) as came:
        assert came.outcomes[-1] == "drained"
        assert came.tasks_killed == 0
        first, *_, last = came.executions
        assert "Close the ledger entry" not in states_of(first)
        assert "Close the ledger entry" in states_of(last)
        assert came.left_open == []
