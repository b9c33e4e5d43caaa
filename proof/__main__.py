"""`make proof`: faults at every call, faults of events, outages; prints a table, and `--write`s docs/proof.md.

Results are kept in build/proof as they come, so that a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import groupby
from shutil import rmtree

from rich.console import Console

from proof import report
from proof.outages import SCENARIOS as OUTAGES
from proof.trials import FOLDER, Plan, Result, Trial, judged_in_turn, kept_plan, outages_of, scenarios

KEPT = FOLDER / "results.jsonl"
IN_FULL = ("three-service-tasks",)
"""Met by every fault: a run of it takes the least time."""
SAMPLE = 20
"""Of every other scenario, so many of its trials, drawn with the seed, beside the first of each kind."""
CHUNK = 12
"""Trials of one scenario that a process runs at a stretch: it builds the scenario's world once for them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the options ask for; returns 1 where an invariant broke that must hold."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    options, console, began = _options(arguments), Console(), time.perf_counter()
    with ProcessPoolExecutor(options.workers, multiprocessing.get_context("spawn")) as pool:
        plans = list(pool.map(kept_plan, options.scenarios or scenarios()))
        results = []
        for result in _run(plans, options, pool, console):
            results.append(result)
            if result.broken and not result.expected:
                console.print(result.key, *result.broken, sep="\n    ", soft_wrap=True, markup=False)
    console.print(report.text(results))
    console.print(f"Run in {time.perf_counter() - began:.0f} s.")
    if options.write:
        meant = len(chosen(plans, options.sample, options.seed))
        run = f"{len(results)} of its {meant} trials were run; every trial of every scenario makes {_all(plans)}."
        report.write(results, plans, f"{scope(options.sample, options.seed)} {run}")
    return 1 if any(each.broken and not each.expected for each in results) else 0


def _all(plans: Iterable[Plan]) -> int:
    return sum(len(each.trials) for each in plans)


def scope(sample: int, seed: int) -> str:
    """Say how much is run."""
    full = ", ".join(f"`{name}`" for name in IN_FULL)
    others = "every trial as well"
    if sample:
        others = (
            "each call and each event that none before it has, with every fault once, and "
            f"{sample} more trial{'s' * (sample > 1)}, drawn with seed {seed}"
        )
    return f"In full: {full}. Of every other scenario: {others}. Outages: the {len(OUTAGES)} scenarios below."


def chosen(plans: Sequence[Plan], sample: int, seed: int) -> list[Trial]:
    """Return the trials that are run, in the order in which they are worth it.

    All of the scenarios in full; then whatever fails in a way that none before it does; the outages; then of each other
    scenario a sample. 0 is every trial.
    """
    full = [trial for each in plans if each.scenario in IN_FULL for trial in each.trials]
    others = [each for each in plans if each.scenario not in IN_FULL]
    rest = [trial for each in others for trial in each.trials]
    known = {trial.essence for trial in full}
    new: dict[tuple[str, str], Trial] = {}
    for trial in rest:
        if trial.essence not in known:
            new.setdefault(trial.essence, trial)
    outages = [trial for each in plans if each.scenario in OUTAGES for trial in outages_of(each.scenario)]
    drawn = [trial for each in others for trial in _drawn(each, sample, seed)]
    return list(dict.fromkeys([*full, *new.values(), *outages, *(drawn if sample else rest)]))


def _drawn(every: Plan, sample: int, seed: int) -> list[Trial]:
    """Draw trials of a scenario; a larger sample begins with the smaller one, so that it goes on from its results."""
    draws = random.Random(f"{seed} {every.scenario}")  # noqa: S311  # the same sample in every run, no secret
    return draws.sample(every.trials, len(every.trials))[:sample]


def _run(
    plans: Sequence[Plan], options: argparse.Namespace, pool: ProcessPoolExecutor, console: Console
) -> Iterator[Result]:
    """Yield the result of every trial that is asked for: kept ones first, then those that are run now."""
    kept = dict(_kept())
    trials = chosen(plans, options.sample, options.seed)
    yield from (kept[trial.key] for trial in trials if trial.key in kept)
    left = [trial for trial in trials if trial.key not in kept and not options.kept]
    came = {each.scenario: each.clean for each in plans}
    futures = [pool.submit(judged_in_turn, chunk, came[chunk[0].scenario]) for chunk in _chunks(left)]
    with KEPT.open("a", encoding="utf-8") as file, console.status("proving") as status:
        for future in as_completed(futures):
            file.writelines(f"{json.dumps(result.as_json())}\n" for result in future.result())
            file.flush()
            yield from future.result()
            left = left[len(future.result()) :]
            status.update(f"{len(left)} trials to go")


def _chunks(trials: Iterable[Trial]) -> Iterator[list[Trial]]:
    """Yield trials of one scenario that follow each other, a handful at a time."""
    for _, run in groupby(trials, key=lambda trial: trial.scenario):
        several = list(run)
        yield from (several[start : start + CHUNK] for start in range(0, len(several), CHUNK))


def _kept() -> Iterator[tuple[str, Result]]:
    if KEPT.exists():
        for line in KEPT.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            yield said["key"], Result(**{**said, "broken": tuple(said["broken"])})


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m proof", description=__doc__)
    parser.add_argument("--scenarios", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="trials of each other scenario; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--kept", action="store_true", help="run nothing: tell what earlier runs kept")
    parser.add_argument("--afresh", action="store_true", help="forget what was run before")
    parser.add_argument("--write", action="store_true", help="write docs/proof.md")
    options = parser.parse_args(arguments)
    if options.afresh:
        rmtree(FOLDER)
        FOLDER.mkdir()
    known = scenarios()
    if wrong := sorted(set(options.scenarios or ()) - set(known)):
        parser.error(f"--scenarios: `{wrong[0]}` is not crossed with faults: expected of {', '.join(known)}")
    if options.write and options.scenarios:
        parser.error("--write: the page is about every scenario: leave --scenarios out")
    return options


if __name__ == "__main__":
    sys.exit(main())
