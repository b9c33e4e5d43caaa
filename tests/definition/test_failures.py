"""What each function's caller does about a function that breaks down; what becomes of a drain then, its walks show.

A function that crashes or runs out of time is reported as Lambda.Unknown, Runtime.ExitError or Sandbox.Timedout, which
says nothing of the next try: https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from statemachine.checks.machine import all_states, objects, texts

MACHINES = {
    name: json.loads(Path(f"statemachine/{name}.asl.json").read_text(encoding="utf-8"))
    for name in ("drain", "fleet")
}
CRASHES = {
    "Lambda.Unknown",
    "Lambda.ClientExecutionTimeoutException",
    "Runtime.ExitError",
    "Sandbox.Timedout",
}
TASKS = [
    pytest.param(state.body, id=f"{machine}: {state.name}")
    for machine, definition in MACHINES.items()
    for state in all_states(definition)
    if state.body.get("Resource", "").endswith("lambda:invoke")
]


def names(rules: Any) -> set[str]:
    """Return the errors that a state's retriers or catchers name."""
    return {name for rule in objects(rules) for name in texts(rule.get("ErrorEquals"))}


@pytest.mark.parametrize("task", TASKS)
def test_a_crash_of_a_function_is_tried_again(task: dict[str, Any]) -> None:
    assert names(task["Retry"]) >= CRASHES


@pytest.mark.parametrize("task", TASKS)
def test_what_outlasts_the_retries_is_caught(task: dict[str, Any]) -> None:
    assert "States.ALL" in names(task["Catch"])
