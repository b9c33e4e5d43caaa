"""A definition as the rules see it: states in scopes (the machine, Map's processor, Parallel's branches)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from statemachine.checks.finding import Finding

Body = dict[str, Any]

TYPES = ("Task", "Choice", "Wait", "Pass", "Succeed", "Fail", "Parallel", "Map")
"""The state types of the Amazon States Language."""

INNER = ("ItemProcessor", "Iterator", "Branches")
"""Fields that hold states of their own; `Iterator` is Map's old word."""


@dataclass(frozen=True)
class State:
    """One state and where it stands."""

    name: str
    body: Body
    where: str
    jsonata: bool = False
    """Whether the machine's query language is JSONata; else it is JSONPath."""

    @property
    def arguments_field(self) -> str:
        """The field that holds what a Task sends."""
        return "Arguments" if self.jsonata else "Parameters"

    @property
    def type(self) -> str:
        """The state's type, '' where it has none."""
        return str(self.body.get("Type", ""))

    @property
    def own_fields(self) -> Body:
        """The state's fields without the states within it, which speak for themselves."""
        return {key: value for key, value in self.body.items() if key not in INNER}

    def finding(self, field: str, value: object, expected: str, remedy: str) -> Finding:
        """Return a finding about a field of this state."""
        return Finding(self.where, field, value, expected, remedy)


@dataclass(frozen=True)
class Scope:
    """States that can reach each other: transitions never cross the border of a scope."""

    where: str
    body: Body
    states: dict[str, State]

    def finding(self, field: str, value: object, expected: str, remedy: str) -> Finding:
        """Return a finding about the scope itself."""
        return Finding(self.where, field, value, expected, remedy)


def machine_scope(definition: Body) -> Scope:
    """Return the scope that an execution starts in."""
    return _scope(definition, "the machine", "", definition.get("QueryLanguage") == "JSONata")


def scopes_of(definition: Body) -> list[Scope]:
    """Return the machine's scope, then those within it, outermost first."""
    return list(_outermost_first(machine_scope(definition)))


def all_states(definition: Body) -> list[State]:
    """Return every state of every scope, in the order of the definition."""
    return [state for scope in scopes_of(definition) for state in scope.states.values()]


def objects(value: object) -> list[Body]:
    """Return the objects of a list; of anything else, nothing."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """Return the strings of a list; of anything else, nothing."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def scopes_within(state: State) -> list[Scope]:
    """Return the scopes of a Map's processor (old word included) or of a Parallel's branches."""
    processors = [state.body.get("ItemProcessor"), state.body.get("Iterator")]
    bodies = [each for each in processors if isinstance(each, dict)] + objects(state.body.get("Branches"))
    return [
        _scope(body, f"the states within {state.name!r}", f" within {state.name!r}", state.jsonata)
        for body in bodies
    ]


def _scope(body: Body, where: str, within: str, jsonata: bool) -> Scope:
    states = body.get("States")
    named = {
        name: State(name, each, f"state {name!r}{within}", jsonata)
        for name, each in (states.items() if isinstance(states, dict) else ())
        if isinstance(each, dict)
    }
    return Scope(where, body, named)


def _outermost_first(scope: Scope) -> Iterator[Scope]:
    yield scope
    for state in scope.states.values():
        for inner in scopes_within(state):
            yield from _outermost_first(inner)
