"""How a blocker names whom it is about."""

from __future__ import annotations

from chalicelib.common.model import Task

SHORT_ID = 8
"""As many characters of a task's id as people read out; commands carry the whole id."""


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
