"""JSONata states: what expressions see and give, and what happens to those that fail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.embedded_aws.stepfunctions.machines import Lab, Run

Machine = dict[str, Any]
JSONATA = {"QueryLanguage": "JSONata"}


def passing(output: Any, **more: Any) -> Machine:
    return {"Only": {"Type": "Pass", "Output": output, "End": True} | more}


def run(lab: Lab, states: Machine, payload: Any = None, **top: Any) -> Run:
    return lab.run(states, payload, **JSONATA, **top)


AWKWARD = [
    'say "yes"',
    "back\\slash",
    "two\nlines",
    "ünï ☃ 😀",
    "$states.input",
    "{% 1 %}",
    "",
    "'",
    "a;b:=c",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_texts_pass_through_expressions_as_they_are(lab: Lab, text: str) -> None:
    states = {
        "Keep": {"Type": "Pass", "Assign": {"kept": "{% $states.input.text %}"}, "Next": "Only"},
        **passing({"kept": "{% $kept %}", "joined": "{% $kept & '|' & $states.input.text %}"}),
    }

    assert run(lab, states, {"text": text}).output == {"kept": text, "joined": f"{text}|{text}"}


VALUES = [
    ("$states.input.none", None),
    ("$states.input.list[0]", None),
    ("$exists($states.input.none)", True),
    ("$exists($states.input.nothing)", False),
    ("$states.input.none = null", True),
    ("$type($states.input.none)", "null"),
    ("$states.input.empty", []),
    ("[$states.input.many[$ > 7]]", []),
    ("{'a': null, 'b': $states.input.nothing}", {"a": None}),
    ("4 / 2", 2),
    ("7 / 2", 3.5),
    ("$string($states.input.whole)", "2"),
    ("$states.input.many[$ = 2]", 2),
    ("[$states.input.many[$ = 2]]", [2]),
    ("$map([1..3], function($n) { $n * 2 })", [2, 4, 6]),
    ("$millis()", 1772445600000),
    ("$now()", "2026-03-02T10:00:00.000Z"),
    ("$states.context.Execution.Name", "one"),
    ("$states.context.State.Name", "Only"),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_values_are_json(lab: Lab, expression: str, value: Any) -> None:
    """Null is a value, unlike nothing; one match is no list; a whole number has no fraction."""
    payload = {"none": None, "many": [1, 2, 1], "list": [None, 1], "empty": [], "whole": 2.0}
    machine = lab.machine(passing({"value": f"{{% {expression} %}}"}), **JSONATA)

    ended = lab.start(machine, payload, name="one").to_end()

    assert ended.output == {"value": value}


ADDED = [
    ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
    ("$range(0, 10, 5)", [0, 5, 10]),
    ("$range(3, 1, -1)", [3, 2, 1]),
    ("$hash('abc', 'MD5')", "900150983cd24fb0d6963f7d28e17f72"),
    ("$parse('{\"a\": [null]}')", {"a": [None]}),
    ("$random(7) = $random(7)", True),
    ("$length($uuid())", 36),
]


@pytest.mark.parametrize(("expression", "value"), ADDED)
def test_step_functions_adds_functions(lab: Lab, expression: str, value: Any) -> None:
    assert run(lab, passing(f"{{% {expression} %}}")).output == value


def test_chance_is_the_same_in_each_run(lab: Lab) -> None:
    """`$random()` differs from state to state, not from test to test."""
    states = {
        "First": {"Type": "Pass", "Output": "{% [$random(), $random()] %}", "Next": "Only"},
        **passing("{% $append($states.input, $random()) %}"),
    }

    numbers = run(lab, states).output

    assert len(set(numbers)) == 3


FAILURES = [
    ("$doesNotExist", "returned nothing (undefined)."),
    ("$states.result", "returned nothing (undefined)."),
    ("1 + 'a'", "threw an error during evaluation. T2002: "),
    ("$error('our own words')", "threw an error during evaluation. D3137: our own words"),
    ("$eval('1')", "threw an error during evaluation. T1006: "),
    ("$sum", "returned an unsupported result type."),
]


@pytest.mark.parametrize(("expression", "told"), FAILURES)
def test_what_gives_no_json_fails_the_execution(lab: Lab, expression: str, told: str) -> None:
    """Recorded: EvaluationFailed, then ExecutionFailed with the same; the cause names expression and field."""
    ended = run(lab, passing({"part": f"{{% {expression} %}}"}))

    cause = (
        "An error occurred while executing the state 'Only' (entered at the event id #2). "
        f"The JSONata expression '{expression}' specified for the field 'Output/part' {told}"
    )
    assert ended.types == ["ExecutionStarted", "PassStateEntered", "EvaluationFailed", "ExecutionFailed"]
    details = ended.events[2]["evaluationFailedEventDetails"]
    assert (details["state"], details["location"]) == ("Only", "Output/part")
    assert ended.described["error"] == details["error"] == "States.QueryEvaluationError"
    assert ended.described["cause"].startswith(cause)
    assert details["cause"] == ended.described["cause"]


def test_a_task_catches_the_failure_of_its_arguments(lab: Lab) -> None:
    """`States.QueryEvaluationError` is an error like any other to a Catch; the history tells of it once."""
    catch = {"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}
    states = {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sqs:listQueues",
            "Arguments": {"QueueNamePrefix": "{% $nothing %}"},
            "Catch": [catch],
            "End": True,
        },
        "Caught": {"Type": "Pass", "End": True},
    }

    ended = run(lab, states)

    assert ended.output["Error"] == "States.QueryEvaluationError"
    assert ended.types.count("EvaluationFailed") == 1


UNREADABLE = ["1 +", "$a ?? 1", "$a ?: 1", "'open"]


@pytest.mark.parametrize("expression", UNREADABLE)
def test_a_machine_with_an_expression_that_cannot_be_read_is_refused(lab: Lab, expression: str) -> None:
    """JSONata of Step Functions is 2.0.6, which has neither `??` nor `?:`."""
    with pytest.raises(lab.api.exceptions.InvalidDefinition, match="INVALID_JSONATA_EXPRESSION"):
        lab.machine(passing(f"{{% {expression} %}}"), **JSONATA)


def test_a_wait_lasts_as_long_as_its_expression_says(lab: Lab) -> None:
    states = {"Only": {"Type": "Wait", "Seconds": "{% $states.input.minutes * 60 %}", "End": True}}

    ended = run(lab, states, {"minutes": 1.5})

    assert ended.seconds_of("WaitStateExited") == [90]
    assert ended.output == {"minutes": 1.5}


def test_a_map_takes_its_items_and_its_width_from_expressions(lab: Lab) -> None:
    states = {
        "Only": {
            "Type": "Map",
            "Items": "{% $states.input.seconds %}",
            "MaxConcurrency": "{% $states.input.width %}",
            "ItemSelector": {"wait": "{% $states.context.Map.Item.Value %}"},
            "ItemProcessor": {
                "StartAt": "Wait",
                "States": {"Wait": {"Type": "Wait", "Seconds": "{% $states.input.wait %}", "End": True}},
            },
            "Output": "{% $states.result.wait %}",
            "End": True,
        }
    }

    ended = run(lab, states, {"seconds": [10, 20, 30], "width": 1})

    assert ended.output == [10, 20, 30]
    assert ended.seconds_of("MapStateExited") == [60]


def test_a_retry_is_the_same_in_both_languages(lab: Lab) -> None:
    tries: list[Any] = []

    def handle(event: Any, _: Any) -> Any:
        tries.append(event)
        if len(tries) < 3:
            raise OSError
        return {"tries": len(tries), "nothing": None}

    states = {
        "Only": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {
                "FunctionName": lab.function("third", handle),
                "Payload": {"at": "{% $millis() %}"},
            },
            "Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 10, "BackoffRate": 2}],
            "Output": {"input": "{% $states.input %}", "result": "{% $states.result.Payload %}"},
            "End": True,
        }
    }

    ended = run(lab, states, {"a": 1})

    assert ended.output == {"input": {"a": 1}, "result": {"tries": 3, "nothing": None}}
    assert [(each["at"] - tries[0]["at"]) / 1000 for each in tries] == [0, 10, 30]


def test_machines_of_both_languages_do_not_disturb_each_other(lab: Lab) -> None:
    path = {"Only": {"Type": "Pass", "Parameters": {"a.$": "$.a"}, "End": True}}

    first = lab.machine(passing("{% $states.input.a %}"), name="jsonata", **JSONATA)
    second = lab.machine(path, name="path")
    third = lab.machine(passing("{% $states.input.a + 1 %}"), name="again", **JSONATA)

    outputs = [lab.start(machine, {"a": 1}).to_end().output for machine in (second, first, third)]
    assert outputs == [{"a": 1}, 1, 2]
