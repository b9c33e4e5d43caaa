"""How a drain ends: its lifecycle action is answered, its record closed, somebody told, and its slots freed."""

from __future__ import annotations

import pytest

from tests.walk.a_drain import (
    BUSY,
    CLUSTER,
    CONTAINER,
    DENIED,
    DRAINED,
    HELD,
    MANUAL_INPUT,
    OTHER,
    OVER,
    Story,
    after,
    gates,
    manual,
    plan,
    recorded,
    seen,
    told_of,
)
from tests.walk.answers import EVERY_TRY, NO_ANSWER, Error, TimedOut

LOST = TimedOut(1)
"""The call took effect, and its answer never came."""
AWAY = Error("DynamoDb.InternalServerErrorException", times=EVERY_TRY)
UNHEARD = Error("AwsUnavailable", times=EVERY_TRY)
NEVER_HEARD = [UNHEARD] * 32
FORGOTTEN = [{"cluster": CLUSTER, "container_instance": CONTAINER}]
SLOTS = {"look": {**plan()["look"], "gates": gates(slots=2)}}
NOT_THERE = Error("AutoScaling.AutoScalingException", "Instance Id not found - No managed instance found")
CLUSTER_GONE = Error("Ecs.ClusterNotFoundException", "Cluster not found.", EVERY_TRY)


def late(action: str, **changes: object) -> dict[str, object]:
    """Answers of a drain whose first look comes after its deadline."""
    deadline = {"at": after(seconds=5), "action": action}
    return {"Plan the drain": plan(deadline=deadline, **changes), "Look": seen()}


AT_THE_DEADLINE = {
    "continue: the instance goes with tasks left": Story(late("continue"), outcome="deadline"),
    "continue, and nobody waits for the instance": Story(
        {**late("continue"), "Plan the drain": manual(deadline={"at": after(), "action": "continue"})},
        MANUAL_INPUT,
        outcome="kept",
        results=(),
    ),
    "continue, and EC2 takes the instance itself": Story(
        {
            **late("continue"),
            "Plan the drain": manual(
                deadline={"at": after(), "action": "continue"}, drain={"gone_at": after(minutes=2)}
            ),
        },
        MANUAL_INPUT,
        outcome="deadline",
        results=(),
    ),
    "stop-tasks: they get their time to stop, and then it is over": Story(
        {**late("stop-tasks"), "Wait for events": NO_ANSWER},
        outcome="deadline",
        passes=("Explain", "Stop tasks", "What is due?", "Wait for events", "Look", "Explain"),
    ),
    "abandon": Story(late("abandon"), outcome="abandoned", results=("ABANDON",)),
    "undrain: ACTIVE again, and the hook is left to itself": Story(
        late("undrain"), outcome="undrained", results=(), passes=("Reactivate", "Close the ledger entry")
    ),
    "keep": Story(late("keep"), outcome="kept", results=()),
    "its gates stayed closed: nothing is touched": Story(
        {**late("continue", look={**plan()["look"], "gates": gates(is_passed=False)})}
        | {"Look": seen(gates_closed=True, polls=True)},
        outcome="gates-closed",
        told=("ended",),
        results=(),
    ),
}
ENDINGS = {
    "a new root volume: the container instance is forgotten first": Story(
        {"Plan the drain": plan(to_deregister=FORGOTTEN)},
        passes=("Deregister the container instance", "Complete the lifecycle action"),
    ),
    "the container instance can't be deregistered for a while": Story(
        {
            "Plan the drain": plan(to_deregister=FORGOTTEN),
            "Deregister the container instance": [Error("Ecs.ServerException", times=EVERY_TRY), {}],
        },
        passes=("Wait out the outage", "Deregister the container instance", "Complete the lifecycle action"),
    ),
    "the container instance can't be deregistered: it is left behind, and keeps nobody": Story(
        {
            "Plan the drain": plan(to_deregister=FORGOTTEN),
            "Deregister the container instance": Error("Ecs.ClientException", "AccessDenied"),
        },
        passes=("What is given up?", "Complete the lifecycle action"),
    ),
    "the container instance is deregistered already": Story(
        {
            "Plan the drain": plan(to_deregister=FORGOTTEN),
            "Deregister the container instance": CLUSTER_GONE,
        },
        passes=("What is gone?", "Complete the lifecycle action"),
    ),
    "the cluster is gone when DRAINING is to be set: the look sees that": Story(
        {"Update the container instances": CLUSTER_GONE, "Look": DRAINED},
        passes=("What is gone?", "Tell", "Look"),
    ),
    "the cluster is gone when the instance is to be ACTIVE again": Story(
        {**late("undrain"), "Reactivate": CLUSTER_GONE},
        outcome="undrained",
        results=(),
        passes=("What is gone?", "Close the ledger entry"),
    ),
    "somebody else completed the lifecycle action": Story(
        {"Complete the lifecycle action": OVER}, outcome="already-done"
    ),
    "the answer to completing was lost: the outcome is our own": Story(
        {"Complete the lifecycle action": [LOST, OVER]},
        results=("CONTINUE", "CONTINUE"),
    ),
    "Auto Scaling is away for a moment": Story(
        {"Complete the lifecycle action": [Error("AutoScaling.ThrottlingException"), {}]},
        results=("CONTINUE", "CONTINUE"),
    ),
    "completing is denied: a failure, recorded, then told": Story(
        {"Complete the lifecycle action": DENIED},
        outcome="failed",
        told=("started", "failed"),
        ends="The drain failed",
    ),
    "the answer to closing was lost: it counts once": Story({"Close the ledger entry": [AWAY, HELD]}),
    "a busy ledger is closed a little later": Story({"Close the ledger entry": [BUSY, BUSY, {}]}),
    "the record is denied: that is told, and the reconciler closes it": Story(
        {"Close the ledger entry": Error("DynamoDb.DynamoDbException", "is not authorized to perform it")},
        passes=("What is given up?", "Tell", "Done"),
    ),
    "the record can't be written for minutes: that is told": Story(
        {"Close the ledger entry": Error(AWAY.name)}, passes=("What is given up?", "Tell", "Done")
    ),
    "slots are freed, one that ran out among them": Story(
        {
            "Plan the drain": plan(**SLOTS),
            "Free a slot": [Error("DynamoDB.ConditionalCheckFailedException"), {}],
        },
        passes=("Tell", "Free the slots", "Free already", "Free a slot", "Done"),
    ),
    "slots can't be freed for a while": Story(
        {
            "Plan the drain": plan(**SLOTS),
            "Free a slot": [Error("DynamoDB.InternalServerError", times=EVERY_TRY), {}, {}],
        },
        passes=("Free the slots", "Wait out the outage", "Free the slots", "Done"),
    ),
    "slots can't be freed: they run out by themselves": Story(
        {"Plan the drain": plan(**SLOTS), "Free a slot": Error("DynamoDB.InternalServerError")},
        passes=("What is given up?", "What follows?", "Done"),
    ),
    "a failed drain frees its slots": Story(
        {"Plan the drain": plan(**SLOTS), "Look": Error("AwsRefused")},
        outcome="failed",
        told=("started", "failed"),
        results=(),
        ends="The drain failed",
        passes=("Close the ledger entry", "Tell", "Free the slots", "The drain failed"),
    ),
    "a person wants the instance back": Story(
        {"Plan the drain": manual("return")},
        MANUAL_INPUT,
        results=(),
        passes=("Set ACTIVE again", "Reactivate", "Close the ledger entry"),
    ),
    "ECS won't set the instance ACTIVE again for a while": Story(
        {"Plan the drain": manual("return"), "Reactivate": [Error("Ecs.ServerException", times=4), {}]},
        MANUAL_INPUT,
        results=(),
        passes=("Wait out the outage", "Set ACTIVE again", "Close the ledger entry"),
    ),
    "ECS refuses to set the instance ACTIVE again": Story(
        {"Plan the drain": manual("return"), "Reactivate": {"Failures": [{"Reason": "BUSY"}]}},
        MANUAL_INPUT,
        outcome="failed",
        told=("started", "failed"),
        results=(),
        ends="The drain failed",
    ),
    "a person wants the instance gone": Story(
        {"Plan the drain": manual("terminate")},
        MANUAL_INPUT,
        results=(),
        passes=("Tell", "Terminate the instance", "Done"),
    ),
    "the instance that is to go is gone": Story(
        {"Plan the drain": manual("terminate"), "Terminate the instance": NOT_THERE},
        MANUAL_INPUT,
        results=(),
        passes=("Terminate the instance", "What is gone?", "Done"),
    ),
    "the instance can't be terminated for a while": Story(
        {
            "Plan the drain": manual("terminate"),
            "Terminate the instance": [Error("AutoScaling.ThrottlingException", times=EVERY_TRY), {}],
        },
        MANUAL_INPUT,
        results=(),
        passes=("Wait out the outage", "Terminate the instance", "Done"),
    ),
    "the instance can't be terminated at all": Story(
        {
            "Plan the drain": manual("terminate"),
            "Terminate the instance": Error("AutoScaling.ScalingActivityInProgressFault"),
        },
        MANUAL_INPUT,
        told=("started", "ended", "failed"),
        results=(),
        ends="The drain failed",
    ),
    "nobody could be told of the end at first": Story(
        {"Tell": [told_of, UNHEARD, UNHEARD, told_of]},
        passes=("Close the ledger entry", "Tell", "Wait out the outage", "Tell", "Done"),
    ),
    "nobody could be told of the end: the alarm rings instead": Story(
        {"Tell": [told_of, *NEVER_HEARD]}, ends="The outcome was not told"
    ),
    "nobody could be told of the end, and slots are freed all the same": Story(
        {
            "Plan the drain": plan(**SLOTS),
            "Tell": [told_of, *NEVER_HEARD],
            "Free a slot": [Error("DynamoDB.InternalServerError", times=EVERY_TRY), {}, {}],
        },
        ends="The outcome was not told",
        passes=("Free the slots", "Wait out the outage", "Free the slots"),
    ),
    "nobody could be told of the failure: it is the failure all the same": Story(
        {"Look": Error("AccessDenied", "no ecs:ListTasks"), "Tell": [told_of, *NEVER_HEARD]},
        outcome="failed",
        told=("started", "failed"),
        results=(),
        ends="The drain failed",
    ),
}
STORIES = {**AT_THE_DEADLINE, **ENDINGS}


@pytest.mark.parametrize("story", STORIES)
def test_a_drain_ends(story: str) -> None:
    found = STORIES[story].holds()
    ends = [state for state in found.states if state in ("Close the ledger entry", "Free the slots")]
    assert ends == sorted(ends), "the record is closed before the slots are freed"


@pytest.mark.parametrize(
    ("story", "error"),
    [
        ("completing is denied: a failure, recorded, then told", DENIED.name),
        ("a failed drain frees its slots", "AwsRefused"),
        ("nobody could be told of the failure: it is the failure all the same", "AccessDenied"),
        ("the instance can't be terminated at all", "AutoScaling.ScalingActivityInProgressFault"),
        ("nobody could be told of the end: the alarm rings instead", "AwsUnavailable"),
    ],
)
def test_an_execution_that_fails_says_what_failed(story: str, error: str) -> None:
    assert STORIES[story].walked().error == error


def test_what_could_not_be_written_or_deregistered_is_told() -> None:
    told = STORIES["the record can't be written for minutes: that is told"].walked().calls_of("Tell")
    assert told[-1]["Payload"]["state"]["unrecorded"]["Error"] == AWAY.name
    story = "the container instance can't be deregistered: it is left behind, and keeps nobody"
    told = STORIES[story].walked().calls_of("Tell")
    assert told[-1]["Payload"]["state"]["left_behind"]["Cause"] == "AccessDenied"


def test_a_failure_counts_once_whatever_was_lost() -> None:
    """The first try frees the entry, so that the second one's condition no longer holds."""
    answers = {"Look": Error("AwsRefused"), "Close the ledger entry": [AWAY, HELD]}
    found = Story(answers, outcome="failed", results=(), told=("started", "failed"), ends="The drain failed")
    walked = found.holds()
    (_, freed, waiting) = walked.calls_of("Close the ledger entry")[0]["TransactItems"]
    assert freed["Update"]["ConditionExpression"] == "#execution = :me"
    assert "ADD failures :one" in freed["Update"]["UpdateExpression"]
    assert waiting["Delete"]["Key"] == {"pk": {"S": f"waiting#{CONTAINER}"}}
    assert set(recorded(walked)) == {"failed"}


def test_an_end_that_is_no_failure_takes_the_count_of_failures_away() -> None:
    (closed,) = Story().walked().calls_of("Close the ledger entry")
    freed = closed["TransactItems"][1]["Update"]
    assert freed["UpdateExpression"].endswith("REMOVE #execution, failures")
    assert ":one" not in freed["ExpressionAttributeValues"]


def test_the_closing_notice_of_a_takeover_names_who_holds_the_entry_now() -> None:
    """The condition of closing fails as well where another execution took the entry over: it isn't touched."""
    found = Story({"Close the ledger entry": HELD}).holds()
    assert OTHER not in str(found.calls_of("Close the ledger entry"))
