"""The virtual clock: time passes only when every thread that counts as busy has come to rest.

One thread drives (a test with `advance` or `run_until`, the server with `run_paced`). It waits until no
thread is busy, then does one thing: it wakes one sleeper, or runs one booked action. So only one piece of the
embedded AWS moves at a time, and a run gives the same order of events on every machine.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

import time_machine

from embedded_aws.agenda import Agenda, Signal, Sleeper, Timer
from embedded_aws.room import roomy
from embedded_aws.workload import Workload

PATIENCE_SECONDS = 120.0
"""Real seconds that a driven run waits for a busy thread: longer is a deadlock, not slowness."""
TICK_SECONDS = 0.02
"""Real seconds between two moves of a paced clock."""
LONGEST_RUN = timedelta(hours=72)
"""A lifecycle action may last 48 h (Auto Scaling's global timeout); a run that needs more than this hangs."""


class ClockStopped(BaseException):  # no `except Exception` on the way may stop it
    """Sends a sleeper's thread home when the embedded AWS ends or is emptied."""


class Clock:
    """Virtual time from `start` (aware), moved by whoever drives; `speed`: virtual seconds a real second."""

    def __init__(self, start: datetime, speed: float | None = None) -> None:
        self._now = start
        self.speed = speed
        self._agenda = Agenda()
        self._sleepers: dict[Sleeper, None] = {}  # a dict keeps the order in which they lay down
        self._asking: dict[Sleeper, None] = {}
        """Of these, the ones whose interruption is no Signal: they are asked at each step."""
        self._signals = 0
        """How many signals were set when all sleepers were last asked, and none was interrupted."""
        self._workload = Workload()
        self._changed = self._workload.changed
        self._driver: int | None = None
        self._travel = time_machine.travel(start, tick=False)
        self._traveller: time_machine.Traveller | None = None
        """What moves the process's clock, while it is held."""
        self._stopped = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the process's clock at `now()`; at the end every sleeping thread gets ClockStopped."""
        self._stopped, self._traveller = False, self._travel.start()
        self._traveller.move_to(self._now)
        try:
            yield
        finally:
            self._stop()
            self._traveller = None
            self._travel.stop()

    def now(self) -> datetime:
        """Return the virtual instant, in the zone of `start` (UTC)."""
        return self._now

    def call_later(self, seconds: float, action: Callable[[], object], label: str = "") -> Timer:
        """Book an action `seconds` from now; it runs on the driving thread, in order of (due, booking)."""
        return self.call_at(self._now + timedelta(seconds=seconds), action, label)

    def call_at(self, at: datetime, action: Callable[[], object], label: str = "") -> Timer:
        """Book an action for an instant; one that has passed is due at once."""
        with self._changed:
            timer = self._agenda.book(max(at, self._now), action, label)
            self._changed.notify_all()
        return timer

    def spawn(self, work: Callable[[], None], label: str = "") -> Timer:
        """Run `work` on a busy thread of its own; it begins in its turn, once all that runs is at rest.

        What it raises is raised as by an action, so it reaches the one who drives.
        """
        return self.call_later(0, partial(self._start_thread, work, label), f"start {label}")

    def sleep(self, seconds: float, interrupted: threading.Event | None = None) -> bool:
        """Give up the thread's busy-ness for virtual `seconds` (`math.inf`: until interrupted).

        Returns True when the time has come, False when `interrupted` was set first. Where nobody drives, and
        in an action on the driving thread, the sleep itself drives. Raises ClockStopped when the AWS ends.
        """
        if self._stopped:
            raise ClockStopped
        if interrupted is not None and interrupted.is_set():
            return False
        if self._driver == threading.get_ident() or (self._driver is None and self.speed is None):
            return self._drive_through(seconds, interrupted or threading.Event())
        return self._lie_down(seconds, interrupted)

    def busy(self, begun: bool = False) -> AbstractContextManager[None]:
        """Keep the clock standing still; re-entrant per thread. `begun`: take over a `begin_work()`."""
        return self._workload.busy(begun)

    def begin_work(self) -> None:
        """Count work another thread will do: there `with busy(begun=True)`, or `end_work()` at its end."""
        self._workload.begin()

    def end_work(self) -> None:
        """Count one piece of work less."""
        self._workload.end()

    @roomy
    def advance(self, seconds: float) -> None:
        """Run all that is due in the next virtual `seconds`, then stand there; raises what actions raise."""
        end = self._now + timedelta(seconds=seconds)
        with self._driving():
            while self._step(end):
                pass
            self._move_to(end)

    @roomy
    def run_until(self, done: Callable[[], bool], limit: timedelta = LONGEST_RUN) -> bool:
        """Drive until `done()`, or nothing that is due within `limit` is left; returns `done()`."""
        end = self._now + limit
        with self._driving():
            self._wait_for_idle()
            while not done():
                if not self._step(end):
                    return done()
                self._wait_for_idle()
        return True

    @roomy
    def run_paced(self, stop: threading.Event) -> None:
        """Let virtual time pass at `speed` until `stop` is set; an action that raises is logged."""
        with self._driving():
            self._pace(stop.is_set)

    def forget(self) -> None:
        """Take back all that is booked; every sleeping thread gets ClockStopped."""
        with self._changed:
            self._agenda.clear()
            for sleeper in list(self._sleepers):
                sleeper.forgotten = True
                self._wake(sleeper, early=True)

    def _start_thread(self, work: Callable[[], None], label: str) -> None:
        self.begin_work()
        threading.Thread(target=self._work_on_clock, args=(work,), name=label, daemon=True).start()

    @roomy
    def _work_on_clock(self, work: Callable[[], None]) -> None:
        with self.busy(begun=True), suppress(ClockStopped):
            try:
                work()
            except Exception as error:
                self.call_later(0, partial(_raise, error), "raise what a thread raised")

    def _lie_down(self, seconds: float, interrupted: threading.Event | None) -> bool:
        sleeper, was_busy = Sleeper(interrupted), self._workload.is_own_thread_busy
        with self._changed:
            if seconds != math.inf:
                sleeper.alarm = self.call_later(seconds, partial(self._wake, sleeper), "wake a sleeper")
            self._sleepers[sleeper] = None
            if interrupted is not None and not isinstance(interrupted, Signal):
                self._asking[sleeper] = None
            elif interrupted is not None and interrupted.is_set():
                self._signals = -1  # set since it was asked above
            if was_busy:
                self.end_work()
        sleeper.turn.acquire()
        if not was_busy:
            self.end_work()
        if self._stopped or sleeper.forgotten:
            raise ClockStopped
        return not sleeper.woken_early

    def _wake(self, sleeper: Sleeper, early: bool = False) -> None:
        with self._changed:
            del self._sleepers[sleeper]
            self._asking.pop(sleeper, None)
            self.begin_work()  # for the sleeper: time must not pass before it has begun to run
            sleeper.woken_early = early
            if sleeper.alarm:
                sleeper.alarm.cancel()
            sleeper.turn.release()

    @roomy
    def _drive_through(self, seconds: float, interrupted: threading.Event) -> bool:
        end = None if seconds == math.inf else self._now + timedelta(seconds=seconds)

        def is_over() -> bool:
            return self._stopped or interrupted.is_set() or (end is not None and self._now >= end)

        with self._driving():
            if self.speed is not None:
                self._pace(is_over)
                return not interrupted.is_set()
            while not interrupted.is_set() and self._step(end):
                self._wait_for_idle()
            if end is not None and not interrupted.is_set():
                self._move_to(end)
        return not interrupted.is_set()

    @contextmanager
    def _driving(self) -> Iterator[None]:
        """Make this thread the driver; driving is no work, so it doesn't count as busy meanwhile."""
        with self._changed:
            outer, own = self._driver, threading.get_ident()
            if outer not in (None, own):
                raise RuntimeError("another thread drives this clock already")
            self._driver = own
        try:
            with self._workload.at_rest():
                yield
        finally:
            self._driver = outer

    def _step(self, end: datetime | None) -> bool:
        """Do the one thing whose turn it is, if it is due by `end`; returns whether there was one."""
        with self._changed:
            self._wait_for_idle()
            interrupted = self._interrupted()
            if interrupted:
                self._wake(interrupted, early=True)
                return True
            timer = self._agenda.take(end)
            if timer is None:
                return False
            self._move_to(timer.due)
        timer.perform(forgiving=self.speed is not None)
        return True

    def _interrupted(self) -> Sleeper | None:
        """Return the first sleeper that what it waits for has happened to."""
        sets = Signal.sets
        asked = self._asking if sets == self._signals else self._sleepers
        found = next((each for each in asked if each.is_interrupted()), None)
        if found is None:
            self._signals = sets
        return found

    def _wait_for_idle(self) -> None:
        self._workload.wait_for_idle(PATIENCE_SECONDS if self.speed is None else None)

    def _move_to(self, at: datetime) -> None:
        if at <= self._now:
            return
        passed, self._now = at - self._now, at
        if self._traveller:
            self._traveller.shift(passed)  # `move_to` would set the time zone anew, from files, at each step

    def _pace(self, done: Callable[[], bool]) -> None:
        """Pay out the virtual time that real time owes; what passes while a thread is busy is not owed."""
        if self.speed is None:
            raise ValueError("a clock without a speed is driven with advance() or run_until()")
        owed, last = timedelta(0), time.monotonic()
        while not done():
            was_idle, before, passed = self._workload.is_idle, self._now, time.monotonic() - last
            owed += timedelta(seconds=passed * self.speed if was_idle else 0)
            stepped = was_idle and self._step(before + owed)
            if was_idle and not stepped:
                self._move_to(before + owed)
            owed -= self._now - before
            last = time.monotonic()
            if not stepped:
                self._pause()

    def _pause(self) -> None:
        """Wait for the busy to come to rest, or else for a booking, but not long: time is to pass."""
        with self._changed:
            if self._workload.is_idle:
                self._changed.wait(TICK_SECONDS)
            else:
                self._changed.wait_for(lambda: self._workload.is_idle, TICK_SECONDS)

    def _stop(self) -> None:
        with self._changed:
            self._stopped = True
            self.forget()
            self._changed.wait_for(lambda: self._workload.is_idle, timeout=5)


def _raise(error: Exception) -> None:
    raise error
