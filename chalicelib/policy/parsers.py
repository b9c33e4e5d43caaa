"""Reads each kind of setting from what people write; every refusal is a ValueError saying what was expected.

A parser takes any JSON value, since hook metadata and manual requests are JSON, and raises nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from chalicelib.common.duration import in_words, parse_duration
from chalicelib.common.trigger import OPTIONAL_TRIGGERS, Trigger
from chalicelib.common.wording import did_you_mean, one_of, shown
from chalicelib.policy.values import DrainBudget, PollSchedule, Standalone, StandaloneTasks

Choice = TypeVar("Choice", bound=StrEnum)

# An ECS cluster's name: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
CLUSTER = re.compile(r"(?:arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:cluster/)?[A-Za-z0-9_-]{1,255}", re.ASCII)
# Standard topics only: FIFO ones want a message group. https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}", re.ASCII)

POLL_EXPECTED = (
    "one to three durations that don't shrink, each from 1s to 15m, such as `15s` or `5s 60s 300s`"
)
BUDGET_EXPECTED = "`unlimited`, a number for the cluster (`3`), one for each zone (`1 per zone`), or both"
LONGEST_POLL = timedelta(minutes=15)
DEFAULT_LONG_POLL = timedelta(minutes=5)


def duration_between(shortest: timedelta, longest: timedelta) -> Callable[[object], timedelta]:
    """Return a parser of durations that refuses those out of bounds."""

    def parse(value: object) -> timedelta:
        duration = parse_duration(value)
        if not shortest <= duration <= longest:
            bounds = f"from {in_words(shortest)} to {in_words(longest)}"
            raise ValueError(f"{shown(value)} is out of range: expected a duration {bounds}")
        return duration

    return parse


def choice_of(kind: type[Choice]) -> Callable[[object], Choice]:
    """Return a parser of one of an enumeration's words."""

    def parse(value: object) -> Choice:
        return kind(_word_among(value, list(kind)))

    return parse


def standalone_tasks(value: object) -> StandaloneTasks:
    """Read `wait`, `stop`, `ignore` or `stop-after 10m`."""
    words = value.split(maxsplit=1) if isinstance(value, str) else []
    if len(words) == 2 and words[0].lower() == Standalone.STOP_AFTER:
        return StandaloneTasks(Standalone.STOP_AFTER, parse_duration(words[1]))
    action = Standalone(_word_among(value, ["wait", "stop", "stop-after", "ignore"]))
    if action is Standalone.STOP_AFTER:
        raise ValueError(f"{shown(value)} lacks its duration: expected `stop-after 10m`, for example")
    return StandaloneTasks(action)


def poll_schedule(value: object) -> PollSchedule:
    """Read one wait (always the same), two (it grows), or three (and grows further after two hours)."""
    waits = [parse_duration(word) for word in _words(value)]
    in_bounds = all(timedelta(seconds=1) <= wait <= LONGEST_POLL for wait in waits)
    if not 1 <= len(waits) <= 3 or not in_bounds or waits != sorted(waits):
        raise ValueError(f"{shown(value)} is no schedule of looks: expected {POLL_EXPECTED}")
    if len(waits) == 1:
        return PollSchedule(waits[0], waits[0], waits[0])
    long = waits[2] if len(waits) == 3 else max(waits[1], DEFAULT_LONG_POLL)
    return PollSchedule(waits[0], waits[1], long)


def drain_budget(value: object) -> DrainBudget:
    """Read `unlimited`, `3` (drains in the cluster), `1 per zone`, or `3 1 per zone`."""
    words = _words(value)
    if words == ["unlimited"]:
        return DrainBudget()
    numbers = words[:-2] if words[-2:] == ["per", "zone"] else words
    are_limits = all(re.fullmatch(r"[1-9][0-9]{0,3}", word, re.ASCII) for word in numbers)
    is_zonal = numbers != words
    if not are_limits or not 1 <= len(numbers) <= 1 + is_zonal:
        raise ValueError(f"{shown(value)} is no drain budget: expected {BUDGET_EXPECTED}")
    limits = [int(number) for number in numbers]
    return DrainBudget(*limits) if len(limits) == 2 else _budget_of(limits[0], is_zonal=is_zonal)


def _budget_of(limit: int, *, is_zonal: bool) -> DrainBudget:
    return DrainBudget(zone=limit) if is_zonal else DrainBudget(cluster=limit)


def cluster(value: object) -> str | None:
    """Read a cluster's name or ARN; `found` means that we look for it, and is None."""
    if value is None or value == "found":
        return None
    if isinstance(value, str) and CLUSTER.fullmatch(value.strip()):
        return value.strip()
    raise ValueError(f"{shown(value)} is no cluster: expected an ECS cluster's name or ARN, or `found`")


def notify(value: object) -> str:
    """Read where notifications go: `stage` (the stage's topic), `none`, or a standard SNS topic's ARN."""
    text = value.strip() if isinstance(value, str) else ""
    if text in ("stage", "none") or TOPIC.fullmatch(text):
        return text
    raise ValueError(
        f"{shown(value)} can't be notified: expected `stage`, `none` or a standard SNS topic's ARN"
    )


def triggers(value: object) -> frozenset[Trigger]:
    """Read which of the optional triggers may start a drain: their words, `all` or `none`.

    `all` are the warnings: who wants ECS's own draining watched, and perhaps ended, says so.
    """
    words = _words(value)
    if words in (["all"], ["none"]):
        return frozenset(OPTIONAL_TRIGGERS) - {Trigger.MANAGED_DRAINING} if words == ["all"] else frozenset()
    if not words:
        raise ValueError(
            f"{shown(value)} names no trigger: expected {one_of([*OPTIONAL_TRIGGERS, 'all', 'none'])}"
        )
    return frozenset(Trigger(_word_among(word, OPTIONAL_TRIGGERS)) for word in words)


def _words(value: object) -> list[str]:
    """Split a list, or text at spaces, slashes and commas: not every tag value may hold a comma."""
    items = value if isinstance(value, list | tuple) else [value]
    texts = [item if isinstance(item, str) else shown(item) for item in items if item is not None]
    return [word for text in texts for word in re.split(r"[\s,/]+", text.strip().lower()) if word]


def _word_among(value: object, choices: Iterable[str]) -> str:
    words = [str(choice) for choice in choices]
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in words:
        raise ValueError(f"{shown(value)} is unknown: expected {one_of(words)}{did_you_mean(word, words)}")
    return word
