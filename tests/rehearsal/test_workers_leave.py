"""A worker's answer arrives whole, and the worker is gone as soon as it has been sent."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from rehearsal.asking import leave_at_once

LONG = 5_000_000
"""Bytes: more than a pipe holds, so that an end that comes too early would cut them off."""


def long_answer(number: int) -> tuple[int, bytes]:
    """Return the process's id with something long."""
    return os.getpid(), bytes([number]) * LONG


def test_answers_arrive_whole_from_workers_that_leave_at_once() -> None:
    """Each of several, from two processes of their own; none is left behind."""
    with ProcessPoolExecutor(2, get_context("spawn"), leave_at_once) as pool:
        answers = list(pool.map(long_answer, range(6)))
        workers = list(pool._processes.values())
    assert [answer for _, answer in answers] == [bytes([number]) * LONG for number in range(6)]
    assert os.getpid() not in {process for process, _ in answers}
    assert [worker.exitcode for worker in workers] == [0] * len(workers)
