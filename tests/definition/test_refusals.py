"""Broken definitions, each refused with one sentence that names state, field, value, expectation and remedy.

The first table holds the 28 faults that asl-validator, statelint, cfn-lint and moto were tried on: each of them let
some pass. The others are faults that only AWS itself would have found, at run time.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from statemachine.definition_check import check
from tests.definition.a_machine import ABSENT, FUNCTIONS, GOOD, RETRIER, changed

LIST, ASK, WAIT, TELL, FAIL = "List the tasks", "Is any task left?", "Wait a little", "Tell", "Not listed"
ADDED = {"Type": "Pass", "Comment": "Nothing leads here.", "Next": "Done"}
EMPTY = {"Variable": "$.tasks.count", "NumericEquals": 0}
GUARDED = {"Variable": "$.tasks.urgent", "IsPresent": True}
URGENT = {"Variable": "$.tasks.urgent", "BooleanEquals": True}
DEAD = [{**RETRIER, "ErrorEquals": ["States.ALL"]}, {**RETRIER, "ErrorEquals": ["States.Timeout"]}]
SDK = "arn:aws:states:::aws-sdk:"

THE_TRIED_FAULTS: list[tuple[str, str, Any, str]] = [
    ("heartbeat beyond timeout", f"{LIST}/HeartbeatSeconds", 60, "expected less than TimeoutSeconds, 30"),
    ("bad ResultPath", f"{LIST}/ResultPath", "tasks", "expected a reference path"),
    ("'.$' value not a path", f"{TELL}/Parameters/Payload/tasks.$", "tasks", "write a path such as $.name"),
    (
        "States.ALL not alone",
        f"{LIST}/Catch/0/ErrorEquals",
        ["States.ALL", "KeyError"],
        "expected States.ALL alone",
    ),
    ("States.ALL not last", f"{LIST}/Retry", DEAD, "expected an entry before the one for States.ALL"),
    ("two operators in a choice", f"{ASK}/Choices/0/NumericLessThan", 1, "expected exactly one comparison"),
    (
        "unknown operator",
        f"{ASK}/Choices/0",
        {"Variable": "$.a", "NumericEqual": 0},
        "did you mean 'NumericEquals'",
    ),
    ("lambda:invok", f"{TELL}/Resource", "arn:aws:states:::lambda:invok", "did you mean 'invoke'"),
    ("unknown aws-sdk action", f"{LIST}/Resource", f"{SDK}ecs:listTask", "did you mean 'listTasks'"),
    ("aws-sdk parameter misspelt", f"{LIST}/Parameters", {"Clustr": "${Cluster}"}, "did you mean 'Cluster'"),
    ("intrinsic misspelt", f"{LIST}/ResultSelector/n.$", "States.UID()", "did you mean 'States.UUID'"),
    ("no terminal state", f"{WAIT}/Next", WAIT, "expected a path to a Succeed, a Fail or an End"),
    ("JSONata syntax", f"{TELL}/QueryLanguage", "JSONata", 'expected "JSONPath"'),
    ("JSONata with ResultPath", f"{LIST}/QueryLanguage", "JSONata", 'expected "JSONPath"'),
    ("retrier after States.ALL", f"{LIST}/Retry", DEAD, "nothing reaches an entry after it"),
    (
        "unknown States.* error",
        f"{LIST}/Retry/0/ErrorEquals",
        ["States.Timedout"],
        "did you mean 'States.Timeout'",
    ),
    ("name > 80 chars", "W" * 81, ADDED, "expected at most 80 characters, not 81"),
    ("undefined JSONata variable", f"{TELL}/Parameters/Payload/tasks", "{% $gone %}", "expected a JSONPath"),
]
"""Others of the 28 are statelint's, in the next table; the last, StartAt missing, is the machine's own."""

GRAMMAR: list[tuple[str, str, Any, str]] = [
    ("Next to a missing state", f"{WAIT}/Next", "List the task", 'No state found named "List the task"'),
    ("no Next, no End", f"{WAIT}/Next", ABSENT, 'does not have required field "Next"'),
    ("unreachable state", "Lonely", ADDED, "No transition found to state"),
    ("misspelt field", f"{TELL}/TimeoutSecond", 30, 'Field "TimeoutSecond" not allowed in'),
    ("Wait with two durations", f"{WAIT}/Timestamp", "2026-03-02T10:00:00Z", "may have only one of"),
    ("MaxAttempts -1", f"{LIST}/Retry/0/MaxAttempts", -1, "MaxAttempts is -1"),
    ("BackoffRate 0.5", f"{LIST}/Retry/0/BackoffRate", 0.5, "allowed floor is 1"),
    ("Fail with Next", f"{FAIL}/Next", "Done", 'has forbidden field "Next"'),
    ('TimeoutSeconds "30"', f"{LIST}/TimeoutSeconds", "30", "should be an Integer"),
    ("a BackoffRate without its point", f"{LIST}/Retry/0/BackoffRate", 2, "should be a Float"),
    ("no rules", f"{ASK}/Choices", [], "non-empty required"),
    ("an unknown jitter", f"{TELL}/Retry/0/JitterStrategy", "SOME", '["FULL", "NONE"]'),
]
"""What statelint finds, which the check asks first and repeats in its words."""

FIELDS_AND_PATHS: list[tuple[str, str, Any, str]] = [
    ("a Task without a time limit", f"{TELL}/TimeoutSeconds", ABSENT, "TimeoutSeconds is missing"),
    ("a ResultPath to several places", f"{LIST}/ResultPath", "$.tasks[*]", "which leads to one place"),
    (
        "a ResultPath into the context",
        f"{LIST}/ResultPath",
        "$$.tasks",
        "the context object can't be written",
    ),
    ("a path sent as text", f"{TELL}/Parameters/Payload/n", "$.tasks.count", "name the field 'n.$'"),
    (
        "an unknown context field",
        f"{TELL}/Parameters/Payload/n.$",
        "$$.State.EnterTime",
        "'$$.State.EnteredTime'",
    ),
    ("too few arguments", f"{LIST}/ResultSelector/n.$", "States.Hash($.TaskArns)", "2 arguments, not 1"),
    ("a slot without a value", f"{LIST}/ResultSelector/n.$", "States.Format('{} {}', $.a)", "2, not 1"),
    ("an unclosed intrinsic", f"{LIST}/ResultSelector/n.$", "States.Array($.a", "close the call"),
    (
        "a bare word in an intrinsic",
        f"{LIST}/ResultSelector/n.$",
        "States.Array(a)",
        "'text in single quotes'",
    ),
    ("words after an intrinsic", f"{LIST}/ResultSelector/n.$", "States.UUID() or so", "remove 'or so'"),
    ("a Fail that keeps its error", f"{FAIL}/ErrorPath", ABSENT, "expected exactly one of Error, ErrorPath"),
    ("an unknown type", f"{WAIT}/Type", "Wai", "did you mean 'Wait'"),
    ("a state that is no object", f"{WAIT}", 15, "is 15; expected an object"),
]

WORDS: list[tuple[str, str, Any, str]] = [
    ("a state without a Comment", f"{WAIT}/Comment", ABSENT, "Comment is missing"),
    ("a Comment of two sentences", f"{WAIT}/Comment", "Waits. Then goes on.", "expected one sentence"),
    ("a Task that asks", "Tell?", {**GOOD["States"][TELL]}, "expected a phrase without '?'"),
    ("a Choice that doesn't ask", "Ask", {**GOOD["States"][ASK]}, "expected a question that ends with '?'"),
    (
        "an unknown function",
        f"{TELL}/Parameters/FunctionName",
        "${TelFunctionArn}",
        "did you mean 'TellFunctionArn'",
    ),
    ("a substitution that is no name", f"{TELL}/Parameters/FunctionName", "${}", "write a plain name"),
]

CHOICES: list[tuple[str, str, Any, str]] = [
    ("no Default", f"{ASK}/Default", ABSENT, "States.NoChoiceMatched"),
    ("a number in quotes", f"{ASK}/Choices/0/NumericEquals", "0", "expected a number"),
    ("a path as text", f"{ASK}/Choices/0/NumericEquals", "$.tasks.limit", "did you mean 'NumericEqualsPath'"),
    ("a Variable to several places", f"{ASK}/Choices/0/Variable", "$.tasks[*]", "which leads to one place"),
    (
        "Next within And",
        f"{ASK}/Choices/0",
        {"And": [{**EMPTY, "Next": TELL}], "Next": TELL},
        "outermost rule",
    ),
    ("an empty And", f"{ASK}/Choices/0", {"And": [], "Next": TELL}, "a list of at least one rule"),
    (
        "a timestamp without a zone",
        f"{ASK}/Choices/0",
        {"Variable": "$.tasks.at", "TimestampEquals": "2026-03-02T10:00:00", "Next": TELL},
        "an RFC 3339 timestamp",
    ),
    (
        "an unguarded optional path",
        f"{ASK}/Choices/0",
        {**URGENT, "Next": TELL},
        '"IsPresent": true} before it in an And',
    ),
    (
        "a guard after the read",
        f"{ASK}/Choices/0",
        {"And": [URGENT, GUARDED], "Next": TELL},
        "And[0].Variable",
    ),
]

CALLS: list[tuple[str, str, Any, str]] = [
    ("an unknown service", f"{LIST}/Resource", f"{SDK}ecss:listTasks", "did you mean 'ecs'"),
    (
        "botocore's name for the service",
        f"{LIST}/Resource",
        f"{SDK}stepfunctions:x",
        "aws-sdk calls this service 'sfn'",
    ),
    ("an action in PascalCase", f"{LIST}/Resource", f"{SDK}ecs:ListTasks", "did you mean 'listTasks'"),
    (
        "an unknown optimised service",
        f"{TELL}/Resource",
        "arn:aws:states:::lamda:invoke",
        "did you mean 'lambda'",
    ),
    ("a pattern that aws-sdk lacks", f"{LIST}/Resource", f"{SDK}ecs:runTask.sync", "remove '.sync'"),
    (
        "a token that nobody gets",
        f"{TELL}/Resource",
        "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "$$.Task.Token",
    ),
    ("no ARN", f"{TELL}/Resource", "", "write an ARN such as"),
    ("the API's own casing", f"{LIST}/Parameters", {"cluster": "${Cluster}"}, "did you mean 'Cluster'"),
    ("an unknown enum value", f"{LIST}/Parameters/DesiredStatus", "RUNING", "did you mean 'RUNNING'"),
    (
        "a required member left out",
        f"{LIST}/Resource",
        f"{SDK}ecs:describeTasks",
        "Parameters.Tasks is missing",
    ),
    ("text for a list", f"{LIST}/Parameters/MaxResults", "ten", "expected a whole number"),
    (
        "a hard-coded account",
        f"{LIST}/Parameters/Cluster",
        "arn:aws:ecs:eu-west-1:123456789012:cluster/a",
        "${",
    ),
    ("an empty ARN", f"{TELL}/Parameters/FunctionName", "", "expected text that isn't empty"),
]

ERRORS: list[tuple[str, str, Any, str]] = [
    ("a Task without a Catch", f"{TELL}/Catch", ABSENT, "say what happens when the call fails"),
    ("a Task without a Retry", f"{TELL}/Retry", [], "'No Retry: <reason>' in the Comment"),
    ("waits without bound", f"{TELL}/Retry/0/MaxDelaySeconds", ABSENT, "MaxDelaySeconds is missing"),
    (
        "a longest wait below the first",
        f"{TELL}/Retry/0/MaxDelaySeconds",
        2,
        "expected more than IntervalSeconds, 2",
    ),
    ("no jitter", f"{TELL}/Retry/0/JitterStrategy", "NONE", "'No jitter: <reason>'"),
    (
        "an error of another service",
        f"{LIST}/Retry/0/ErrorEquals",
        ["Sqs.QueueDoesNotExistException"],
        "calls: Ecs",
    ),
    (
        "an error that ECS doesn't have",
        f"{LIST}/Retry/0/ErrorEquals",
        ["Ecs.ClusterNotFound"],
        "'ClusterNotFoundException'",
    ),
    (
        "ECS's throttle, which has no model",
        f"{LIST}/Retry/0/ErrorEquals",
        ["Ecs.ThrottlingException"],
        "Ecs.EcsException",
    ),
    (
        "an error that no function raises",
        f"{TELL}/Retry/0/ErrorEquals",
        ["Throtled"],
        "did you mean 'Throttled'",
    ),
    (
        "a Lambda error that isn't",
        f"{TELL}/Retry/0/ErrorEquals",
        ["Lambda.ServiceExeption"],
        "'ServiceException'",
    ),
    (
        "a retry of what AWS never retries",
        f"{TELL}/Retry/0/ErrorEquals",
        ["States.Runtime"],
        "AWS never retries this",
    ),
    (
        "the same error twice",
        f"{TELL}/Catch",
        [{"ErrorEquals": ["KeyError"], "Next": FAIL}] * 2,
        "no earlier entry takes",
    ),
]


def a_name(row: tuple[str, str, Any, str]) -> Any:
    return pytest.param(*row[1:], id=row[0])


def test_the_good_machine_is_good() -> None:
    assert check(GOOD, "good", FUNCTIONS) == []


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [a_name(row) for row in THE_TRIED_FAULTS + FIELDS_AND_PATHS + WORDS + CHOICES + CALLS + ERRORS],
)
def test_a_broken_machine_is_refused_with_a_sentence(at: str, value: Any, said: str) -> None:
    sentences = check(changed(at, value), "broken", FUNCTIONS, {"Throttled"})
    state = at.partition("/")[0]
    about = [each for each in sentences if f"{state!r}" in each and said in each]
    assert about, sentences
    assert about[0].startswith("broken: ")
    assert "; expected " in about[0]
    assert about[0].endswith(".")


@pytest.mark.parametrize(("at", "value", "said"), [a_name(row) for row in GRAMMAR])
def test_an_ungrammatical_machine_is_refused_in_statelints_words(at: str, value: Any, said: str) -> None:
    sentences = check(changed(at, value), "broken", FUNCTIONS, {"Throttled"})
    assert any(said in each and at.partition("/")[0] in each for each in sentences), sentences
    assert all(each.startswith("broken: ") and each.endswith(".") for each in sentences)


@pytest.mark.parametrize("start", ["List the task", None])
def test_a_machine_that_starts_nowhere_is_refused(start: str | None) -> None:
    machine = copy.deepcopy(GOOD)
    del machine["StartAt"]
    if start:
        machine["StartAt"] = start
    [sentence] = check(machine, "broken", FUNCTIONS)
    assert "StartAt" in sentence


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("Comment", "", "expected what the machine is for"),
        ("QueryLanguage", "Jsonata", 'expected "JSONPath" or "JSONata"'),
        ("State", {}, 'Field "State" not allowed'),
        ("States", {}, "an object with at least one state"),
    ],
)
def test_a_broken_frame_is_refused_with_a_sentence(field: str, value: Any, said: str) -> None:
    assert any(said in sentence for sentence in check({**GOOD, field: value}, "broken", FUNCTIONS))
