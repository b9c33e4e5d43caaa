"""Which paths are surely there: what each route to a state has written, read or asked for."""

from __future__ import annotations

from typing import Any

import pytest

from statemachine.definition_check import check

END = {"Type": "Succeed", "Comment": "Over."}
FAIL = {"Type": "Fail", "Comment": "Over.", "Error": "Refused", "Cause": "It was refused."}
PRESENT = {"Variable": "$.name", "IsPresent": True}
ABSENT = {"Variable": "$.name", "IsPresent": False}
NAMED = {"Variable": "$.name", "StringEquals": "World"}


def ask(*rules: dict[str, Any], default: str = "End") -> dict[str, Any]:
    return {"Type": "Choice", "Comment": "Asks.", "Choices": list(rules), "Default": default}


def call(following: str, caught: str, **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Comment": "Calls. No Retry: it is a test.",
        "Resource": "${LookFunctionArn}",
        "TimeoutSeconds": 5,
        "ResultPath": "$.look",
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": caught}],
        "Next": following,
        **fields,
    }


def said(**states: dict[str, Any]) -> list[str]:
    names = {"asks": "Asks?", "asks_again": "Asks again?", "calls": "Calls", "end": "End", "fails": "Fails"}
    named = {names[key]: state for key, state in states.items()}
    return check(
        {"Comment": "A test.", "StartAt": next(iter(named)), "States": named}, "test", {"look"}, set()
    )


@pytest.mark.parametrize(
    "rule",
    [
        {"And": [PRESENT, NAMED]},
        {"Or": [ABSENT, NAMED]},
        {"And": [PRESENT, {"Not": NAMED}]},
        {"And": [{"Not": ABSENT}, NAMED]},
        {"And": [PRESENT, {"Or": [NAMED, {"Variable": "$.name", "StringEquals": "Moon"}]}]},
        {"Variable": "$$.Execution.Name", "StringEquals": "World"},
    ],
)
def test_asking_for_a_path_before_reading_it_is_enough(rule: dict[str, Any]) -> None:
    assert said(asks=ask({**rule, "Next": "End"}), end=END) == []


@pytest.mark.parametrize(
    "rule",
    [
        NAMED,
        {"And": [NAMED, PRESENT]},
        {"Or": [PRESENT, NAMED]},
        {"Not": NAMED},
        {"And": [{"Variable": "$.other", "IsPresent": True}, NAMED]},
        {"And": [PRESENT, {"Variable": "$.name.first", "StringEquals": "A"}]},
    ],
)
def test_an_optional_path_that_is_read_unasked_is_refused(rule: dict[str, Any]) -> None:
    """A missing Variable is States.Runtime, which nothing catches: the execution would end without a word."""
    sentences = said(asks=ask({**rule, "Next": "End"}), end=END)
    assert any("expected a path that is there on every route" in each for each in sentences), sentences


def test_an_earlier_rule_that_takes_the_absent_away_guards_the_later_ones() -> None:
    assert said(asks=ask({**ABSENT, "Next": "End"}, {**NAMED, "Next": "End"}), end=END) == []


def test_what_one_choice_asked_the_next_may_read() -> None:
    first = ask({**PRESENT, "Next": "Asks again?"})
    assert said(asks=first, asks_again=ask({**NAMED, "Next": "End"}), end=END) == []


def test_the_other_branch_of_that_choice_may_not() -> None:
    first = ask({**PRESENT, "Next": "End"}, default="Asks again?")
    [sentence] = said(asks=first, asks_again=ask({**NAMED, "Next": "End"}), end=END)
    assert "state 'Asks again?': Choices[0].Variable is \"$.name\"" in sentence


LOOKED = ask({"Variable": "$.look.drained", "BooleanEquals": True, "Next": "End"})


def test_the_answer_of_a_call_may_be_read_after_it() -> None:
    assert said(calls=call("Asks?", "Fails"), asks=LOOKED, fails=FAIL, end=END) == []


def test_but_not_where_its_failure_leads_too() -> None:
    """Catch skips the ResultPath of what failed: the look is not there on that route."""
    [sentence] = said(calls=call("Asks?", "Asks?"), asks=LOOKED, end=END)
    assert '"$.look.drained"' in sentence


def test_a_call_that_reads_what_another_may_not_have_written_is_refused() -> None:
    again = call("End", "End", Parameters={"seen.$": "$.look.seen"}, ResultPath=None)
    [sentence] = said(
        calls=call("Asks again?", "Asks again?"),
        asks_again=again | {"Comment": "Calls. No Retry: x."},
        end=END,
    )[-1:]
    assert "Parameters.seen.$" in sentence
    assert "a route leads here on which $.look isn't written" in sentence


def test_reading_a_path_and_going_on_proves_it() -> None:
    """A '.$' path that isn't there fails the state, so that Next is never taken."""
    first = call("Asks?", "Fails", Parameters={"name.$": "$.name"})
    assert said(calls=first, asks=ask({**NAMED, "Next": "End"}), fails=FAIL, end=END) == []


def test_only_the_selected_members_of_an_answer_are_there() -> None:
    first = call("Asks?", "Fails", ResultSelector={"verdict.$": "$.verdict"})
    [sentence] = said(calls=first, asks=LOOKED, fails=FAIL, end=END)
    assert '"$.look.drained"' in sentence


def test_an_answer_without_result_path_takes_the_inputs_place() -> None:
    first = ask({**PRESENT, "Next": "Calls"})
    replaced = {"a.$": "$.a"}
    second = call("Asks again?", "Fails", ResultPath="$", ResultSelector=replaced)
    last = ask({**NAMED, "Next": "End"})
    sentences = said(asks=first, calls=second, asks_again=last, fails=FAIL, end=END)
    assert any("'Asks again?'" in each and '"$.name"' in each for each in sentences), sentences


def test_the_states_within_a_map_count_on_what_its_item_selector_gives() -> None:
    within = {
        "Comment": "Each.",
        "StartAt": "Asks?",
        "States": {"Asks?": ask({**NAMED, "Next": "End"}), "End": END},
    }
    each = {"Type": "Map", "Comment": "Maps.", "MaxConcurrency": 2, "ItemProcessor": within, "End": True}
    given = {**each, "ItemSelector": {"name.$": "$$.Map.Item.Value"}}
    assert said(calls=given) == []
    [sentence] = said(calls=each)
    assert "state 'Asks?' within 'Calls'" in sentence
