"""Runs a story with a fault in it, until nothing is left to do, and takes the records."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from app import app
from chalicelib.common.telemetry import logger
from embedded_aws.autoscaling.lifecycle_actions import waits
from embedded_aws.aws import EmbeddedAws
from embedded_aws.requests import Call
from embedded_aws.stepfunctions import executions_of
from proof.invariants import Clean, clean_of
from proof.records import Moment, Records, taken
from stories.stage import Stage
from stories.story import Story, read_story
from stories.telling import begun
from stories.world import HOOK

SCENARIOS = Path(__file__).parent.parent / "tests" / "scenarios"
STEP_SECONDS = 30.0
PATIENCE = timedelta(hours=2)
"""How much longer than without a fault a story may last: failed drains are tried again, each later than the last."""
SETTLING_SECONDS = 120.0
NO_TIME = timedelta(0)

Fault = Callable[[Stage], Iterable[Call]]
"""Lets something go wrong in a run that begins; what it gives grows by each call that is struck."""


def nothing(_stage: Stage) -> list[Call]:
    """Let nothing go wrong."""
    return []


def paths() -> dict[str, Path]:
    """Return every scenario's file by its name."""
    return {path.stem: path for path in sorted(SCENARIOS.rglob("*.toml"))}


@cache
def story_of(scenario: str) -> Story:
    """Return a scenario's story."""
    return read_story(paths()[scenario])


@dataclass
class Watch:
    """Looks every half minute at who waits and who drains, and says when all is over."""

    stage: Stage
    aws: EmbeddedAws
    moments: list[Moment] = field(default_factory=list)

    def look(self) -> None:
        """Keep how it stands now."""
        running = {each.name for each in self._executions if each.exec_status == "RUNNING"}
        draining = frozenset("-".join(name.split("-")[:2]) for name in running)
        self.moments.append(Moment(self.aws.clock.now(), self._waiting, draining))

    @property
    def is_over(self) -> bool:
        """Whether nobody drains, nobody waits for us, and nothing is left in the ledger."""
        last = self.moments[-1]
        return bool(self._executions) and not (last.waiting or last.draining or self.stage.left_open)

    @property
    def _executions(self) -> list[Any]:
        return executions_of(self.stage.deployment.state_machine)

    @property
    def _waiting(self) -> frozenset[str]:
        return frozenset(
            action.member.instance_id
            for wait in waits()
            for action in wait.actions
            if action.hook.name == HOOK
        )


def run(story: Story, fault: Fault = nothing, lasts: timedelta = NO_TIME) -> Records:
    """Tell a story, let the fault strike, which is over after so long, and return the records."""
    with world(story) as finish:
        return finish(fault, lasts)


@contextmanager
def world(story: Story) -> Iterator[Callable[[Fault, timedelta], Records]]:
    """Build a story's world; what is given lets a fault strike in it, tells the story to its end and takes the records.

    Once only: but a process that is forked before has the same world, as it was.
    """
    with _quiet() as warnings, begun(story, app) as stage:

        def finish(fault: Fault, lasts: timedelta) -> Records:
            struck = fault(stage)
            watch = Watch(stage, stage.aws)
            _drive(story, stage, watch, lasts)
            return taken(stage, watch.moments, warnings, struck)

        yield finish


@cache
def clean(scenario: str) -> tuple[Records, Clean]:
    """Return the records of a scenario without a fault, and what it came to."""
    records = run(story_of(scenario))
    return records, clean_of(records)


def _drive(story: Story, stage: Stage, watch: Watch, lasts: timedelta) -> None:
    """Let time go on until all is over and stays so: Auto Scaling may begin something new meanwhile."""
    clock = stage.aws.clock
    begins, last = clock.now(), max(happening.at for happening in story.happens)
    least = max(timedelta(seconds=max(last + 60, story.at_least)), lasts)
    longest = max(least, timedelta(seconds=story.lasts)) + PATIENCE
    watch.look()
    is_settled = False
    while not is_settled and clock.now() - begins < longest:
        while clock.now() - begins < least or (not watch.is_over and clock.now() - begins < longest):
            clock.advance(STEP_SECONDS)
            watch.look()
        clock.advance(SETTLING_SECONDS)
        watch.look()
        is_settled = watch.is_over


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Keep what functions print from the terminal, and collect what they log of level WARNING or above."""
    warnings: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: warnings.append(record.getMessage())  # type: ignore[method-assign]  # one line
    printing, logger.handlers[:] = list(logger.handlers), [handler]
    try:
        with redirect_stdout(StringIO()):
            yield warnings
    finally:
        logger.handlers[:] = printing
