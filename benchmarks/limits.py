"""`python -m benchmarks.limits`: how large it may get, measured; with `--write` into docs/limits.md, or `--check` it.

Every row is counted from the code as it is, in seconds. `--crowd` drains the largest besides, to their end on the
embedded AWS, and with `--write` puts what was measured into the document too: one core takes some minutes for that.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks.crowd import Drained, drain_crowd
from benchmarks.large import drain_a_fleet_in_a_wide_cluster, drain_in_a_wide_cluster, drain_unnamed
from benchmarks.sizes import LARGEST_STATE, Crowd, a_fleet, largest_state
from benchmarks.wide import EACH
from chalicelib.common.errors import InvalidRequest
from chalicelib.fleet.plan import MOST_BYTES, refuse_too_large
from chalicelib.fleet.request import MOST_INSTANCES
from chalicelib.gateways.stop import AT_ONCE
from chalicelib.look.memory import MOST_REMEMBERED
from chalicelib.look.pace import LOOKS_AFTER_THAT, LOOKS_AT_ANY_PACE
from chalicelib.plan.findings import MANY_CLUSTERS
from chalicelib.policy.resolve import MOST_LOOKS
from chalicelib.policy.values import PollSchedule

PATH = Path(__file__).parent.parent / "docs" / "limits.md"
START, END = "<!-- limits -->\n", "<!-- end of limits -->"
DRAINED, END_OF_DRAINED = "<!-- drained -->\n", "<!-- end of drained -->"
LARGEST_HISTORY = 25_000
EVENTS_A_LOOK = 12
"""Of a look with its wait for events: 5 of a Task, twice, and 2 of a Choice."""
EVENTS_A_POLL = 9
MOST_HEARTBEATS = 200
PAGE, READS_A_SECOND, READS_AT_ONCE = 100, 20, 100
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"""
WIDE = 5_000
CLUSTERS, DRAINS_AT_ONCE, FLEET = 300, 20, 10
EVENTS_A_HEARTBEAT = 7


@dataclass(frozen=True)
class Row:
    """One case: what bounds it, what was measured, and how it ends."""

    case: str
    limit: str
    measured: str
    ends: str


def rows() -> list[Row]:
    """Return every row that takes no drain to measure."""
    return [*_of_tasks(), *_of_fleets(), *_of_histories(), *_of_clusters()]


def _of_tasks() -> Iterator[Row]:
    state = f"{LARGEST_STATE:,} bytes of a state"
    for number, ends in (
        (1_000, "drained; each is waited for by events"),
        (MOST_REMEMBERED, "drained; ECS is asked for them, and the summary says so"),
        (5_000, f"drained; {MOST_REMEMBERED:,} are followed at a time, and the summary says so"),
    ):
        yield Row(f"an instance with {number:,} tasks", state, _bytes(Crowd(number, "web")), ends)
    longest = Crowd(1_000, "c" * 255)
    yield Row(
        "1,000 tasks of a cluster with a name of 255 characters",
        state,
        _bytes(longest),
        "drained; ECS is asked for them, and the summary says so",
    )
    stopped = Crowd(MOST_REMEMBERED, "web", stops=True)
    yield Row(
        f"{MOST_REMEMBERED:,} standalone tasks that the policy stops",
        state,
        _bytes(stopped),
        f"stopped {AT_ONCE} a try, then drained",
    )


def _bytes(crowd: Crowd) -> str:
    size = largest_state(crowd)
    return f"{size:,} bytes at most"


def _of_fleets() -> Iterator[Row]:
    room = f"{MOST_BYTES:,} bytes of a state"
    whole = len(json.dumps(a_fleet(MOST_INSTANCES, "web").to_state()))
    yield Row(f"a fleet of {MOST_INSTANCES} instances", room, f"{whole:,} bytes", "it is drained")
    yield Row(f"{MOST_INSTANCES} instances of a cluster with a name of 255 characters", room, *_refused())


def _refused() -> tuple[str, str]:
    planned = a_fleet(MOST_INSTANCES, "c" * 255)
    size = len(json.dumps(planned.to_state()))
    try:
        refuse_too_large(planned)
    except InvalidRequest as refusal:
        return f"{size:,} bytes", f"refused: *{refusal}*"
    return f"{size:,} bytes", "it is drained"


def _of_histories() -> Iterator[Row]:
    events = f"{LARGEST_HISTORY:,} events of a history"
    most = (
        LOOKS_AT_ANY_PACE * EVENTS_A_LOOK
        + LOOKS_AFTER_THAT * EVENTS_A_POLL
        + MOST_HEARTBEATS * EVENTS_A_HEARTBEAT
    )
    yield Row(
        "48 hours in which events ask for looks without end",
        events,
        f"{most:,} events at most",
        f"after {LOOKS_AT_ANY_PACE:,} looks at even intervals until the deadline",
    )
    yield Row(
        "a `poll` too short for its deadline, such as 15 s for 48 h",
        f"{MOST_LOOKS:,} looks",
        f"{_fixed(15).looks_within(timedelta(hours=48)):,} looks",
        "refused by name; the next lower value counts, and the notice says so",
    )


def _fixed(seconds: int) -> PollSchedule:
    return PollSchedule(*[timedelta(seconds=seconds)] * 3)


def _of_clusters() -> Iterator[Row]:
    """Count reads by pages, which `--crowd` compares with drains; the arithmetic on them is timed by a test."""
    quota = f"{READS_A_SECOND} ECS reads a second, {READS_AT_ONCE} at once"
    instances, tasks = 2 * -(-WIDE // PAGE), 2 * -(-WIDE * EACH // PAGE)
    for case, reads, ends in (
        (
            "an account with 300 clusters, of which nobody names one",
            300,
            f"drained; above {MANY_CLUSTERS} clusters told",
        ),
        (f"a cluster of {WIDE:,} container instances, explained", instances, "explained"),
        (f"a fleet in a cluster of {WIDE:,} with {WIDE * EACH:,} tasks", instances + tasks, "planned"),
    ):
        seconds = max(0, reads - READS_AT_ONCE) / READS_A_SECOND
        yield Row(case, quota, f"{reads} reads: {seconds:.0f} s where nobody else reads", ends)


def drains() -> Iterator[tuple[str, Callable[[], Drained]]]:
    """Yield what is drained to its end, each with how."""
    unnamed = f"{CLUSTERS} clusters of which nobody names one"
    yield "1,000 tasks of a service on one instance", partial(drain_crowd, 1_000)
    yield "1,000 standalone tasks, which the policy stops", partial(drain_crowd, 1_000, standalone=True)
    yield f"an instance among {unnamed}", partial(drain_unnamed, CLUSTERS)
    yield f"{DRAINS_AT_ONCE} at once among {unnamed}", partial(drain_unnamed, CLUSTERS, DRAINS_AT_ONCE)
    stuck = f"an instance in a cluster of {WIDE:,}, without room for 20 minutes"
    yield stuck, partial(drain_in_a_wide_cluster, WIDE)
    fleet = f"a fleet of {FLEET} in a cluster of {WIDE:,} with {WIDE * EACH:,} tasks"
    yield fleet, partial(drain_a_fleet_in_a_wide_cluster, WIDE, FLEET)


def drained_row(case: str, came: Drained) -> str:
    """Return the row, in Markdown, of what was drained."""
    outcomes = ", ".join(f"{times} {name}" for name, times in Counter(came.outcomes).items())
    cells = (
        case,
        f"{outcomes}, {came.tasks_killed} tasks killed",
        f"{max(came.seconds):.0f} s",
        came.looks,
        came.explanations,
        f"{came.reads:,}",
        f"{came.throttled:,}",
        f"{came.stops:,}",
        f"{came.events // len(came.outcomes):,}",
        f"{came.largest_payload:,}",
    )
    return f"| {' | '.join(map(str, cells))} |\n"


COLUMNS = (
    "case",
    "ended",
    "the longest took",
    "looks",
    "explanations",
    "ECS reads",
    "throttled",
    "StopTask",
    "events a drain",
    "largest payload, bytes",
)


def table_of_drained() -> str:
    """Drain all of them, and return what came of it as Markdown."""
    head = f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}\n"
    return head + "".join(drained_row(case, drained()) for case, drained in drains())


def table(measured: list[Row]) -> str:
    """Return the rows as Markdown."""
    lines = ["| case | limit | measured | how it ends |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.case} | {row.limit} | {row.measured} | {row.ends} |" for row in measured]
    return "\n".join(lines) + "\n"


def document(text: str, measured: list[Row]) -> str:
    """Return the document with these rows between its markers."""
    return _between(text, START, table(measured), END)


def _between(text: str, start: str, content: str, end: str) -> str:
    head, _, rest = text.partition(start)
    return f"{head}{start}{content}{end}{rest.partition(end)[2]}"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 1 where the document is stale, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the rows into docs/limits.md")
    parser.add_argument("--check", action="store_true", help="say whether docs/limits.md is right")
    parser.add_argument("--crowd", action="store_true", help="drain the largest to their end besides")
    options = parser.parse_args(arguments)
    text, measured = PATH.read_text(encoding="utf-8"), rows()
    if options.check:
        is_right = document(text, measured) == text
        print(f"docs/limits.md is {'right' if is_right else 'stale: python -m benchmarks.limits --write'}")
        return 0 if is_right else 1
    came = table_of_drained() if options.crowd else ""
    if options.write:
        text = document(text, measured)
        PATH.write_text(_between(text, DRAINED, came, END_OF_DRAINED) if came else text, encoding="utf-8")
    print(table(measured), came, sep="\n" if came else "", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
