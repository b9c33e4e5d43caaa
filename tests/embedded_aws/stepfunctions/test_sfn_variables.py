"""Variables: who assigns them, when they change, and who sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.embedded_aws.stepfunctions.machines import Lab, Run

Machine = dict[str, Any]


def run(lab: Lab, states: Machine, payload: Any = None) -> Run:
    return lab.run(states, payload, QueryLanguage="JSONata")


def show(**names: str) -> Machine:
    """A last state that tells variables."""
    return {
        "Show": {"Type": "Pass", "Output": {name: f"{{% {of} %}}" for name, of in names.items()}, "End": True}
    }


def test_an_assign_takes_effect_after_its_state(lab: Lab) -> None:
    """All expressions of a state, its Output too, see what was there before it."""
    states = {
        "Begin": {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "Swap"},
        "Swap": {
            "Type": "Pass",
            "Assign": {"a": "{% $b %}", "b": "{% $a %}"},
            "Output": {"a": "{% $a %}"},
            "Next": "Show",
        },
        **show(before="$states.input.a", a="$a", b="$b"),
    }

    assert run(lab, states).output == {"before": 1, "a": 2, "b": 1}


def test_the_history_tells_what_a_state_assigned(lab: Lab) -> None:
    """`assignedVariables` of the exit: each name with its value as JSON text."""
    states = {
        "Begin": {
            "Type": "Pass",
            "Assign": {"text": 'a "b" ☃ 😀', "null": None, "list": [1, {}]},
            "Next": "Show",
        },
        **show(text="$text", null="$null"),
    }

    ended = run(lab, states)

    first, last = (
        event["stateExitedEventDetails"] for event in ended.events if event["type"] == "PassStateExited"
    )
    told = {name: json.loads(value) for name, value in first["assignedVariables"].items()}
    assert told == {"text": 'a "b" ☃ 😀', "null": None, "list": [1, {}]}
    assert first["assignedVariablesDetails"] == {"truncated": False}
    assert "assignedVariables" not in last
    assert ended.output == {"text": 'a "b" ☃ 😀', "null": None}


def test_variables_are_data_that_a_history_can_leave_out(lab: Lab) -> None:
    ended = run(lab, {"Begin": {"Type": "Pass", "Assign": {"a": 1}, "Next": "Show"}, **show(a="$a")})

    history = lab.api.get_execution_history(executionArn=ended.arn, includeExecutionData=False)

    exits = [each.get("stateExitedEventDetails", {}) for each in history["events"]]
    assert not any("assignedVariables" in each for each in exits)


CHOICES = [(1, "first"), (2, "second"), (3, "default")]


@pytest.mark.parametrize(("number", "chosen"), CHOICES)
def test_a_choice_runs_the_assign_of_the_rule_that_matched(lab: Lab, number: int, chosen: str) -> None:
    """All three lead to the same state; the Default's Assign runs only where no rule matched."""

    def rule(value: int, name: str) -> Machine:
        condition = f"{{% $states.input.number = {value} %}}"
        return {"Condition": condition, "Assign": {"by": name}, "Output": {"told": name}, "Next": "Show"}

    states = {
        "Choose": {
            "Type": "Choice",
            "Choices": [rule(1, "first"), rule(2, "second")],
            "Default": "Show",
            "Assign": {"by": "default"},
            "Output": {"told": "default"},
        },
        **show(by="$by", told="$states.input.told"),
    }

    assert run(lab, states, {"number": number}).output == {"by": chosen, "told": chosen}


def test_a_rule_without_assign_assigns_nothing(lab: Lab) -> None:
    states = {
        "Begin": {"Type": "Pass", "Assign": {"by": "before"}, "Next": "Choose"},
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% true %}", "Next": "Show"}],
            "Default": "Show",
            "Assign": {"by": "default"},
        },
        **show(by="$by", told="$states.input"),
    }

    assert run(lab, states, {"a": 1}).output == {"by": "before", "told": {"a": 1}}


def test_a_catch_assigns_and_says_what_comes_next(lab: Lab) -> None:
    """`$states.errorOutput` is the error, `$states.input` still the state's input; the Task's own Assign is void."""
    states = {
        "Begin": {"Type": "Pass", "Assign": {"seen": "nothing"}, "Next": "Ask"},
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sqs:getQueueUrl",
            "Arguments": {"QueueName": "missing"},
            "Assign": {"seen": "{% $states.result.QueueUrl %}"},
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {"error": "{% $states.errorOutput.Error %}"},
                    "Output": {"input": "{% $states.input %}"},
                    "Next": "Show",
                }
            ],
            "End": True,
        },
        **show(error="$error", seen="$seen", input="$states.input"),
    }

    ended = run(lab, states, {"a": 1})

    assert ended.output["error"].startswith("Sqs.")
    assert ended.output["seen"] == "nothing"
    assert ended.output["input"] == {"input": {"a": 1}}


def test_a_task_assigns_from_its_result(lab: Lab) -> None:
    states = {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sqs:getQueueUrl",
            "Arguments": {"QueueName": "known"},
            "Assign": {"url": "{% $states.result.QueueUrl %}"},
            "Output": "{% $states.input %}",
            "Next": "Show",
        },
        **show(url="$url", input="$states.input"),
    }
    url = lab.queue("known")

    assert run(lab, states, {"a": 1}).output == {"url": url, "input": {"a": 1}}


def test_items_of_a_map_see_outer_variables_and_keep_their_own(lab: Lab) -> None:
    """A variable of an inner scope ends with it; the outer one is read, never written, from within."""
    inner = {
        "Own": {"Type": "Pass", "Assign": {"own": "{% $states.input * $factor %}"}, "Next": "Tell"},
        "Tell": {"Type": "Pass", "Output": "{% $own %}", "End": True},
    }
    states = {
        "Begin": {"Type": "Pass", "Assign": {"factor": 10}, "Next": "Each"},
        "Each": {
            "Type": "Map",
            "Items": [1, 2],
            "ItemProcessor": {"StartAt": "Own", "States": inner},
            "Assign": {"all": "{% $states.result %}"},
            "Next": "Show",
        },
        **show(all="$all", own="$exists($own)"),
    }

    assert run(lab, states).output == {"all": [10, 20], "own": False}


def test_a_jsonpath_machine_has_variables_too(lab: Lab) -> None:
    states = {
        "Begin": {"Type": "Pass", "Assign": {"text.$": "$.text", "fixed": {"n": 1}}, "Next": "Show"},
        "Show": {"Type": "Pass", "Parameters": {"text.$": "$text", "n.$": "$fixed.n"}, "End": True},
    }

    assert lab.run(states, {"text": 'a "b"'}).output == {"text": 'a "b"', "n": 1}
