"""`python -m tests.hostile --cases 10000`: knocks at every door so often, and says what came of it, a line a door.

Exit code 1 where anything was a traceback, was touched, or would be obeyed; `--door` picks doors by a part of their
names.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.hostile.doors import DOORS, knock_at
from tests.hostile.knocking import Tally

FAULTS_SHOWN = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Knock, and return the exit code."""
    asked = _parser().parse_args(arguments)
    doors = [number for number, door in enumerate(DOORS) if asked.door in door.name]
    print(f"{'door':<55} {'cases':>6} {'refused':>8} {'next value':>10} {'accepted':>8} {'faults':>6}")
    tallies = []
    # A process each: the embedded AWS takes the process's clock. The longest come first.
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        knocks = [pool.submit(knock_at, number, asked.cases, asked.seed) for number in reversed(doors)]
        for each in knocks:
            tallies.append(tally := each.result())
            print("\n".join(_lines(tally)), flush=True)
    _report(tallies, asked.report)
    return int(any(tally.faults for tally in tallies) or not tallies)


def _lines(tally: Tally) -> Iterator[str]:
    counts = f"{tally.cases:>6} {tally.refused:>8} {tally.passed_over:>10} {tally.accepted:>8} {len(tally.faults):>6}"
    yield f"{tally.door:<55} {counts}"
    yield from (f"    {fault}" for fault in tally.faults[:FAULTS_SHOWN])


def _report(tallies: Sequence[Tally], file: str | None) -> None:
    total = {
        "doors": len(tallies),
        "cases": sum(tally.cases for tally in tallies),
        "refused": sum(tally.refused for tally in tallies),
        "next_value": sum(tally.passed_over for tally in tallies),
        "accepted": sum(tally.accepted for tally in tallies),
        "tracebacks": sum(fault.startswith("traceback") for tally in tallies for fault in tally.faults),
        "faults": sum(len(tally.faults) for tally in tallies),
    }
    print(", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in total.items()))
    if file:
        Path(file).write_text(json.dumps(total, indent=1) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="at each door")
    parser.add_argument("--door", default="", help="a part of the names of the doors to knock at")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--report", help="a file for the sums, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
