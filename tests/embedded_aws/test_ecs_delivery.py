"""The events of ECS come late, twice, in another order or never, as a test or a story says; the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app import app
from embedded_aws.aws import EPOCH, EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state, register_module
from embedded_aws.eventbridge import EcsDelivery, emit, events_state
from stories.story import WrongStory, read_story
from stories.telling import told
from tests.embedded_aws.bus import permit, rule, terminate
from tests.embedded_aws.parts import function

PATTERN = {"source": ["aws.ecs", "aws.autoscaling"]}


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        register_module("app", SimpleNamespace(handle=lambda event, _context: event))
        rule(function("wake"), PATTERN)
        permit("wake")
        yield embedded


def stop(count: int = 1) -> None:
    for number in range(count):
        emit("aws.ecs", "ECS Task State Change", {"number": number})


def came() -> list[tuple[int, float]]:
    """Which event came when, in seconds."""
    return [
        (each.event["detail"]["number"], round((each.at - EPOCH).total_seconds(), 2))
        for each in lambda_state().invocations
    ]


def deliver(**settings: Any) -> None:
    events_state().ecs.change(**settings)


def test_an_event_of_ecs_takes_a_second_unless_told_otherwise(aws: EmbeddedAws) -> None:
    stop()
    deliver(latency=4)
    stop()
    aws.clock.advance(10)
    assert came() == [(0, 1.0), (0, 4.0)]


def test_those_that_are_named_are_lost_late_or_doubled(aws: EmbeddedAws) -> None:
    deliver(lost=[1, 3], late=[2], late_seconds=60, doubled=[4], apart_seconds=7)
    stop(5)
    aws.clock.advance(100)
    assert came() == [(3, 1.0), (4, 1.0), (3, 8.0), (1, 61.0)]


def test_a_share_is_drawn_from_the_seed(aws: EmbeddedAws) -> None:
    deliver(lost=0.25, doubled=0.25, jitter=5, seed=7)
    stop(200)
    aws.clock.advance(100)
    numbers = [number for number, _ in came()]
    assert 120 <= len(set(numbers)) <= 180
    assert 20 <= len(numbers) - len(set(numbers)) <= 60
    assert numbers != sorted(numbers)
    again = EcsDelivery(lost=0.25, doubled=0.25, jitter=5, seed=7)
    delays = [again.delays() for _ in range(200)]
    assert [number for number in range(200) if not delays[number]] == sorted(set(range(200)) - set(numbers))


def test_the_events_of_others_are_left_alone(aws: EmbeddedAws) -> None:
    deliver(lost=1)
    stop(3)
    terminate()
    aws.clock.advance(1)
    (invocation,) = lambda_state().invocations
    assert invocation.event["source"] == "aws.autoscaling"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"lost": 2}, "`lost` of events is 2: expected a share from 0 to 1, or a list"),
        ({"doubled": [0]}, "`doubled` of events is"),
        ({"latency": -1}, "`latency` of events is -1: expected seconds"),
        ({"speed": 1}, "`speed` of events is unknown: expected one of apart_seconds"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    aws: EmbeddedAws, settings: dict[str, Any], said: str
) -> None:
    del aws
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        deliver(**settings)


STORY = """
story = "Events of ECS are delivered badly."
[events]
latency = 2
lost = [1]
seed = 9
[[happens]]
at = 0
do = "terminate"
[[happens]]
at = 30
do = "change-events"
lost = 1
[[happens]]
at = 31
do = "disable-rule"
rule = "start_drain-event"
[[happens]]
at = 32
do = "fail-deployment"
service = "web"
"""


def test_a_story_says_how_events_are_delivered_and_when_that_changes(tmp_path: Path) -> None:
    path = tmp_path / "badly.toml"
    path.write_text(STORY)
    story = read_story(path)
    assert story.events == EcsDelivery(latency=2, lost=(1,), seed=9)
    with told(story, app) as came_of_it:
        assert events_state().ecs.lost == 1
        assert events_state().ecs.latency == 2
        failed = [
            event
            for event in events_state().emitted
            if event["detail"].get("eventName") == "SERVICE_DEPLOYMENT_FAILED"
        ]
        assert len(failed) == 1
        assert came_of_it.outcomes == ["drained"]


@pytest.mark.parametrize(
    ("line", "said"), [("lost = 3", "`lost` of events is 3"), ("x = 1", "`x` of events is unknown")]
)
def test_a_story_with_wrong_events_is_refused(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(f'story = "x"\n[events]\n{line}\n')
    with pytest.raises(WrongStory, match=rf"wrong.toml: {said}"):
        read_story(path)
