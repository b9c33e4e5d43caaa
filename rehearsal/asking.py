"""Puts an answer together: each variant at each pace of start-ups, in processes of their own, on as many cores."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.util import Finalize
from statistics import median

from rehearsal.result import Answer, Past, Rehearsal
from rehearsal.running import Wanted, rehearse
from rehearsal.scenarios import Scenario, check
from rehearsal.snapshot import Snapshot
from rehearsal.timings import PACES, Seconds, boot_seconds_of, drawn, seconds_between, timings_of
from rehearsal.unknown import not_rehearsed
from rehearsal.variants import Variant

LAST = -1_000
"""The priority of a finalizer that runs after those of multiprocessing, which flush what was sent."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a snapshot."""

    snapshot: Snapshot
    scenario: Scenario
    variants: list[Variant]
    seed: int = 1
    given: dict[str, Seconds] = field(default_factory=dict)
    has_range: bool = True
    """Whether the shortest and the longest start-ups are rehearsed as well."""
    draws: int = 0
    """How many more are rehearsed, at start-ups that `seed` draws between the two."""


def answer(asked: Asked, tell: Callable[[int, int, Rehearsal], object] = lambda *_: None) -> Answer:
    """Rehearse it all; `tell` hears how many of how many rehearsals are done, and of the last. Raises InvalidInput."""
    wanted = _wanted(asked)
    for each in wanted:
        check(each.scenario, each.snapshot)
    came = _all(wanted, tell)
    variants = []
    for variant in asked.variants:
        runs = {
            each.pace: found for each, found in zip(wanted, came, strict=True) if each.variant == variant.name
        }
        variants.append(_with_past(_ranged(runs), asked.snapshot))
    return Answer(
        cluster=asked.snapshot.cluster,
        snapshot_at=asked.snapshot.taken_at.replace(microsecond=0),
        is_anonymised=asked.snapshot.document["is_anonymised"],
        scenario=asked.scenario.words,
        variants=tuple(variants),
        not_rehearsed=not_rehearsed(asked.snapshot),
    )


def _wanted(asked: Asked) -> list[Wanted]:
    paces = [*PACES, *drawn(asked.seed, asked.draws)] if asked.has_range and _varies(asked) else PACES[:1]
    return [
        Wanted(variant.snapshot, asked.scenario, variant.name, pace, asked.seed, asked.given)
        for variant in asked.variants
        for pace in paces
    ]


def _varies(asked: Asked) -> bool:
    """Whether any start or stop may take longer or shorter: else one rehearsal says it all."""
    of_tasks = [
        known
        for each in timings_of(asked.snapshot, asked.given).values()
        if not each.is_scripted
        for known in (each.running, each.healthy, each.stopping)
    ]
    of_instances = [boot_seconds_of(asked.snapshot, group) for group in asked.snapshot.groups]
    return any(known is not None and known.least < known.most for known in (*of_tasks, *of_instances))


def _all(wanted: list[Wanted], tell: Callable[[int, int, Rehearsal], object]) -> list[Rehearsal]:
    """Run each rehearsal in a fresh process: one embedded AWS stands a process's clock still."""
    found: dict[int, Rehearsal] = {}
    workers = min(len(wanted), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, get_context("spawn"), leave_at_once) as pool:
        running = {pool.submit(rehearse, each): number for number, each in enumerate(wanted)}
        for done in as_completed(running):
            found[running[done]] = done.result()
            tell(len(found), len(wanted), found[running[done]])
    return [found[number] for number in range(len(wanted))]


def leave_at_once() -> None:
    """Let this process end without taking down what it holds, object by object: a second for each 20 instances.

    It is a worker's last act, when its answers have been sent; nothing is open that would have to be closed.
    """
    Finalize(None, os._exit, args=(0,), exitpriority=LAST)


def _ranged(runs: dict[str, Rehearsal]) -> Rehearsal:
    """Return the usual rehearsal, with the range of how long all lasted, and the worst end of all."""
    usual, lasted = runs["usual"], [each.lasts.expected for each in runs.values()]
    lasts = replace(usual.lasts, least=min(lasted), most=max(lasted), runs=len(runs))
    worst = max(runs.values(), key=lambda each: each.exit_code)
    if worst.exit_code == usual.exit_code:
        return replace(usual, lasts=lasts)
    verdict = f"{usual.verdict} With other start-ups: {worst.verdict}"
    return replace(usual, lasts=lasts, exit_code=worst.exit_code, verdict=verdict)


def _with_past(rehearsal: Rehearsal, snapshot: Snapshot) -> Rehearsal:
    """Add how long past drains took that moved tasks of the same services."""
    took = [end.took.total_seconds() for end in rehearsal.drains if end.took and end.outcome == "drained"]
    moved = {event.service for event in rehearsal.events if event.service and event.kind == "task"}
    past = [
        each
        for each in snapshot.document["past"]
        if moved & set(each["services"]) and each["status"] == "drained"
    ]
    if not took or not past:
        return rehearsal
    lasted = [seconds_between(each["started_at"], each["ended_at"]) for each in past]
    services = sorted(moved & {name for each in past for name in each["services"]})
    compared = Past(tuple(services), len(past), _duration(median(lasted)), _duration(median(took)))
    return replace(rehearsal, past=(compared,))


def _duration(seconds: float) -> timedelta:
    return timedelta(seconds=round(seconds))
