"""What walks leave untried is named, and each failure of each Task can be driven through a machine."""

from __future__ import annotations

from typing import Any

from tests.walk.coverage import Coverage
from tests.walk.failing import UNFORESEEN, with_each_failure
from tests.walk.walker import walk

UPDATE = "arn:aws:states:::aws-sdk:dynamodb:updateItem"
MACHINE: dict[str, Any] = {
    "QueryLanguage": "JSONata",
    "StartAt": "Look",
    "States": {
        "Look": {
            "Type": "Task",
            "Resource": UPDATE,
            "TimeoutSeconds": 30,
            "Assign": {"left": "{% $states.result.left %}"},
            "Retry": [{"ErrorEquals": ["Throttled", "States.Timeout"], "MaxAttempts": 2}],
            "Catch": [
                {"ErrorEquals": ["Throttled"], "Assign": {"left": 1}, "Next": "Is any left?"},
                {"ErrorEquals": ["States.ALL"], "Next": "Failed"},
            ],
            "Next": "Is any left?",
        },
        "Is any left?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $left > 0 %}", "Next": "Look"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
        "Failed": {"Type": "Fail", "Error": "Failed", "Cause": "Look."},
    },
}


def test_states_and_edges_that_no_walk_took_are_named() -> None:
    coverage = Coverage(MACHINE)
    walk(MACHINE, {}, {"Look": {"left": 0}}, coverage=coverage)
    assert coverage.missing_states() == ["Failed"]
    assert coverage.missing_edges() == [
        "'Look' Catch[0] → 'Is any left?' (Throttled)",
        "'Look' Catch[1] → 'Failed' (States.ALL)",
        "'Is any left?' Choices[0] → 'Look' ({% $left > 0 %})",
        "'Failed' End",
    ]


def test_each_error_of_each_task_is_tried_once_and_leaves_nothing_uncovered() -> None:
    """The failed visit takes all its retries; the visit after it is answered as scripted."""
    coverage = Coverage(MACHINE)
    found = list(with_each_failure(MACHINE, {}, {"Look": [{"left": 1}, {"left": 0}]}, coverage=coverage))
    assert [(each.state, each.error) for each in found] == [
        ("Look", "Throttled"),
        ("Look", "States.Timeout"),
        ("Look", UNFORESEEN),
    ]
    assert [each.walk.ended_in for each in found] == ["Done", "Failed", "Failed"]
    assert [len(each.walk.calls) for each in found] == [3 + 2, 3, 1]
    assert [each.walk.seconds for each in found] == [3, 3 + 90, 0]
    assert coverage.missing_edges() == []
