"""One drain that is followed, and how each of its changes reads. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from cli.changes import Change, Known


@dataclass
class Followed:
    """One drain that is followed."""

    instance_id: str
    execution: str
    """The ARN of its execution; another one where that was taken over."""
    known: Known = field(default_factory=Known)
    names: dict[str, str] = field(default_factory=dict)
    """What tasks are called, by ARN."""


class View(Protocol):
    """Shows what changes."""

    def show(self, followed: Followed, changes: Sequence[Change]) -> None:
        """Show what one reading brought."""


def in_order(followed: Followed, changes: Sequence[Change]) -> list[Change]:
    """Return the changes with what one look showed of several tasks in the order of their names, not of their ids."""
    ordered: list[Change] = []
    for _, together in groupby(changes, key=lambda change: (change.at, change.kind == "task")):
        same = list(together)
        ordered += sorted(same, key=lambda change: told(followed, change)) if same[0].kind == "task" else same
    return ordered


def told(followed: Followed, change: Change) -> str:
    """Return a change's sentence, tasks by name."""
    if change.kind != "task":
        return change.text
    arn = str(change.facts["task"])
    return f"task {followed.names.get(arn, 'task')} {arn.rsplit('/', 1)[-1][:8]} {change.text}"
