"""The row of a drain that waits: who waits for what. One item of the ledger for each container instance."""

from __future__ import annotations

from dataclasses import dataclass

AGENT_CONNECTED = "connected"
AGENT_DISCONNECTED = "disconnected"
AT_GATES = " at gates"
"""Follows the cluster in the rows of drains that have gates, until these are open: the index finds them apart."""
NOTHING = "-"
"""In a set that would be empty: DynamoDB keeps none."""


def agent_word(is_connected: bool) -> str:
    """Return the row's word for an agent's connection."""
    return AGENT_CONNECTED if is_connected else AGENT_DISCONNECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the row says."""

    instance: str
    """ARN of the container instance."""
    execution: str
    """ARN of the execution that drains it."""
    cluster: str
    """ARN."""
    events: int = 0
    """How many events have come for it: who looks before one comes, and waits after it, must look again."""
    token: str | None = None
    """By which the execution is told; None while it does not wait."""
    tasks: frozenset[str] = frozenset()
    """ARNs of the tasks that it waits for, and that no event has said are STOPPED."""
    services: frozenset[str] = frozenset()
    """Names or ARNs of the services with tasks on the instance."""
    status: str = ""
    """The container instance's, as the execution last saw it."""
    agent: str = ""
    """`connected` or `disconnected`, as the execution last saw it."""
    version: int | None = None
    """The greatest of the container instance's events that were heard."""
    troubles: frozenset[str] = frozenset()
    """Texts of the service troubles that were heard."""
    looks: int = 0
    """The number of the look after which the tasks were stored."""
    expires_at: int | None = None
    """When DynamoDB may delete it, in seconds since 1970."""

    @property
    def is_at_gates(self) -> bool:
        """Whether the drain waits at closed gates, before it sets DRAINING: for no task of its own instance."""
        return self.tasks == {NOTHING}

    @property
    def is_empty_handed(self) -> bool:
        """Whether the execution waits, and no task is left that it waits for."""
        return self.token is not None and not self.tasks

    def has_service(self, name: str) -> bool:
        """Whether tasks of a service, by its name, may be on the instance: before the first look nobody knows."""
        return not self.services or any(service.rsplit("/", 1)[-1] == name for service in self.services)
