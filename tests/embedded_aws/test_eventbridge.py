"""Events reach the targets of the rules they match, as each target wants them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from embedded_aws.aws import EPOCH, EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state, register_module
from embedded_aws.clients import client
from embedded_aws.eventbridge import Mishap, events_state
from tests.embedded_aws.bus import TERMINATING, open_queue, permit, rule, terminate
from tests.embedded_aws.parts import function, messages


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        register_module("app", SimpleNamespace(handle=lambda event, _context: event))
        yield embedded


def test_an_event_reaches_the_function_a_moment_later(aws: EmbeddedAws) -> None:
    rule(function("start"))
    permit("start")
    event = terminate()
    assert event["time"] == "2026-03-02T10:00:00Z"
    assert lambda_state().invocations == []
    aws.clock.advance(1)
    (invocation,) = lambda_state().invocations
    assert invocation.event == event
    assert (invocation.at - EPOCH).total_seconds() == pytest.approx(0.2)
    assert aws.requests.matching("lambda", "Invoke")[0].principal == "events.amazonaws.com"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"source": ["aws.autoscaling"]}, True),
        ({"source": ["aws.ecs"]}, False),
        ({"detail": {"EC2InstanceId": [{"prefix": "i-"}]}}, True),
        ({"detail": {"EC2InstanceId": [{"anything-but": {"prefix": "i-"}}]}}, False),
        ({"detail": {"Destination": [{"exists": False}]}}, True),
    ],
)
def test_only_what_matches_the_pattern_is_delivered(
    aws: EmbeddedAws, pattern: dict[str, Any], matches: bool
) -> None:
    rule(function("start"), pattern)
    permit("start")
    terminate()
    aws.clock.advance(1)
    assert bool(lambda_state().invocations) == matches


def test_a_disabled_rule_delivers_nothing(aws: EmbeddedAws) -> None:
    rule(function("start"))
    permit("start")
    client("events").disable_rule(Name="drain")
    terminate()
    aws.clock.advance(1)
    assert lambda_state().invocations == []


def test_put_events_looks_the_same_to_the_target(aws: EmbeddedAws) -> None:
    rule(function("start"), {"source": ["our.tests"]})
    permit("start")
    entry = {"Source": "our.tests", "DetailType": "Hello", "Detail": '{"a": 1}', "Resources": ["arn:x"]}
    answered = client("events").put_events(Entries=[{**entry, "Time": datetime(2026, 3, 1, tzinfo=UTC)}])
    aws.clock.advance(1)
    event = lambda_state().invocations[0].event
    assert event == {
        "version": "0",
        "id": answered["Entries"][0]["EventId"],
        "source": "our.tests",
        "detail-type": "Hello",
        "account": "123456789012",
        "region": "eu-west-1",
        "time": "2026-03-01T00:00:00Z",
        "resources": ["arn:x"],
        "detail": {"a": 1},
    }


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail"}, {"EC2InstanceId": "i-1"}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"instance": "$.detail.EC2InstanceId", "group": "$.resources[0]"},
                    "InputTemplate": '{"instance": <instance>, "why": "<instance> leaves <group>"}',
                }
            },
            {"instance": "i-1", "why": "i-1 leaves arn:asg"},
        ),
    ],
)
def test_the_target_chooses_its_input(
    aws: EmbeddedAws, configuration: dict[str, Any], expected: dict[str, Any]
) -> None:
    rule(function("start"), **configuration)
    permit("start")
    terminate()
    aws.clock.advance(1)
    assert lambda_state().invocations[0].event == expected


def test_a_queue_is_a_target_too_if_its_policy_lets_events_in(aws: EmbeddedAws) -> None:
    url, arn = open_queue("events")
    rule(arn)
    event = terminate()
    aws.clock.advance(1)
    assert json.loads(messages(url)[0]["Body"]) == event


@pytest.mark.parametrize(
    ("mishap", "seconds"),
    [
        (Mishap(lambda _: True, copies=2, apart_seconds=30), [0.2, 30.2]),
        (Mishap(lambda _: True, copies=0), []),
        (Mishap(lambda _: True, late_seconds=7200), [7200.2]),
    ],
)
def test_an_event_may_come_twice_or_late_or_never(
    aws: EmbeddedAws, mishap: Mishap, seconds: list[float]
) -> None:
    """EventBridge delivers at least once; Auto Scaling sends it events as best it can."""
    rule(function("start"))
    permit("start")
    events_state().mishaps.append(mishap)
    terminate()
    aws.clock.advance(10_000)
    came = [(each.at - EPOCH).total_seconds() for each in lambda_state().invocations]
    assert came == pytest.approx(seconds)


def test_the_next_event_of_a_kind_is_duplicated_or_lost_by_name(aws: EmbeddedAws) -> None:
    rule(function("start"))
    permit("start")
    events_state().duplicate_next(TERMINATING)
    events_state().lose_next(TERMINATING)
    terminate("i-1")
    terminate("i-2")
    terminate("i-3")
    aws.clock.advance(5)
    came = [each.event["detail"]["EC2InstanceId"] for each in lambda_state().invocations]
    assert came == ["i-1", "i-3", "i-1"]
