"""A part of AWS is out of order for twenty minutes in mid-drain, at any time of it: the lifecycle action is held.

Nothing but Auto Scaling itself may keep a heartbeat from its time. The clock moves by waits, retries and late answers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.walk.a_drain import (
    DRAIN,
    DRAINED,
    HOOK_SECONDS,
    INPUT,
    MANUAL_INPUT,
    ORDINARY,
    TASK,
    Story,
    after,
    gates,
    manual,
    occasions,
    plan,
    recorded,
    seen,
)
from tests.walk.answers import NO_ANSWER, Error, Reply, TimedOut
from tests.walk.drain_failures import longest_gap, most_calls_a_minute
from tests.walk.walked import Walk
from tests.walk.walker import AT, Away, walk

FUNCTIONS = ("Plan the drain", "Look", "Explain", "Stop tasks", "Tell")
LEDGER = (
    "Open the ledger entry",
    "Read the open drain",
    "Wait for events",
    "Close the ledger entry",
    "Free a slot",
)
ASKS_ECS = ("Plan the drain", "Look", "Explain", "Update the container instances")
OUTAGES: dict[str, tuple[tuple[str, ...], Error | TimedOut]] = {
    "ECS throttles": (ASKS_ECS, Error("Throttled")),
    "ECS is out of order": (ASKS_ECS, Error("AwsUnavailable")),
    "ECS answers nothing": (ASKS_ECS, Error("Sandbox.Timedout")),
    "Lambda is out of order": (FUNCTIONS, Error("Lambda.ServiceException")),
    "Lambda crashes": (FUNCTIONS, Error("Runtime.ExitError")),
    "Lambda answers nothing": (FUNCTIONS, TimedOut()),
    "SNS is out of order": (("Tell",), Error("AwsUnavailable")),
    "SNS throttles": (("Tell",), Error("Throttled")),
    "DynamoDB is out of order": ((*LEDGER, "Look"), Error("DynamoDb.InternalServerErrorException")),
    "DynamoDB answers nothing": (LEDGER, TimedOut()),
    "everything but Auto Scaling is throttled": ((*FUNCTIONS, *LEDGER), Error("Throttled")),
}
LASTS = timedelta(minutes=20)
DRAINS_FOR = timedelta(minutes=45)


def long_drain(hook_seconds: int) -> dict[str, Any]:
    """Answers of a drain whose tasks are STOPPED after so long, and which is explained every half an hour."""

    def look(arguments: Any) -> Any:
        event = arguments["Payload"]
        at = datetime.fromisoformat(event["now"])
        if at - AT >= DRAINS_FOR:
            return DRAINED(arguments)
        until = event["explanation"]["until"]
        is_told = until is not None and at < datetime.fromisoformat(until)
        return seen(next_in=240, explain="no" if is_told else "stuck")(arguments)

    deadline = {"at": (AT + timedelta(hours=8)).isoformat().replace("+00:00", "Z"), "action": "continue"}
    began = (AT - timedelta(seconds=min(300, hook_seconds // 2))).isoformat().replace("+00:00", "Z")
    planned = plan(
        deadline=deadline,
        heartbeat={"recorded_at": began},
        drain={"heartbeat_seconds": hook_seconds // 2},
        look={**plan()["look"], "gates": gates(slots=1)},
    )
    return {**ORDINARY, "Plan the drain": planned, "Look": look, "Wait for events": NO_ANSWER}


def during(states: tuple[str, ...], failure: Error | TimedOut, begins: timedelta, lasts: timedelta) -> Away:
    """Return an outage of these calls; the end of a wait for events by its time is none."""

    def away(state: str, at: datetime) -> Error | TimedOut | None:
        return failure if state in states and AT + begins <= at < AT + begins + lasts else None

    return away


def through(outage: str, begins: timedelta, hook_seconds: int = HOOK_SECONDS) -> Walk:
    """Walk a drain of three quarters of an hour through an outage."""
    away = during(*OUTAGES[outage], begins, LASTS)
    return walk(DRAIN, INPUT, long_drain(hook_seconds), away=away)


BEGINS = [timedelta(seconds=seconds) for seconds in (0, 1, *range(60, 1500, 290))]


@pytest.mark.parametrize("outage", OUTAGES)
def test_no_gap_between_heartbeats_is_longer_than_the_hooks_timer(outage: str) -> None:
    for begins in BEGINS:
        found = through(outage, begins)
        assert longest_gap(found) <= HOOK_SECONDS, (begins, [c.state for c in found.calls])
        assert (found.ended_in, found.variables["outcome"]["name"]) == ("Done", "drained"), begins
        assert most_calls_a_minute(found) <= 25, begins


@pytest.mark.parametrize(
    "outage", [name for name in OUTAGES if "nothing" not in name and "everything" not in name]
)
def test_nor_where_the_hooks_timer_is_five_minutes(outage: str) -> None:
    """It leaves no time for several calls that fail one after the other, half a minute or two minutes each."""
    for begins in BEGINS:
        assert longest_gap(through(outage, begins, 300), held_for=150) <= 300, begins


@pytest.mark.parametrize("outage", ["ECS throttles", "ECS is out of order", "DynamoDB is out of order"])
def test_an_outage_that_lasts_is_told_once_and_while_it_lasts(outage: str) -> None:
    for begins in BEGINS[1:]:
        found = through(outage, begins)
        told = [
            each["Payload"] for each in found.calls_of("Tell") if each["Payload"]["occasion"] == "troubled"
        ]
        assert len(told) == 1, begins
        assert datetime.fromisoformat(told[0]["now"]) < AT + begins + LASTS


def test_a_minute_without_dynamodb_at_the_end_loses_no_record() -> None:
    """However the jitter falls: the machine's own waits alone last longer."""
    for story in (Story(), Story({"Complete the lifecycle action": [*[Error("Throttled")] * 5, {}]})):
        began: list[datetime] = []

        def away(state: str, at: datetime, began: list[datetime] = began) -> Error | None:
            if state != "Close the ledger entry":
                return None
            began.append(at)
            return (
                Error("DynamoDb.InternalServerErrorException")
                if at - began[0] < timedelta(minutes=1)
                else None
            )

        found = walk(without_retries("Close the ledger entry"), INPUT, story.script, away=away)
        assert (found.ended_in, found.variables["unrecorded"]) == ("Done", None)
        assert occasions(found)[-1] == "ended"
        assert recorded(found)[-1] == "drained"


def without_retries(name: str) -> dict[str, Any]:
    """Return the machine where a state's own retries take no time, as full jitter may have it."""
    retry = [{**each, "IntervalSeconds": 0} for each in DRAIN["States"][name]["Retry"]]
    return {**DRAIN, "States": {**DRAIN["States"], name: {**DRAIN["States"][name], "Retry": retry}}}


def test_closing_outlasts_a_heartbeat_that_would_be_due() -> None:
    """The action is answered: no heartbeat finds it over and renames the outcome, none shortens the waits."""
    due_soon = plan(
        heartbeat={"recorded_at": AT.isoformat().replace("+00:00", "Z")}, drain={"heartbeat_seconds": 40}
    )
    away = during(("Close the ledger entry",), Error("Throttled"), timedelta(0), timedelta(minutes=1))
    found = walk(DRAIN, INPUT, {**ORDINARY, "Plan the drain": due_soon}, away=away)
    beats = [call.at for call in found.calls if call.state == "Record a heartbeat"]
    completed = next(call.at for call in found.calls if call.state == "Complete the lifecycle action")
    assert all(at <= completed for at in beats)
    assert found.variables["outcome"] == {"name": "drained"}


def test_an_answer_lost_in_an_outage_leaves_the_outcome_its_own() -> None:
    """Completed, the answer lost, a heartbeat due: it finds the action over, which our own call has done."""
    over = Error("AutoScaling.AutoScalingException", "No active Lifecycle Action found")
    answers = {
        "Plan the drain": plan(
            heartbeat={"recorded_at": AT.isoformat().replace("+00:00", "Z")}, drain={"heartbeat_seconds": 30}
        ),
        "Complete the lifecycle action": [TimedOut(1), over],
        "Record a heartbeat": [over] * 4,
    }
    found = Story(answers).walked()
    assert "Record a heartbeat" in found.states
    assert found.variables["outcome"] == {"name": "drained"}


def test_a_heartbeat_refused_is_told_while_there_is_time() -> None:
    """Denied from the start: the first news comes before half of the hook's timer is over."""
    denied = Error("AutoScaling.AutoScalingException", "is not authorized to perform it")
    found = walk(DRAIN, INPUT, {**long_drain(HOOK_SECONDS), "Record a heartbeat": denied})
    told = [each["Payload"] for each in found.calls_of("Tell")]
    first = next(each["now"] for each in told if each["occasion"] == "heartbeat-refused")
    assert datetime.fromisoformat(first) - AT <= timedelta(seconds=HOOK_SECONDS / 2)


@pytest.mark.parametrize("hook_seconds", [30, 31, 60, 120, 300, HOOK_SECONDS])
def test_a_heartbeat_that_gets_no_answer_twice_is_recorded_before_the_hooks_timer_ends(
    hook_seconds: int,
) -> None:
    """Auto Scaling takes timeouts from 30 s on: a call that hangs for as long would end the action by itself."""
    script = {**long_drain(hook_seconds), "Record a heartbeat": [{}, {}, TimedOut(2), {}, *[{}] * 1_000]}
    beats = [call.at for call in walk(DRAIN, INPUT, script).calls if call.state == "Record a heartbeat"]
    before, *_, recorded_at = beats[1:5]
    assert (recorded_at - before).total_seconds() < hook_seconds


def test_a_look_that_took_long_by_its_retries_keeps_no_heartbeat_waiting() -> None:
    """It began before the heartbeat was due and ends after it: due is what the clock says, not the look."""
    answers = {
        **long_drain(HOOK_SECONDS),
        "Tell": Reply({"subject": "-", "topic": None, "untold": None}, after=50),
    }
    found = walk(
        DRAIN,
        INPUT,
        answers,
        away=during(("Look",), Error("Throttled"), timedelta(minutes=2), timedelta(minutes=2)),
    )
    assert longest_gap(found) <= HOOK_SECONDS


@pytest.mark.parametrize(
    ("then", "state"), [("terminate", "Terminate the instance"), ("return", "Reactivate")]
)
def test_what_follows_a_drain_by_hand_is_done_after_an_hour_without_its_service(
    then: str, state: str
) -> None:
    """Nothing runs on the instance any more, a person asked for it once, and nobody else would do it."""
    away = during((state,), Error("Unavailable"), timedelta(0), timedelta(minutes=61))
    machine = without_retries(state) if state in DRAIN["States"] else DRAIN
    found = walk(machine, MANUAL_INPUT, {**ORDINARY, "Plan the drain": manual(then)}, away=away)
    assert (found.ended_in, found.variables["outcome"]["name"]) == ("Done", "drained")


def test_tasks_are_told_to_stop_at_the_deadline_after_twenty_minutes_without_ecs() -> None:
    """What happens at the deadline is what the policy says, however late: who gave up let the hook's timer decide."""
    away = during(("Stop tasks",), Error("AwsUnavailable"), timedelta(0), timedelta(minutes=20))
    late = {"at": after(seconds=5), "action": "stop-tasks"}
    answers = {
        **ORDINARY,
        "Plan the drain": plan(deadline=late),
        "Look": seen(),
        "Wait for events": NO_ANSWER,
    }
    found = walk(DRAIN, INPUT, answers, away=away)
    assert (found.ended_in, found.variables["outcome"]["name"]) == ("Done", "deadline")
    assert found.variables["stopped"]["asked"] == [TASK]
