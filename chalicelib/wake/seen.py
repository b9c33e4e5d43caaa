"""What events say, as values; one of a container instance says it as it is by then, whatever has changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

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
