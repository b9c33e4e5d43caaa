"""What gates cost a drain that has none: nothing where they are off, three calls and no look where they are on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from app import app
from stories.story import Story, read_story
from stories.telling import told

USUAL = read_story(Path(__file__).parents[1] / "three-service-tasks.toml")


def calls_of(story: Story) -> Counter[str]:
    with told(story, app) as came:
        assert came.outcomes == ["drained"]
        calls = [call for call in came.drain_calls if not (call.role or "").endswith(("reconcile", "wake"))]
        return Counter(call.action for call in calls)


def test_gates_that_nobody_needs_cost_three_calls_of_the_plan_and_no_look() -> None:
    off = calls_of(USUAL)
    on = calls_of(Story(title=USUAL.title, tags={"ecs-drainer:gates": "services"}))
    assert on - off == {"ecs:ListTasks": 1, "ecs:DescribeTasks": 1, "ecs:DescribeServices": 1}
    assert off["ecs:DescribeServices"] == 1, "which of them are daemons, for they are waited for last"
    assert off["dynamodb:BatchGetItem"] == 0
