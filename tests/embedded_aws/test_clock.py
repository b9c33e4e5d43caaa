"""The virtual clock: time that passes only when nobody is at work, the same way each run."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from embedded_aws.clock import Clock

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock(START)
    with clock.held():
        yield clock


def seconds_since_start(clock: Clock) -> float:
    return (clock.now() - START).total_seconds()


def test_the_process_sees_the_virtual_time(clock: Clock) -> None:
    clock.advance(3600.5)

    assert datetime.now(UTC) == START + timedelta(seconds=3600.5) == clock.now()
    assert time.time() == clock.now().timestamp()


def test_actions_run_when_due_in_the_order_of_their_booking(clock: Clock) -> None:
    seen: list[tuple[str, float]] = []
    for name, seconds in [("late", 20), ("first", 10), ("second", 10), ("never", 31)]:
        clock.call_later(seconds, lambda name=name: seen.append((name, seconds_since_start(clock))))  # type: ignore[misc]  # mypy can't infer a lambda's default

    clock.advance(30)

    assert seen == [("first", 10), ("second", 10), ("late", 20)]
    assert seconds_since_start(clock) == 30


def test_an_action_may_book_another_that_is_due_on_the_way(clock: Clock) -> None:
    seen: list[float] = []

    def beat() -> None:
        seen.append(seconds_since_start(clock))
        clock.call_later(10, beat)

    beat()
    clock.advance(35)

    assert seen == [0, 10, 20, 30]


def test_a_cancelled_timer_does_not_run(clock: Clock) -> None:
    seen: list[str] = []
    clock.call_later(1, lambda: seen.append("ran")).cancel()

    clock.advance(2)

    assert seen == []


def test_what_an_action_raises_reaches_the_one_who_drives(clock: Clock) -> None:
    def fail() -> None:
        raise LookupError("no such instance")

    clock.call_later(1, fail)

    with pytest.raises(LookupError, match="no such instance"):
        clock.advance(2)


def test_what_a_thread_raises_reaches_the_one_who_drives(clock: Clock) -> None:
    def fail() -> None:
        raise LookupError("no such instance")

    clock.spawn(fail)

    with pytest.raises(LookupError, match="no such instance"):
        clock.advance(1)


def test_time_stands_still_while_a_thread_is_busy(clock: Clock) -> None:
    released = threading.Event()
    seen: list[float] = []

    def work() -> None:
        released.wait()
        seen.append(seconds_since_start(clock))

    clock.spawn(work)
    clock.call_later(0, released.set)
    helper = threading.Timer(0.05, released.set)  # real time: the driver must wait for it
    helper.start()
    clock.advance(1000)
    helper.join()

    assert seen == [0]


def test_sleepers_of_the_same_instant_wake_one_at_a_time(clock: Clock) -> None:
    """Each runs until it rests again before the next one wakes, so twenty threads leave one order."""
    seen: list[int] = []

    def work(number: int) -> None:
        for _ in range(3):
            clock.sleep(10)
            seen.append(number)

    for number in range(20):
        clock.spawn(lambda number=number: work(number))  # type: ignore[misc]  # mypy can't infer a lambda's default
    clock.advance(30)

    assert seen == list(range(20)) * 3


def test_a_sleep_ends_early_when_it_is_interrupted(clock: Clock) -> None:
    stop, seen = threading.Event(), list[tuple[bool, float]]()
    clock.spawn(lambda: seen.append((clock.sleep(3600, stop), seconds_since_start(clock))))
    clock.call_later(60, stop.set)

    clock.advance(7200)

    assert seen == [(False, 60)]


def test_a_sleep_without_end_lasts_until_it_is_interrupted(clock: Clock) -> None:
    stop, seen = threading.Event(), list[float]()

    def work() -> None:
        assert clock.sleep(math.inf, stop) is False
        seen.append(seconds_since_start(clock))

    clock.spawn(work)
    clock.call_later(48 * 3600, stop.set)

    clock.run_until(lambda: bool(seen))

    assert seen == [48 * 3600]


def test_where_nobody_drives_a_sleep_drives_itself(clock: Clock) -> None:
    """A handler called directly by a test may sleep: what is due meanwhile happens."""
    seen: list[float] = []
    clock.call_later(5, lambda: seen.append(seconds_since_start(clock)))

    with clock.busy():
        assert clock.sleep(10) is True

    assert seen == [5]
    assert seconds_since_start(clock) == 10


def test_an_action_that_sleeps_lets_the_others_run_meanwhile(clock: Clock) -> None:
    seen: list[str] = []

    def slow() -> None:
        clock.sleep(10)
        seen.append("slow")

    clock.call_later(0, slow)
    clock.call_later(5, lambda: seen.append("in between"))

    clock.advance(20)

    assert seen == ["in between", "slow"]
    assert seconds_since_start(clock) == 20


def test_run_until_stops_as_soon_as_it_is_done(clock: Clock) -> None:
    seen: list[int] = []
    for minute in range(1, 10):
        clock.call_later(minute * 60, lambda minute=minute: seen.append(minute))  # type: ignore[misc]  # mypy can't infer a lambda's default

    assert clock.run_until(lambda: 3 in seen) is True
    assert seconds_since_start(clock) == 180


def test_run_until_gives_up_at_its_limit_or_when_nothing_is_left_to_do(clock: Clock) -> None:
    clock.call_later(60, lambda: None)
    clock.call_later(7200, lambda: None)

    assert clock.run_until(lambda: False, limit=timedelta(hours=1)) is False
    assert seconds_since_start(clock) == 60
    assert clock.run_until(lambda: False) is False
    assert seconds_since_start(clock) == 7200


def test_busy_is_counted_once_however_deeply_nested(clock: Clock) -> None:
    order: list[str] = []

    def work() -> None:
        with clock.busy(), clock.busy():
            clock.sleep(10)
        order.append("woke")

    clock.spawn(work)
    clock.call_later(5, lambda: order.append("meanwhile"))
    clock.advance(10)

    assert order == ["meanwhile", "woke"]


def test_work_handed_to_another_thread_counts_from_the_hand_over(clock: Clock) -> None:
    seen: list[float] = []

    def work() -> None:
        with clock.busy(begun=True):
            clock.sleep(10)
            seen.append(seconds_since_start(clock))

    clock.begin_work()
    thread = threading.Thread(target=work)
    clock.call_later(0, lambda: None)
    starter = threading.Timer(0.02, thread.start)
    starter.start()
    clock.advance(10)
    thread.join()

    assert seen == [10]


def test_only_one_thread_drives(clock: Clock) -> None:
    errors: list[str] = []

    def work() -> None:
        with pytest.raises(RuntimeError) as raised:
            clock.advance(1)
        errors.append(str(raised.value))

    clock.spawn(work)
    clock.advance(1)

    assert errors == ["another thread drives this clock already"]


def test_the_end_sends_every_sleeper_home() -> None:
    ended: list[str] = []
    clock = Clock(START)

    def work() -> None:
        try:
            clock.sleep(math.inf, threading.Event())
        finally:
            ended.append("home")

    with clock.held():
        clock.spawn(work)
        clock.advance(1)

    assert ended == ["home"]
