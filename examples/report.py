"""Runs an example, and shows each run: its path with executed states in green, its input, and how it ended."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from chalicelib.common.history import message_of
from examples.catalogue import Example
from examples.harness import Answer, Run, laboratory
from statemachine.checks.machine import State, all_states

FAILURES = ("TaskFailed", "TaskTimedOut", "LambdaFunctionFailed", "LambdaFunctionTimedOut")
"""History events of an attempt that failed."""


@dataclass(frozen=True)
class Step:
    """A state that was entered, with the seconds since the start and the attempts of it that failed."""

    name: str
    at_seconds: float
    failed_attempts: int


def steps_of(run: Run) -> list[Step]:
    """Return the states of a run's path, in the order of their entry."""
    events = {event["id"]: event for event in run.history}
    failed = Counter(_entry_of(event, events) for event in run.history if event["type"] in FAILURES)
    return [
        Step(
            event["stateEnteredEventDetails"]["name"],
            _seconds(run.started_at, event["timestamp"]),
            failed[number],
        )
        for number, event in events.items()
        if event["type"].endswith("StateEntered")
    ]


def show(console: Console, example: Example, own: Any | None = None) -> bool:
    """Run an example with its inputs, or with the caller's own; return whether the good ones succeeded."""
    # moto reports each Fail state as an error of its own; what is printed here says what happened.
    logging.getLogger("moto").setLevel(logging.CRITICAL)
    print_heading(console, example)
    good = True
    for source, given in ({"own input": own} if own is not None else example.inputs()).items():
        with laboratory(example) as lab:
            run = lab.run(given)
            effects = lab.effects()
        _print_run(console, example, source, run)
        _print_effects(console, effects)
        good = good and (run.succeeded or source.startswith("bad"))
    console.print()
    return good


def print_heading(console: Console, example: Example) -> None:
    """Print which example follows."""
    console.print(Text.assemble((example.name, "bold"), f"  {example.shows}"), soft_wrap=True)


def _print_run(console: Console, example: Example, source: str, run: Run) -> None:
    """Print where the input is from and what it is, the path, and the end."""
    console.print(Text.assemble("\n  ", (source, "bold"), "  ", _compact(run.input)), soft_wrap=True)
    for answer in run.answers:
        console.print(Text.assemble("    ", _said_by(example, answer)), soft_wrap=True)
    if run.history:
        for line in _path(example, run):
            console.print(line, soft_wrap=True)
    console.print(Text.assemble("  ", *_ending(run)), soft_wrap=True)


def _print_effects(console: Console, effects: dict[str, list[Any]]) -> None:
    """Print what lies in the queues and tables after a run, by their names."""
    for name, found in effects.items():
        for each in found:
            console.print(Text.assemble("    in ", (name, "bold"), f": {_compact(each)}"), soft_wrap=True)


def _path(example: Example, run: Run) -> Iterator[Text]:
    states = {state.name: state for state in all_states(json.loads(example.definition_text))}
    width = max(len(name) for name in states)
    for name, same in groupby(steps_of(run), key=lambda step: step.name):
        yield _line(states[name], list(same), width)
    untaken = [name for name in states if name not in run.path]
    if untaken:
        yield Text(f"    ○        not entered: {', '.join(untaken)}", style="dim")


def _line(state: State, same: list[Step], width: int) -> Text:
    failed = sum(step.failed_attempts for step in same)
    times = f", {len(same)} times" if len(same) > 1 else ""
    attempts = f", {failed} failed {'attempt' if failed == 1 else 'attempts'}" if failed else ""
    return Text.assemble(
        ("    ● ", "green"),
        (f"{_clock(same[0].at_seconds)}  ", "dim"),
        (f"{state.name:<{width}}", "green"),
        (f"  {state.type}{times}", "dim"),
        (attempts, "yellow"),
    )


def _ending(run: Run) -> Iterator[str | tuple[str, str]]:
    yield (run.status, "bold green" if run.succeeded else "bold red")
    if run.ended_at is not None:
        yield f" after {_seconds(run.started_at, run.ended_at):.0f} s: "
        yield _compact(run.output) if run.status == "SUCCEEDED" else f"{run.error}: {message_of(run.cause)}"


def _said_by(example: Example, answer: Answer) -> Text:
    if answer.failed:
        refusal = f"{answer.payload['errorType']}: {answer.payload['errorMessage']}"
        return Text.assemble(f"{example.start_function} ", ("refused", "red"), f" {refusal}")
    return Text.assemble(f"{example.start_function} ", ("answered", "green"), f" {_compact(answer.payload)}")


def _entry_of(event: dict[str, Any], events: dict[int, dict[str, Any]]) -> int:
    """Return the id of the StateEntered event that a later event of the same state goes back to."""
    while not event["type"].endswith("StateEntered"):
        event = events[event["previousEventId"]]
    return int(event["id"])


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _seconds(start: datetime | None, end: datetime) -> float:
    return (end - start).total_seconds() if start else 0.0


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"
