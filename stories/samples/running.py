"""What every sample stands on: which of its tasks run, a turn every few seconds, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from embedded_aws.aws import EmbeddedAws
from embedded_aws.clients import client
from stories.world import CLUSTER

TURN_SECONDS = 5.0


@dataclass(frozen=True)
class Told:
    """Something that a sample tells."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Running:
    """A task whose containers run: RUNNING, or told to stop but not past it."""

    task: str
    """Its id."""
    container_instance: str
    running_for: timedelta
    is_leaving: bool
    """Whether ECS told it to stop."""


class Sample:
    """A sample service; subclasses take a `turn` every few seconds."""

    def __init__(self, aws: EmbeddedAws, service: str) -> None:
        self.aws = aws
        self.service = service
        self.told: list[Told] = []

    def begin(self) -> None:
        """Begin to take turns."""
        self._again()

    def turn(self) -> None:
        """Do what the service's containers do in these seconds."""
        raise NotImplementedError

    def tell(self, text: str) -> None:
        """Write down what an operator of the service would see."""
        self.told.append(Told(self.aws.clock.now(), text))

    def running(self) -> Iterator[Running]:
        """Yield the service's tasks whose containers run."""
        now = self.aws.clock.now()
        for task in self._tasks():
            if task["lastStatus"] in ("RUNNING", "DEACTIVATING", "STOPPING") and "startedAt" in task:
                yield Running(
                    task=task["taskArn"].rsplit("/", 1)[-1],
                    container_instance=task["containerInstanceArn"],
                    running_for=now - task["startedAt"],
                    is_leaving=task["desiredStatus"] == "STOPPED",
                )

    def _tasks(self) -> list[dict[str, Any]]:
        ecs = client("ecs")
        with self.aws.requests.unthrottled():
            arns = [
                arn
                for desired in ("RUNNING", "STOPPED")
                for arn in ecs.list_tasks(cluster=CLUSTER, serviceName=self.service, desiredStatus=desired)[
                    "taskArns"
                ]
            ]
            found: list[dict[str, Any]] = (
                ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
            )
        return found

    def _again(self) -> None:
        self.turn()
        self.aws.clock.call_later(TURN_SECONDS, self._again, f"turn of {self.service}")
