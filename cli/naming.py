"""What tasks are called for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.decide import name_of
from chalicelib.model import Task


def names_of(tasks: Iterable[Task]) -> dict[str, str]:
    """Return by ARN the service, or the family, that each task is of."""
    return {task.arn: name_of(task) for task in tasks}
