"""The request that the command line asks for, in the words of a manual request (`chalicelib.events.manual`). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.events import DrainRequest, parse_manual


class OnDeadline(StrEnum):
    """What may follow the deadline of a manual drain; abandoning needs a lifecycle action."""

    CONTINUE = "continue"
    STOP_TASKS = "stop-tasks"
    KEEP = "keep"
    UNDRAIN = "undrain"


class Then(StrEnum):
    """What may follow once every task is STOPPED."""

    KEEP = "keep"
    TERMINATE = "terminate"
    RETURN = "return"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator asks of each drain; None leaves it to the stage, the group's tags and the defaults."""

    deadline: str | None = None
    on_deadline: OnDeadline | None = None
    standalone: str | None = None
    then: Then | None = None
    cluster: str | None = None
    reason: str | None = None
    who: str | None = None

    def request(self, instance_id: str) -> DrainRequest:
        """Return the request for one instance; raises InvalidRequest, naming the setting that can't be read."""
        wishes: dict[str, Any] = {
            "instance_id": instance_id,
            "deadline": self.deadline,
            "on_deadline": self.on_deadline and self.on_deadline.value,
            "standalone_tasks": self.standalone,
            "then": self.then and self.then.value,
            "cluster": self.cluster,
            "reason": self.reason,
            "who": self.who,
        }
        return parse_manual(wishes)
