"""Broken machines in JSONata, each refused with one sentence that names the state and what is wrong with it.

What statelint finds it says itself (the first table); the rest is what neither it nor moto's parser sees.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.stepfunctions.parser.asl.static_analyser.static_analyser import StaticAnalyser
from statelint.linter import Linter

from statemachine.checks.grammar import check_grammar, deployed
from statemachine.definition_check import check
from tests.definition.a_jsonata_machine import CATCHER, FUNCTIONS, GOOD, changed
from tests.definition.a_machine import ABSENT, RETRIER
from tests.definition.test_definition_check import JUNK, places

LOOK, ASK, WAIT, PAUSE, TELL, FAIL = (
    "Look",
    "What does the look say?",
    "Wait for events",
    "Pause",
    "Tell",
    "Not drained",
)
STOP = "Stop the tasks"
STOP_ONE = f"{STOP}/ItemProcessor/States/Stop one"
SDK = "arn:aws:states:::aws-sdk:"
LONELY = {"Type": "Succeed", "Comment": "Nothing leads here."}
PASS = {"Type": "Pass", "Comment": "Moves data.", "Next": "Look"}

GRAMMAR: list[tuple[str, str, Any, str]] = [
    ("Next to a missing state", f"{LOOK}/Next", "Loo", 'No state found named "Loo"'),
    ("no Next, no End", f"{LOOK}/Next", ABSENT, 'does not have required field "Next"'),
    ("an unreachable state", "Lonely", LONELY, "No transition found to state"),
    ("a misspelt field", f"{LOOK}/TimeoutSecond", 30, 'Field "TimeoutSecond" not allowed'),
    ("a field of JSONPath", f"{LOOK}/ResultPath", "$.look", 'Field "ResultPath" not allowed'),
    ("a rule without a Condition", f"{ASK}/Choices/0/Condition", ABSENT, 'required field "Condition"'),
    ("a time limit in quotes", f"{LOOK}/TimeoutSeconds", "30", "should be an Integer"),
    ("a BackoffRate without its point", f"{LOOK}/Retry/0/BackoffRate", 2, "should be a Float"),
    ("a Wait with two durations", f"{PAUSE}/Timestamp", "2026-03-02T10:00:00Z", "only one of"),
    ("an unknown jitter", f"{LOOK}/Retry/0/JitterStrategy", "SOME", '["FULL", "NONE"]'),
]

EXPRESSIONS: list[tuple[str, str, Any, str]] = [
    ("one that doesn't compile", f"{TELL}/Arguments/Payload/look", "{% $look + %}", "that compiles"),
    ("one that compiles to nothing", f"{TELL}/Arguments/Payload/look", "{%  %}", "that compiles"),
    ("a Condition that doesn't compile", f"{ASK}/Choices/0/Condition", "{% $look = %}", "that compiles"),
    ("a brace too few", f"{TELL}/Arguments/Payload/look", "{% $look }", "around the whole of it"),
    ("words around it", f"{TELL}/Arguments/Payload/look", "so {% $look %}", "around the whole of it"),
    ("a variable sent as text", f"{TELL}/Arguments/Payload/look", "$look", "around the whole of it"),
    ("a path sent as text", f"{TELL}/Arguments/Payload/look", "$.look", "around the whole of it"),
    ("a field of JSONPath", f"{TELL}/Arguments/Payload/look.$", "{% $look %}", "a field without '.$'"),
    ("an unknown function", f"{TELL}/Output", "{% $strin($look) %}", "did you mean 'string'"),
    ("$eval, which AWS lacks", f"{TELL}/Output", "{% $eval('1') %}", "not $eval"),
    ("a result before the call", f"{TELL}/Arguments/Payload/look", "{% $states.result %}", "own Assign and"),
    ("a result on a Catch", f"{TELL}/Catch/0/Output", "{% $states.result %}", "own Assign and Output"),
    ("a result of a Choice", f"{ASK}/Assign", {"x": "{% $states.result %}"}, "own Assign and Output"),
    ("an error without one", f"{TELL}/Assign", {"x": "{% $states.errorOutput %}"}, "of a Catch"),
    ("a part of $states that isn't", f"{TELL}/Output", "{% $states.results %}", "did you mean 'result'"),
    (
        "a context field that isn't",
        f"{TELL}/Output",
        "{% $states.context.State.EnterTime %}",
        "State.EnteredTime",
    ),
    ("a token where none is", f"{TELL}/Output", "{% $states.context.Task.Token %}", "has a token"),
    ("another query language", f"{PAUSE}/QueryLanguage", "JSONPath", 'expected "JSONata"'),
]

VARIABLES: list[tuple[str, str, Any, str]] = [
    ("one that nobody assigns", f"{TELL}/Arguments/Payload/look", "{% $loook %}", "assign $loook before"),
    (
        "one that a rule doesn't assign",
        f"{ASK}/Choices/0/Assign",
        ABSENT,
        "'Look' → 'What does the look say?' → 'Tell'",
    ),
    ("one that a Catch doesn't assign", f"{LOOK}/Catch/0/Assign", ABSENT, "'Look' → 'Not drained'"),
    ("one that its own state assigns", f"{LOOK}/Arguments/Payload/due", "{% $due %}", "the route 'Look'."),
    (
        "one that the state assigns, on its Catch",
        f"{LOOK}/Catch/0/Assign/failure",
        "{% $look %}",
        "the route 'Look'.",
    ),
    ("one in a time limit", f"{WAIT}/TimeoutSeconds", "{% $heartbeat %}", "assign $heartbeat before"),
    ("one in a Condition, in a filter", f"{ASK}/Choices/0/Condition", "{% $look.a[b=$c] = 0 %}", "assign $c"),
    ("one named as a function", f"{LOOK}/Assign/count", 1, "$count is Step Functions' own"),
    ("one named $states", f"{LOOK}/Assign/states", 1, "$states is Step Functions' own"),
    ("a name that is none", f"{LOOK}/Assign/a-b", 1, "letters, digits and underscores"),
]

WITHIN_A_MAP: list[tuple[str, str, Any, str]] = [
    ("an outer name assigned within", f"{STOP_ONE}/Assign", {"look": 1}, "an inner scope can't"),
    ("an inner name nobody assigns", f"{STOP_ONE}/Arguments/Task", "{% $task %}", "the route 'Stop one'"),
    ("a name that a Catch doesn't assign", f"{STOP_ONE}/Catch/0/Assign", ABSENT, "'Not stopped'"),
]

CALLS: list[tuple[str, str, Any, str]] = [
    ("an unknown action", f"{WAIT}/Resource", f"{SDK}dynamodb:updateItm", "did you mean 'updateItem'"),
    ("a misspelt parameter", f"{WAIT}/Arguments/TablName", "a", "did you mean 'TableName'"),
    ("the API's own casing", f"{WAIT}/Arguments/key", {"pk": {"S": "a"}}, "in PascalCase: use one of"),
    ("a required one left out", f"{WAIT}/Arguments/Key", ABSENT, "Arguments.Key is missing"),
    ("one within another", f"{WAIT}/Arguments/Key/pk", {"s": "{% 'a' %}"}, "in PascalCase: use one of"),
    ("text for a list", f"{WAIT}/Arguments/ExpressionAttributeNames", "no", "expected an object"),
    ("an enum value that isn't", f"{WAIT}/Arguments/ReturnValues", "NON", "did you mean 'NONE'"),
    ("a token that nobody gets", f"{WAIT}/Arguments/ExpressionAttributeValues", {}, "nobody can answer"),
    ("an unknown function", f"{TELL}/Arguments/FunctionName", "${TelFunctionArn}", "'TellFunctionArn'"),
    ("no time limit", f"{TELL}/TimeoutSeconds", ABSENT, "TimeoutSeconds is missing"),
    ("a heartbeat beyond it", f"{TELL}/HeartbeatSeconds", 60, "expected less than TimeoutSeconds, 30"),
]

ERRORS: list[tuple[str, str, Any, str]] = [
    ("no Retry", f"{TELL}/Retry", ABSENT, "'No Retry: <reason>' in the Comment"),
    ("no Catch", f"{TELL}/Catch", ABSENT, "'No Catch: <reason>' in the Comment"),
    ("no Catch of a Map", f"{STOP}/Catch", ABSENT, "States.QueryEvaluationError"),
    (
        "a failed expression that ends the execution",
        f"{TELL}/Catch",
        [{**CATCHER, "ErrorEquals": ["States.TaskFailed"]}],
        "what happens when an expression fails",
    ),
    ("waits without bound", f"{TELL}/Retry/0/MaxDelaySeconds", ABSENT, "MaxDelaySeconds is missing"),
    ("a longest wait below the first", f"{TELL}/Retry/0/MaxDelaySeconds", 2, "more than IntervalSeconds, 2"),
    ("no jitter", f"{TELL}/Retry/0/JitterStrategy", ABSENT, "JitterStrategy is missing"),
    ("an unknown States.*", f"{TELL}/Retry/0/ErrorEquals", ["States.Timedout"], "'States.Timeout'"),
    ("an unknown error of ours", f"{TELL}/Retry/0/ErrorEquals", ["Throtled"], "did you mean 'Throttled'"),
    (
        "an unknown error of AWS",
        f"{WAIT}/Catch/1/ErrorEquals",
        ["DynamoDb.ConditionalCheckFailed"],
        "'ConditionalCheckFailedException'",
    ),
    (
        "an error after States.ALL",
        f"{TELL}/Retry",
        [{**RETRIER, "ErrorEquals": ["States.ALL"]}, RETRIER],
        "nothing reaches an entry after it",
    ),
]

SHAPE: list[tuple[str, str, Any, str]] = [
    ("a Choice without a Default", f"{ASK}/Default", ABSENT, "States.NoChoiceMatched"),
    ("a Pass", "Move", PASS, "no state that only moves data"),
    ("a state without a Comment", f"{PAUSE}/Comment", ABSENT, "Comment is missing"),
    ("a Comment of two sentences", f"{PAUSE}/Comment", "Waits. Then goes on.", "expected one sentence"),
    ("a Task that asks", "Tell?", GOOD["States"][TELL], "a phrase without '?'"),
    ("a Choice that doesn't ask", "Ask", GOOD["States"][ASK], "a question that ends with '?'"),
    ("a Fail without a cause", f"{FAIL}/Cause", ABSENT, "Cause is missing"),
    ("a Map without a bound", f"{STOP}/MaxConcurrency", ABSENT, "how many items run at once"),
    ("a loop without an end", f"{PAUSE}/Next", PAUSE, "give the loop a way out"),
]


def a_name(row: tuple[str, str, Any, str]) -> Any:
    return pytest.param(*row[1:], id=row[0])


def found(machine: dict[str, Any]) -> list[str]:
    return check(machine, "broken", FUNCTIONS, {"Throttled"})


def test_the_good_machine_is_good() -> None:
    assert check(GOOD, "good", FUNCTIONS) == []
    StaticAnalyser().analyse(json.dumps(deployed(GOOD)))


@pytest.mark.parametrize(("at", "value", "said"), [a_name(row) for row in GRAMMAR])
def test_ungrammatical_machines_are_refused_in_statelints_words(at: str, value: Any, said: str) -> None:
    sentences = found(changed(at, value))
    assert any(said in each and at.split("/", maxsplit=1)[0] in each for each in sentences), sentences
    assert all(each.startswith("broken: ") for each in sentences)


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [a_name(row) for row in EXPRESSIONS + VARIABLES + WITHIN_A_MAP + CALLS + ERRORS + SHAPE],
)
def test_a_broken_machine_is_refused_with_a_sentence(at: str, value: Any, said: str) -> None:
    about = [each for each in found(changed(at, value)) if said in each and "; expected " in each]
    assert about, found(changed(at, value))
    assert about[0].startswith("broken: state ")
    assert about[0].endswith(".")


def test_a_task_within_a_map_may_leave_its_failure_to_the_maps_catch() -> None:
    machine = changed(f"{STOP_ONE}/Catch", ABSENT)
    inner = machine["States"][STOP]["ItemProcessor"]["States"]
    del inner["Not stopped"]
    assert found(machine) == []
    del machine["States"][STOP]["Catch"]
    assert any("'Stop one' within 'Stop the tasks': Catch is missing" in each for each in found(machine))


def test_the_call_that_completes_the_lifecycle_action_is_tried_again_by_the_machine() -> None:
    arguments = {"AutoScalingGroupName": "g", "LifecycleHookName": "h", "LifecycleActionResult": "CONTINUE"}
    complete = {**GOOD["States"][TELL], "Resource": f"{SDK}autoscaling:completeLifecycleAction"}
    del complete["Retry"]
    assert found(changed(TELL, {**complete, "Arguments": arguments})) == []


def test_statelints_false_alarm_on_an_expression_for_seconds_is_left_out() -> None:
    """Should a new statelint know better, this says so, and the exception can go."""
    problems = Linter.validate(deployed(GOOD))
    assert len(problems) == 2
    assert all("should be an Integer" in each for each in problems)
    assert list(check_grammar(GOOD)) == []


@given(place=st.sampled_from(places(GOOD)), junk=JUNK)
@settings(max_examples=300, deadline=None)
def test_junk_anywhere_is_answered_with_sentences_never_with_a_stack_trace(
    place: tuple[Any, ...], junk: Any
) -> None:
    machine: Any = copy.deepcopy(GOOD)
    inner = machine
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = junk
    assert all(each.startswith("junk: ") and each.endswith(".") for each in check(machine, "junk"))
