"""The timeline of the tasks: lanes by service, a curve of how many are left, and what happened when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from chalicelib.common.duration import in_short
from chalicelib.common.model import stamp
from cli.audit import Audit, TaskHistory
from cli.page.scale import SCALE, Axis, Mark

TOLD = {
    "draining": "set DRAINING",
    "explanation": "explained",
    "deadline": "deadline reached",
    "active": "set ACTIVE",
    "taken-back": "taken back",
    "completed": "let go",
    "ended": "ended",
}
MOST_LANES = 60
SMALL_GROUP = 6
"""Where there are more than so many lanes, larger groups begin closed, so that the page stays short."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A while of one task in one status."""

    status: str
    x: float
    width: float
    told: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One task."""

    id: str
    bars: tuple[Bar, ...]
    stopped_at: float | None
    """Where it was seen STOPPED, across."""
    told: str
    """The same in words, for those who don't see the bars."""


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one service or family."""

    name: str
    lanes: tuple[Lane, ...]
    told: str
    curve: str
    """The `d` of the area under the number of its tasks left, which stands for its lanes while they are closed."""
    is_open: bool
    """Whether its lanes are shown from the start."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """All of it."""

    ticks: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    curve: str
    """The `d` of the area under the number of tasks left, 0 to 100 upwards."""
    most: int
    groups: tuple[Group, ...]
    statuses: tuple[str, ...]
    """Every status that occurs, in the order of a task's life."""


ORDER = (
    "PROVISIONING",
    "PENDING",
    "ACTIVATING",
    "RUNNING",
    "DEACTIVATING",
    "STOPPING",
    "DEPROVISIONING",
    "STOPPED",
)


def timeline(audit: Audit, now: datetime) -> Timeline:
    """Return the timeline of a drain; one that is open runs until now."""
    time = Axis(audit.execution.started_at, audit.execution.ended_at or now)
    names = dict.fromkeys(task.name for task in audit.tasks)
    seen = {span.status for task in audit.tasks for span in task.spans}
    return Timeline(
        ticks=time.ticks(),
        marks=tuple(
            Mark(time.x(change.at), f"{time.since(change.at)}: {TOLD[change.kind]}")
            for change in audit.changes
            if change.kind in TOLD
        ),
        curve=_curve(audit.tasks, time),
        most=max((left for _, left in _left(audit.tasks)), default=0),
        groups=tuple(_group(name, audit.tasks, time) for name in names),
        statuses=tuple(status for status in ORDER if status in seen) + tuple(sorted(seen - set(ORDER))),
    )


def _left(tasks: Iterable[TaskHistory]) -> list[tuple[datetime, int]]:
    """Return how many tasks were not STOPPED from each instant on."""
    steps: dict[datetime, int] = {}
    for task in tasks:
        first = task.spans[0]
        if first.status != "STOPPED":
            steps[first.begins_at] = steps.get(first.begins_at, 0) + 1
            for span in task.spans[1:]:
                if span.status == "STOPPED":
                    steps[span.begins_at] = steps.get(span.begins_at, 0) - 1
    found, left = [], 0
    for at, change in sorted(steps.items()):
        left += change
        found.append((at, left))
    return found


def _curve(tasks: Sequence[TaskHistory], time: Axis) -> str:
    left = _left(tasks)
    most = max((number for _, number in left), default=0)
    if not most:
        return ""
    path = f"M{time.x(left[0][0])} 100"
    for (at, number), (until, _) in pairwise([*left, (time.ends_at, 0)]):
        height = round(100 - 100 * number / most, 1)
        path += f"L{time.x(at)} {height}L{time.x(until)} {height}"
    return f"{path}L{SCALE} 100Z"


def _group(name: str, everything: Sequence[TaskHistory], time: Axis) -> Group:
    tasks = [task for task in everything if task.name == name]
    ends = [task.spans[-1].begins_at for task in tasks if task.spans[-1].status == "STOPPED"]
    left = len(tasks) - len(ends)
    told = f"last STOPPED after {time.since(max(ends))}" if ends and not left else f"{left} not STOPPED"
    is_open = len(everything) <= MOST_LANES or len(tasks) <= SMALL_GROUP
    return Group(name, tuple(_lane(task, time) for task in tasks), told, _curve(tasks, time), is_open)


def _lane(task: TaskHistory, time: Axis) -> Lane:
    bars = []
    for span in task.spans:
        ends_at = span.ends_at or time.ends_at
        told = f"{span.status} from {stamp(span.begins_at)}, for {in_short(ends_at - span.begins_at)}"
        if span.status != "STOPPED":
            bars.append(
                Bar(
                    span.status,
                    time.x(span.begins_at),
                    round(time.x(ends_at) - time.x(span.begins_at), 1),
                    told,
                )
            )
    last = task.spans[-1]
    stopped = time.x(last.begins_at) if last.status == "STOPPED" else None
    words = ", ".join(f"{span.status} at {time.since(span.begins_at)}" for span in task.spans)
    return Lane(task.id, tuple(bars), stopped, words)
