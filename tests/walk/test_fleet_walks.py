"""The fleet's machine, walked: what is recorded and told of each way it ends; its stories take every state and edge."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.fleet import FleetRequest, Member, plan
from chalicelib.fleet.notice import compose, outcome_of
from tests.walk.answers import EVERY_TRY, Answer, Error, TimedOut
from tests.walk.coverage import Coverage
from tests.walk.walked import Walk
from tests.walk.walker import AT, load, walk

FLEET = load("statemachine/fleet.asl.json")
IDS = ("i-1", "i-2", "i-3")
MEMBERS = (
    Member("i-1", "web", "web/1"),
    Member("i-1", "batch", "batch/1"),
    Member("i-2", "web", "web/2", "DRAINING"),
    Member("i-3", "web", "web/3"),
)
AWAY = Error("DynamoDB.InternalServerErrorException", "away", EVERY_TRY)
REFUSED = Error("Ecs.AccessDeniedException", "not authorized")
TAKEN = Error("StepFunctions.ExecutionAlreadyExistsException", "Execution Already Exists")


def planned(*members: Member, own_turn: dict[str, str] | None = None, **request: Any) -> dict[str, Any]:
    """Return what `plan_fleet` answers: the first instance is in two clusters, the second is DRAINING already."""
    asked = FleetRequest(instances=IDS, **request)
    found = members or MEMBERS
    return plan("fleet-1", asked, found, (), topic="arn:t", began_at=AT, own_turn=own_turn).to_state()


def ended(outcome: str) -> dict[str, Any]:
    """Return what waiting for a drain's execution answers."""
    return {"Status": "SUCCEEDED", "Output": {"outcome": {"name": outcome}}}


def failures(number: int) -> dict[str, Any]:
    """Return the fleet's entry with so many failures."""
    return {"Item": {"failures": {"N": str(number)}}}


ORDINARY: dict[str, Answer] = {
    "Plan the fleet": planned(),
    "Open the fleet's entry": {},
    "Set up to ten DRAINING": {"Failures": []},
    "Count the failures": failures(0),
    "Drain the instance": ended("drained"),
    "Add a failure": {},
    "Set one ACTIVE": {"Failures": []},
    "Close the fleet's entry": {},
    "Tell": {"subject": "ecs-drainer: a subject"},
}


@dataclass(frozen=True)
class Story:
    """One fleet: what differs from three drains that all end well, and what comes of it."""

    answers: dict[str, Answer] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ("drained", "drained", "drained")
    status: str | None = "drained"
    """What the entry is closed with; None where there is none."""
    error: str | None = None
    given_back: tuple[str, ...] = ()
    says: str = ""
    """What the notice says among other things."""

    def walked(self, coverage: Coverage | None = None) -> Walk:
        """Walk it."""
        given = {"instances": list(IDS), "who": "user/anna"}
        return walk(FLEET, given, {**ORDINARY, **self.answers}, coverage=coverage)


NOT_BEGUN = ("not-begun", "not-begun", "not-begun")
STORIES = {
    "all drained": Story(says="fleet fleet-1: 3 of 3 instances drained; asked for by -"),
    "endings that need nobody": Story(
        {"Drain the instance": [ended("nothing-to-drain"), ended("returned"), ended("terminated")]},
        ("nothing-to-drain", "returned", "terminated"),
    ),
    "another drain had one": Story(
        {"Drain the instance": [ended("drain"), ended("drained"), ended("already-done")]},
        ("already-open", "drained", "already-done"),
        "incomplete",
        says="left to another drain, which had it already: i-1",
    ),
    "one is kept and one fails": Story(
        {
            "Drain the instance": [
                ended("kept"),
                Error("States.TaskFailed", "its own story"),
                ended("drained"),
            ]
        },
        ("kept", "failed", "drained"),
        "incomplete",
        says="failed: i-2\nstill DRAINING: the deadline passed: i-1\nExecution",
    ),
    "too many have failed": Story(
        {
            "Drain the instance": [ended("kept")],
            "Count the failures": [failures(2), failures(3), failures(3)],
        },
        ("kept", "not-begun", "not-begun"),
        "stopped",
        given_back=("web/3",),
        says="not begun: too many had failed: i-2, i-3",
    ),
    "too many, and the first is in two clusters": Story(
        {"Count the failures": failures(3)}, NOT_BEGUN, "stopped", given_back=("web/1", "batch/1", "web/3")
    ),
    "too many, where some wait for their own turn": Story(
        {"Count the failures": failures(3), "Plan the fleet": planned(own_turn={"i-1": "the drain budget"})},
        NOT_BEGUN,
        "stopped",
        given_back=("web/3",),
    ),
    "too many, where tasks may hop": Story(
        {"Count the failures": failures(3), "Plan the fleet": planned(may_hop=True)}, NOT_BEGUN, "stopped"
    ),
    "the failures can't be read": Story(
        {"Count the failures": [failures(0), AWAY, failures(0)]},
        ("drained", "not-begun", "drained"),
        "stopped",
        says="i-2: how many drains had failed could not be read: DynamoDB.InternalServerErrorException: away",
    ),
    "what is not begun can't be given back": Story(
        {"Count the failures": failures(3), "Set one ACTIVE": REFUSED},
        NOT_BEGUN,
        "stopped",
        given_back=("web/1", "web/3"),
        says="i-3: it is left DRAINING, since it could not be set ACTIVE again: Ecs.AccessDeniedException",
    ),
    "a drain ends while Step Functions is away": Story(
        {
            "Drain the instance": [ended("drained"), TAKEN, TAKEN],
            "Look at the drain": [
                {"Status": "SUCCEEDED", "Output": '{"outcome": {"name": "drained"}}'},
                {"Status": "FAILED"},
            ],
        },
        ("drained", "drained", "failed"),
        "incomplete",
    ),
    "nor can it be looked at": Story(
        {
            "Drain the instance": [TAKEN, ended("drained"), ended("drained")],
            "Look at the drain": Error("Sfn.ExecutionDoesNotExistException", "gone", EVERY_TRY),
        },
        ("failed", "drained", "drained"),
        "incomplete",
        says="i-1: Sfn.ExecutionDoesNotExistException: gone",
    ),
    "a drain can't be begun, nor that be counted": Story(
        {
            "Drain the instance": [Error("StepFunctions.StepFunctionsException", "denied", EVERY_TRY)] * 3,
            "Add a failure": [AWAY] * 3,
        },
        ("failed", "failed", "failed"),
        "incomplete",
        says="i-1: StepFunctions.StepFunctionsException: denied; it could not be counted as a failure: DynamoDB.",
    ),
    "the plan fails": Story(
        {"Plan the fleet": Error("InvalidRequest", "no instances")},
        status=None,
        error="InvalidRequest",
        says="The fleet i-1 failed: InvalidRequest. no instances; asked for by user/anna, reason -",
    ),
    "no room": Story(
        {"Plan the fleet": {**planned(), "verdict": "no-room", "room": "no room for web"}},
        status=None,
        error="NoRoom",
        says="The fleet fleet-1 failed: NoRoom. no room for web",
    ),
    "no cluster knows any": Story(
        {"Plan the fleet": {**planned(), "verdict": "nothing-to-drain"}}, status=None, error="NothingToDrain"
    ),
    "the entry can't be opened": Story(
        {"Open the fleet's entry": AWAY}, (), "failed", "DynamoDB.InternalServerErrorException"
    ),
    "DRAINING can't be set": Story(
        {"Set up to ten DRAINING": [{}, REFUSED]},
        NOT_BEGUN,
        "failed",
        "NotSetDraining",
        given_back=("web/1", "batch/1", "web/3"),
        says="NotSetDraining. Ecs.AccessDeniedException: not authorized; asked for by -, reason -\nnot begun: i-1",
    ),
    "the Map itself fails": Story(
        {"Plan the fleet": {**planned(), "drains": "not an array"}},
        (),
        "failed",
        "States.QueryEvaluationError",
    ),
    "the entry can't be closed": Story(
        {"Close the fleet's entry": AWAY},
        says="The ledger could not be written, and may show the fleet as open: DynamoDB.InternalServerErrorException",
    ),
    "nobody hears of the end": Story({"Tell": Error("AccessDenied", "no")}, error="AccessDenied"),
    "nobody hears of a failure": Story(
        {"Tell": Error("AwsUnavailable", "away", EVERY_TRY), "Open the fleet's entry": AWAY},
        (),
        "failed",
        "DynamoDB.InternalServerErrorException",
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_each_ends_recorded_before_it_is_told(name: str) -> None:
    story = STORIES[name]
    found = story.walked()
    assert found.error == story.error
    closed, told = found.calls_of("Close the fleet's entry"), found.calls_of("Tell")[-1]["Payload"]
    values = closed[-1]["ExpressionAttributeValues"] if closed else {}
    assert values.get(":status", {}).get("S") == story.status
    assert [call.state for call in found.calls][-1] == "Tell"
    state = told["state"]
    if story.status:
        assert tuple(each["outcome"] for each in state["results"]) == story.outcomes
    given_back = [each["ContainerInstances"][0] for each in found.calls_of("Set one ACTIVE")]
    assert tuple(given_back) == story.given_back
    notice = compose(state, told["execution"], AT)
    assert story.says in notice.text
    assert notice.record["occasion"] == told["occasion"]


@pytest.mark.parametrize("name", [name for name, each in STORIES.items() if each.error is None])
def test_what_the_machine_records_is_what_the_notice_says(name: str) -> None:
    """Outcome and summary are worked out twice: natively for the record, which comes first, and for the notice."""
    found = STORIES[name].walked()
    state = found.calls_of("Tell")[-1]["Payload"]["state"]
    values = found.calls_of("Close the fleet's entry")[-1]["ExpressionAttributeValues"]
    assert values[":status"]["S"] == outcome_of(state["results"]) == found.output["notice"]["outcome"]
    assert values[":summary"]["S"] == compose(state, "x", AT).subject
    assert found.output["results"] == state["results"]


def test_one_instance_is_no_plural() -> None:
    found = Story({"Plan the fleet": planned(MEMBERS[3])}).walked()
    values = found.calls_of("Close the fleet's entry")[-1]["ExpressionAttributeValues"]
    assert values[":summary"]["S"] == "ecs-drainer: fleet fleet-1: 1 of 1 instance drained"


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("Count the failures", Error("DynamoDB.InternalServerErrorException", "away", 15)),
        ("Count the failures", TimedOut(15)),
        ("Drain the instance", Error("StepFunctions.StepFunctionsException", "503", 15)),
        ("Close the fleet's entry", Error("DynamoDB.InternalServerErrorException", "away", 15)),
        ("Tell", Error("AwsUnavailable", "away", 15)),
    ],
)
def test_an_outage_of_twenty_minutes_changes_nothing_but_the_time(state: str, error: Answer) -> None:
    answers: Answer = [error, *[ORDINARY[state]] * 3]
    found = Story({state: answers}).walked()
    assert found.output["notice"]["outcome"] == "drained"
    assert found.seconds > timedelta(minutes=15).total_seconds()


def test_nobody_told_of_a_failure_is_said_beside_the_failure() -> None:
    found = STORIES["nobody hears of a failure"].walked()
    assert found.cause == "away Nobody was told: AwsUnavailable: away"


@pytest.fixture(scope="module")
def coverage() -> Coverage:
    """What the stories take."""
    taken = Coverage(FLEET)
    for story in STORIES.values():
        story.walked(taken)
    return taken


def test_every_state_of_the_fleet_is_reached(coverage: Coverage) -> None:
    assert coverage.missing_states() == []


def test_every_edge_of_the_fleet_is_taken(coverage: Coverage) -> None:
    assert coverage.missing_edges() == []
