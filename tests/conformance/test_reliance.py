"""A drain rests on nothing that the embedded AWS is known to get wrong: by error, field, state type and integration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from docs.conformance import FOR_A_DRAIN, named
from embedded_aws.conformance import DIFFERENCES, Difference, facts, relied_on
from embedded_aws.conformance.known import errors_of, integration_of, states_of

ROOT = Path(__file__).parents[2]
DEFINITIONS = sorted((ROOT / "statemachine").glob("*.asl.json"))


def read(path: Path) -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return definition


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_no_machine_relies_on_a_difference(path: Path) -> None:
    assert [what for what, _ in relied_on(read(path))] == []


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_no_machine_is_about_what_can_not_be_expressed(path: Path) -> None:
    """Express workflows, activities, versions, Redrive: a drain that used them could not be tested here."""
    text = path.read_text(encoding="utf-8")
    assert not any(word in text for word in ("EXPRESS", ":activity:", "redriveExecution", "DISTRIBUTED"))


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.here)
def test_a_machine_that_relies_on_a_difference_is_found(difference: Difference) -> None:
    assert any(found is difference for _, found in relied_on(relying_on(difference)))


def test_each_difference_says_what_it_means_for_a_drain() -> None:
    assert {named(difference) for difference in DIFFERENCES} == set(FOR_A_DRAIN)


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_every_choice_has_a_default_and_every_state_speaks_jsonata(path: Path) -> None:
    """What the page says of unmatched Choices, ResultPath and intrinsic functions."""
    definition = read(path)
    assert all("Default" in state for state in states_of(definition) if state["Type"] == "Choice")
    assert definition["QueryLanguage"] == "JSONata"


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_errors_that_no_model_names_are_left_to_task_failed(path: Path) -> None:
    """Of Auto Scaling's and ECS's nothing is recorded: only errors that the service's own model has are named."""
    errors = errors_of(read(path))
    unrecorded = {
        f"{prefix}.{prefix}Exception" for prefix in ("AutoScaling", "Ecs", "Ec2", "Sfn", "DynamoDb")
    }
    assert not errors & unrecorded


def test_a_missed_heartbeat_is_caught_by_the_name_that_was_recorded() -> None:
    """A Retry or Catch of States.HeartbeatTimeout alone would rest on the guide's word."""
    missed = [
        fact for fact in facts() if fact.topic == "heartbeat" and fact.recorded.get("status") == "FAILED"
    ]
    recorded = {fact.recorded["error"] for fact in missed}
    assert recorded == {"States.Timeout"}
    rules = [
        set(rule["ErrorEquals"])
        for path in DEFINITIONS
        for state in states_of(read(path))
        for rule in (*state.get("Retry", ()), *state.get("Catch", ()))
    ]
    assert all("States.Timeout" in names for names in rules if "States.HeartbeatTimeout" in names)


@pytest.mark.parametrize(
    ("resource", "called"),
    [
        ("arn:aws:states:::aws-sdk:ecs:listTasks", "aws-sdk:ecs:listTasks"),
        ("arn:aws:states:::states:startExecution.sync:2", "states:startExecution.sync:2"),
        ("arn:aws:states:eu-west-1:123456789012:activity:work", "activity:work"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:look", ""),
    ],
)
def test_what_a_task_calls(resource: str, called: str) -> None:
    assert integration_of({"Resource": resource}) == called


def relying_on(difference: Difference) -> dict[str, Any]:
    """A machine that has whatever the difference names."""
    state: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}
    if difference.errors:
        state["Catch"] = [{"ErrorEquals": [*difference.errors], "Next": "Other"}]
    elif difference.fields:
        state[difference.fields[0]] = {}
    elif difference.state_types:
        state["Type"] = difference.state_types[0]
    else:
        state["Resource"] = f"arn:aws:states:eu-west-1:123456789012:{difference.integrations[0]}x"
    return {
        "StartAt": "One",
        "States": {"One": {"Type": "Map", "ItemProcessor": {"States": {"Inner": state}}}},
    }
