"""The ECS API of tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult

from embedded_aws.aws import now
from embedded_aws.ecs import lifecycle, views
from embedded_aws.ecs.api import EcsApi, failure
from embedded_aws.ecs.demand import SPREAD, Demand, Requirements
from embedded_aws.ecs.errors import InvalidParameter, require_at_most, require_some
from embedded_aws.ecs.launching import launch
from embedded_aws.ecs.model import ContainerInstance, Launch, Task
from embedded_aws.ecs.placement import NO_INSTANCES, Refusal
from embedded_aws.ecs.runtime import behaviour

STOPPED_BY_USER = "Task stopped by user"


class TaskApi(EcsApi):
    """Handlers of the task operations."""

    def run_task(self) -> ActionResult:
        """RunTask: places up to 10 tasks where they fit; those that fit nowhere are failures with the reason."""
        self._require_ec2()
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
        names = self.items("containerInstances")
        require_some(names, "Container Instances")
        require_at_most(10, names, "containerInstances")
        return self._launched([self._start_on(name) for name in names])

    def _start_on(self, name: str) -> Task | Refusal | dict[str, str]:
        instance = self.backend.instance(self.asked_cluster, name)
        if instance is None or instance.status != "ACTIVE":
            return failure(
                self.asked_cluster, "container-instance", name, instance.status if instance else "MISSING"
            )
        return self._launch([instance], constrained=False)

    def _launch(self, instances: list[ContainerInstance], *, constrained: bool = True) -> Task | Refusal:
        definition = self.backend.describe_task_definition(self._get_param("taskDefinition"))
        group = self._get_param("group") or f"family:{definition.family}"
        own = [*(self._get_param("placementConstraints") or []), *definition.placement_constraints]
        strategy = self._get_param("placementStrategy") or SPREAD

        def demand(needs: Requirements) -> Demand:
            return Demand(needs, group, own if constrained else (), strategy)

        info = Launch(
            self.asked_cluster,
            definition,
            group,
            started_by=self._get_param("startedBy"),
            overrides=dict(self._get_param("overrides") or {}),
            tags=self._task_tags(definition),
        )
        outcome = launch(info, demand, instances, self.backend.scheduler.task_changed)
        if isinstance(outcome, Task):
            self.backend.remember(outcome)
        return outcome

    def _task_tags(self, definition: Any) -> list[dict[str, str]]:
        inherited = definition.tags if self._get_param("propagateTags") == "TASK_DEFINITION" else []
        return [*inherited, *(self._get_param("tags") or [])]

    def _launched(self, outcomes: list[Any]) -> ActionResult:
        failures = [_placement_failure(outcome) for outcome in outcomes if not isinstance(outcome, Task)]
        tasks = [views.task(outcome, with_tags=True) for outcome in outcomes if isinstance(outcome, Task)]
        return ActionResult({"tasks": tasks, "failures": failures})

    def _require_ec2(self) -> None:
        kind = self._get_param("launchType")
        if kind not in (None, "EC2"):
            raise InvalidParameter(
                f"launchType {kind} isn't simulated: the embedded ECS has container instances only"
            )

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
        tasks = self.backend.tasks_of(cluster.name)
        if name is None:
            return tasks
        instance = self.backend.instance(cluster, name)
        if instance is None or instance.status == "INACTIVE":
            raise InvalidParameter("Referenced container instance was not found or is inactive.")
        return [task for task in tasks if task.instance is instance]

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
        names, cluster = self.items("tasks"), self.asked_cluster
        require_some(names, "Tasks")
        require_at_most(100, names, "Tasks")
        found = {name: self.backend.task(cluster, name) for name in names}
        described = [
            views.task(task, with_tags=self.wants("TAGS")) for task in found.values() if task is not None
        ]
        missing = [failure(cluster, "task", name, "MISSING") for name, task in found.items() if task is None]
        return ActionResult({"tasks": described, "failures": missing})

    def stop_task(self) -> ActionResult:
        """StopTask: the task takes the whole stop path; its service, if any, replaces it."""
        task = self.backend.task(self.asked_cluster, self._get_param("task"))
        if task is None:
            raise InvalidParameter("The referenced task was not found.")
        lifecycle.stop(task, "UserInitiated", self._get_param("reason") or STOPPED_BY_USER)
        return ActionResult({"task": views.task(task)})


def _placement_failure(outcome: Refusal | dict[str, str]) -> dict[str, str]:
    if isinstance(outcome, dict):
        return outcome
    return (
        {"arn": outcome.instance.arn, "reason": outcome.reason}
        if outcome.instance
        else {"reason": outcome.reason}
    )
