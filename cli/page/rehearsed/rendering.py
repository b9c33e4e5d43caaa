"""Puts a rehearsal's page together: the variants below each other, each with its picture, its tables and a slider."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment

from chalicelib.common.duration import in_short
from chalicelib.common.model import stamp
from chalicelib.explain.words import count, spell
from cli.page.rehearsed.fleet import WORDS, Fleet, fleet, point_told, urgent_first
from cli.page.rendering import environment, read_shared
from rehearsal.result import Answer, Blocked, ExitCode, Lasts, Rehearsal

ROWS_AT_MOST = 1_000
"""Of any table or list: the JSON has all."""
SIGNS = {ExitCode.FINE: ("good", "✓"), ExitCode.STUCK: ("bad", "!"), ExitCode.KILLED: ("bad", "✕")}


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant as the page shows it."""

    number: int
    rehearsed: Rehearsal
    fleet: Fleet
    colour: str
    sign: str
    lasts: str
    facts: tuple[tuple[str, str], ...]
    blockers: tuple[Blocked, ...]


@cache
def _environment() -> Environment:
    return environment()


@cache
def sheet() -> str:
    """Return the style of a rehearsal's page."""
    return read_shared("page.css") + read_shared("rehearsal.css")


def render(answer: Answer) -> str:
    """Return the page of a rehearsal, whole in itself."""
    page = _environment().get_template("rehearsal.html.j2")
    return page.render(**shown(answer), css=sheet(), script=read_shared("rehearsal.js"))


def shown(answer: Answer) -> dict[str, object]:
    """Return what the templates of a rehearsal show of it."""
    return {
        "answer": answer,
        "variants": [_variant(number, each) for number, each in enumerate(answer.variants)],
        "words": WORDS,
        "point_told": point_told,
        "short": in_short,
        "count": count,
        "rows_at_most": ROWS_AT_MOST,
    }


def _variant(number: int, rehearsed: Rehearsal) -> Variant:
    colour, sign = SIGNS.get(ExitCode(rehearsed.exit_code), ("bad", "!"))
    return Variant(
        number,
        rehearsed,
        fleet(rehearsed),
        colour,
        sign,
        lasts_told(rehearsed.lasts),
        tuple(_facts(rehearsed)),
        urgent_first(rehearsed.blockers),
    )


def lasts_told(lasts: Lasts) -> str:
    """Return how long it takes, with the range where there is one."""
    usual = spell(lasts.expected)
    if lasts.least == lasts.most:
        return usual
    return f"{usual} ({spell(lasts.least)} to {spell(lasts.most)} in {lasts.runs} runs)"


def _facts(rehearsed: Rehearsal) -> list[tuple[str, str]]:
    """Return what the summary tells, as pairs."""
    cost, effort = rehearsed.cost, rehearsed.effort
    lasted = rehearsed.ended_at - rehearsed.began_at
    stuck = sum(not each.resolves_itself and each.cleared_at is None for each in rehearsed.blockers)
    return [
        ("Takes", lasts_told(rehearsed.lasts)),
        ("Drains", count(len(rehearsed.drains), "drain")),
        ("Killed", count(len(rehearsed.killed), "task")),
        ("Stuck to the end", count(stuck, "blocker")),
        ("Below their minimum", count(sum(bool(each.below) for each in rehearsed.services), "service")),
        (
            "Cost at list price",
            f"${cost.dollars:.5f}, {count(cost.transitions, 'transition')}, {count(cost.calls, 'API call')}",
        ),
        (
            "Rehearsed",
            f"{spell(lasted)} from {stamp(rehearsed.began_at)}, in {effort.wall_seconds:.1f} s; seed {rehearsed.seed}",
        ),
    ]
