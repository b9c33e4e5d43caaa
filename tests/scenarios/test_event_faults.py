"""Whatever becomes of ECS's events, and whichever service is away for minutes, a drain ends right.

ECS developer guide, "Amazon ECS events": events come at least once and may be out of order; EventBridge and SQS
promise no time. So each world here delivers them in its own way, and takes up to two services away for a while:
CONTINUE is never early, never sent twice, and no later than the next safety look.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import app
from embedded_aws.eventbridge import EcsDelivery
from stories.stage import Stage
from stories.story import Happening, Story
from stories.telling import told
from stories.world import Hook, Service

sys.setrecursionlimit(10_000)
"""As the JSONata library sets it at its first expression; Hypothesis would warn of the change."""

STORY = Story(
    "a world of event faults",
    services=(Service(desired=3),),
    hook=Hook(heartbeat_timeout=900),
    lasts=3 * 3600,
)
SAFETY_LOOK = timedelta(minutes=15)
MARGIN = timedelta(minutes=4)
"""For what the outage's own waits and retries add once the service is back."""

SHARES = st.sampled_from([0.0, 0.0, 0.3, 1.0])
DELIVERIES = st.builds(
    EcsDelivery,
    latency=st.sampled_from([0.0, 1.0, 5.0, 60.0]),
    jitter=st.sampled_from([0.0, 30.0, 120.0]),
    lost=SHARES,
    doubled=SHARES,
    late=SHARES,
    late_seconds=st.sampled_from([90.0, 600.0]),
    seed=st.integers(1, 1000),
)
AWAY = {
    "ecs": ("ServerException", ""),
    "dynamodb": ("InternalServerError", ""),
    "sns": ("InternalError", ""),
    "sqs": ("InternalError", ""),
    "lambda": ("ServiceException", "Invoke"),
}


def outage(service: str, at: int, seconds: int, lost_answer: bool) -> Happening:
    code, operation = AWAY[service]
    how: dict[str, Any] = {"service": service, "code": code, "status": 500, "seconds": seconds}
    named = {"operation": operation} if operation else {}
    return Happening(at, "fail-calls", {**how, **named, "lost_answer": lost_answer})


OUTAGES = st.lists(
    st.builds(
        outage,
        service=st.sampled_from(sorted(AWAY)),
        at=st.integers(2, 200),
        seconds=st.sampled_from([5, 60, 300]),
        lost_answer=st.booleans(),
    ),
    max_size=2,
)
CRASHES = st.lists(
    st.builds(
        lambda at, function: Happening(at, "crash", {"function": function}),
        at=st.integers(2, 200),
        function=st.sampled_from(["look", "wake", "tell"]),
    ),
    max_size=2,
)
AGENT = st.sampled_from([(), (Happening(30, "disconnect"), Happening(200, "reconnect"))])


def _ends_right(events: EcsDelivery, outages: list[Happening], crashes: list[Happening], agent: Any) -> None:
    happens = (Happening(0, "terminate"), *outages, *crashes, *agent)
    story = replace(STORY, events=events, happens=tuple(sorted(happens, key=lambda each: each.at)))
    with told(story, app) as came:
        assert came.outcomes == ["drained"]
        assert came.tasks_killed == 0
        _check_continue(came, outages)
        assert came.left_open == []


def _check_continue(came: Stage, outages: list[Happening]) -> None:
    (continued,) = came.answered("CompleteLifecycleAction")
    stopped_at = came.last_stopped_at
    assert stopped_at is not None
    assert continued.at >= stopped_at, "CONTINUE before the last task was STOPPED"
    # Events carry whole seconds, and each outage may push the look that was due as far as it lasts.
    away = sum((timedelta(seconds=each.given["seconds"]) for each in outages), timedelta(0))
    assert continued.at - stopped_at <= SAFETY_LOOK + away + MARGIN


WORLDS = {"events": DELIVERIES, "outages": OUTAGES, "crashes": CRASHES, "agent": AGENT}
HOW: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


@settings(max_examples=6, **HOW)
@given(**WORLDS)
def test_a_drain_ends_right_whatever_becomes_of_events(
    events: EcsDelivery, outages: list[Happening], crashes: list[Happening], agent: Any
) -> None:
    _ends_right(events, outages, crashes, agent)


@pytest.mark.slow
@settings(max_examples=250, **{**HOW, "derandomize": True})
@given(**WORLDS)
def test_a_drain_ends_right_in_hundreds_of_worlds(
    events: EcsDelivery, outages: list[Happening], crashes: list[Happening], agent: Any
) -> None:
    _ends_right(events, outages, crashes, agent)
