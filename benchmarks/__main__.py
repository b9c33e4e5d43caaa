"""`python -m benchmarks`: measure, show, and with `--write` put the figures into docs/benchmarks.md.

`--check` measures one and ten drains only, and says whether the document still tells the truth of them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed

from rich.console import Console

from benchmarks import document, report
from benchmarks.figures import Figures, measure
from benchmarks.first_story import calls_by_kind

SMALL, LARGE = (1, 10), (100, 500)
HUGE = 2000
"""Takes half an hour of one core, and is measured where it is asked for by name."""
IN_A_FILE = 160
"""Columns of the tables where no terminal says how many there are."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 1 where a drain with its own waits went wrong or the document is stale, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/benchmarks.md")
    parser.add_argument("--check", action="store_true", help="compare one and ten drains with the document")
    parser.add_argument("--sizes", type=int, nargs="+", help="measure these sizes only")
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else IN_A_FILE)
    if options.check:
        stale = stale_parts()
        console.print(
            f"docs/benchmarks.md is stale: {', '.join(stale)}" if stale else "docs/benchmarks.md is right"
        )
        return 1 if stale else 0
    began = time.perf_counter()
    measured = _measured(console, options.sizes or (*SMALL, *LARGE))
    for side_by_side in measured.values():
        console.print(report.table(side_by_side))
    console.print(f"Measured in {time.perf_counter() - began:.0f} s.")
    if options.write:
        _write(measured)
    return 0 if ended_right(figures for each in measured.values() for figures in each) else 1


def ended_right(measured: Iterable[Figures]) -> bool:
    """Tell whether every drain with its own waits did; how a fixed poll ends is to compare with, and no failure."""
    return all(figures.is_right for figures in measured if figures.poll == report.OWN)


def schedules_of(size: int) -> list[report.Schedule]:
    """Return under which schedules a size is measured: all up to a hundred, one where each takes minutes."""
    return list(report.SCHEDULES) if size <= LARGE[0] else [report.USUAL]


def stale_parts() -> list[str]:
    """Measure what takes seconds, and name the parts of the document that say something else."""
    text = document.PATH.read_text(encoding="utf-8")
    small = {size: [measure(size, *schedule) for schedule in schedules_of(size)] for size in SMALL}
    return [name for name, content in _quick_parts(small) if document.part(text, name) != content]


def _quick_parts(measured: dict[int, list[Figures]]) -> Iterator[tuple[str, str]]:
    yield document.SMALL, _tables(measured, SMALL)
    yield document.CALLS, report.calls_markdown(*calls_by_kind())
    yield document.COSTS, report.prices_markdown()


def _write(measured: dict[int, list[Figures]]) -> None:
    """Put into the document what was measured; a part of which a size is missing stays as it is."""
    text = document.PATH.read_text(encoding="utf-8")
    parts = dict(_quick_parts(measured)) if measured.keys() >= set(SMALL) else {}
    for name, sizes in ((document.LARGE, LARGE), (document.HUGE, (HUGE,))):
        if measured.keys() >= set(sizes):
            parts[name] = _tables(measured, sizes)
    for name, content in parts.items():
        text = document.with_part(text, name, content)
    document.PATH.write_text(text, encoding="utf-8")


def _tables(measured: dict[int, list[Figures]], sizes: Iterable[int]) -> str:
    return "\n".join(report.markdown(measured[size]) for size in sizes)


def _measured(console: Console, sizes: Iterable[int]) -> dict[int, list[Figures]]:
    """Measure each size under each schedule, in as many processes as there are cores; the longest first."""
    jobs = sorted(((size, *schedule) for size in sizes for schedule in schedules_of(size)), reverse=True)
    found: dict[tuple[int, str, float], Figures] = {}
    workers = ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))
    with workers, console.status("measuring") as status:
        futures: dict[Future[Figures], tuple[int, str, float]] = {
            workers.submit(measure, *job): job for job in jobs
        }
        for done in as_completed(futures):
            size, poll, latency = futures[done]
            found[futures[done]] = done.result()
            left = len(jobs) - len(found)
            status.update(f"{report.title(size)}, {report.SCHEDULES[poll, latency]}: done; {left} to go")
    return {
        size: [found[size, *schedule] for schedule in schedules_of(size)]
        for size in sorted({job[0] for job in jobs})
    }


if __name__ == "__main__":
    sys.exit(main())
