"""The trials: which scenario meets which fault where; each is run by itself and judged."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from proof import event_faults, faults, outages
from proof.event_faults import QUEUE_POINT, EventKind, EventPoint
from proof.expected import expected
from proof.faults import Kind
from proof.forks import in_a_fork
from proof.invariants import Case, Clean, broken
from proof.points import Point, points_of
from proof.records import Records
from proof.running import Fault, clean, paths, run, story_of, world
from stories.story import Story

FAULTS_OF_THEIR_OWN = {
    "change-events",
    "crash",
    "fail-calls",
    "lose-events",
    "lose-leases",
    "deploy-definition",
    "disable-rule",
    "stop-execution",
    "throttle-first-attempts",
}
"""Happenings: what a story with one of them comes to is about that fault, not about another."""
LONG = {
    "forty-eight-hours",
    "two-hundred-tasks",
    "a-long-drain-keeps-its-slot",
    "a-lost-slot-is-taken-again",
    "a-queue-grows",
    "all-gates-together",
    "closed-gates-are-forced",
}
"""Stories of hours, or of hundreds of tasks: each run of them takes as long as many of the others."""


FOLDER = Path(__file__).parent.parent / "build" / "proof"
"""Where plans and results are kept."""


@dataclass(frozen=True)
class Trial:
    """One run with one fault."""

    scenario: str
    section: str
    """`call`, `event` or `outage`."""
    kind: str
    where: str
    """The point's name, for people and for the file of results."""
    point: Point | EventPoint | tuple[str, int]

    @property
    def key(self) -> str:
        """What tells it from every other trial."""
        return f"{self.scenario} | {self.section} | {self.kind} | {self.where}"

    @property
    def essence(self) -> tuple[str, str]:
        """What fails, and how, in whatever scenario and for the how-manieth time."""
        return self.where.partition(" #")[0], self.kind


@dataclass(frozen=True)
class Result:
    """What came of a trial."""

    key: str
    scenario: str
    section: str
    kind: str
    service: str
    broken: tuple[str, ...]
    expected: str = ""
    """Why what is broken can't be otherwise; empty where it must not be."""
    struck: int = 0

    @property
    def is_survived(self) -> bool:
        """Whether every invariant held."""
        return not self.broken

    def as_json(self) -> dict[str, Any]:
        """Return it as the file of results keeps it."""
        return asdict(self)


def scenarios() -> list[str]:
    """Return the scenarios that are crossed with faults: those without one of their own, and not of hours."""
    return [name for name in paths() if name not in LONG and not has_fault(story_of(name))]


def has_fault(story: Story) -> bool:
    """Whether a story is about a fault already."""
    return story.events != Story("").events or any(each.do in FAULTS_OF_THEIR_OWN for each in story.happens)


@dataclass(frozen=True)
class Plan:
    """What a scenario came to without a fault, and every trial that follows from its calls and events."""

    scenario: str
    clean: Clean
    trials: tuple[Trial, ...]

    @property
    def counts(self) -> tuple[int, int, int]:
        """At how many calls a fault can strike, how many faults of calls that makes, and how many of events."""
        calls = [each for each in self.trials if each.section == "call"]
        return len({each.where for each in calls}), len(calls), len(self.trials) - len(calls)


def plan(scenario: str) -> Plan:
    """Run a scenario once without a fault and enumerate its trials, but for the outages."""
    return Plan(scenario, clean(scenario)[1], tuple(trials_of(scenario)))


def kept_plan(scenario: str) -> Plan:
    """Return the plan of a scenario as an earlier run kept it, else make it and keep it."""
    path = FOLDER / f"{scenario}.plan"
    if path.exists():
        kept: Plan = pickle.loads(path.read_bytes())  # noqa: S301  # our own file
        return kept
    made = plan(scenario)
    path.write_bytes(pickle.dumps(made))
    return made


def trials_of(scenario: str) -> list[Trial]:
    """Return every trial of a scenario but the outages, in a fixed order; runs it once without a fault."""
    return [*_of_calls(scenario), *_of_events(scenario)]


def outages_of(scenario: str) -> list[Trial]:
    """Return the outages that a scenario meets."""
    return [
        Trial(scenario, "outage", f"{minutes} min", service, (service, minutes))
        for service in outages.SERVICES
        for minutes in outages.MINUTES
    ]


def _of_calls(scenario: str) -> Iterator[Trial]:
    for point in points_of(clean(scenario)[0].calls):
        for kind in faults.kinds_for(point.site):
            yield Trial(scenario, "call", kind, str(point), point)


def _of_events(scenario: str) -> Iterator[Trial]:
    points = event_faults.event_points(clean(scenario)[0].delivered)
    for each in [*points, QUEUE_POINT]:
        for kind in event_faults.kinds_for(each):
            yield Trial(scenario, "event", kind, str(each), each)
    # "Token answered twice": the answer to the first telling is lost, so its record comes again.
    for point in points_of(clean(scenario)[0].calls):
        if point.site.operation == "SendTaskSuccess":
            yield Trial(scenario, "event", TWICE, str(point), point)


TWICE = "token answered twice"


def judged(trial: Trial) -> Result:
    """Run a trial and judge it."""
    return judgement(
        trial, clean(trial.scenario)[1], run(story_of(trial.scenario), _fault_of(trial), _lasts(trial))
    )


def judged_in_turn(trials: Sequence[Trial], came: Clean) -> list[Result]:
    """Run trials of one scenario: its world is built once, and each runs in a fork of the process that has it."""
    with world(story_of(trials[0].scenario)) as finish:
        return [in_a_fork(partial(_told_and_judged, trial, came, finish)) for trial in trials]


def _told_and_judged(trial: Trial, came: Clean, finish: Callable[[Fault, timedelta], Records]) -> Result:
    return judgement(trial, came, finish(_fault_of(trial), _lasts(trial)))


def judgement(trial: Trial, came: Clean, records: Records) -> Result:
    """Judge the records of a trial; `came`: what the scenario came to without the fault."""
    lasts = trial.section == "call" and Kind(trial.kind).lasts
    site = trial.point.site if isinstance(trial.point, Point) else None
    case = Case(
        came,
        lasts=lasts,
        patience=_patience(trial),
        reconciler_is_struck=site is not None and site.caller == "reconcile",
    )
    found = broken(records, case)
    if trial.section == "call" and not records.struck:
        found = (*found, "the fault struck no call")
    return Result(
        trial.key,
        trial.scenario,
        trial.section,
        trial.kind,
        _service(trial),
        found,
        expected(trial.key, found),
        len(records.struck),
    )


def _patience(trial: Trial) -> timedelta:
    """Return how long its outage lasts."""
    return timedelta(minutes=trial.point[1]) if isinstance(trial.point, tuple) else timedelta(0)


def _lasts(trial: Trial) -> timedelta:
    """Return how long after the story's beginning its outage is over, and what waited for that has begun."""
    is_outage = trial.section == "outage"
    return _patience(trial) + timedelta(seconds=2 * outages.MID_DRAIN_SECONDS) if is_outage else timedelta(0)


def _service(trial: Trial) -> str:
    if isinstance(trial.point, Point):
        return trial.point.site.service
    return trial.point[0] if isinstance(trial.point, tuple) else "eventbridge"


def _fault_of(trial: Trial) -> Fault:
    point = trial.point
    if isinstance(point, tuple):
        return partial(outages.outage, *point)
    if isinstance(point, EventPoint):
        fault: Fault = event_faults.strike(point, EventKind(trial.kind))
        return fault
    kind = Kind.ANSWER_LOST if trial.kind == TWICE else Kind(trial.kind)
    return lambda stage: faults.befall(stage, point, kind).struck
