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
from pathlib import Path

from rich.console import Console

from proof import report
from proof.trials import Plan, Result, Trial, judged_in_turn, outages_of, plan, scenarios

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "proof" / "results.jsonl"
IN_FULL = ("three-service-tasks",)
"""Met by every fault: a run of it takes the least time."""
OUTAGES = ("three-service-tasks", "standalone-task-stopped-after-a-while", "a-drain-budget")
"""Met by every outage: an ordinary drain, one that stops tasks and records heartbeats, and two that share a lease."""
SAMPLE = 40
"""Of every other scenario, so many of its trials, drawn with the seed."""
CHUNK = 12
"""Trials of one scenario that a process runs at a stretch: it builds the scenario's world once for them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the options ask for; returns 1 where an invariant broke that must hold."""
    options, console, began = _options(arguments), Console(), time.perf_counter()
    with ProcessPoolExecutor(options.workers, multiprocessing.get_context("spawn")) as pool:
        plans = list(pool.map(plan, options.scenarios or scenarios()))
        results = []
        for result in _run(plans, options, pool, console):
            results.append(result)
            if result.broken and not result.expected:
                console.print(result.key, *result.broken, sep="\n    ", soft_wrap=True, markup=False)
    console.print(report.text(results))
    console.print(f"Run in {time.perf_counter() - began:.0f} s.")
    if options.write:
        report.write(results, plans, scope(options.sample, options.seed))
    return 1 if any(each.broken and not each.expected for each in results) else 0


def scope(sample: int, seed: int) -> str:
    """Say how much is run."""
    full, others = ", ".join(f"`{name}`" for name in IN_FULL), f"{sample} trials each, drawn with seed {seed}"
    outages = ", ".join(f"`{name}`" for name in OUTAGES)
    said = f"In full: {full}. Of every other scenario: {others if sample else 'all as well'}."
    return f"{said} Outages: {outages}."


def chosen(every: Plan, sample: int, seed: int) -> list[Trial]:
    """Return the trials of a scenario that are run: all of them where it is met in full, else a sample; 0 is all."""
    drawn = random.Random(f"{seed} {every.scenario}")  # noqa: S311  # the same sample in every run, no secret
    is_sampled = sample and every.scenario not in IN_FULL
    size = min(sample, len(every.trials)) if is_sampled else len(every.trials)
    outages = outages_of(every.scenario) if every.scenario in OUTAGES else []
    return [*drawn.sample(every.trials, size), *outages]


def _run(
    plans: Iterable[Plan], options: argparse.Namespace, pool: ProcessPoolExecutor, console: Console
) -> Iterator[Result]:
    """Yield the result of every trial that is asked for: kept ones first, then those that are run now."""
    kept, futures, left = dict(_kept()), [], 0
    for each in plans:
        trials = chosen(each, options.sample, options.seed)
        yield from (kept[trial.key] for trial in trials if trial.key in kept)
        new = [trial for trial in trials if trial.key not in kept]
        left += len(new)
        chunks = [new[start : start + CHUNK] for start in range(0, len(new), CHUNK)]
        futures += [pool.submit(judged_in_turn, chunk, each.clean) for chunk in chunks]
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with KEPT.open("a", encoding="utf-8") as file, console.status("proving") as status:
        for future in as_completed(futures):
            file.writelines(f"{json.dumps(result.as_json())}\n" for result in future.result())
            file.flush()
            yield from future.result()
            left -= len(future.result())
            status.update(f"{left} trials to go")


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
    parser.add_argument("--afresh", action="store_true", help="forget what was run before")
    parser.add_argument("--write", action="store_true", help="write docs/proof.md")
    options = parser.parse_args(arguments)
    if options.afresh:
        KEPT.unlink(missing_ok=True)
    known = scenarios()
    if wrong := sorted(set(options.scenarios or ()) - set(known)):
        parser.error(f"--scenarios: `{wrong[0]}` is not crossed with faults: expected of {', '.join(known)}")
    if options.write and options.scenarios:
        parser.error("--write: the page is about every scenario: leave --scenarios out")
    return options


if __name__ == "__main__":
    sys.exit(main())
