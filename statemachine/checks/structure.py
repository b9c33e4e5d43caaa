"""What must be there before a definition can be read at all: states, each with a type that there is."""

from __future__ import annotations

from collections.abc import Iterator

from statemachine.checks.finding import MISSING, Finding, did_you_mean
from statemachine.checks.machine import TYPES, Scope


def check_structure(scope: Scope) -> Iterator[Finding]:
    """Yield what keeps the scope from being read at all: no states, or states without a known type."""
    states = scope.body.get("States", MISSING)
    if not isinstance(states, dict) or not states:
        yield scope.finding(
            "States", states, "an object with at least one state", "write the states under States"
        )
        return
    for name, body in states.items():
        if not isinstance(body, dict):
            yield scope.finding(
                f"States[{name!r}]", body, "an object", "write the state's fields between braces"
            )
        elif body.get("Type") not in TYPES:
            remedy = did_you_mean(body.get("Type"), TYPES, "use a type that the Amazon States Language has")
            yield scope.states[name].finding(
                "Type", body.get("Type", MISSING), f"one of {', '.join(TYPES)}", remedy
            )
