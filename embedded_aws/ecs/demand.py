"""What one task asks of a container instance: resources, ports, and the rules of its placement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Rule = Mapping[str, Any]
"""A placement constraint or strategy as the API gives it: type, and expression or field."""

SPREAD: tuple[Rule, ...] = (
    {"type": "spread", "field": "attribute:ecs.availability-zone"},
    {"type": "spread", "field": "instanceId"},
)
"""Task placement strategies: services without one spread over Availability Zones, then over instances."""


@dataclass(frozen=True)
class Requirements:
    """What one task takes: CPU units, MiB, network interfaces, and port bindings (hostPort 0 is dynamic)."""

    cpu: int
    memory: int
    interfaces: int = 0
    bindings: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Demand:
    """One task that looks for a container instance, and the rules that it keeps."""

    needs: Requirements
    group: str
    constraints: Iterable[Rule] = ()
    strategy: Iterable[Rule] = field(default=SPREAD)


def requirements(definition: Any) -> Requirements:
    """Sum up moto's task definition; the task's own cpu and memory go before those of its containers."""
    containers = definition.container_definitions
    is_awsvpc = definition.network_mode == "awsvpc"
    return Requirements(
        cpu=int(definition.cpu or sum(container.get("cpu") or 0 for container in containers)),
        memory=int(definition.memory or sum(map(_memory, containers))),
        interfaces=1 if is_awsvpc else 0,
        bindings=() if is_awsvpc else tuple(_bindings(containers, definition.network_mode)),
    )


def _memory(container: Rule) -> int:
    # ContainerDefinition, memoryReservation: where both are given, the reservation is what placement takes.
    return int(container.get("memoryReservation") or container.get("memory") or 0)


def _bindings(containers: Iterable[Rule], network_mode: str) -> Iterable[dict[str, Any]]:
    for container in containers:
        for mapping in container.get("portMappings") or ():
            inside = mapping["containerPort"]
            outside = inside if network_mode == "host" else mapping.get("hostPort") or 0
            protocol = mapping.get("protocol") or "tcp"
            yield {"bindIP": "0.0.0.0", "containerPort": inside, "hostPort": outside, "protocol": protocol}  # noqa: S104  # what the agent reports; nothing listens
