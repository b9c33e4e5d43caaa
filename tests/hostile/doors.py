"""Every door by which values of others come in, one row each; tests/hostile/test_doors.py finds what has none."""

from __future__ import annotations

from tests.hostile import of_cli, of_events, of_policy, of_rows, of_words
from tests.hostile.knocking import Door, Tally, knock

DOORS: tuple[Door, ...] = (*of_events.DOORS, *of_policy.DOORS, *of_rows.DOORS, *of_words.DOORS, *of_cli.DOORS)


def knock_at(number: int, cases: int, seed: int) -> Tally:
    """Knock at one door, by its number in the table, so that a process can be told of it."""
    return knock(DOORS[number], cases, seed)
