"""What becomes of failures in the drain's machine, asked of its graph: a failure is recorded, then told, never lost.

A function that crashes or runs out of time is reported as Lambda.Unknown, Runtime.ExitError or Sandbox.Timedout, which
says nothing of the next try: https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DRAIN = json.loads(Path("statemachine/drain.asl.json").read_text(encoding="utf-8"))["States"]
FLEET = json.loads(Path("statemachine/fleet.asl.json").read_text(encoding="utf-8"))["States"]
CRASHES = {
    "Lambda.Unknown",
    "Lambda.ClientExecutionTimeoutException",
    "Runtime.ExitError",
    "Sandbox.Timedout",
}
ENDS = ("Fail", "Succeed")


def every_task(states: dict[str, Any]) -> dict[str, Any]:
    inner = [every_task(s["ItemProcessor"]["States"]) for s in states.values() if "ItemProcessor" in s]
    tasks = {name: state for name, state in states.items() if state["Type"] == "Task"}
    return {name: state for some in [tasks, *inner] for name, state in some.items()}


def follows(state: dict[str, Any]) -> list[str]:
    """The states that may come right after one."""
    ways = [*state.get("Choices", []), *state.get("Catch", []), state]
    return [way["Next"] for way in ways if "Next" in way] + [state[k] for k in ("Default",) if k in state]


def reachable(start: str, *, without: set[str]) -> set[str]:
    """Every state that may come at or after one, if some are never entered."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name not in found | without:
            found.add(name)
            ahead += follows(DRAIN[name])
    return found


FUNCTIONS = {
    name: state
    for name, state in {**every_task(DRAIN), **every_task(FLEET)}.items()
    if state["Resource"].endswith("lambda:invoke")
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_crash_of_a_function_is_tried_again(name: str) -> None:
    retried = {error for retrier in FUNCTIONS[name]["Retry"] for error in retrier["ErrorEquals"]}
    assert retried >= CRASHES


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name in ("Look", "Plan the drain")])
def test_what_passes_never_fails_the_drain_while_there_is_time(name: str) -> None:
    """Heartbeats go on natively meanwhile: they depend on nothing but Auto Scaling."""
    passes, fails = DRAIN[name]["Catch"]
    assert set(passes["ErrorEquals"]) == {e for r in DRAIN[name]["Retry"] for e in r["ErrorEquals"]}
    assert any(
        "recordLifecycleActionHeartbeat" in DRAIN[n].get("Resource", "")
        for n in reachable(passes["Next"], without={name})
    )
    assert fails == {
        "ErrorEquals": ["States.ALL"],
        "ResultPath": "$.failure",
        "Next": "Was the drain planned?",
    }


def test_a_failure_is_recorded_before_it_is_told() -> None:
    """A notice that can't be written or published costs neither the record nor the slots."""
    assert DRAIN["Was the drain planned?"]["Choices"][0]["Next"] == "Record the failure"
    told = {"Compose the failure notice", "Publish the failure"}
    assert "Record the failure" not in reachable("Compose the failure notice", without=set())
    assert all(
        n in told or DRAIN[n]["Type"] in ENDS for n in reachable("Compose the failure notice", without=set())
    )
    tells = [n for n, state in DRAIN.items() if "Compose the failure notice" in follows(state)]
    assert set(tells) <= {"Was the drain planned?", "Are slots left behind?", "Free the slots left behind"}


def test_a_failing_notice_does_not_hide_the_failure() -> None:
    assert {
        c["ResultPath"]
        for n in ("Compose the failure notice", "Publish the failure")
        for c in DRAIN[n]["Catch"]
    } == {"$.unpublished"}


def test_a_failure_whose_record_is_tried_twice_counts_once() -> None:
    """The first try frees the entry; the condition of the second then holds no more."""
    freed = DRAIN["Record the failure"]["Parameters"]["TransactItems"][1]["Update"]
    assert freed["ConditionExpression"] == "#execution = :me"
    assert "REMOVE #execution" in freed["UpdateExpression"]


def test_a_refused_ledger_entry_is_never_asked_for_again_without_a_wait() -> None:
    """A throttled transaction is cancelled like a refused one: without a wait it spun towards the 25,000 events."""
    waits = {name for name, state in DRAIN.items() if state["Type"] == "Wait"}
    round_again = reachable("Is a drain open?", without=waits | {"Take over the ledger entry"})
    assert "Open the ledger entry" not in round_again
