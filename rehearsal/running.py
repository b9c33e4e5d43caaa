"""Runs one rehearsal: an embedded AWS of its own with what is deployed, the snapshot, and what happens."""

from __future__ import annotations

import gc
import io
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from embedded_aws.room import roomy
from rehearsal.result import Rehearsal
from rehearsal.scenarios import Scenario, begin, check
from rehearsal.snapshot import Snapshot
from rehearsal.timings import Seconds, Timings, timings_of

STEP_SECONDS = 30.0
"""Virtual seconds between two questions whether all is over."""
SETTLES_SECONDS = 60.0
"""How much longer is looked on once it is: services become steady."""
LONGEST = timedelta(hours=72)
"""A lifecycle action lasts 48 hours at most; an instance refresh may hold several one after the other."""

Progress = Callable[[datetime, int, int], object]
"""Is told the virtual instant, how many drains have ended, and how many there are."""


@dataclass(frozen=True)
class Wanted:
    """One rehearsal: what, in which variant, at which pace."""

    snapshot: Snapshot
    scenario: Scenario
    variant: str = "as it is"
    pace: str = "usual"
    """Of start-ups: `usual`, `least`, `most`, or one of `rehearsal.timings.drawn`."""
    seed: int = 1
    given: Mapping[str, Seconds] = field(default_factory=dict)
    """How long until healthy, as it was said by hand, by service."""

    @property
    def timings(self) -> dict[str, Timings]:
        """The timings of each service at the pace."""
        found = timings_of(self.snapshot, self.given)
        return {name: each.at(self.pace) for name, each in found.items()}


def rehearse(wanted: Wanted, tell: Progress = lambda *_: None) -> Rehearsal:
    """Rehearse in this process, whose clock stands still meanwhile; raises InvalidInput for what can't be done."""
    check(wanted.scenario, wanted.snapshot)
    began = time.process_time(), time.monotonic_ns()
    with silenced(), unhurried_collection():
        return _in_embedded_aws(wanted, tell, began)


@roomy
def _in_embedded_aws(wanted: Wanted, tell: Progress, began: tuple[float, int]) -> Rehearsal:
    from embedded_aws.aws import embedded_aws  # noqa: PLC0415  # the extra `sandbox`: whoever only reads goes without
    from rehearsal.loading import load  # noqa: PLC0415  # as above

    gc.freeze()  # modules and models, which stay
    with embedded_aws(wanted.snapshot.taken_at) as aws:
        deployed = _deploy(wanted.snapshot)
        with aws.requests.unthrottled():
            load(wanted.snapshot, wanted.timings, wanted.pace)
        aws.requests.clear()
        return play(aws, deployed, wanted, tell, began)


def play(aws: Any, deployed: Any, wanted: Wanted, tell: Progress, began: tuple[float, int]) -> Rehearsal:
    """Let the scenario happen in a running embedded AWS, loaded or grown, until all is over; returns what was seen."""
    from rehearsal.seeing import See  # noqa: PLC0415  # the extra `sandbox`

    see = See(aws, deployed.state_machine, wanted.snapshot)
    begun_at = aws.clock.now()
    begin(wanted.scenario, wanted.snapshot, wanted.seed, deployed.functions["start_manual_drain"])
    is_over = False
    while not is_over and aws.clock.now() - begun_at < LONGEST:
        aws.clock.advance(STEP_SECONDS)
        is_over = see.is_over()
        tell(aws.clock.now(), *see.drains())
    aws.clock.advance(SETTLES_SECONDS)
    return see.rehearsal(wanted, begun_at, is_over=is_over, began=began)


def _deploy(snapshot: Snapshot) -> Any:
    from app import app  # noqa: PLC0415  # imports chalice, of the extra `sandbox`
    from stories.deployment import deploy  # noqa: PLC0415  # as above

    return deploy(app, dict(snapshot.document["settings"]))


@contextmanager
def unhurried_collection() -> Iterator[None]:
    """Have Python look for garbage less often: all that happens is kept, and would be gone through again and again."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def silenced() -> Iterator[None]:
    """Keep what functions log off the terminal: their metrics and log lines go to standard output."""
    before = {name: os.environ.get(name) for name in QUIET}
    os.environ.update(QUIET)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


SELDOM = (50_000, 20, 50)
"""Allocations, and collections of the next younger generation, between two collections of a generation."""
QUIET = {"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_LOG_LEVEL": "CRITICAL"}
