"""Makes every Task state of a walk fail in every way that its Retry and Catch name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from statemachine.checks.machine import State, all_states, objects, texts
from tests.walk.answers import EVERY_TRY, Answers, Error, First, TimedOut
from tests.walk.walked import Walk
from tests.walk.walker import walk

UNFORESEEN = "Unforeseen"
"""Stands for what only States.ALL or States.TaskFailed takes."""

_WILDCARDS = ("States.ALL", "States.TaskFailed")


@dataclass(frozen=True)
class FailedIn:
    """One walk in which one visit to one state failed, retries and all."""

    state: str
    error: str
    walk: Walk


def with_each_failure(
    machine: dict[str, Any], input: Any, answers: Answers, **options: Any
) -> Iterator[FailedIn]:
    """Yield a walk for each Task state that the story reaches and each error that its Retry and Catch name.

    The first visit to the state fails at every try; later visits are answered by the script as from its beginning.
    Wildcards are tried with an error that no list names. `options` are those of `walk`.
    """
    reached = set(walk(machine, input, answers, **options).states)
    for state in all_states(machine):
        if state.type == "Task" and state.name in reached:
            for error in errors_of(state):
                failing = (
                    TimedOut(EVERY_TRY) if error == "States.Timeout" else Error(error, "scripted", EVERY_TRY)
                )
                script = {**answers, state.name: First(failing, answers[state.name])}
                yield FailedIn(state.name, error, walk(machine, input, script, **options))


def errors_of(state: State) -> list[str]:
    """Return the errors that a state's Retry and Catch name, wildcards as one that nobody foresaw."""
    rules = [*objects(state.body.get("Retry")), *objects(state.body.get("Catch"))]
    names = [name for rule in rules for name in texts(rule.get("ErrorEquals"))]
    return list(dict.fromkeys(UNFORESEEN if name in _WILDCARDS else name for name in names))
