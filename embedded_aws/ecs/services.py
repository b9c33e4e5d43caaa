"""A service: what it wants, its deployments, and what it says of itself in its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.ecs.models import ecs_backends
from moto.moto_api._internal import mock_random

from embedded_aws.ecs import events
from embedded_aws.ecs.placement import SPREAD, Demand, Refusal, Requirements, Rule
from embedded_aws.ecs.runtime import now
from embedded_aws.ecs.tasks import Task
from embedded_aws.ecs.views import View

REMEMBERED_EVENTS = 100
"""DescribeServices, events: at most the hundred latest."""
TROUBLESHOOTING = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
PERCENT_DEFAULTS = {"REPLICA": (100, 200), "DAEMON": (0, 100)}
"""DeploymentConfiguration: minimumHealthyPercent and maximumPercent where the API is given none."""


@dataclass(eq=False)
class Deployment:
    """One rollout of a task definition."""

    definition: Any
    created_at: datetime
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    failed_tasks: int = 0

    def __post_init__(self) -> None:
        self.id = f"ecs-svc/{mock_random.randint(10**18, 10**19 - 1)}"
        self.updated_at = self.created_at

    @property
    def reason(self) -> str:
        """The rollout state in AWS's sentence."""
        if self.rollout_state == "FAILED":
            return "ECS deployment circuit breaker: task failed to start."
        return (
            f"ECS deployment {self.id} {'completed' if self.rollout_state == 'COMPLETED' else 'in progress'}."
        )


@dataclass(eq=False)
class Service:
    """A service of the REPLICA or the DAEMON strategy; `tasks` holds those that are not STOPPED."""

    cluster: Any
    name: str
    scheduling_strategy: str
    desired_count: int
    settings: dict[str, Any]
    """What CreateService and UpdateService gave, in the API's words, and DescribeServices repeats."""
    tags: list[dict[str, str]]
    created_at: datetime
    deployments: list[Deployment] = field(default_factory=list)
    status: str = "ACTIVE"
    tasks: dict[str, Task] = field(default_factory=dict)
    events: list[View] = field(default_factory=list)
    is_starved: bool = False
    """Whether it waits for room on some container instance."""
    is_steady: bool = False
    last_refusal: str | None = None
    task_sets: list[Any] = field(default_factory=list)
    """Always empty, for moto's tag calls: the EXTERNAL deployment controller isn't simulated."""

    @property
    def arn(self) -> str:
        """The long ARN, with the cluster's name in it."""
        prefix: str = self.cluster.arn.replace(":cluster/", ":service/")
        return f"{prefix}/{self.name}"

    physical_resource_id = arn

    @property
    def cluster_name(self) -> str:
        """The cluster's name, as moto's own service has it."""
        return str(self.cluster.name)

    @property
    def cluster_arn(self) -> str:
        """The cluster's ARN, as moto's own service has it."""
        return str(self.cluster.arn)

    @property
    def primary(self) -> Deployment:
        """The deployment that new tasks belong to."""
        return self.deployments[0]

    @property
    def load_balancers(self) -> list[dict[str, Any]]:
        """The target groups it stands behind."""
        return self.settings.get("loadBalancers") or []

    @property
    def percents(self) -> tuple[int, int]:
        """Return minimumHealthyPercent and maximumPercent.

        DeploymentConfiguration: a daemon's maximum is always 100; services under CODE_DEPLOY or EXTERNAL drain
        with the defaults, whatever they say.
        """
        low, high = PERCENT_DEFAULTS[self.scheduling_strategy]
        given = self.settings.get("deploymentConfiguration") or {}
        if (self.settings.get("deploymentController") or {}).get("type", "ECS") != "ECS":
            given = {}
        low = given.get("minimumHealthyPercent", low)
        return low, high if self.scheduling_strategy == "DAEMON" else given.get("maximumPercent", high)

    def demand(self, needs: Requirements) -> Demand:
        """Return what one more task asks of a container instance."""
        own: Iterable[Rule] = self.settings.get("placementConstraints") or ()
        strategy = self.settings.get("placementStrategy") or SPREAD
        return Demand(
            needs, f"service:{self.name}", [*own, *self.primary.definition.placement_constraints], strategy
        )

    def say(self, message: str) -> None:
        """Add a service event, the latest first."""
        event = {
            "id": str(mock_random.uuid4()),
            "createdAt": now(),
            "message": f"(service {self.name}) {message}",
        }
        self.events = [event, *self.events[: REMEMBERED_EVENTS - 1]]

    def say_of_targets(self, verb: str, arns: list[str]) -> None:
        """Say that a task came to its target groups or left them."""
        for arn in arns:
            self.say(f"{verb} 1 targets in (target-group {arn})")

    def say_refused(self, refusal: Refusal) -> None:
        """Say why a task could not be placed; the same cause is told once until a task can be placed again."""
        if refusal.sentence == self.last_refusal:
            return
        self.last_refusal = refusal.sentence
        none_met = "was unable to place a task because no container instance met all of its requirements."
        self.say(f"{none_met} {refusal.sentence} {TROUBLESHOOTING}")
        events.service_acted(self, "SERVICE_TASK_PLACEMENT_FAILURE", "ERROR", refusal)

    def deploy(self, definition: Any) -> None:
        """Make a new primary deployment; the tasks of the old ones are to be replaced."""
        for old in self.deployments:
            old.status = "ACTIVE"
        self.deployments.insert(0, Deployment(definition, now()))
        events.deployment_changed(self, self.primary, "SERVICE_DEPLOYMENT_IN_PROGRESS")

    def complete_deployment(self) -> None:
        """Note that the primary deployment has replaced all others."""
        self.deployments = [self.primary]
        if self.primary.rollout_state == "IN_PROGRESS":
            self.primary.rollout_state, self.primary.updated_at = "COMPLETED", now()
            events.deployment_changed(self, self.primary, "SERVICE_DEPLOYMENT_COMPLETED")

    def fail_deployment(self) -> None:
        """Have the circuit breaker give the primary deployment up; it stays, as without a rollback."""
        self.primary.rollout_state, self.primary.updated_at = "FAILED", now()
        events.deployment_changed(self, self.primary, "SERVICE_DEPLOYMENT_FAILED")

    def become_steady(self) -> None:
        """Say once that all is as wanted."""
        if not self.is_steady:
            self.is_steady = True
            self.say("has reached a steady state.")
            events.service_acted(self, "SERVICE_STEADY_STATE")

    def is_created(self) -> bool:
        """Answer CloudFormation, which here doesn't wait for a service to be steady."""
        return True

    def delete(self, account_id: str, region: str) -> None:
        """Delete the service for CloudFormation, with whatever runs."""
        ecs_backends[account_id][region].delete_service(self.cluster.name, self.name, force=True)

    def get_cfn_attribute(self, attribute: str) -> str:
        """Answer CloudFormation's GetAtt; raises KeyError for what a service hasn't got."""
        return {"Name": self.name, "ServiceArn": self.arn}[attribute]

    def view(self, *, with_tags: bool = False) -> View:
        """Describe the service in the API's words."""
        low, high = self.percents
        running, pending = _counts(self.tasks.values())
        return {
            "deploymentController": {"type": "ECS"},
            "launchType": "EC2",
            "placementConstraints": [],
            "placementStrategy": [],
            "loadBalancers": [],
            "serviceRegistries": [],
            "enableECSManagedTags": False,
            "enableExecuteCommand": False,
            "propagateTags": "NONE",
            **self.settings,
            "deploymentConfiguration": {"minimumHealthyPercent": low, "maximumPercent": high},
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster.arn,
            "status": self.status,
            "schedulingStrategy": self.scheduling_strategy,
            "desiredCount": self.desired_count,
            "runningCount": running,
            "pendingCount": pending,
            "taskDefinition": self.primary.definition.arn,
            "deployments": [self._deployment_view(deployment) for deployment in self.deployments],
            "events": self.events,
            "createdAt": self.created_at,
            "tags": self.tags if with_tags else None,
        }

    def _deployment_view(self, deployment: Deployment) -> View:
        running, pending = _counts(
            task for task in self.tasks.values() if task.launch.started_by == deployment.id
        )
        return {
            "id": deployment.id,
            "status": deployment.status,
            "taskDefinition": deployment.definition.arn,
            "desiredCount": self.desired_count if deployment is self.primary else 0,
            "runningCount": running,
            "pendingCount": pending,
            "failedTasks": deployment.failed_tasks,
            "createdAt": deployment.created_at,
            "updatedAt": deployment.updated_at,
            "launchType": "EC2",
            "rolloutState": deployment.rollout_state,
            "rolloutStateReason": deployment.reason,
        }


def _counts(tasks: Iterable[Task]) -> tuple[int, int]:
    """Return how many are RUNNING and how many on their way there; those that stop are neither."""
    statuses = [task.last_status for task in tasks if task.is_live]
    running = statuses.count("RUNNING")
    return running, len(statuses) - running
