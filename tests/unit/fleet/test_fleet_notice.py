"""What is told of a fleet: each instance that needs somebody, what went wrong beside, and a failure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from chalicelib.fleet.notice import NAMED, compose
from chalicelib.steps import compose_notice as steps

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev-fleet:fleet-1"


def state(*results: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """Return what the machine tells of instances, each with its outcome and what went wrong beside that."""
    each = [
        {"instance_id": one, "outcome": how, **({"trouble": why} if why else {})} for one, how, why in results
    ]
    fleet = {"name": "fleet-1", "who": "user/anna", "reason": "new AMI", "notices": ["no cluster knows i-9"]}
    return {"fleet": fleet, "results": each, **more}


def test_what_needs_somebody_is_named() -> None:
    told = compose(state(("i-1", "drained", ""), ("i-2", "kept", "not counted: away")), EXECUTION, AT)
    assert told.subject == "ecs-drainer: fleet fleet-1: 1 of 2 instances drained"
    assert told.text.splitlines()[:4] == [
        "fleet fleet-1: 1 of 2 instances drained; asked for by user/anna, reason new AMI",
        "still DRAINING: the deadline passed: i-2",
        "i-2: not counted: away",
        "no cluster knows i-9",
    ]
    assert told.record["outcome"] == "incomplete"


def test_a_failure_is_told_with_what_became_of_the_instances() -> None:
    failure = {"Error": "NotSetDraining", "Cause": "denied"}
    told = compose(state(("i-1", "not-begun", ""), failure=failure), EXECUTION, AT)
    assert told.subject == "ecs-drainer: a fleet failed"
    assert told.text.startswith("The fleet fleet-1 failed: NotSetDraining. denied; asked for by user/anna")
    assert "\nnot begun: i-1\n" in told.text, "too many failures is not why"
    assert (told.record["occasion"], told.record["outcome"]) == ("fleet-failed", "failed")
    assert told.record["failure"] == failure


def test_a_time_out_has_no_cause() -> None:
    told = compose(state(failure={"Error": "States.Timeout", "Cause": ""}), EXECUTION, AT)
    assert "States.Timeout. no cause was given" in told.text


def test_three_hundred_with_trouble_fit_a_notice() -> None:
    results = [
        (f"i-{number:017}", "not-begun", "its failures could not be read " * 6) for number in range(300)
    ]
    told = compose(state(*results), EXECUTION, AT)
    assert told.text.count("could not be read its") == NAMED * 5
    assert "\nand 280 instances more with trouble, which the ledger's entry names\n" in told.text
    bodies = json.loads(told.to_state()["message"])
    assert len(json.loads(bodies["sqs"])["instances"]) == 300


def test_fleets_of_the_release_before_publish_what_is_composed_for_them() -> None:
    event = {
        "occasion": "fleet-ended",
        "state": state(("i-1", "drained", "")),
        "execution": EXECUTION,
        "now": "2026-03-02T10:00:00Z",
    }
    composed = steps.compose_notice(event)
    assert composed.keys() == {"subject", "message", "outcome", "summary"}
    assert composed["outcome"] == "drained"
