"""Tells a story in a real account, by AWS's own API alone: what it needs is created, and removed again."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from embedded_aws.eventbridge import EcsDelivery
from stories.story import Happening, Staging, Story
from stories.world import Service
from tests.aws.permission import Place

IMAGE = "busybox:stable"
FOREVER = 86_400
STEADY_WITHIN = 600.0
MOST_TASKS = 30
LOOKS_EVERY = 5.0


def why_not_live(story: Story) -> str | None:
    """Return what of a story an account can't be made to do; None where it can tell it."""
    if (
        story.world != Staging()
        or story.samples
        or story.environment
        or story.tags
        or story.events != EcsDelivery()
    ):
        return "it sets up more than services, tasks and a hook"
    if any(happening != Happening(0, "terminate") for happening in story.happens):
        return "more happens than a termination"
    if any(set(one.labels) - {"exits-after"} for one in (*story.services, *story.tasks)):
        return "its containers behave as no image does"
    if sum(one.desired for one in story.services) > MOST_TASKS:
        return "it has more tasks than a small cluster"
    return None if story.expected.outcomes == ("drained",) else "it ends at a deadline"


@dataclass
class Live:
    """A place in an account, and what the story has created there."""

    place: Place
    client: Callable[[str], Any]
    name: str = field(default_factory=lambda: f"ecs-drainer-test-{uuid4().hex[:8]}")
    definitions: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)

    def ask(self, operation: str, **given: Any) -> Any:
        """Ask ECS about the cluster."""
        return getattr(self.client("ecs"), operation)(cluster=self.place.cluster, **given)

    def prepare(self, story: Story) -> str:
        """Create what the story needs, on the instance that it is about; returns that instance's id."""
        doomed = self.place.instances[0]
        for service in story.services:
            self._create(service)
        wait_for("the services are steady", self._is_steady, STEADY_WITHIN)
        for task in story.tasks:
            started = self.ask(
                "start_task", taskDefinition=self._define(task), containerInstances=[self.arn_of(doomed)]
            )
            assert not started["failures"], started["failures"]
        return doomed

    def arn_of(self, instance_id: str) -> str:
        """Return the ARN of the container instance that an EC2 instance is."""
        found = self.ask("list_container_instances", filter=f"ec2InstanceId == {instance_id}")
        return str(found["containerInstanceArns"][0])

    def tasks_on(self, arn: str) -> list[str]:
        """Return the tasks on a container instance that are wanted RUNNING."""
        return list(self.ask("list_tasks", containerInstance=arn)["taskArns"])

    def drain_of(self, instance_id: str) -> dict[str, Any] | None:
        """Return the latest drain of an instance, once it has ended."""
        sfn, machine = self.client("stepfunctions"), self.place.state_machine
        listed = sfn.list_executions(stateMachineArn=machine, maxResults=100)["executions"]
        ours = [one for one in listed if one["name"].startswith(f"{instance_id}-")]
        if not ours or ours[0]["status"] == "RUNNING":
            return None
        described: dict[str, Any] = sfn.describe_execution(executionArn=ours[0]["executionArn"])
        return described

    def tidy(self) -> None:
        """Remove all that was created."""
        for service in self.services:
            self.ask("delete_service", service=service, force=True)
        for arn in self.definitions:
            self.client("ecs").deregister_task_definition(taskDefinition=arn)

    def _create(self, service: Service) -> None:
        name = f"{self.name}-{service.name}"
        strategy: dict[str, Any] = {"schedulingStrategy": "DAEMON"}
        if not service.is_daemon:
            spread = [{"type": "spread", "field": "instanceId"}]
            strategy = {"desiredCount": service.desired, "placementStrategy": spread}
        self.ask(
            "create_service",
            serviceName=name,
            taskDefinition=self._define(service),
            launchType="EC2",
            **strategy,
        )
        self.services.append(name)

    def _define(self, service: Service) -> str:
        """Register a container that sleeps as long as the story says; the labels tell the embedded AWS the same."""
        seconds = service.labels.get("exits-after", FOREVER)
        container = {
            "name": service.name,
            "image": IMAGE,
            "command": ["sleep", str(seconds)],
            "memory": 16,
            "essential": True,
            "stopTimeout": service.stop_timeout,
            "dockerLabels": {f"embedded-aws/{key}": value for key, value in service.labels.items()},
        }
        answer = self.client("ecs").register_task_definition(
            family=f"{self.name}-{service.name}", containerDefinitions=[container]
        )
        self.definitions.append(str(answer["taskDefinition"]["taskDefinitionArn"]))
        return self.definitions[-1]

    def _is_steady(self) -> bool:
        if not self.services:
            return True
        found = self.ask("describe_services", services=self.services)["services"]
        return all(one["desiredCount"] and one["runningCount"] >= one["desiredCount"] for one in found)


@contextmanager
def live(place: Place, client: Callable[[str], Any]) -> Iterator[Live]:
    """Give a place to tell a story in; tidied at the end, whatever happens."""
    there = Live(place, client)
    try:
        yield there
    finally:
        there.tidy()


def wait_for(what: str, look: Callable[[], Any], within: float) -> Any:
    """Look until there is something; raises TimeoutError after so many seconds."""
    end = time.monotonic() + within
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {within:g} s")
        time.sleep(LOOKS_EVERY)
    return found


def terminate(there: Live, instance_id: str) -> None:
    """Let Auto Scaling terminate an instance and launch another: the group keeps its size."""
    there.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=instance_id, ShouldDecrementDesiredCapacity=False
    )


def outcome_of(execution: dict[str, Any]) -> str:
    """Return how a drain ended, by its output."""
    output = json.loads(execution.get("output", "{}"))
    return str(output.get("outcome", {}).get("name", execution["status"]))


def killed(tasks: list[dict[str, Any]]) -> list[str]:
    """Return the tasks that ended with their instance."""
    return [one["taskArn"] for one in tasks if "Host EC2" in one.get("stoppedReason", "")]


def last_stopped(tasks: list[dict[str, Any]]) -> datetime | None:
    """Return when the last of these tasks was STOPPED."""
    return max((one["stoppedAt"] for one in tasks), default=None)


def is_measured(delay: float | None) -> bool:
    """Whether a story says how soon CONTINUE must follow."""
    return delay is not None and not math.isinf(delay)
