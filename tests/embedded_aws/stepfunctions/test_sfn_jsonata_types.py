"""Fields that take an expression take one kind of value from it, and AWS is strict about that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.embedded_aws.stepfunctions.machines import Lab, Run

Machine = dict[str, Any]
ERROR = "States.QueryEvaluationError"


def run(lab: Lab, state: Machine, **top: Any) -> Run:
    states = {"Only": {"End": True} | state, "Caught": {"Type": "Pass", "End": True}}
    return lab.run(states, QueryLanguage="JSONata", **top)


SECONDS = ["1.5", "-1", "'10'", "null", "100000000"]


@pytest.mark.parametrize("seconds", SECONDS)
def test_seconds_are_a_whole_number(lab: Lab, seconds: str) -> None:
    """A fraction of a second is refused, not cut off: who computes seconds rounds them."""
    ended = run(lab, {"Type": "Wait", "Seconds": f"{{% {seconds} %}}"})

    assert ended.described["error"] == ERROR
    assert f"'{seconds}' specified for the field 'Seconds' returned " in ended.described["cause"]
    assert ended.types[-2:] == ["EvaluationFailed", "ExecutionFailed"]


@pytest.mark.parametrize("seconds", [*SECONDS, "0"])
@pytest.mark.parametrize("field", ["TimeoutSeconds", "HeartbeatSeconds"])
def test_a_time_out_is_a_whole_number_above_0(lab: Lab, field: str, seconds: str) -> None:
    """The error is the state's, which may catch it; nothing has been asked of the service."""
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": lab.queue("tokens"), "MessageBody": "{% $states.context.Task.Token %}"},
        field: f"{{% {seconds} %}}",
        "Catch": [{"ErrorEquals": [ERROR], "Next": "Caught"}],
    }

    ended = run(lab, state)

    assert ended.output["Error"] == ERROR
    assert ended.types.count("EvaluationFailed") == 1
    assert "TaskScheduled" not in ended.types


def test_a_condition_is_true_or_false(lab: Lab) -> None:
    """Nothing is taken for false: `$states.input.flag` of an input without one is an error."""
    for condition in ("1", "'true'", "null", "$states.input.flag"):
        rule = {"Condition": f"{{% {condition} %}}", "Next": "Caught"}
        states = {
            "Only": {"Type": "Choice", "Choices": [rule], "Default": "Caught"},
            "Caught": {"Type": "Pass", "End": True},
        }
        machine = lab.machine(states, name=f"machine-{len(condition)}", QueryLanguage="JSONata")

        ended = lab.start(machine).to_end()

        assert ended.described["error"] == ERROR
        assert "for the field 'Choices[0]/Condition' returned " in ended.described["cause"]


def test_items_are_an_array(lab: Lab) -> None:
    """One match of a query is no array of one: it takes brackets around."""
    processor = {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}

    def each(items: str) -> Run:
        states = {"Only": {"Type": "Map", "Items": items, "ItemProcessor": processor, "End": True}}
        machine = lab.machine(states, name=f"machine-{len(items)}", QueryLanguage="JSONata")
        return lab.start(machine, {"many": [{"n": 1}, {"n": 2}]}).to_end()

    bare, bracketed = each("{% $states.input.many[n = 1] %}"), each("{% [$states.input.many[n = 1]] %}")

    assert bare.described["error"] == ERROR
    assert "Expected 'array', but was 'object' for value: {\"n\":1}" in bare.described["cause"]
    assert bare.types.count("EvaluationFailed") == 1
    assert bracketed.output == [{"n": 1}]


@pytest.mark.parametrize(
    ("expression", "reason"), [("'soon'", "no RFC3339 timestamp"), ("5", "unexpected result")]
)
def test_a_timestamp_is_a_text_that_is_a_time(expression: str, reason: str, lab: Lab) -> None:
    run = lab.run(
        {"Wait": {"Type": "Wait", "Timestamp": f"{{% {expression} %}}", "End": True}}, QueryLanguage="JSONata"
    )

    assert run.described["error"] == "States.QueryEvaluationError"
    assert reason in run.described["cause"]
    assert "specified for the field 'Timestamp'" in run.described["cause"]


def test_the_error_of_a_fail_state_is_a_text(lab: Lab) -> None:
    run = lab.run({"Fail": {"Type": "Fail", "Error": "{% 5 %}"}}, QueryLanguage="JSONata")

    assert run.described["error"] == "States.QueryEvaluationError"
