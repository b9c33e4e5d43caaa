"""Quotas of Step Functions: 25,000 events of history, 256 KiB of payload."""

from __future__ import annotations

from typing import Any

import pytest

from tests.embedded_aws.stepfunctions.machines import Lab, chain

Machine = dict[str, Any]
PASS: Machine = {"Pass": {"Type": "Pass", "End": True}}
ENDLESS: Machine = {
    "Spin": {"Type": "Wait", "Seconds": 1, "Next": "Is it over?"},
    "Is it over?": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.over", "IsPresent": True, "Next": "Over"}],
        "Default": "Spin",
    },
    "Over": {"Type": "Succeed"},
}
"""Never over, but AWS wants a state that ends a workflow."""


def test_an_execution_fails_at_25_000_events(lab: Lab) -> None:
    """ "The execution reached the maximum number of history events (25000)": no Retry and no Catch helps."""
    run = lab.run(ENDLESS)

    events = run.events
    assert run.status == "FAILED"
    assert run.described["cause"] == "The execution reached the maximum number of history events (25000)."
    assert (len(events), events[-1]["type"]) == (25_000, "ExecutionFailed")


def test_the_25_000th_event_may_be_the_success(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded_aws.stepfunctions.history.LARGEST_HISTORY", 8)

    assert lab.run(chain(3), name="three").status == "SUCCEEDED"
    assert lab.run(chain(4), name="four").status == "FAILED"


def test_items_of_a_map_fill_the_history_of_their_execution(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded_aws.stepfunctions.history.LARGEST_HISTORY", 100)
    processor = {"StartAt": "Spin", "States": ENDLESS}
    catch = {"ErrorEquals": ["States.ALL"], "Next": "Pass"}

    run = lab.run(
        {"Each": {"Type": "Map", "ItemProcessor": processor, "Catch": [catch], "End": True}} | PASS,
        [{}, {}, {}],
    )

    assert run.status == "FAILED"
    assert (len(run.events), run.types[-1]) == (100, "ExecutionFailed")


LARGE = "x" * 200_000


def test_an_input_has_256_kib_at_most(lab: Lab) -> None:
    with pytest.raises(lab.api.exceptions.ClientError, match="262144"):
        lab.start(lab.machine(PASS), LARGE + LARGE)


def test_a_state_s_output_has_256_kib_at_most(lab: Lab) -> None:
    twice = {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "End": True}

    run = lab.run({"Twice": twice}, LARGE)

    assert run.described["error"] == "States.DataLimitExceeded"


def test_a_result_too_large_is_caught_by_all(lab: Lab) -> None:
    """Recorded 2024-03-21, though the guide calls the error terminal."""
    function = lab.function("large", lambda *_: LARGE + LARGE)
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Pass"}],
        "End": True,
    }

    run = lab.run({"Invoke": invoke} | PASS)

    assert run.output["Error"] == "States.DataLimitExceeded"


def test_a_request_too_large_is_not_sent(lab: Lab) -> None:
    function = lab.function("sink", lambda *_: None)
    payload = {"FunctionName": function, "Payload": {"a.$": "$", "b.$": "$"}}
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": payload,
        "End": True,
    }

    run = lab.run({"Invoke": invoke}, LARGE)

    assert run.described["error"] == "States.DataLimitExceeded"
    assert lab.aws.requests.count("lambda", "Invoke") == 0
