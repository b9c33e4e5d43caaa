"""The walker of the tests, on machines small enough to see through: it does as Step Functions does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.walk.answers import NO_ANSWER, Error, Reply, TimedOut, Unscripted
from tests.walk.walker import AT, load, walk

LAMBDA = "arn:aws:states:::lambda:invoke"
UPDATE = "arn:aws:states:::aws-sdk:dynamodb:updateItem"
DONE = {"Done": {"Type": "Succeed"}, "Broken": {"Type": "Succeed", "Output": "{% $states.input %}"}}
CAUGHT = {"ErrorEquals": ["States.ALL"], "Next": "Broken"}


def machine(states: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": {**states, **DONE}, **more}


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": UPDATE, "TimeoutSeconds": 30, "Next": "Done", **fields}


def test_a_task_calls_with_its_arguments_and_assigns_from_its_result() -> None:
    look = task(
        Resource=LAMBDA,
        Arguments={"FunctionName": "${LookFunctionArn}", "Payload": {"id": "{% $states.input.id %}"}},
        Assign={"look": "{% $states.result.Payload %}"},
    )
    found = walk(machine({"Look": look}), {"id": "i-1"}, {"Look": {"holding": 1}})
    assert found.states == ["Look", "Done"]
    assert found.variables == {"look": {"holding": 1}}
    assert found.calls_of("Look") == [{"FunctionName": "${LookFunctionArn}", "Payload": {"id": "i-1"}}]
    assert (found.succeeded, found.transitions, found.seconds) == (True, 2, 0)
    assert found.output == {"Payload": {"holding": 1}, "StatusCode": 200}


def test_assign_reads_the_old_values_and_holds_only_after_the_state() -> None:
    swap = task(
        Arguments={"a": "{% $a %}"},
        Assign={"a": "{% $b %}", "b": "{% $a %}"},
        Output={"a": "{% $a %}"},
    )
    found = walk(machine({"Swap": swap}), {}, {"Swap": {}}, variables={"a": 1, "b": 2})
    assert found.variables == {"a": 2, "b": 1}
    assert found.output == {"a": 1}


def test_the_chosen_rule_assigns_and_the_states_own_assign_is_the_defaults() -> None:
    ask = {
        "Type": "Choice",
        "Choices": [
            {"Condition": "{% $states.input.n > 1 %}", "Assign": {"said": "many"}, "Next": "Done"},
            {"Condition": "{% $states.input.n = 1 %}", "Next": "Done"},
        ],
        "Assign": {"said": "none"},
        "Default": "Done",
    }
    said = [walk(machine({"Ask": ask}), {"n": n}, {}).variables.get("said") for n in (2, 1, 0)]
    assert said == ["many", None, "none"]


def test_a_condition_that_is_no_boolean_ends_the_execution() -> None:
    ask = {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "Done"}], "Default": "Done"}
    assert walk(machine({"Ask": ask}), {}, {}).error == "States.QueryEvaluationError"


def test_a_catcher_assigns_from_the_error_and_hands_it_on() -> None:
    caught = {
        **CAUGHT,
        "Assign": {"failure": "{% $states.errorOutput.Error %}"},
        "Output": {"why": "{% $states.errorOutput.Cause %}"},
    }
    state = task(Assign={"never": 1}, Catch=[caught])
    found = walk(machine({"Call": state}), {}, {"Call": Error("AccessDenied", "no")})
    assert found.variables == {"failure": "AccessDenied"}
    assert found.output == {"why": "no"}
    del caught["Output"]
    assert walk(machine({"Call": state}), {}, {"Call": Error("AccessDenied", "no")}).output == {
        "Error": "AccessDenied",
        "Cause": "no",
    }


@pytest.mark.parametrize(
    ("story", "names", "error", "caught"),
    [
        ("its own name", ["Throttled"], "Throttled", True),
        ("another name", ["Throttled"], "Refused", False),
        ("everything", ["States.ALL"], "Refused", True),
        ("everything takes a too large result", ["States.ALL"], "States.DataLimitExceeded", True),
        ("everything doesn't take a broken definition", ["States.ALL"], "States.Runtime", False),
        ("nor does its name", ["States.Runtime"], "States.Runtime", False),
        ("a failed task", ["States.TaskFailed"], "Refused", True),
        ("a time-out is no failed task", ["States.TaskFailed"], "States.Timeout", False),
    ],
)
def test_what_a_catcher_takes(story: str, names: list[str], error: str, caught: bool) -> None:
    state = task(Catch=[{"ErrorEquals": names, "Next": "Broken"}])
    found = walk(machine({"Call": state}), {}, {"Call": Error(error)})
    assert (found.ended_in == "Broken") is caught, story
    assert found.error == (None if caught else error)


def test_each_retrier_counts_its_own_tries_and_the_clock_waits_for_them() -> None:
    """Two Throttled and one Refused are within both retriers' two attempts; the third Throttled is not."""
    slow = {"ErrorEquals": ["Throttled"], "IntervalSeconds": 4, "MaxAttempts": 2, "MaxDelaySeconds": 6}
    state = task(Retry=[slow, {"ErrorEquals": ["Refused"], "MaxAttempts": 2}], Catch=[CAUGHT])
    script: list[Any] = [Error("Throttled"), Error("Refused"), Error("Throttled")]
    found = walk(machine({"Call": state}), {}, {"Call": [*script, {}]})
    assert (found.ended_in, found.transitions, found.seconds) == ("Done", 5, 4 + 1 + 6)
    assert walk(machine({"Call": state}), {}, {"Call": [*script, Error("Throttled")]}).ended_in == "Broken"


def test_a_retrier_makes_three_tries_where_it_says_nothing_and_the_arguments_know_which() -> None:
    state = task(
        Arguments={"n": "{% $states.context.State.RetryCount %}"}, Retry=[{"ErrorEquals": ["States.ALL"]}]
    )
    found = walk(machine({"Call": state}), {}, {"Call": [Error("Refused", times=4)]})
    assert found.error == "Refused"
    assert found.calls_of("Call") == [{"n": n} for n in range(4)]


def test_a_retrier_of_no_attempts_keeps_an_error_from_those_after_it() -> None:
    retry = [{"ErrorEquals": ["Refused"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}]
    assert len(walk(machine({"Call": task(Retry=retry)}), {}, {"Call": Error("Refused")}).calls) == 1


@pytest.mark.parametrize("field", ["Arguments", "Assign", "Output", "TimeoutSeconds"])
@pytest.mark.parametrize(
    ("story", "expression"),
    [("undefined", "{% $states.input.gone %}"), ("not assigned", "{% $gone %}"), ("fails", "{% 1 + 'a' %}")],
)
def test_an_expression_without_a_value_is_a_failure_that_is_caught(
    field: str, story: str, expression: str
) -> None:
    value = {"x": expression} if field in ("Arguments", "Assign") else expression
    found = walk(machine({"Call": task(**{field: value}, Catch=[CAUGHT])}), {}, {"Call": {}})
    assert found.output["Error"] == "States.QueryEvaluationError", story


def test_null_is_a_value() -> None:
    state = task(Assign={"x": "{% $states.input.x %}", "is": "{% $states.input.x = null %}"})
    found = walk(machine({"Call": state}), {"x": None}, {"Call": {}})
    assert found.variables == {"x": None, "is": True}


def test_a_time_out_takes_its_time_and_has_no_cause() -> None:
    wait = task(
        Resource=f"{UPDATE}.waitForTaskToken",
        Arguments={"token": "{% $states.context.Task.Token %}"},
        TimeoutSeconds="{% $due %}",
        Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Broken"}],
    )
    found = walk(machine({"Wait": wait}), {}, {"Wait": NO_ANSWER}, variables={"due": 240})
    assert (found.seconds, found.output) == (240, {"Error": "States.Timeout", "Cause": ""})
    answered = walk(
        machine({"Wait": wait}), {}, {"Wait": Reply({"why": "x"}, after=7)}, variables={"due": 240}
    )
    assert (answered.seconds, answered.output) == (7, {"why": "x"})
    late = walk(machine({"Wait": wait}), {}, {"Wait": Reply({}, after=300)}, variables={"due": 240})
    assert late.ended_in == "Broken"


def test_waits_move_the_clock_that_the_states_after_them_read() -> None:
    states = {
        "Pause": {"Type": "Wait", "Seconds": "{% $pause %}", "Next": "Until"},
        "Until": {"Type": "Wait", "Timestamp": "2026-03-02T10:02:00Z", "Next": "Tell"},
        "Tell": task(Arguments={"now": "{% $states.context.State.EnteredTime %}", "ms": "{% $millis() %}"}),
    }
    found = walk(machine(states), {}, {"Tell": {}}, variables={"pause": 15})
    assert found.seconds == 120
    assert found.calls_of("Tell") == [{"now": "2026-03-02T10:02:00.000Z", "ms": 1772445720000}]


def test_the_executions_own_time_limit_is_caught_by_nobody() -> None:
    state = task(Catch=[CAUGHT])
    found = walk(machine({"Call": state}, TimeoutSeconds=20), {}, {"Call": TimedOut()})
    assert (found.error, found.seconds) == ("States.Timeout", 20)


EACH = {
    "Each": {
        "Type": "Map",
        "Items": "{% $clusters %}",
        "ItemProcessor": {
            "StartAt": "Update",
            "States": {
                "Update": {
                    "Type": "Task",
                    "Resource": UPDATE,
                    "Arguments": {"c": "{% $states.input %}", "who": "{% $who %}"},
                    "Assign": {"failures": "{% $states.result %}"},
                    "Next": "Refused?",
                },
                "Refused?": {
                    "Type": "Choice",
                    "Choices": [{"Condition": "{% $failures != [] %}", "Next": "Refused"}],
                    "Default": "Set",
                },
                "Refused": {"Type": "Fail", "Error": "Refused", "Cause": "{% $string($failures) %}"},
                "Set": {"Type": "Succeed", "Output": "{% $states.context.Execution.Input.id %}"},
            },
        },
        "Retry": [{"ErrorEquals": ["Refused"], "MaxAttempts": 1}],
        "Catch": [CAUGHT],
        "Next": "Done",
    }
}


def test_a_map_runs_its_items_in_a_scope_of_their_own_that_reads_the_outer_one() -> None:
    variables = {"clusters": ["a", "b"], "who": "me"}
    found = walk(machine(EACH), {"id": "i-1"}, {"Update": [[], []]}, variables=variables)
    assert found.calls_of("Update") == [{"c": "a", "who": "me"}, {"c": "b", "who": "me"}]
    assert (found.output, found.variables) == (["i-1", "i-1"], variables)
    assert found.states == ["Each", *["Update", "Refused?", "Set"] * 2, "Done"]


def test_a_map_fails_with_the_error_of_its_item_and_is_tried_again_whole() -> None:
    variables = {"clusters": ["a", "b"], "who": "me"}
    found = walk(machine(EACH), {"id": 1}, {"Update": [[], ["x"], [], []]}, variables=variables)
    assert found.ended_in == "Done"
    broken = walk(machine(EACH), {"id": 1}, {"Update": [["x"], ["y"]]}, variables=variables)
    assert broken.output == {"Error": "Refused", "Cause": '["y"]'}


def test_a_fail_ends_the_execution_with_what_its_expressions_say() -> None:
    states = {"Give up": {"Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "{% 'no ' & $x %}"}}
    found = walk(machine(states), {"e": "Late"}, {}, variables={"x": "time"})
    assert (found.error, found.cause, found.succeeded) == ("Late", "no time", False)


def test_a_walk_may_begin_anywhere() -> None:
    states = {"First": task(Next="Second"), "Second": task()}
    assert walk(machine(states), {}, {"Second": {}}, start="Second").states == ["Second", "Done"]


def test_answers_are_functions_of_the_arguments_too_and_calls_know_when() -> None:
    states = {
        "First": task(Arguments={"n": 2}, Next="Second"),
        "Second": task(Arguments="{% $states.input %}"),
    }
    script = {
        "First": lambda arguments: Reply({"n": arguments["n"] + 1}, after=3),
        "Second": lambda given: given,
    }
    found = walk(machine(states), {}, script)
    assert found.output == {"n": 3}
    assert found.calls[1].at == AT + timedelta(seconds=3)


@pytest.mark.parametrize("answers", [{}, {"Call": []}])
def test_a_call_without_an_answer_fails_the_test_not_the_execution(answers: dict[str, Any]) -> None:
    with pytest.raises(Unscripted, match="'Call'"):
        walk(machine({"Call": task(Catch=[CAUGHT])}), {}, answers)


def test_a_walk_that_goes_round_is_found_out() -> None:
    states = {"Again": {"Type": "Wait", "Seconds": 0, "Next": "Again"}}
    with pytest.raises(AssertionError, match="Again"):
        walk(machine(states), {}, {})


@pytest.mark.parametrize(
    "broken", [{"QueryLanguage": "JSONPath"}, {"States": {"Both": {"Type": "Parallel"}}}]
)
def test_what_the_walker_does_not_know_it_refuses(broken: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        walk({**machine({"Both": {}}), **broken}, {}, {})


def test_a_definition_is_loaded_as_it_stands() -> None:
    assert "StartAt" in load("statemachine/drain.asl.json")
