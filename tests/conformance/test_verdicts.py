"""The measure itself: what is compared, what counts as a difference, and what the command says."""

from __future__ import annotations

from typing import Any

import pytest

from embedded_aws.conformance import Fact, facts, judge
from embedded_aws.conformance.__main__ import main
from embedded_aws.conformance.running import Observed
from embedded_aws.conformance.table import expected, summary, table
from embedded_aws.conformance.verdicts import differences

FAILED = {"status": "FAILED", "error": "Late", "cause": "it took 5 s"}
DONE = {"status": "SUCCEEDED", "output": '{"a": 1, "b": [{"c": 2}]}'}
EVENT = {"type": "TaskFailed", "taskFailedEventDetails": {"error": "Late", "resource": "invoke"}}
ANSWERED = {"type": "TaskSucceeded", "taskSucceededEventDetails": {"output": '{"Payload": 1}'}}


@pytest.mark.parametrize(
    ("story", "recorded", "observed", "count"),
    [
        ("the same end", FAILED, Observed(answer=FAILED), 0),
        ("another status", {"status": "SUCCEEDED"}, Observed(answer=FAILED), 1),
        ("another error", {"error": "Early"}, Observed(answer=FAILED), 1),
        ("no error", {"error": None}, Observed(answer=FAILED), 1),
        ("a cause by its pattern", {"cause": r"took \d s"}, Observed(answer=FAILED), 0),
        ("another cause", {"cause": "took no time"}, Observed(answer=FAILED), 1),
        ("no cause", {"cause": None}, Observed(answer=FAILED), 1),
        ("the output", {"output": {"a": 1, "b": [{"c": 2}]}}, Observed(answer=DONE), 0),
        ("a part is not the output", {"output": {"a": 1}}, Observed(answer=DONE), 1),
        ("a part of the output", {"output_within": {"b": [{}]}}, Observed(answer=DONE), 0),
        ("no part of it", {"output_within": {"b": []}}, Observed(answer=DONE), 1),
        ("the history", {"history": ["TaskFailed"]}, Observed(events=[EVENT]), 0),
        ("another history", {"history": []}, Observed(events=[EVENT]), 1),
        (
            "an event",
            {"events": [{"type": "TaskFailed", "has": {"error": "Late"}}]},
            Observed(events=[EVENT]),
            0,
        ),
        ("an event of another type", {"events": [{"type": "TaskTimedOut"}]}, Observed(events=[EVENT]), 1),
        (
            "an event with more than it should have",
            {"events": [{"type": "TaskFailed", "lacks": ["error"]}]},
            Observed(events=[EVENT]),
            1,
        ),
        (
            "an event's output by its names",
            {"events": [{"type": "TaskSucceeded", "output_names": ["Payload"], "output_lacks": ["Sdk"]}]},
            Observed(events=[ANSWERED]),
            0,
        ),
        (
            "an event's output that lacks a name",
            {"events": [{"type": "TaskSucceeded", "output_names": ["Sdk"]}]},
            Observed(events=[ANSWERED]),
            1,
        ),
        (
            "a refusal",
            {"refusal": {"code": "InvalidArn", "message": "prefix: .*"}},
            Observed(refusal=("InvalidArn", "prefix: x")),
            0,
        ),
        (
            "another refusal",
            {"refusal": {"code": "InvalidArn", "message": "x"}},
            Observed(refusal=("Other", "")),
            2,
        ),
        ("no refusal", {"refusal": {"code": "InvalidArn", "message": "x"}}, Observed(), 1),
        ("a refusal that wasn't recorded", {"status": "SUCCEEDED"}, Observed(refusal=("Other", "")), 1),
        ("an answer", {"answer": {"has": ["status"], "lacks": ["output"]}}, Observed(answer=FAILED), 0),
        (
            "an answer that has and lacks the wrong things",
            {"answer": {"has": ["output"], "lacks": ["error"], "within": {"status": "RUNNING"}}},
            Observed(answer=FAILED),
            3,
        ),
    ],
)
def test_what_differs(story: str, recorded: dict[str, Any], observed: Observed, count: int) -> None:
    assert len(list(differences(recorded, observed))) == count, story


def wait(**recorded: Any) -> Fact:
    machine = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
    return Fact("topic", "one", "Something.", recorded, {}, machine=machine)


def test_a_fact_agrees_or_differs() -> None:
    assert judge(wait(status="SUCCEEDED")).word == "agree"
    assert judge(wait(status="FAILED")).differences == ("status: recorded FAILED, here SUCCEEDED",)


def test_a_fact_about_what_is_not_here_is_not_run() -> None:
    fact = Fact("topic", "one", "Something.", {}, {}, request={"call": "RedriveExecution", "with": {}})
    assert judge(fact).word == "not expressible"


def test_the_table_counts_by_topic() -> None:
    facts_of_two = [(wait(), "agree"), (wait(), "differ")]
    assert table(facts_of_two).splitlines()[-2:] == ["| topic | 1 | 1 | 0 |", "| **all** | 1 | 1 | 0 |"]
    assert table(facts_of_two, {"topic": 2}).splitlines()[-1] == "| **all** | 1 | 1 | 0 | 2 |"
    assert summary(facts_of_two) == "1 of the 2 that can be expressed agree: 50.0 %."


def test_every_fact_has_a_date_a_place_and_a_sentence() -> None:
    for fact in facts():
        assert fact.source["date"] < "2026"
        assert fact.source["recording"]
        assert fact.says.endswith(".")


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["intrinsics"]) == 0
    assert "| intrinsics | 1 | 0 | 0 |" in capsys.readouterr().out


def test_the_command_says_what_differs_and_what_can_not_be_expressed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    by_word = {word: fact.id for fact, word in expected(facts())}
    assert main([by_word["differ"], by_word["not expressible"]]) == 0  # it is listed
    said = capsys.readouterr().out
    assert f"{by_word['differ']}: " in said
    assert f"{by_word['not expressible']}: Express workflows" in said


def test_the_command_fails_where_a_difference_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded_aws.conformance.__main__.facts", lambda: [wait(status="FAILED")])
    assert main([]) == 1
