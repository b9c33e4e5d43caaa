"""What events say, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that no drain waits for."""

    reason: str


@dataclass(frozen=True, slots=True)
class TaskStopped:
    """A task on a container instance is STOPPED: nothing of it is left."""

    cluster: str
    """ARN."""
    instance: str
    """ARN of the container instance."""
    task: str
    """ARN."""
    stopped_at: datetime | None = None
    """By ECS's own clock."""


@dataclass(frozen=True, slots=True)
class TaskRunning:
    """A task of a service is RUNNING, or its health has changed since: a gate may wait for it."""

    cluster: str
    """ARN."""
    service: str
    """Name."""


@dataclass(frozen=True, slots=True)
class InstanceView:
    """A container instance as an event or a description shows it."""

    instance: str
    """ARN."""
    cluster: str
    """ARN."""
    status: str
    """As ECS words it; MISSING where ECS does not know it any more."""
    agent_connected: bool
    running: int = 0
    pending: int = 0
    version: int = 0
    """Raised by ECS at each change; 0 where it isn't known."""

    def to_state(self) -> dict[str, Any]:
        """Return it as the state machine reads it."""
        return {
            "arn": self.instance,
            "cluster": self.cluster,
            "status": self.status,
            "agent_connected": self.agent_connected,
            "running": self.running,
            "pending": self.pending,
        }


@dataclass(frozen=True, slots=True)
class InstanceChanged:
    """A container instance changed: its status, its agent's connection, or no more than what is left on it."""

    view: InstanceView

    @property
    def instance(self) -> str:
        """ARN of the container instance."""
        return self.view.instance


@dataclass(frozen=True, slots=True)
class ServiceTrouble:
    """A service can't place a task, or its deployment failed."""

    cluster: str
    """ARN."""
    service: str
    """Name."""
    event: str
    """ECS's name of it: `SERVICE_TASK_PLACEMENT_FAILURE`."""
    reason: str = ""
    """ECS's words or code (`RESOURCE:CPU`)."""

    def to_state(self) -> dict[str, str]:
        """Return it as the state machine reads it."""
        return {"service": self.service, "event": self.event, "reason": self.reason[:LONGEST_REASON]}

    def text(self) -> str:
        """Return it as the waiting row keeps it; the same trouble is the same text, so that it is kept once."""
        return json.dumps(self.to_state(), sort_keys=True, separators=(",", ":"))
