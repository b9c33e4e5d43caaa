"""What a service's tags declare: which gates its tasks put before a drain.

    ecs-drainer:quorum-group = zookeeper      ecs-drainer:max-unavailable = 1
    ecs-drainer:drain-queue  = https://sqs.eu-west-1.amazonaws.com/123456789012/jobs   (or its ARN)
    ecs-drainer:sign-off     = required 10m    (or `required 10m hold`: silence keeps the gate closed)
    ecs-drainer:replacement  = standby
    ecs-drainer:order        = 2               (lower orders first; 0 where none is given)

What can't be read keeps its gate closed and is told in a sentence: a typo must not kill tasks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from chalicelib.common.duration import parse_duration
from chalicelib.common.services import Service
from chalicelib.common.wording import did_you_mean, one_of, shown
from chalicelib.policy import Reach

PREFIX = "ecs-drainer:"

# Letters, digits and what ECS allows in tag values, but `#`, which parts the ledger's keys.
GROUP = re.compile(r"[A-Za-z0-9 +\-=._/@]{1,128}", re.ASCII)
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
QUEUE = re.compile(
    r"https?://[^\s/]+/\d{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?"
    r"|arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}(?:\.fifo)?",
    re.ASCII,
)
SIGN_OFF_WITHIN = timedelta(minutes=10)
SHORTEST_SIGN_OFF, LONGEST_SIGN_OFF = timedelta(seconds=10), timedelta(hours=48)


class Silence(StrEnum):
    """What it means that a task never answers whether it may be stopped."""

    PROCEED = "proceed"
    """Once its time is over the drain goes on without its answer."""
    HOLD = "hold"
    """The gate stays closed until somebody answers for it."""


@dataclass(frozen=True, slots=True)
class SignOffRule:
    """How long a task may take to answer, and what its silence means."""

    within: timedelta = SIGN_OFF_WITHIN
    on_silence: Silence = Silence.PROCEED


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The gates of one service."""

    service: str
    cluster: str
    arn: str = ""
    quorum_group: str | None = None
    max_unavailable: int = 1
    queue: str | None = None
    """URL or ARN, as the tag says it."""
    sign_off: SignOffRule | None = None
    standby: bool = False
    order: int = 0
    refusals: tuple[str, ...] = ()
    """A sentence for each tag that can't be read."""

    @property
    def is_stateful(self) -> bool:
        """Whether any tag of ours stands on the service, readable or not."""
        return bool(self.quorum_group or self.queue or self.sign_off or self.standby or self.refusals)


def declare(service: str, cluster: str, tags: Mapping[str, str], arn: str = "") -> Declared:
    """Read the tags of a service (or of its task definition); never raises."""
    found = Declared(service=service, cluster=cluster, arn=arn)
    for key, value in sorted(tags.items()):
        if key.lower().startswith(PREFIX):
            found = _with_tag(found, key, value)
    if found.max_unavailable != 1 and found.quorum_group is None and not found.refusals:
        sentence = f"{PREFIX}max-unavailable needs {PREFIX}quorum-group beside it"
        found = replace(found, refusals=(sentence,))
    return found


def declared_by(service: Service, inherited: Iterable[Mapping[str, str]] = ()) -> Declared:
    """Read a service's tags; where a task or its definition has the same tag, the service's own counts."""
    tags = {key: value for each in (*inherited, service.tags) for key, value in each.items()}
    return declare(service.name, service.cluster, tags, service.arn)


def within_reach(declared: Declared, reach: Reach | None) -> Declared:
    """Return what tags declare without a queue that they may not name; its gate stays closed and says why."""
    problem = reach.why_no_queue(declared.queue) if reach and declared.queue else None
    if problem is None:
        return declared
    return replace(declared, queue=None, refusals=(*declared.refusals, f"{PREFIX}drain-queue: {problem}"))


def _with_tag(found: Declared, key: str, value: str) -> Declared:
    name = key[len(PREFIX) :].lower().replace("_", "-")
    if name not in TAGS:
        sentence = f"{key} is no tag of a stateful service{did_you_mean(name, list(TAGS))}"
        return replace(found, refusals=(*found.refusals, sentence))
    attribute, read = TAGS[name]
    try:
        return replace(found, **{attribute: read(value.strip())})
    except ValueError as refusal:
        return replace(found, refusals=(*found.refusals, f"{key}: {refusal}"))


def _group(value: str) -> str:
    if not GROUP.fullmatch(value):
        raise ValueError(f"{shown(value)} is no name: expected letters, digits, spaces and + - = . _ / @")
    return value


def _at_least_one(value: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,3}", value, re.ASCII):
        raise ValueError(f"{shown(value)} is no number of instances: expected 1 to 9999")
    return int(value)


def _queue(value: str) -> str:
    if not QUEUE.fullmatch(value):
        raise ValueError(f"{shown(value)} is no queue: expected the URL or the ARN of an SQS queue")
    return value


def _sign_off(value: str) -> SignOffRule:
    words = value.lower().split()
    rest = words[1:]
    if words[:1] != ["required"] or len(rest) > 2:
        raise ValueError(
            f"{shown(value)} is unknown: expected `required`, `required 10m` or `required 10m hold`"
        )
    on_silence = Silence.PROCEED
    if rest and rest[-1] in list(Silence):
        on_silence = Silence(rest.pop())
    within = parse_duration(rest[0]) if rest else SIGN_OFF_WITHIN
    if len(rest) > 1 or not SHORTEST_SIGN_OFF <= within <= LONGEST_SIGN_OFF:
        raise ValueError(f"{shown(value)} gives no time from 10 s to 48 h")
    return SignOffRule(within, on_silence)


def _standby(value: str) -> bool:
    if value.lower() != "standby":
        raise ValueError(f"{shown(value)} is unknown: expected {one_of(['`standby`'])}")
    return True


def _order(value: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,4}", value, re.ASCII):
        raise ValueError(f"{shown(value)} is no order: expected a whole number, lower ones leave first")
    return int(value)


TAGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "quorum-group": ("quorum_group", _group),
    "max-unavailable": ("max_unavailable", _at_least_one),
    "drain-queue": ("queue", _queue),
    "sign-off": ("sign_off", _sign_off),
    "replacement": ("standby", _standby),
    "order": ("order", _order),
}
"""By the name after the prefix: the attribute that it gives, and its reader, which raises ValueError."""
