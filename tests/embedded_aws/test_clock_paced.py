"""The virtual clock of the server: it passes at its speed, and stands still while somebody is at work."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest

from embedded_aws.clock import Clock

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def seconds_since_start(clock: Clock) -> float:
    return (clock.now() - START).total_seconds()


def test_a_paced_clock_passes_at_its_speed_and_does_what_is_due() -> None:
    clock, stop = Clock(START, speed=10_000), threading.Event()
    seen: list[float] = []
    with clock.held():
        clock.spawn(lambda: seen.append(clock.sleep(600) and seconds_since_start(clock)))
        clock.call_later(900, stop.set)
        began = time.monotonic()
        clock.run_paced(stop)

    assert seen == [600]
    assert 0.05 < time.monotonic() - began < 5


def test_a_paced_clock_logs_what_fails_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    clock, stop = Clock(START, speed=10_000), threading.Event()

    def fail() -> None:
        raise LookupError("no such instance")

    with clock.held():
        clock.call_later(1, fail, "a beat")
        clock.call_later(2, stop.set)
        clock.run_paced(stop)

    assert "an action booked on the clock failed: a beat" in caplog.text


def test_a_clock_without_a_speed_cannot_be_paced() -> None:
    clock = Clock(START)

    with pytest.raises(ValueError, match="advance"):
        clock.run_paced(threading.Event())
