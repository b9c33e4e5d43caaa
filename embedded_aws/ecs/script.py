"""How a simulated task behaves, read from `embedded-aws/...` dockerLabels of its container definitions.

Labels travel through the real API, so that a cluster for the embedded AWS is made with the same calls as any.
A task takes the slowest of its containers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from embedded_aws.ecs.errors import ClientError

PREFIX = "embedded-aws/"
HEALTHY_AFTER_SECONDS = 45.0
STOPS_AFTER_SECONDS = 20.0
STOP_TIMEOUT_SECONDS = 30.0
"""ContainerDefinition, stopTimeout: neither it nor ECS_CONTAINER_STOP_TIMEOUT given means 30 s to SIGKILL."""
SETTLING_SECONDS = 40.0
"""DeploymentConfiguration, minimumHealthyPercent: a task without any health check counts as healthy after 40 s."""
START_SECONDS = 5.0
KNOWN = ("healthy-after", "stops-after", "exits-after", "unhealthy", "running-after")


@dataclass(frozen=True)
class Script:
    """Seconds from placement to RUNNING and to healthy, from SIGTERM to the end, from RUNNING to an own end.

    `stop_seconds` is infinite for a container that outlives even SIGKILL; `exit_seconds` is None for one that
    runs until it is stopped; `sigkilled` says that the stop needed SIGKILL.
    """

    healthy_seconds: float
    stop_seconds: float
    sigkilled: bool
    exit_seconds: float | None
    unhealthy: bool
    has_health_check: bool
    start_seconds: float | None = None
    """From placement to RUNNING where it is said; None: as `running_seconds` reckons."""

    def running_seconds(self, has_target: bool) -> float:
        """Say when the task is RUNNING: by itself it is healthy 40 s later, else a check says so."""
        if self.start_seconds is not None:
            return min(self.start_seconds, self.healthy_seconds)
        early = min(START_SECONDS, self.healthy_seconds)
        if has_target or self.has_health_check:
            return early
        return max(early, self.healthy_seconds - SETTLING_SECONDS)


def read_script(containers: list[dict[str, Any]]) -> Script:
    """Read the script of a task definition's containers; raises ClientError that names a wrong label."""
    labels = [_labels(container) for container in containers]
    stops = [_stop(container, found) for container, found in zip(containers, labels, strict=True)]
    exits = [_seconds(found, "exits-after", math.inf) for found in labels]
    slowest = max(seconds for seconds, _ in stops)
    starts = [_seconds(found, "running-after", 0.0) for found in labels if "running-after" in found]
    return Script(
        healthy_seconds=max(_seconds(found, "healthy-after", HEALTHY_AFTER_SECONDS) for found in labels),
        stop_seconds=slowest,
        sigkilled=any(killed for _, killed in stops),
        exit_seconds=min(exits) if min(exits) < math.inf else None,
        unhealthy=any(found.get("unhealthy") == "true" for found in labels),
        has_health_check=any(container.get("healthCheck") for container in containers),
        start_seconds=max(starts) if starts else None,
    )


def _labels(container: dict[str, Any]) -> dict[str, str]:
    ours = {
        key.removeprefix(PREFIX): str(value)
        for key, value in (container.get("dockerLabels") or {}).items()
        if key.startswith(PREFIX)
    }
    for name in ours:
        if name not in KNOWN:
            raise ClientError(f"dockerLabels: {PREFIX}{name} is unknown; known are {', '.join(KNOWN)}")
    if ours.get("unhealthy", "true") not in ("true", "false"):
        raise ClientError(
            f"dockerLabels: {PREFIX}unhealthy is {ours['unhealthy']!r}, but true or false is expected"
        )
    return ours


def _stop(container: dict[str, Any], labels: dict[str, str]) -> tuple[float, bool]:
    if labels.get("stops-after") == "never":
        return math.inf, True
    patience = float(container.get("stopTimeout") or STOP_TIMEOUT_SECONDS)
    asked = _seconds(labels, "stops-after", STOPS_AFTER_SECONDS)
    return min(asked, patience), asked > patience


def _seconds(labels: dict[str, str], name: str, default: float) -> float:
    text = labels.get(name)
    if text is None:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ClientError(f"dockerLabels: {PREFIX}{name} is {text!r}, but a number of seconds is expected")
    return seconds
