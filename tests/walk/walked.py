"""What a walk tells of itself: states, calls, variables, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Call:
    """One try of a Task: what it called, with what, when."""

    state: str
    resource: str
    arguments: Any
    at: datetime


@dataclass
class Walk:
    """What happened."""

    states: list[str] = field(default_factory=list)
    """The states in the order they were entered, those within a Map among them."""
    calls: list[Call] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    """The variables of the machine's own scope at the end."""
    output: Any = None
    error: str | None = None
    cause: str | None = None
    transitions: int = 0
    """What AWS bills: every state entered, and every retry."""
    seconds: float = 0
    """Virtual seconds: Waits, late answers, time-outs, and retries, each after the longest that its jitter allows."""

    @property
    def ended_in(self) -> str:
        """The last state entered."""
        return self.states[-1]

    @property
    def succeeded(self) -> bool:
        """Whether the execution ended well."""
        return self.error is None

    def calls_of(self, state: str) -> list[Any]:
        """Return the Arguments of each call that a state made."""
        return [call.arguments for call in self.calls if call.state == state]
