"""What a rehearsal answers, and its JSON form: what a terminal, a page and a pipeline are given to read.

Every instant is virtual time, RFC 3339 in UTC and whole seconds; a duration is whole seconds, its key ends in
`_seconds`; instances are EC2 instance ids and tasks the last part of their ARNs. `None` where there is nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from chalicelib.common.carried import Carried, state_of
from chalicelib.common.errors import InvalidInput

FORMAT = "ecs-drainer rehearsal"
VERSION = 1


class ExitCode(IntEnum):
    """How a rehearsal ends, for a pipeline before a rollout: the numbers are those of cli/exit_codes.py."""

    FINE = 0
    STUCK = 5
    """A drain is stuck until somebody acts, or did not end in the time that was rehearsed."""
    KILLED = 6
    """Tasks are killed: by a deadline, by EC2, or by a hook that ran out."""


class EventKind(StrEnum):
    """Who acts in a line of the timeline."""

    AUTO_SCALING = "auto-scaling"
    EC2 = "ec2"
    DRAIN = "drain"
    """The state machine and its functions."""
    NOTICE = "notice"
    """What is published to the topic of the stage."""
    INSTANCE = "instance"
    """A container instance registers, or its status or agent changes."""
    TASK = "task"
    SERVICE = "service"
    """What ECS writes into a service's events."""


class LaneState(StrEnum):
    """What an instance is doing for a while."""

    LAUNCHING = "launching"
    """Auto Scaling launches it; its agent hasn't registered yet."""
    IN_SERVICE = "in-service"
    """ACTIVE: it takes tasks."""
    WARNED = "warned"
    """It is to go, and isn't DRAINING yet: the hook, a gate or the drain's start is waited for."""
    DRAINING = "draining"
    """`waits_for` says for what."""
    STUCK = "stuck"
    """DRAINING, and a blocker that doesn't resolve itself holds it."""
    CONTINUED = "continued"
    """The drain is over, and Auto Scaling or EC2 takes the instance away."""
    TERMINATED = "terminated"
    POOLED = "pooled"
    """In the warm pool."""
    KEPT = "kept"
    """The drain is over, and the instance is left DRAINING."""


@dataclass(frozen=True, slots=True)
class Event(Carried):
    """One line of the timeline."""

    at: datetime
    kind: EventKind
    text: str
    instance: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Span(Carried):
    """What an instance does from one instant to the next."""

    begins_at: datetime
    ends_at: datetime
    state: LaneState
    waits_for: str = ""
    """In words: `2 tasks of web: The load balancer still drains connections`."""


@dataclass(frozen=True, slots=True)
class Lane(Carried):
    """One instance over the whole rehearsal; its spans touch each other."""

    instance: str
    zone: str
    is_new: bool
    """Whether it was launched during the rehearsal."""
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Point(Carried):
    """How a service stands from an instant on, until the next point."""

    at: datetime
    running: int
    healthy: int
    """RUNNING, and healthy in every target group and health check it has: what counts towards the minimum."""
    pending: int
    desired: int


@dataclass(frozen=True, slots=True)
class Below(Carried):
    """For how long a service was below its minimum, and how far."""

    begins_at: datetime
    ends_at: datetime
    fewest: int
    """Healthy tasks, at the worst moment."""


@dataclass(frozen=True, slots=True)
class ServiceSeries(Carried):
    """A service over the whole rehearsal."""

    service: str
    is_daemon: bool
    minimum: int
    """Tasks: its minimum healthy percent of the desired count, rounded up, as ECS does."""
    maximum: int
    points: tuple[Point, ...]
    below: tuple[Below, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked(Carried):
    """What held a drain, as the drain itself explained it."""

    instance: str
    service: str | None
    kind: str
    """As in docs/blockers.md: `deadlock`."""
    headline: str
    subject: str
    reason: str
    remedy: str
    first_seen_at: datetime
    cleared_at: datetime | None
    """When it was gone; None where it stayed to the end."""
    resolves_itself: bool = False
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Killed(Carried):
    """A task that didn't end by itself in peace."""

    task: str
    service: str | None
    instance: str
    at: datetime
    why: str
    """`host`: its instance went from under it; `deadline`: stopped by the drain at its deadline; `policy`: stopped
    by the drain before, as its policy says; `stop-timeout`: its container took longer than its stop timeout. The first
    two decide the exit code."""
    text: str


@dataclass(frozen=True, slots=True)
class End(Carried):
    """One drain, from its start to its end."""

    instance: str
    drain: str
    """The name of its execution."""
    trigger: str
    started_at: datetime
    ended_at: datetime | None
    """None where it hadn't ended when the rehearsal did."""
    outcome: str
    """`drained`, `deadline`, ... as in the ledger; `open` where it hadn't ended."""
    deadline_at: datetime | None = None
    on_deadline: str = ""
    """What the policy does at the deadline."""
    continued_at: datetime | None = None
    """When the lifecycle action was completed."""
    last_stopped_at: datetime | None = None
    """When its last task was STOPPED."""

    @property
    def took(self) -> timedelta | None:
        """From its start to its end; None where it hadn't ended."""
        return None if self.ended_at is None else self.ended_at - self.started_at


@dataclass(frozen=True, slots=True)
class StartUp(Carried):
    """How long a service's tasks take from their placement until they are healthy, and how that is known."""

    service: str
    seconds: float
    least: float
    most: float
    source: str
    """`given`, `measured` (of tasks that run), or `assumed`."""
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Lasts(Carried):
    """How long it all takes: once with the usual start-up times, and from the shortest to the longest."""

    expected: timedelta
    least: timedelta
    most: timedelta
    runs: int
    """How many rehearsals the range is from; 1: none was drawn, and all three are the same."""
    start_ups: tuple[StartUp, ...] = ()
    stops: tuple[StartUp, ...] = ()
    """From SIGTERM to the end of a container, in the same form."""


@dataclass(frozen=True, slots=True)
class Past(Carried):
    """How a rehearsed drain compares with past ones of the same services in the ledger."""

    services: tuple[str, ...]
    drains: int
    """How many past drains moved the same services."""
    took: timedelta
    """The median of how long they took."""
    rehearsed: timedelta
    """The median of how long the rehearsed ones took."""

    @property
    def error(self) -> float:
        """By what share the rehearsal was too long (positive) or too short (negative)."""
        past = self.took.total_seconds()
        return (self.rehearsed.total_seconds() - past) / past if past else 0.0

    def to_state(self) -> dict[str, Any]:
        """Return it as a JSON object, the error told as well: a pipeline needn't reckon it."""
        return {**state_of(self), "error": round(self.error, 3)}


@dataclass(frozen=True, slots=True)
class Quota(Carried):
    """Requests of the drains against a bucket of AWS's request quotas."""

    service: str
    """`ecs`, `autoscaling`, ..."""
    bucket: str
    """What shares the quota: `cluster resource reads`, or an operation's name."""
    calls: int
    busiest_second: int
    """The most calls in one second."""
    burst: int | None = None
    """What the bucket holds; None where AWS publishes no number."""
    sustained: float | None = None
    """Calls a second that it refills with."""
    throttled: int = 0
    """How many calls were refused, and tried again."""


@dataclass(frozen=True, slots=True)
class Cost(Carried):
    """What the drains cost at list price."""

    dollars: float
    items: Mapping[str, float] = field(default_factory=dict)
    """Dollars by what is billed: `transitions`, `lambda_requests`, ..."""
    transitions: int = 0
    invocations: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Effort(Carried):
    """What it took to rehearse it; never the same twice."""

    cpu_seconds: float
    wall_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal(Carried):
    """What happened in one variant."""

    variant: str
    """`as it is`, or what was changed: `web:max=200`."""
    seed: int
    began_at: datetime
    ended_at: datetime
    is_over: bool
    """Whether everything that was to happen had happened when it ended."""
    exit_code: int
    verdict: str
    """One sentence: `3 of 3 instances drained in 4 min 10 s; nothing is killed.`"""
    lasts: Lasts
    events: tuple[Event, ...] = ()
    lanes: tuple[Lane, ...] = ()
    services: tuple[ServiceSeries, ...] = ()
    blockers: tuple[Blocked, ...] = ()
    killed: tuple[Killed, ...] = ()
    drains: tuple[End, ...] = ()
    quotas: tuple[Quota, ...] = ()
    cost: Cost = field(default_factory=lambda: Cost(0.0))
    past: tuple[Past, ...] = ()
    effort: Effort = field(default_factory=lambda: Effort(0.0, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Carried):
    """What `ecs-drainer rehearse` answers: the variants of one scenario side by side, the first as it is."""

    format: str = FORMAT
    version: int = VERSION
    cluster: str
    snapshot_at: datetime
    """When the snapshot was taken."""
    is_anonymised: bool
    scenario: str
    """In words, as on the command line: `--scale-in 3`."""
    variants: tuple[Rehearsal, ...]
    not_rehearsed: tuple[str, ...] = ()
    """What the snapshot has and the embedded AWS doesn't: a sentence each."""

    @property
    def exit_code(self) -> int:
        """The exit code of the cluster as it is."""
        return self.variants[0].exit_code


def written(answer: Answer) -> str:
    """Return the JSON form, the same for the same answer."""
    return json.dumps(answer.to_state(), indent=1, sort_keys=True) + "\n"


def read(text: str) -> Answer:
    """Read what `written` wrote; raises InvalidInput, which says what was expected."""
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"no rehearsal: expected the JSON of `ecs-drainer rehearse`, {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InvalidInput(f"no rehearsal: expected `format` to be {FORMAT!r}")
    if document.get("version") != VERSION:
        said = document.get("version")
        raise InvalidInput(f"`version` of the rehearsal is {said!r}: expected {VERSION}")
    return Answer.from_state(document)
