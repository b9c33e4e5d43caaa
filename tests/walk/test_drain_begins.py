"""How a drain begins: with a plan and an entry in the ledger that no other drain of the instance holds."""

from __future__ import annotations

import pytest

from tests.walk.a_drain import (
    ACTION,
    BUSY,
    DENIED,
    DRAINED,
    EMPTIED,
    HELD,
    INPUT,
    MANUAL_INPUT,
    ORDINARY,
    OTHER,
    OVER,
    Story,
    after,
    gates,
    manual,
    opened,
    plan,
    seen,
)
from tests.walk.answers import EVERY_TRY, Error

SPOT = {"trigger": "spot-interruption", "gone_at": after(minutes=2)}
MOST_ORDINARY = 20
"""State transitions, which are what an execution costs."""

STORIES = {
    "an ordinary drain": Story(),
    "no cluster knows the instance: its lifecycle action is answered at once": Story(
        {"Plan the drain": plan(verdict="nothing-to-drain", outcome={"name": "nothing-to-drain"})},
        outcome="nothing-to-drain",
        told=("ended",),
    ),
    "the lifecycle action was over before the drain began": Story(
        {"Plan the drain": plan(verdict="already-over", outcome={"name": "already-over"})},
        outcome="already-over",
        told=(),
        results=(),
        ends="Left alone",
    ),
    "neither stage nor group let this kind of warning start a drain": Story(
        {"Plan the drain": plan(verdict="not-admitted", outcome={"name": "not-admitted"})},
        outcome="not-admitted",
        told=(),
        results=(),
        ends="Left alone",
    ),
    "the plan says what this definition doesn't know": Story(
        {"Plan the drain": plan(verdict="postpone", outcome={"name": "postpone"})},
        outcome="postpone",
        told=("failed",),
        results=(),
        ends="The drain failed",
    ),
    "gates are closed: DRAINING waits for them, and they are explained": Story(
        {
            "Plan the drain": plan(look={**plan()["look"], "gates": gates(is_passed=False)}),
            "Look": [
                seen(gates_closed=True, polls=True, explain="gates-closed"),
                seen(gates_closed=True, polls=True),
                seen(may_drain=True, polls=True, gates=gates(slots=2)),
                seen(),
                DRAINED,
            ],
        },
        told=("explained", "started", "ended"),
        passes=("Look", "Explain", "Wait before the next look", "Look", "Set DRAINING", "Free the slots"),
    ),
    "gates open when ECS has set DRAINING already": Story(
        {
            "Plan the drain": plan(look={**plan()["look"], "gates": gates(is_passed=False)}),
            "Look": [seen(may_drain=True, set_by_another=True, gates=gates()), seen(), DRAINED],
        },
        passes=("Look", "Tell", "Let placements show", "Look"),
    ),
    "the hook's timer isn't fresh: a heartbeat comes before everything": Story(
        {"Plan the drain": plan(heartbeat={"recorded_at": after(seconds=-450)})},
        passes=("Record a heartbeat", "Set DRAINING"),
    ),
    "the hook's timer isn't fresh, and gates are closed": Story(
        {
            "Plan the drain": plan(
                heartbeat={"recorded_at": after(seconds=-450)},
                look={**plan()["look"], "gates": gates(is_passed=False)},
            ),
            "Look": [seen(may_drain=True, gates=gates()), seen(), DRAINED],
        },
        passes=("Record a heartbeat", "Look", "Set DRAINING"),
    ),
    "another drain of the instance goes on, which knows its lifecycle action already": Story(
        {"Open the ledger entry": HELD, "Read the open drain": opened(lifecycle_action='{"x":"y"}')},
        outcome="drain",
        told=(),
        results=(),
        ends="Already draining",
    ),
    "a person asks for a drain of an instance that is being drained": Story(
        {
            "Plan the drain": manual(),
            "Open the ledger entry": HELD,
            "Read the open drain": opened(),
        },
        MANUAL_INPUT,
        outcome="drain",
        told=("already-draining",),
        results=(),
        ends="Already draining",
    ),
    "a lifecycle action takes over from the drain that a person began": Story(
        {"Open the ledger entry": [HELD, {}], "Read the open drain": opened()},
        passes=("Stop the open execution", "Close the record of the other drain", "Open the ledger entry"),
    ),
    "a Spot notice takes over from a drain that nobody waits for": Story(
        {
            "Plan the drain": manual(drain=SPOT),
            "Open the ledger entry": [HELD, {}],
            "Read the open drain": opened(),
        },
        results=(),
        passes=("Stop the open execution", "Close the record of the other drain", "Open the ledger entry"),
    ),
    "a Spot notice takes over, and with the drain its lifecycle action": Story(
        {
            "Plan the drain": manual(drain=SPOT),
            "Open the ledger entry": [HELD, {}],
            "Read the open drain": opened(lifecycle_action='{"LifecycleActionToken":"token-1"}'),
        },
        passes=("Stop the open execution", "Record a heartbeat", "Set DRAINING"),
    ),
    "a dead execution left its entry behind": Story(
        {
            "Open the ledger entry": [HELD, {}],
            "Read the open drain": opened(),
            "Look at the open execution": {"Status": "FAILED"},
        },
        passes=("Who goes on with the drain?", "Close the record of the other drain"),
    ),
    "the execution that left its entry behind is forgotten by Step Functions": Story(
        {
            "Open the ledger entry": [HELD, {}],
            "Read the open drain": opened(),
            "Look at the open execution": Error("Sfn.ExecutionDoesNotExistException"),
        },
        passes=("Look at the open execution", "Close the record of the other drain"),
    ),
    "the other drain ended while its entry was read": Story(
        {"Open the ledger entry": [HELD, {}]},
        passes=("Is a drain open?", "Wait out the outage", "Open the ledger entry"),
    ),
    "the ledger is busy for a quarter of an hour: that is told, once, while the action is held": Story(
        {"Open the ledger entry": [*[BUSY] * 12, {}]},
        told=("troubled", "started", "ended"),
        passes=("Tell", "Record a heartbeat", "Open the ledger entry", "Set DRAINING"),
    ),
    "the ledger is denied: there is nothing to record it in, and it is told": Story(
        {"Open the ledger entry": Error("DynamoDb.DynamoDbException", "is not authorized to perform it")},
        outcome="drain",
        told=("failed",),
        results=(),
        ends="The drain failed",
    ),
    "the plan fails for a minute, and the lifecycle action is held meanwhile": Story(
        {"Plan the drain": [Error("AwsUnavailable", times=10), plan()]},
        passes=("Record a heartbeat", "Plan the drain", "Open the ledger entry"),
    ),
    "the plan fails for a minute, and nobody holds the instance": Story(
        {"Plan the drain": [Error("AwsUnavailable", times=10), manual()]},
        MANUAL_INPUT,
        results=(),
        passes=("Wait out the outage", "Plan the drain", "Open the ledger entry"),
    ),
    "the plan fails for an hour": Story(
        {"Plan the drain": Error("AwsUnavailable")},
        outcome="failed",
        told=("failed",),
        results=(),
        ends="The drain failed",
    ),
    "the plan is refused": Story(
        {"Plan the drain": Error("InvalidRequest", "no instance_id")},
        {"reason": "none"},
        outcome="failed",
        told=("failed",),
        results=(),
        ends="The drain failed",
    ),
    "the plan fails, and meanwhile somebody ends the lifecycle action": Story(
        {"Plan the drain": Error("AwsUnavailable"), "Record a heartbeat": OVER},
        outcome="already-done",
        told=(),
        results=(),
        ends="Left alone",
    ),
}


TAKING_OVER = {
    "Read the open drain": opened(),
    "Look at the open execution": {"Status": "RUNNING"},
    "Stop the open execution": {},
    "Close the record of the other drain": {},
}
STORIES |= {
    f"taking over is held up at {state!r}: it begins anew after a wait": Story(
        {
            "Open the ledger entry": [HELD, HELD, {}],
            "Read the open drain": opened(),
            state: [
                Error("States.TaskFailed", times=EVERY_TRY),
                opened() if state.startswith("Read") else ORDINARY[state],
            ],
        },
        passes=(state, "Wait out the outage", "Open the ledger entry", state, "Open the ledger entry"),
    )
    for state, answer in TAKING_OVER.items()
}


@pytest.mark.parametrize("story", STORIES)
def test_a_drain_begins(story: str) -> None:
    STORIES[story].holds()


def test_an_ordinary_drain_takes_few_transitions() -> None:
    """Each is paid for, and 25,000 history events end an execution."""
    assert STORIES["an ordinary drain"].walked().transitions <= MOST_ORDINARY


def test_who_takes_over_holds_the_action_that_the_other_one_held() -> None:
    """With the other's interval, and with a heartbeat at once: nobody knows when its last one was."""
    found = STORIES["a Spot notice takes over, and with the drain its lifecycle action"].walked()
    (completed,) = found.calls_of("Complete the lifecycle action")
    assert completed == {"LifecycleActionToken": "token-1", "LifecycleActionResult": "CONTINUE"}
    assert found.variables["drain"]["heartbeat_seconds"] == 450
    stopped = found.calls_of("Stop the open execution")
    assert [each["ExecutionArn"] for each in stopped] == [OTHER]


def test_a_deadline_only_tightens() -> None:
    """The person's drain was to end at 10:30, the lifecycle action's at 11:00; `keep` has no answer for a hook."""
    found = STORIES["a lifecycle action takes over from the drain that a person began"].walked()
    assert found.variables["deadline"] == {"at": "2026-03-02T10:30:00Z", "action": "continue"}
    asked = opened(deadline='{"at":"2026-03-02T10:30:00Z","action":"stop-tasks"}')
    found = Story({"Open the ledger entry": [HELD, {}], "Read the open drain": asked}).walked()
    assert found.variables["deadline"] == {"at": "2026-03-02T10:30:00Z", "action": "stop-tasks"}
    later = opened(deadline='{"at":"2026-03-02T12:30:00Z","action":"keep"}')
    found = Story({"Open the ledger entry": [HELD, {}], "Read the open drain": later}).walked()
    assert found.variables["deadline"] == {"at": "2026-03-02T11:00:00.000Z", "action": "continue"}


def test_a_watch_has_no_say_in_when_our_lifecycle_action_is_answered() -> None:
    """It went by the stage's settings, and had no hook whose metadata could say more."""
    watch = opened(deadline='{"at":"2026-03-02T10:30:00Z","action":"continue"}', trigger="managed-draining")
    found = Story({"Open the ledger entry": [HELD, {}], "Read the open drain": watch}).walked()
    assert found.variables["deadline"] == {"at": "2026-03-02T11:00:00.000Z", "action": "continue"}


def test_a_busy_ledger_is_asked_again_after_a_wait() -> None:
    """A throttled transaction is cancelled like a refused one, and nobody's entry is in the way."""
    found = Story({"Open the ledger entry": [*[BUSY] * 3, {}]}).holds()
    assert found.states.count("Wait out the outage") == 3
    assert found.states.count("Open the ledger entry") == 4


def test_a_busy_ledger_with_an_entry_left_behind_is_asked_again_after_a_wait() -> None:
    """A dead execution's entry is taken over, and DynamoDB is busy: no way round may lack a wait."""
    answers = {
        "Open the ledger entry": [HELD, *[BUSY] * 2, {}],
        "Read the open drain": opened(),
        "Look at the open execution": {"Status": "FAILED"},
    }
    found = Story(answers).holds()
    assert found.states.count("Wait out the outage") == 2


def test_what_an_unplanned_drain_knows_of_its_lifecycle_action_is_held_and_never_completed() -> None:
    found = STORIES["the plan fails for an hour"].walked()
    heartbeats = found.calls_of("Record a heartbeat")
    assert heartbeats
    assert {str(each) for each in heartbeats} == {str(ACTION)}
    without_a_token = {**INPUT, "lifecycle_action": {"auto_scaling_group": "shop", "hook": "drain"}}
    found = Story({"Plan the drain": Error("AwsUnavailable")}, without_a_token).walked()
    held = {key: value for key, value in ACTION.items() if key != "LifecycleActionToken"}
    assert found.calls_of("Record a heartbeat")[0] == held


def test_an_unplanned_drain_whose_heartbeats_are_refused_goes_on_to_plan() -> None:
    found = Story(
        {"Plan the drain": [Error("AwsUnavailable", times=10), plan()], "Record a heartbeat": DENIED}
    ).walked()
    assert found.ended_in == "Done"


def test_the_ordinary_answers_answer_every_task() -> None:
    """What a story names must be a state that the machine has: a renamed state would be scripted in vain."""
    named = {state for story in STORIES.values() for state in story.answers}
    assert named <= set(ORDINARY)
    assert ORDINARY["Wait for events"] == [EMPTIED]
