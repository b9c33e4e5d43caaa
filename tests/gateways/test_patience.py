"""Whoever has read much waits for more: ECS answers 100 reads at once and 20 a second, and a plan may need 300.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from chalicelib.common.errors import Throttled
from chalicelib.gateways.patience import LONGEST_SECONDS, MUCH, PAUSE_SECONDS, asked, patient


class Bucket:
    """A quota of reads that is filled while its reader sleeps, or that somebody else empties."""

    def __init__(self, at_once: int, per_second: int) -> None:
        self.left, self.per_second, self.slept = at_once, per_second, 0.0

    def read(self) -> dict[str, Any]:
        if not self.left:
            raise Throttled("Rate exceeded")
        self.left -= 1
        return {"left": self.left}

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.left += int(self.per_second * seconds)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    given = Bucket(100, 20)
    monkeypatch.setattr(time, "sleep", given.sleep)
    return given


def read(bucket: Bucket, times: int) -> None:
    for _ in range(times):
        asked(bucket.read)


def test_three_hundred_reads_take_the_ten_seconds_that_ecs_needs_for_them(bucket: Bucket) -> None:
    with patient():
        read(bucket, 300)
    assert bucket.slept == 10


def test_whoever_has_just_begun_gives_way_at_once(bucket: Bucket) -> None:
    """Its state's Retry comes again; those who are half through have the reads until then."""
    bucket.left = MUCH - 1
    with patient(), pytest.raises(Throttled):
        read(bucket, MUCH)
    assert bucket.slept == 0


def test_from_so_many_answers_on_it_waits(bucket: Bucket) -> None:
    bucket.left = MUCH
    with patient():
        read(bucket, MUCH + 1)
    assert bucket.slept == PAUSE_SECONDS


def test_it_gives_up_before_its_function_is_ended(bucket: Bucket) -> None:
    """A time-out would say nothing of why; planning and explaining have 58 s."""
    bucket.per_second = 0
    with patient(), pytest.raises(Throttled):
        read(bucket, 101)
    assert bucket.slept == LONGEST_SECONDS


def test_the_time_that_calls_take_counts_too(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    with patient(30):
        later = time.time() + 30
        monkeypatch.setattr(time, "time", lambda: later)
        with pytest.raises(Throttled):
            read(bucket, 101)
    assert bucket.slept == 0


def test_nobody_else_waits(bucket: Bucket) -> None:
    """A look that is throttled is repeated by the state machine, whose waits outlast an outage."""
    with pytest.raises(Throttled):
        read(bucket, 101)
    assert bucket.slept == 0
