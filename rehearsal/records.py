"""What the embedded AWS recorded by itself since a rehearsal began; read once, for all that reads from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.ecs.models import ecs_backends

from embedded_aws.autoscaling.activities import Activity, activities
from embedded_aws.aws import ACCOUNT_ID, REGION
from embedded_aws.awslambda import lambda_state
from embedded_aws.ecs.agent import killed_tasks
from embedded_aws.eventbridge import events_state
from embedded_aws.requests import Call
from stories import timeline

Item = dict[str, Any]
RECONCILE = "reconcile"
"""Runs every five minutes, drain or no drain: it is on no drain's bill."""
INSTANCE_CHANGE = "ECS Container Instance State Change"
TASK_CHANGE = "ECS Task State Change"


@dataclass(frozen=True)
class Explained:
    """What a drain said of what holds it, at an instant."""

    at: datetime
    instance: str
    groups: list[Item]


@dataclass
class Records:
    """The records of one embedded AWS; made before anything happens, read at the end."""

    aws: Any
    state_machine: str
    hosts: dict[str, str] = field(default_factory=dict)
    """EC2 instance ids by the ARN of the container instance."""
    zones: dict[str, str] = field(default_factory=dict)
    """Availability Zones by EC2 instance id."""

    def __post_init__(self) -> None:
        self.began_at: datetime = self.aws.clock.now()
        self._events, self._calls = len(events_state().emitted), len(self.aws.requests.calls)
        self._invocations, self._killed = len(lambda_state().invocations), len(killed_tasks())
        self._activities = set(map(id, activities()))
        self._before = {each["executionArn"] for each in timeline.executions(self.state_machine)}
        instances = ecs_backends[ACCOUNT_ID][REGION].all_instances()
        self.old = {str(one.ec2_instance_id) for one in instances if one.status != "INACTIVE"}
        self.hosts |= {one.arn: one.ec2_instance_id for one in instances}
        self.zones |= {
            one.ec2_instance_id: one.attributes.get("ecs.availability-zone") or "" for one in instances
        }
        self.tasks = {one.arn: _held(one) for one in instances}

    @cached_property
    def events(self) -> list[Item]:
        """The events that AWS's services emitted since."""
        found: list[Item] = events_state().emitted[self._events :]
        for event in found:
            if event["detail-type"] == INSTANCE_CHANGE:
                detail = event["detail"]
                self.hosts.setdefault(detail["containerInstanceArn"], detail["ec2InstanceId"])
                for attribute in detail["attributes"]:
                    if attribute["name"] == "ecs.availability-zone":
                        self.zones.setdefault(detail["ec2InstanceId"], attribute["value"])
        return found

    @cached_property
    def calls(self) -> list[Call]:
        """The calls that the drains' functions and machines made since, without the reconciler's."""
        made = self.aws.requests.calls[self._calls :]
        return [
            call
            for call in made
            if timeline.is_of_the_drainer(call)
            and call.operation != "Invoke"
            and not (call.role or "").endswith(RECONCILE)
        ]

    @cached_property
    def invocations(self) -> list[Any]:
        """The invocations of functions since, without the reconciler's."""
        made = lambda_state().invocations[self._invocations :]
        return [each for each in made if not each.function_name.endswith(RECONCILE)]

    @cached_property
    def executions(self) -> list[Item]:
        """DescribeExecution's answer for each drain since, oldest first."""
        found = timeline.executions(self.state_machine)
        return [each for each in found if each["executionArn"] not in self._before]

    @cached_property
    def plans(self) -> dict[str, Item]:
        """What the plan of each drain says, by the ARN of its execution."""
        found: dict[str, Item] = {}
        for each in self._of("plan_drain"):
            found[each.event["execution"]] = json.loads(each.outcome.payload)
        return found

    @property
    def killed(self) -> list[Any]:
        """The tasks whose containers died with their EC2 instance since."""
        return killed_tasks()[self._killed :]

    @property
    def activities(self) -> list[Activity]:
        """The scaling activities since, oldest first."""
        return [each for each in reversed(activities()) if id(each) not in self._activities]

    @property
    def explanations(self) -> Iterator[Explained]:
        """Yield what drains said of what holds them, oldest first."""
        for each in self._of("explain"):
            told = json.loads(each.outcome.payload)["blockers"]
            yield Explained(each.at, each.event["drain"]["instance_id"], told["groups"])

    def _of(self, function: str) -> Iterator[Any]:
        for each in self.invocations:
            if each.function_name.endswith(f"-{function}") and not each.outcome.error:
                yield each

    def members(self) -> list[Any]:
        """Return the members of all Auto Scaling groups that act."""
        groups = autoscaling_backends[ACCOUNT_ID][REGION].autoscaling_groups.values()
        return [member for group in groups for member in group.members]


def _held(instance: Any) -> dict[str, str]:
    """Return the group of each task on a container instance, by ARN."""
    return {task.arn: task.launch.group for task in instance.tasks.values()}


def name_of(group: str) -> str:
    """Return a task's service or family from its group, `service:web`."""
    return group.partition(":")[2] or group


def service_of(group: str) -> str | None:
    """Return a task's service from its group; None for a standalone task."""
    prefix, _, name = group.partition(":")
    return name if prefix == "service" and name else None
