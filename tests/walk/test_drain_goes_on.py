"""How a drain goes on: it waits for events or for what is due, keeps its lifecycle action, explains and stops."""

from __future__ import annotations

import pytest

from tests.walk.a_drain import (
    DENIED,
    DRAINED,
    EMPTIED,
    HOOK_SECONDS,
    MANUAL_INPUT,
    OVER,
    RACED,
    TASK,
    Story,
    after,
    manual,
    plan,
    seen,
)
from tests.walk.answers import EVERY_TRY, NO_ANSWER, Error, Reply

DUE_SOON = plan(heartbeat={"recorded_at": after(seconds=-340)})
"""A heartbeat is due 110 s after the drain began: within a quarter of its interval, the first look records it."""

STUCK = seen(explain="stuck", next_in=60)

STORIES = {
    "an event came between the look and the wait: another look, at once": Story(
        {"Wait for events": [RACED, EMPTIED], "Look": [seen(), seen(), DRAINED]},
        passes=("Wait for events", "Look", "Wait for events", "Look"),
    ),
    "no event comes until the safety look": Story(
        {"Wait for events": NO_ANSWER, "Look": [seen(next_in=180), DRAINED]},
        passes=("Wait for events", "Look"),
    ),
    "the wait can't be stored: the clock ends it instead": Story(
        {"Wait for events": Error("DynamoDb.InternalServerErrorException", times=EVERY_TRY)},
        passes=("Wait for events", "Wait before the next look", "Look"),
    ),
    "events don't come: the drain polls": Story(
        {"Look": [seen(polls=True), seen(polls=True, explain="events-lost"), DRAINED]},
        told=("started", "explained", "ended"),
        passes=("Wait before the next look", "Look", "Explain", "Tell", "Wait before the next look"),
    ),
    "the drain is stuck, and says what holds it": Story(
        {"Look": [STUCK, seen(), DRAINED], "Wait for events": [NO_ANSWER, EMPTIED]},
        told=("started", "explained", "ended"),
        passes=("Explain", "What was explained?", "Tell", "Wait for events"),
    ),
    "what holds the drain can't be read: that is told, and the drain goes on": Story(
        {"Look": [STUCK, DRAINED], "Explain": Error("AccessDenied", "not authorized")},
        told=("started", "explained", "ended"),
    ),
    "a standalone task is stopped, and what was news is explained all the same": Story(
        {"Look": [seen(tasks_to_stop=1, stop_now=[TASK], explain="blocked"), DRAINED]},
        told=("started", "explained", "ended"),
        passes=("Stop tasks", "What is due?", "Explain", "Wait for events"),
    ),
    "a heartbeat is due": Story(
        {"Look": [seen(), seen(), DRAINED], "Wait for events": [NO_ANSWER, EMPTIED]},
        passes=("Wait for events", "Record a heartbeat", "Wait for events"),
    ),
    "a heartbeat is due at a look that finds tasks to stop": Story(
        {"Plan the drain": DUE_SOON, "Look": [seen(tasks_to_stop=1, stop_now=[TASK]), DRAINED]},
        passes=("Record a heartbeat", "Stop tasks", "Wait for events"),
    ),
    "a heartbeat is due at a look that finds something to explain": Story(
        {"Plan the drain": DUE_SOON, "Look": [seen(explain="stuck"), DRAINED]},
        told=("started", "explained", "ended"),
        passes=("Record a heartbeat", "Explain", "Tell", "Wait for events"),
    ),
    "a heartbeat is due at a look that polls": Story(
        {"Plan the drain": DUE_SOON, "Look": [seen(polls=True), DRAINED]},
        passes=("Record a heartbeat", "Wait before the next look"),
    ),
    "somebody ended the lifecycle action: the heartbeat says so": Story(
        {"Plan the drain": DUE_SOON, "Look": [seen()], "Record a heartbeat": OVER},
        outcome="already-done",
        results=(),
    ),
    "a heartbeat is refused, which is told once, and tried again within half a minute": Story(
        {
            "Look": [*[seen()] * 4, DRAINED],
            "Wait for events": [*[NO_ANSWER] * 3, EMPTIED],
            "Record a heartbeat": [*[Error(DENIED.name, DENIED.cause, EVERY_TRY)] * 2, {}],
        },
        told=("started", "heartbeat-refused", "ended"),
    ),
    "somebody sets the instance ACTIVE: it is theirs": Story(
        {"Look": [seen(taken_back=True)]}, outcome="taken-back", results=()
    ),
    "the agent is lost for good": Story({"Look": [seen(agent_lost=True)]}, outcome="agent-lost"),
    "ECS is away for twenty minutes, which is told once": Story(
        {"Look": [*[Error("AwsUnavailable", times=EVERY_TRY)] * 22, seen(), DRAINED]},
        told=("started", "troubled", "ended"),
        passes=("Record a heartbeat", "Wait out the outage", "Look", "Record a heartbeat"),
    ),
    "ECS is away while Auto Scaling refuses heartbeats: both are told": Story(
        {
            "Look": [*[Error("AwsUnavailable", times=EVERY_TRY)] * 22, seen(), DRAINED],
            "Record a heartbeat": DENIED,
        },
        told=("started", "heartbeat-refused", "troubled", "ended"),
    ),
    "a look is refused: the failure is recorded, then told": Story(
        {"Look": Error("AccessDenied", "no ecs:ListTasks")},
        outcome="failed",
        told=("started", "failed"),
        results=(),
        ends="The drain failed",
        passes=("Close the ledger entry", "Tell"),
    ),
    "StopTask is away for a while": Story(
        {
            "Look": [seen(tasks_to_stop=1, stop_now=[TASK]), DRAINED],
            "Stop tasks": [Error("Throttled", times=EVERY_TRY), {"asked": [TASK], "deadline": {}}],
        },
        passes=("Stop tasks", "Wait out the outage", "Stop tasks", "Wait for events"),
    ),
    "DRAINING can't be set for a while": Story(
        {
            "Update the container instances": [
                Error("Ecs.ServerException", times=EVERY_TRY),
                {"Failures": []},
            ]
        },
        passes=("Set DRAINING", "Wait out the outage", "Set DRAINING", "Tell"),
    ),
    "nobody can be told on the way, and the drain goes on": Story(
        {
            "Tell": [
                Error("AwsUnavailable", times=EVERY_TRY),
                {"subject": "ended", "topic": None, "untold": None},
            ]
        },
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_a_drain_goes_on(story: str) -> None:
    STORIES[story].holds()


def test_what_ecs_refuses_is_a_failure_and_what_it_misses_is_gone() -> None:
    """UpdateContainerInstancesState answers 200 whatever it did: what it refused stands among its failures."""
    for reason, outcome in {"MISSING": "drained", "INACTIVE": "drained", "BUSY": "failed"}.items():
        failures = {"Failures": [{"Arn": "arn", "Reason": reason}]}
        found = Story({"Update the container instances": failures}).walked()
        assert found.variables["outcome"]["name"] == outcome, reason


def test_a_wait_ends_when_the_first_of_what_is_due_is_due() -> None:
    """The safety look after 10 s, the deadline after 20, or the heartbeat 450 s after the last one."""
    safety = Story({"Look": [seen(next_in=10), DRAINED], "Wait for events": NO_ANSWER}).holds()
    assert safety.seconds == 10 + 10
    deadline = {"at": after(seconds=20), "action": "continue"}
    late = Story({"Plan the drain": plan(deadline=deadline), "Look": seen(), "Wait for events": NO_ANSWER})
    assert late.walked().seconds == 20
    beaten = Story({"Look": [seen(), DRAINED], "Wait for events": NO_ANSWER}).holds()
    assert beaten.seconds == HOOK_SECONDS // 2 - 300


def test_what_woke_the_drain_is_told_to_the_look_and_to_no_later_one() -> None:
    answers = {"Look": [seen(), seen(), DRAINED], "Wait for events": [EMPTIED, RACED]}
    found = Story({**answers, "Wait for events": [EMPTIED, RACED]}).walked()
    told = [each["Payload"]["told"] for each in found.calls_of("Look")]
    assert told == [None, EMPTIED, {"why": "raced"}]
    found = Story({**answers, "Wait for events": [EMPTIED, NO_ANSWER]}).walked()
    assert [each["Payload"]["told"] for each in found.calls_of("Look")] == [None, EMPTIED, None]


def test_a_refused_heartbeat_is_told_again_only_after_one_was_recorded() -> None:
    """Denied, denied, recorded, denied: two notices, each while there is time."""
    refused = Error(DENIED.name, DENIED.cause, EVERY_TRY)
    answers = {
        "Look": [*[seen()] * 6, DRAINED],
        "Wait for events": [*[NO_ANSWER] * 5, EMPTIED],
        "Record a heartbeat": [refused, refused, {}, refused, {}],
    }
    found = Story(answers).walked()
    told = [each["Payload"]["occasion"] for each in found.calls_of("Tell")]
    assert told == ["started", "heartbeat-refused", "heartbeat-refused", "ended"]


def test_a_drain_that_nobody_waits_for_records_no_heartbeat_and_answers_nobody() -> None:
    found = Story({"Plan the drain": manual()}, MANUAL_INPUT, results=()).holds()
    assert "Record a heartbeat" not in found.states


def test_48_hours_stay_within_800_transitions() -> None:
    """A hook of one hour: a heartbeat every 50 minutes, a safety look every 15, an explanation now and then."""
    deadline = {"at": after(hours=48), "action": "continue"}
    answers = {
        "Plan the drain": plan(deadline=deadline, drain={"heartbeat_seconds": 3000}),
        "Look": seen(next_in=900),
        "Wait for events": NO_ANSWER,
    }
    found = Story(answers).walked()
    assert found.seconds >= 47.9 * 3600
    assert found.variables["outcome"]["name"] == "deadline"
    assert found.transitions <= 800


def test_a_service_that_changes_every_second_keeps_no_heartbeat_from_its_time() -> None:
    """Events end each wait before its time: the heartbeat is seen to at the look."""
    busy = Story({"Look": [*[seen()] * 600, DRAINED], "Wait for events": Reply(EMPTIED, after=1)}).holds()
    beats = [call.at for call in busy.calls if call.state == "Record a heartbeat"]
    assert len(beats) == 2
