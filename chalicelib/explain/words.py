"""How durations, instants, lists and tasks are written for people, the same in every blocker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.common.duration import in_words
from chalicelib.common.model import Task, stamp

EXAMPLES = 3
"""How many of anything are named before "and N more"."""

SHORT_ID = 8
"""As many characters of a task's id as people read out; commands carry the whole id."""


def count(number: int, noun: str) -> str:
    """Return "1 task", "3 tasks"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def spell(duration: timedelta) -> str:
    """Return a duration in its two largest units ("1 h 5 min"); one that is over is "0 s"."""
    return " ".join(in_words(max(duration, timedelta(0))).split(" ")[:4])


def since(began_at: datetime | None, at: datetime) -> str:
    """Return how long something lasts and since when, or that nobody knows."""
    return (
        "for an unknown time" if began_at is None else f"for {spell(at - began_at)}, since {stamp(began_at)}"
    )


def until(ends_at: datetime, at: datetime) -> str:
    """Return when something ends and how far off that is."""
    return f"until about {stamp(ends_at)} (in {spell(ends_at - at)})"


def some(names: Sequence[str], limit: int = EXAMPLES) -> str:
    """Return at most `limit` of the names, then how many more there are."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def clip(text: str, characters: int) -> str:
    """Return a text of at most so many characters, its cut marked."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def short(task_id: str) -> str:
    """Return the start of a task's id."""
    return task_id[:SHORT_ID]


def name_of(task: Task) -> str:
    """Return one task with what started it: "task 0a1b2c3d of family batch"."""
    if task.service_name:
        return f"task {short(task.id)} of service {task.service_name}"
    family = task.group.removeprefix("family:") or family_of(task.task_definition_arn)
    return f"task {short(task.id)} of family {family}" if family else f"task {short(task.id)}"


def family_of(task_definition_arn: str) -> str:
    """Return the family of a task definition's ARN, "" where there is no ARN."""
    return task_definition_arn.rsplit("/", 1)[-1].partition(":")[0]
