"""Task scale-in protection (ECS developer guide, task-scale-in-protection)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from moto.core.responses import ActionResult

from embedded_aws.aws import later, now
from embedded_aws.ecs.api import EcsApi, failure
from embedded_aws.ecs.errors import InvalidParameter, require_at_most, require_some
from embedded_aws.ecs.model import Task

DEFAULT_MINUTES, LONGEST_MINUTES = 120, 2880


class ProtectionApi(EcsApi):
    """Handlers of the two protection operations."""

    def update_task_protection(self) -> ActionResult:
        """UpdateTaskProtection: at most 10 tasks, for 1 to 2,880 minutes; only tasks of services can have it."""
        names = self.items("tasks")
        require_some(names, "Tasks")
        require_at_most(10, names, "Tasks")
        minutes = self._get_int_param("expiresInMinutes", DEFAULT_MINUTES)
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise InvalidParameter(f"expiresInMinutes should be between 1 and {LONGEST_MINUTES}.")
        return self._answer(names, minutes if self._get_param("protectionEnabled") else 0)

    def get_task_protection(self) -> ActionResult:
        """GetTaskProtection: at most 100 tasks, or all of the cluster's services."""
        names = self.items("tasks")
        require_at_most(100, names, "Tasks")
        tasks = self.backend.tasks_of(self.asked_cluster.name)
        return self._answer(names or [task.arn for task in tasks if task.service is not None], None)

    def _answer(self, names: list[str], minutes: int | None) -> ActionResult:
        """Answer for each task; `minutes` of protection from now are set first, 0 ends it, None leaves it."""
        cluster = self.asked_cluster
        protected, failures = [], []
        for name in names:
            task = self.backend.task(cluster, name)
            reason = "MISSING" if task is None else _obstacle(task)
            if task is None or reason:
                failures.append(failure(cluster, "task", name, reason or "MISSING"))
                continue
            if minutes is not None:
                self._protect(task, minutes)
            protected.append(_view(task))
        return ActionResult({"protectedTasks": protected, "failures": failures})

    def _protect(self, task: Task, minutes: int) -> None:
        task.protected_until = now() + timedelta(minutes=minutes) if minutes else None
        # At the end of the protection, or without it, the scheduler may have something to do.
        later(
            minutes * 60,
            partial(self.backend.scheduler.task_changed, task),
            f"protection of task {task.id} ends",
        )


def _obstacle(task: Task) -> str | None:
    if task.service is None:
        return "TASK_NOT_VALID"
    return None if task.is_live else "MISSING"


def _view(task: Task) -> dict[str, Any]:
    return {
        "taskArn": task.arn,
        "protectionEnabled": task.is_protected,
        "expirationDate": task.protected_until if task.is_protected else None,
    }
