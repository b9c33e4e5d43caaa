"""Stories of stateful services on the embedded AWS, by the deployed definition and the real handlers.

`make approve` writes the timelines anew; the review reads their diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app import app
from stories.samples import Consumer, Dedupe, Store
from stories.samples.story import StatefulStory, read_stateful_story
from stories.samples.telling import Stage, slots_held, told
from stories.story import WrongStory
from stories.timeline import is_of_the_drainer

STORIES = sorted(Path(__file__).parent.glob("*.toml"))


SLOW = {
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
    story = read_stateful_story(path)
    with told(story, app) as stage:
        assert stage.outcomes == story.outcomes
        assert stage.tasks_killed == story.tasks_killed
        assert slots_held(stage) == [], "every ending frees its slots"
        _check_samples(story, stage)
        said = _said(stage)
        for sentence in story.says:
            assert sentence in said
        _compare_with_approved(path.with_suffix(".timeline"), f"{story.title}\n\n{stage.timeline}")


def _check_samples(story: StatefulStory, stage: Stage) -> None:
    """The services are looked at from their own side: quorum, jobs left, events lost."""
    for sample in stage.samples.values():
        if isinstance(sample, Store):
            assert sample.fewest == story.fewest_in_sync
            assert (sample.refused == 0) == (story.fewest_in_sync >= sample.majority)
        elif isinstance(sample, Dedupe):
            assert len(sample.lost) == story.lost
        elif isinstance(sample, Consumer):
            assert sample.waiting == 0


def _said(stage: Stage) -> str:
    """Return the text of every notice, as a subscriber by e-mail reads it."""
    published = [
        call.parameters
        for call in stage.aws.requests.calls
        if call.operation == "Publish" and is_of_the_drainer(call)
    ]
    parts = [given["Subject"] for given in published]
    for message in (json.loads(given["Message"]) for given in published):
        parts.append(" ".join(str(message.get("default", message)).split()))
    return "\n".join(parts)


def _compare_with_approved(approved: Path, timeline: str) -> None:
    if os.environ.get("APPROVE") == "1":
        approved.write_text(timeline, encoding="utf-8")
    assert timeline == approved.read_text(encoding="utf-8"), "run `make approve` and read the diff"


def test_a_sample_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('story = "x"\nsamples = ["etcd"]\nhappens = []\n', encoding="utf-8")
    with pytest.raises(WrongStory, match="no sample `etcd`"):
        read_stateful_story(wrong)
