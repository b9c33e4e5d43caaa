"""Stories told on the embedded AWS by the deployed definition and the real handlers, each with an approved timeline.

`make approve` writes the timelines anew; the review reads their diff.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from app import app
from stories.samples import Consumer, Dedupe, Store
from stories.stage import Stage
from stories.story import Story, WrongStory, read_story
from stories.telling import told
from stories.timeline import history
from tests.scenarios.events_told import events_of, wrong_in

STORIES = sorted(Path(__file__).parent.rglob("*.toml"))

SLOW = {
    "forty-eight-hours",
    "two-hundred-tasks",
    "a-long-drain-keeps-its-slot",
    "a-lost-slot-is-taken-again",
    "a-queue-grows",
    "all-gates-together",
    "closed-gates-are-forced",
}


def story_of(path: Path) -> object:
    return pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else [])


@pytest.mark.parametrize("path", [story_of(path) for path in STORIES])
def test_story(path: Path) -> None:
    story = read_story(path)
    with told(story, app) as came:
        _check_ending(story, came)
        _check_delay(story, came)
        _check_samples(story, came)
        _check_events(came)
        _compare_with_approved(path.with_suffix(".timeline"), f"{story.title}\n\n{came.timeline}")


def _check_events(came: Stage) -> None:
    """docs/events.md: every event is of the published schema, and every drain that starts says so before all else."""
    events = events_of(came.aws.requests.calls)
    assert [(event["detail-type"], wrong) for event in events if (wrong := wrong_in(event))] == []
    ids = [event["detail"]["id"] for event in events]
    assert len(set(ids)) == len(ids), "each piece of news is put once"
    first = {event["detail"]["execution"]: event["detail-type"] for event in reversed(events)}
    assert set(first.values()) <= {
        "Drain Started",
        "Drain Failed",
        "Drain Blocked",
        "Drain Ended",
        "Drain Troubled",
    }


def _check_ending(story: Story, came: Stage) -> None:
    assert tuple(came.outcomes) == story.expected.outcomes
    assert len(came.answered("CompleteLifecycleAction")) == story.expected.continues
    assert came.tasks_killed == story.expected.tasks_killed
    if story.expected.records is not None:
        assert came.records == story.expected.records
    assert came.left_open == [], "nothing is left in the ledger of a drain that is over"
    if story.expected.transitions is not None:
        entered = [
            event
            for execution in came.executions
            for event in history(execution["executionArn"])
            if event["type"].endswith("StateEntered")
        ]
        assert len(entered) <= story.expected.transitions
    if story.expected.container_instances is not None:
        assert came.container_instances == story.expected.container_instances
    if story.expected.stopped is not None:
        assert len(came.answered("StopTask")) == story.expected.stopped
    told_of = " ".join(" ".join((subject, *text.split())) for subject, text in came.notices)
    for words in story.expected.says:
        assert words in told_of
    for words in story.expected.never_says:
        assert words not in told_of
    for execution in came.executions:
        # One ends at 25,000 events; the rest is room for retries that nobody counts.
        assert len(history(execution["executionArn"])) < 8_000


def _check_delay(story: Story, came: Stage) -> None:
    """CONTINUE comes after the last STOPPED task, and not long after it."""
    expected = story.expected
    if expected.delay in (None, float("inf")):
        return
    stopped_at = came.last_stopped_at
    assert stopped_at is not None
    delay = came.answered("CompleteLifecycleAction")[0].at - stopped_at
    assert timedelta(0) <= delay <= timedelta(seconds=expected.delay or 0)
    if expected.last_stopped is not None:
        draining_at = came.answered("UpdateContainerInstancesState")[0].at
        # Events carry whole seconds.
        assert abs(stopped_at - draining_at - timedelta(seconds=expected.last_stopped)) < timedelta(seconds=1)


def _check_samples(story: Story, came: Stage) -> None:
    """The services are looked at from their own side: quorum, jobs left, events lost."""
    for sample in came.samples:
        if isinstance(sample, Store):
            assert sample.fewest == story.expected.fewest_in_sync
            assert (sample.refused == 0) == (story.expected.fewest_in_sync >= sample.majority)
        elif isinstance(sample, Dedupe):
            assert len(sample.lost) == story.expected.lost
        elif isinstance(sample, Consumer):
            assert sample.waiting == 0


def _compare_with_approved(approved: Path, timeline: str) -> None:
    if os.environ.get("APPROVE") == "1":
        approved.write_text(timeline, encoding="utf-8")
    assert timeline == approved.read_text(encoding="utf-8"), "run `make approve` and read the diff"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('[[service]]\nnmae = "web"', r"wrong.toml: `nmae` of service\[0\] is unknown"),
        ('samples = ["etcd"]', "no sample `etcd`"),
    ],
)
def test_a_story_that_cannot_be_told_is_refused_by_name(tmp_path: Path, written: str, said: str) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(f'story = "x"\n{written}\n', encoding="utf-8")
    with pytest.raises(WrongStory, match=said):
        read_story(wrong)
