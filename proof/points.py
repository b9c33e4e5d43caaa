"""Where a fault can strike: every call that a clean run makes, by who asks for what, the first to the third time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from embedded_aws.requests import Call
from stories.timeline import is_of_the_drainer

MACHINE, EVENTBRIDGE = "the machine", "EventBridge"
OCCURRENCES = 3
PREFIX = "ecs-drainer-dev-"
NAMED_BY = {"Invoke": "FunctionName", "SendMessage": "QueueUrl"}
"""The parameters that say whom a call is for, where there are several."""


@dataclass(frozen=True, order=True)
class Site:
    """One call in the code or in the definition: who asks for what."""

    caller: str
    """A function's name, `the machine`, or `EventBridge`."""
    service: str
    operation: str
    target: str = ""
    """Of an invocation, the function that is invoked; of a message, the queue."""

    def __str__(self) -> str:
        """Name it as people do: `look: ecs DescribeTasks`."""
        return " ".join(filter(None, (f"{self.caller}: {self.service} {self.operation}", self.target)))


@dataclass(frozen=True, order=True)
class Point:
    """One occurrence of a site, counted from 1."""

    site: Site
    occurrence: int

    def __str__(self) -> str:
        """Name it with its number: `look: ecs DescribeTasks #2`."""
        return f"{self.site} #{self.occurrence}"


def site_of(call: Call) -> Site | None:
    """Return the site of a call; None where neither the drain nor EventBridge made it."""
    caller = _caller(call)
    if caller is None:
        return None
    name = str(call.parameters.get(NAMED_BY.get(call.operation, ""), ""))
    return Site(caller, call.service, call.operation, name.rpartition(PREFIX)[2])


def points_of(calls: Iterable[Call]) -> list[Point]:
    """Return the points of a run, sorted: of each site the first three calls."""
    return sorted(_points(calls))


def _points(calls: Iterable[Call]) -> Iterator[Point]:
    seen: Counter[Site] = Counter()
    for call in calls:
        site = site_of(call)
        if site is not None and seen[site] < OCCURRENCES:
            seen[site] += 1
            yield Point(site, seen[site])


def _caller(call: Call) -> str | None:
    if is_of_the_drainer(call):
        role = call.role or ""
        return MACHINE if "StateMachineRole" in role else role.removeprefix(PREFIX)
    return EVENTBRIDGE if call.principal == "events.amazonaws.com" else None
