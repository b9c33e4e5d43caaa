"""The states that the machine went through, as the page lists them: each with its input and output. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.common.duration import in_short
from chalicelib.common.model import stamp
from cli.audit import Visit
from cli.audit_text import folded

MOST_DATA = 6_000_000
"""Letters of JSON in one page; what comes later shows what it changed alone, so that a browser can open the page."""


@dataclass(frozen=True, slots=True)
class Step:
    """One visit of a state."""

    number: int
    name: str
    kind: str
    at: str
    """Since the drain's start."""
    stamp: str
    took: str
    changed: tuple[str, ...]
    """The fields that its output has otherwise than its input."""
    input: str
    """JSON, empty where it is what the step before left."""
    output: str
    """JSON; empty where the machine never left the state."""
    is_cut: bool
    """Whether only what changed is shown."""
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Some steps in a row: one alone, or a cycle that was gone through several times."""

    title: str
    times: int
    at: str
    until: str
    steps: tuple[Step, ...]

    @property
    def errors(self) -> int:
        """How many attempts failed in it."""
        return sum(len(step.errors) for step in self.steps)


def runs(visits: Sequence[Visit], began_at: datetime) -> tuple[Run, ...]:
    """Return all visits in order, repeated cycles put together."""
    steps = list(_steps(visits, began_at))
    found: list[Run] = []
    begin = 0
    for cycle, times in folded(visits):
        own = steps[begin : begin + len(cycle) * times]
        title = " → ".join(visit.name for visit in cycle)
        found.append(Run(title, times, own[0].at, own[-1].at, tuple(own)))
        begin += len(own)
    return tuple(found)


def _steps(visits: Sequence[Visit], began_at: datetime) -> Iterator[Step]:
    left, before = MOST_DATA, ""
    for number, visit in enumerate(visits):
        given, got = _parsed(visit.input), _parsed(visit.assigned or visit.output)
        changed = _changed(given, got)
        shown_input = "" if visit.input == before and number else _pretty(given)
        shown_output = _pretty(got)
        is_cut = left < len(shown_input) + len(shown_output)
        if is_cut:
            shown_input = ""
            shown_output = _shortened(got, changed, visit)
        left -= len(shown_input) + len(shown_output)
        took = in_short(visit.exited_at - visit.entered_at) if visit.exited_at else ""
        yield Step(
            number=number,
            name=visit.name,
            kind=visit.type,
            at=in_short(visit.entered_at - began_at),
            stamp=stamp(visit.entered_at),
            took="" if took == "0s" else took,
            changed=changed,
            input=shown_input,
            output=shown_output,
            is_cut=is_cut,
            errors=visit.errors,
        )
        before = visit.output


def _shortened(got: Any, changed: tuple[str, ...], visit: Visit) -> str:
    """Return what is shown of an output for which no room is left: the names of the variables, or what changed."""
    if visit.assigned and isinstance(got, dict):
        return _pretty(dict.fromkeys(got, "…"))
    return _pretty({key: got[key] for key in changed}) if isinstance(got, dict) else _pretty(got)[:2000]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _changed(before: Any, after: Any) -> tuple[str, ...]:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ()
    return tuple(key for key in after if key not in before or before[key] != after[key])


def _pretty(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, indent=2, ensure_ascii=False)
