"""The ECS API of tasks, and of their scale-in protection."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from moto.core.responses import ActionResult

from embedded_aws.aws import later, now
from embedded_aws.ecs import lifecycle, views
from embedded_aws.ecs.api import EcsApi, failure
from embedded_aws.ecs.errors import InvalidParameter
from embedded_aws.ecs.model import SPREAD, ContainerInstance, Launch, Task
from embedded_aws.ecs.placement import NO_INSTANCES, Refusal
from embedded_aws.ecs.runtime import behaviour

STOPPED_BY_USER = "Task stopped by user"
DEFAULT_MINUTES, LONGEST_MINUTES = 120, 2880
"""ECS developer guide, task-scale-in-protection."""


class TaskApi(EcsApi):
    """Handlers of the task operations."""

    def run_task(self) -> ActionResult:
        """RunTask: places up to 10 tasks where they fit; those that fit nowhere are failures with the reason."""
        self.require_ec2()
        self.check_strategy()
        count = self._get_int_param("count", 1)
        if not 1 <= count <= 10:
            raise InvalidParameter("count should be between 1 and 10.")
        instances = self.backend.instances_of(self.asked_cluster.name)
        outcomes = [self._launch(instances) for _ in range(count)]
        if isinstance(outcomes[0], Refusal) and outcomes[0].instance is None:
            raise InvalidParameter(NO_INSTANCES)
        return self._launched(outcomes)

    def start_task(self) -> ActionResult:
        """StartTask: a task on each of up to 10 named container instances."""
        if not self.items("containerInstances"):
            raise InvalidParameter("Container Instances cannot be empty.")
        names = self.items("containerInstances", "containerInstances", 10)
        return self._launched([self._start_on(name) for name in names])

    def _start_on(self, name: str) -> Task | Refusal | dict[str, str]:
        instance = self.backend.instance(self.asked_cluster, name)
        if instance is None or instance.status != "ACTIVE":
            reason = instance.status if instance else "MISSING"
            return failure(self.asked_cluster, "container-instance", name, reason)
        return self._launch([instance], constrained=False)

    def _launch(self, instances: list[ContainerInstance], *, constrained: bool = True) -> Task | Refusal:
        definition = self.backend.describe_task_definition(self._get_param("taskDefinition"))
        inherited = definition.tags if self._get_param("propagateTags") == "TASK_DEFINITION" else []
        rules = [*(self._get_param("placementConstraints") or []), *definition.placement_constraints]
        info = Launch(
            self.asked_cluster,
            definition,
            self._get_param("group") or f"family:{definition.family}",
            rules if constrained else (),
            self._get_param("placementStrategy") or SPREAD,
            started_by=self._get_param("startedBy"),
            overrides=dict(self._get_param("overrides") or {}),
            tags=[*inherited, *(self._get_param("tags") or [])],
        )
        strategy = self._strategy() if constrained else []
        return self.backend.scheduler.launch(info, instances, strategy)

    def _strategy(self) -> list[Any]:
        """Return the strategy that RunTask asks for, or the cluster's default where it names no launch type."""
        asked = self.items("capacityProviderStrategy")
        if asked or self._get_param("launchType"):
            return asked
        return list(self.asked_cluster.default_capacity_provider_strategy or [])

    def _launched(self, outcomes: list[Any]) -> ActionResult:
        failures = [_placement_failure(outcome) for outcome in outcomes if not isinstance(outcome, Task)]
        tasks = [views.task(outcome, with_tags=True) for outcome in outcomes if isinstance(outcome, Task)]
        return ActionResult({"tasks": tasks, "failures": failures})

    def list_tasks(self) -> ActionResult:
        """ListTasks: desiredStatus RUNNING unless asked otherwise; PENDING answers nothing, ever."""
        cluster, at = self.asked_cluster, now() - timedelta(seconds=behaviour().list_tasks_lag_seconds)
        wanted = self._get_param("desiredStatus") or "RUNNING"
        if wanted not in ("RUNNING", "PENDING", "STOPPED"):
            raise InvalidParameter("Desired status should be one of [RUNNING,PENDING,STOPPED]")
        tasks = [task for task in self._candidates(cluster) if task.desired_status_at(at) == wanted]
        return self.page_of("taskArns", [task.arn for task in tasks if self._is_asked_for(task)])

    def _candidates(self, cluster: Any) -> list[Task]:
        name = self._get_param("containerInstance")
        if name is None:
            return self.backend.tasks_of(cluster.name)
        instance = self.backend.instance(cluster, name)
        if instance is None or instance.status == "INACTIVE":
            raise InvalidParameter("Referenced container instance was not found or is inactive.")
        return self.backend.tasks_on(cluster.name, instance)

    def _is_asked_for(self, task: Task) -> bool:
        service, family = self._get_param("serviceName"), self._get_param("family")
        started_by, kind = self._get_param("startedBy"), self._get_param("launchType")
        return (
            (service is None or task.launch.group == f"service:{service.split('/')[-1]}")
            and (family is None or task.definition.family == family)
            and (started_by is None or task.launch.started_by == started_by)
            and kind in (None, "EC2")
        )

    def describe_tasks(self) -> ActionResult:
        """DescribeTasks: at most 100; unknown and forgotten ones are failures with the reason MISSING."""
        names = self.items("tasks", "Tasks", 100)
        view = partial(views.task, with_tags=self.wants("TAGS"))
        return self.described("tasks", "task", names, self.backend.task, view)

    def stop_task(self) -> ActionResult:
        """StopTask: the task takes the whole stop path; its service, if any, replaces it."""
        task = self.backend.task(self.asked_cluster, self._get_param("task"))
        if task is None:
            raise InvalidParameter("The referenced task was not found.")
        lifecycle.stop(task, "UserInitiated", self._get_param("reason") or STOPPED_BY_USER)
        return ActionResult({"task": views.task(task)})

    def update_task_protection(self) -> ActionResult:
        """UpdateTaskProtection: at most 10 tasks, for 1 to 2,880 minutes; only tasks of services can have it."""
        names = self.items("tasks", "Tasks", 10)
        minutes = self._get_int_param("expiresInMinutes", DEFAULT_MINUTES)
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise InvalidParameter(f"expiresInMinutes should be between 1 and {LONGEST_MINUTES}.")
        return self._protection(names, minutes if self._get_param("protectionEnabled") else 0)

    def get_task_protection(self) -> ActionResult:
        """GetTaskProtection: at most 100 tasks, or all of the cluster's services."""
        names = self.items("tasks") and self.items("tasks", "Tasks", 100)
        tasks = self.backend.tasks_of(self.asked_cluster.name)
        return self._protection(names or [task.arn for task in tasks if task.service is not None], None)

    def _protection(self, names: list[str], minutes: int | None) -> ActionResult:
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


def _placement_failure(outcome: Refusal | dict[str, str]) -> dict[str, str]:
    if isinstance(outcome, dict):
        return outcome
    place = {"arn": outcome.instance.arn} if outcome.instance else {}
    return {**place, "reason": outcome.reason}
