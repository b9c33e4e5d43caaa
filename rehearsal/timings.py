"""How long the tasks of each service take to start and to stop: said by hand, measured, or reckoned from settings.

What is measured are tasks that ran lately (`createdAt` to `startedAt`) and, of the service's events, how long it took
from "has started" to "has reached a steady state" while nothing stopped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from statistics import median
from typing import Any

from rehearsal.snapshot import Item, Snapshot

SETTLING_SECONDS = 40.0
"""DeploymentConfiguration, minimumHealthyPercent: a task without any health check counts as healthy after 40 s."""
START_SECONDS = 5.0
"""Of a task of which nothing is known; as the embedded AWS has it."""
STOP_SECONDS = 20.0
"""From SIGTERM to the end of a container of which nothing is known; as the embedded AWS has it."""
STOP_TIMEOUT_SECONDS = 30.0
"""ContainerDefinition, stopTimeout, without ECS_CONTAINER_STOP_TIMEOUT."""
LONGEST_EPISODE_SECONDS = 1800.0
PACES = ("usual", "least", "most")
STARTED = re.compile(r"\) has started \d+ tasks?[:.]")
STEADY = ") has reached a steady state."
OTHERWISE = re.compile(r"\) (has stopped|has begun draining|deregistered|was unable|failed|is unhealthy)")


@dataclass(frozen=True)
class Seconds:
    """A time in seconds, and how it is known: `given`, `measured` or `assumed`."""

    usual: float
    least: float
    most: float
    source: str
    samples: int = 0

    @classmethod
    def of(cls, samples: list[float]) -> Seconds:
        """Sum samples up."""
        return cls(median(samples), min(samples), max(samples), "measured", len(samples))

    @classmethod
    def alone(cls, seconds: float, source: str) -> Seconds:
        """Return one that is always the same."""
        return cls(seconds, seconds, seconds, source)


@dataclass(frozen=True)
class Timings:
    """Of one service's tasks: seconds from placement to RUNNING and to healthy, and from SIGTERM to the end."""

    service: str
    running: Seconds
    healthy: Seconds
    stopping: Seconds
    is_scripted: bool = False
    """Whether its containers say themselves, with labels of the embedded AWS, how they behave."""

    def at(self, pace: str) -> Timings:
        """Return them with each at a pace, as `at_pace` has it; a start that is slow is slow all the way."""
        start, stop = f"start of {self.service}", f"stop of {self.service}"
        return replace(
            self,
            running=_fixed(self.running, pace, start),
            healthy=_fixed(self.healthy, pace, start),
            stopping=_fixed(self.stopping, pace, stop),
        )


def _fixed(seconds: Seconds, pace: str, what: str) -> Seconds:
    return replace(seconds, usual=at_pace(seconds, pace, what))


def at_pace(seconds: Seconds, pace: str, what: str) -> float:
    """Return the `usual`, `least` or `most` seconds, or for any other pace what is drawn between the two.

    The usual is the likeliest. `what` is drawn for, in words: the same is drawn for the same pace and words.
    """
    if pace in PACES:
        return float(getattr(seconds, pace))
    if seconds.least == seconds.most:
        return seconds.usual
    draw = Random(f"{pace}, {what}")  # noqa: S311  # no secret, and the same for the same words
    return round(draw.triangular(seconds.least, seconds.most, seconds.usual), 1)


def drawn(seed: int, number: int) -> list[str]:
    """Return as many paces that are drawn; those of another seed are others."""
    return [f"draw {each} of seed {seed}" for each in range(1, number + 1)]


def timings_of(snapshot: Snapshot, given: Mapping[str, Seconds]) -> dict[str, Timings]:
    """Return the timings of each service; `given`: how long until healthy, by service."""
    return {
        service["serviceName"]: _of_service(snapshot, service, given.get(service["serviceName"]))
        for service in snapshot.services
    }


def _of_service(snapshot: Snapshot, service: Item, given: Seconds | None) -> Timings:
    name = service["serviceName"]
    tasks = [task for task in snapshot.tasks if task.get("group") == f"service:{name}"]
    definition = snapshot.definitions.get(service["taskDefinition"], {})
    containers = definition.get("containerDefinitions", [])
    groups = [
        snapshot.target_groups[each["targetGroupArn"]]
        for each in service.get("loadBalancers", [])
        if each.get("targetGroupArn") in snapshot.target_groups
    ]
    running = _running(tasks)
    if given is not None:
        healthy, running = given, _no_later(running, given)
    else:
        healthy = _healthy(service, running, containers, groups)
    return Timings(
        name,
        running,
        healthy,
        _stopping(tasks, containers, groups),
        is_scripted=given is None and any(container.get("dockerLabels") for container in containers),
    )


def _no_later(running: Seconds, healthy: Seconds) -> Seconds:
    """A task is RUNNING before it is healthy, at each pace."""
    pairs = {pace: min(getattr(running, pace), getattr(healthy, pace)) for pace in PACES}
    return replace(running, **pairs)


def _running(tasks: Iterable[Item]) -> Seconds:
    samples = [
        seconds_between(task["createdAt"], task["startedAt"])
        for task in tasks
        if "startedAt" in task and "createdAt" in task
    ]
    return Seconds.of(samples) if samples else Seconds.alone(START_SECONDS, "assumed")


def _healthy(service: Item, running: Seconds, containers: list[Item], groups: list[Item]) -> Seconds:
    samples = list(_episodes(service.get("events", [])))
    if samples:
        return Seconds.of(samples)
    checks = [float(one["healthCheck"].get("interval", 30)) for one in containers if one.get("healthCheck")]
    checks += [
        float(group.get("HealthCheckIntervalSeconds", 30) * group.get("HealthyThresholdCount", 5))
        for group in groups
    ]
    more = max(checks, default=SETTLING_SECONDS)
    return Seconds(running.usual + more, running.least + more, running.most + more, "assumed")


def _episodes(events: Iterable[Item]) -> Iterator[float]:
    """Yield the seconds of each while in which tasks were started and nothing else happened until all was steady."""
    began: str | None = None
    for event in reversed(list(events)):
        message, at = event["message"], event["createdAt"]
        if STARTED.search(message):
            began = began or at
        elif STEADY in message and began:
            passed = seconds_between(began, at)
            if passed <= LONGEST_EPISODE_SECONDS:
                yield passed
            began = None
        elif OTHERWISE.search(message):
            began = None


def _stopping(tasks: Iterable[Item], containers: list[Item], groups: list[Item]) -> Seconds:
    patience = max((float(one.get("stopTimeout", STOP_TIMEOUT_SECONDS)) for one in containers), default=30.0)
    delay = max((delay_of(group) for group in groups), default=0.0)
    samples = [
        max(0.0, seconds_between(task["stoppingAt"], task["executionStoppedAt"]) - delay)
        for task in tasks
        if {"stoppingAt", "executionStoppedAt"} <= task.keys()
        and task.get("stopCode") == "ServiceSchedulerInitiated"
    ]
    if samples:
        return Seconds.of([min(each, patience) for each in samples])
    return Seconds(min(STOP_SECONDS, patience), min(STOP_SECONDS, patience), patience, "assumed")


def delay_of(group: Item) -> float:
    """Return a target group's deregistration delay in seconds, 300 unless it says otherwise."""
    return float(group.get("attributes", {}).get("deregistration_delay.timeout_seconds", 300))


def boot_seconds_of(snapshot: Snapshot, group: Item) -> Seconds | None:
    """Return how long the group's instances took from launch to registration; None where unknown."""
    registered = {each["ec2InstanceId"]: each.get("registeredAt") for each in snapshot.instances}
    samples = [
        seconds_between(snapshot.ec2[one]["LaunchTime"], at)
        for one in (member["InstanceId"] for member in group.get("Instances", []))
        if (at := registered.get(one)) and one in snapshot.ec2 and "LaunchTime" in snapshot.ec2[one]
    ]
    usable = [each for each in samples if 0 < each <= LONGEST_EPISODE_SECONDS]
    return Seconds.of(usable) if usable else None


def seconds_between(begin: str, end: str) -> float:
    """Return the seconds between two instants of a snapshot."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def labels_of(timings: Timings | None, container: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels by which a container of the embedded AWS takes these times; its own where it is scripted."""
    own = dict(container.get("dockerLabels") or {})
    if timings is None or timings.is_scripted:
        return own
    return {
        "embedded-aws/running-after": f"{timings.running.usual:g}",
        "embedded-aws/healthy-after": f"{max(timings.running.usual, timings.healthy.usual):g}",
        "embedded-aws/stops-after": f"{timings.stopping.usual:g}",
    }
