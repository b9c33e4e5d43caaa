"""Knocks at a door with seeded cases, and holds each answer to what a door owes: a refusal in a sentence, or an answer.

No traceback, nothing touched that the door may not touch, and no character that a terminal or a log would obey.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app import app
from chalicelib.common.errors import InvalidInput
from chalicelib.common.telemetry import logger
from chalicelib.common.wording import HARMFUL
from chalicelib.gateways import aws as gateway
from embedded_aws.aws import EmbeddedAws, embedded_aws
from stories.deployment import Deployment, deploy

FORGED = re.compile(r"^(?:ERROR the drain failed|\{\"level\":\"ERROR\")", re.MULTILINE)
"""Lines in hostile texts that would pass for lines of a log, or of a notice."""

EXPECTS = re.compile("expected|did you mean|is no |is not a |can't|needs|gives no|counts for nothing|is for ")
"""How a refusal says what was expected."""

READS = re.compile(r"(Get|Describe|List|BatchGet|Query|Scan)")
PUT_OFF = ("ChangeMessageVisibilityBatch",)
"""What becomes of a record of the queue that is refused: it comes again later."""

FRESH_AFTER = 1_000
"""Cases in one embedded AWS: what they start is kept in its memory."""


class NoCase(Exception):  # noqa: N818  # it says so of a case
    """A case that is no case, such as an item that DynamoDB itself refuses."""


@dataclass(frozen=True)
class Answer:
    """What a door said."""

    told: tuple[str, ...] = ()
    """Refusals of single values, while the rest goes on with the next lower ones."""
    shown: str = ""
    """All that people see of it; may have several lines."""
    started: tuple[str, ...] = ()
    """The instances for which a drain was started."""


@dataclass(frozen=True)
class Stage:
    """Where the doors are."""

    aws: EmbeddedAws
    deployment: Deployment
    state: dict[str, Any] = field(default_factory=dict)

    def arn(self, function: str) -> str:
        """Return the ARN of a function."""
        return self.deployment.functions[function]


Drawn = tuple[Any, tuple[str, ...]]


@dataclass(frozen=True)
class Door:
    """One way by which values of others come in."""

    name: str
    draw: Callable[[Random], Drawn]
    """Returns a case, and the names of the fields that may be wrong in it."""
    knock: Callable[[Stage, Any], Answer]
    may: frozenset[str] = frozenset()
    """The mutating operations that a right case leads to."""
    names_fields: bool = True
    """Whether a refusal names one of the fields by its own name."""


@dataclass
class Tally:
    """What came of the cases of one door."""

    door: str
    cases: int = 0
    refused: int = 0
    """Refused as a whole."""
    passed_over: int = 0
    """Accepted, with values that were refused by name."""
    accepted: int = 0
    faults: list[str] = field(default_factory=list)


@contextmanager
def a_stage() -> Iterator[Stage]:
    """Deploy the app into an embedded AWS of its own."""
    with embedded_aws() as aws:
        gateway.client.cache_clear()
        yield Stage(aws, deploy(app))
    gateway.client.cache_clear()


def knock(door: Door, cases: int, seed: int = 1) -> Tally:
    """Knock so many times; the same seed draws the same cases."""
    tally, random = Tally(door.name), Random(f"{door.name} {seed}")  # noqa: S311  # to be drawn again, not to be secret
    for first in range(0, cases, FRESH_AFTER):
        with a_stage() as stage, a_log() as log:
            for _ in range(min(FRESH_AFTER, cases - first)):
                _one(door, stage, log, random, tally)
    return tally


@contextmanager
def a_log() -> Iterator[io.StringIO]:
    """Keep what the functions log, as CloudWatch gets it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logger.registered_formatter)
    plain = logging.getLogger(logger.name)
    others, plain.handlers = plain.handlers, [handler]
    try:
        yield out
    finally:
        plain.handlers = others


def _one(door: Door, stage: Stage, log: io.StringIO, random: Random, tally: Tally) -> None:
    case, names = door.draw(random)
    stage.aws.requests.clear()
    log.seek(0)
    log.truncate()
    refusal, answer = None, Answer()
    tally.cases += 1
    try:
        answer = door.knock(stage, case)
    except InvalidInput as error:
        refusal = str(error)
    except NoCase:
        tally.cases -= 1
        return
    except Exception as error:  # whatever it is, it is a traceback
        tally.faults.append(f"traceback: {type(error).__name__}: {error!r:.300} of {case!r:.600}")
        return
    told = (refusal,) if refusal is not None else answer.told
    tally.refused += refusal is not None
    tally.passed_over += refusal is None and bool(told)
    tally.accepted += not told
    seen = _Seen(answer, told, log.getvalue(), names, was_refused=refusal is not None)
    for fault in _faults(door, stage, seen):
        tally.faults.append(f"{fault} of {case!r:.600}")


@dataclass(frozen=True)
class _Seen:
    """What came of one case."""

    answer: Answer
    told: tuple[str, ...]
    log: str
    names: tuple[str, ...]
    was_refused: bool

    @property
    def is_unnamed(self) -> bool:
        """Whether it was refused for one field, which the refusal doesn't name."""
        if not self.was_refused or len(set(self.names)) != 1:
            return False
        return self.names[0] not in self.told[0] and repr(self.names[0])[:30] not in self.told[0]


def _faults(door: Door, stage: Stage, seen: _Seen) -> Iterator[str]:
    for sentence in seen.told:
        if HARMFUL.search(sentence) or "\n" in sentence:
            yield f"a sentence that would be obeyed: {sentence!r}"
        if not EXPECTS.search(sentence):
            yield f"a refusal that says not what was expected: {sentence!r}"
    if door.names_fields and seen.is_unnamed:
        yield f"a refusal that doesn't name {seen.names[0]!r}: {seen.told[0]!r}"
    if HARMFUL.search(seen.answer.shown):
        yield f"shown: {seen.answer.shown!r:.300}"
    if FORGED.search(seen.answer.shown):
        yield f"a line that passes for one of ours: {seen.answer.shown!r:.600}"
    yield from _of_the_log(seen.log)
    yield from _of_the_calls(door, stage, seen.answer, was_refused=seen.was_refused)


def _of_the_log(log: str) -> Iterator[str]:
    for line in log.splitlines():
        if HARMFUL.search(line) or not (line.startswith("{") and line.endswith("}")):
            yield f"a line of the log: {line!r:.300}"


def _of_the_calls(door: Door, stage: Stage, answer: Answer, *, was_refused: bool) -> Iterator[str]:
    """Yield what was touched that should not have been: by a refusal nothing, by the rest what the door may."""
    # What a right case set going goes on by its own roles.
    calls = (call for call in stage.aws.requests.calls if call.principal == call.access_key)
    done = [call for call in calls if not READS.match(call.operation) and not call.error]
    for call in done:
        if call.operation not in door.may or (was_refused and call.operation not in PUT_OFF):
            yield f"{call.operation} was called with {call.parameters!r:.200}"
    started = {call.parameters["name"] for call in done if call.operation == "StartExecution"}
    if len(started) > len(answer.started):
        yield f"more was started than was said: {sorted(started)}"
