"""A rehearsal as a page: whole, safe, and the same for those who don't see it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.exit_codes import ExitCode
from cli.main import app
from cli.page.rehearsed import render
from cli.page.rehearsed.files import read_answer, rehearsals_in
from cli.page.rehearsed.fleet import fleet, in_order
from cli.page.rehearsed.rendering import ROWS_AT_MOST, lasts_told
from cli.page.rendering import digest
from cli.problems import Halt
from rehearsal.result import Answer, Event, EventKind, Lane, Lasts, Point, ServiceSeries, read
from tests.page.samples import NASTY
from tests.page.test_page import Outline
from tests.rehearsal.an_answer import BEGAN_AT, COMES, GOES, STAYS, after

FILE = Path(__file__).parents[1] / "rehearsal" / "answer.json"


@pytest.fixture
def answer() -> Answer:
    return read(FILE.read_text(encoding="utf-8"))


def with_first(answer: Answer, **changed: Any) -> Answer:
    """Return the answer with something else in its first variant."""
    first, *others = answer.variants
    return replace(answer, variants=(replace(first, **changed), *others))


def test_it_asks_nobody_for_anything_and_runs_its_own_script_alone(answer: Answer) -> None:
    page = render(answer)
    outline = Outline(page)
    assert outline.loads == []
    assert all(link.startswith("#") for link in outline.links)
    assert len(outline.ids) == len(set(outline.ids))
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)
    (script,) = re.findall("<script>(.*?)</script>", page, flags=re.DOTALL)
    (sheet,) = re.findall("<style>(.*?)</style>", page, flags=re.DOTALL)
    (policy,) = re.findall('Content-Security-Policy" content="([^"]+)"', page)
    assert policy == f"default-src 'none'; style-src {digest(sheet)}; script-src {digest(script)}"
    assert not re.search(r"\sstyle=|\son[a-z]+=|url\((?!#)|@import", page)


def test_what_comes_from_outside_is_only_ever_text(answer: Answer) -> None:
    blocker = replace(
        answer.variants[0].blockers[0], subject=NASTY, reason=NASTY, remedy=NASTY, headline=NASTY
    )
    event = Event(BEGAN_AT, EventKind.TASK, NASTY)
    nasty = with_first(answer, verdict=NASTY, blockers=(blocker,), events=(event,))
    page = render(replace(nasty, cluster=NASTY, scenario=NASTY, not_rehearsed=(NASTY,)))
    Outline(page)
    assert page.count("<script") == 1
    assert "&lt;script&gt;" in page


def test_lanes_are_those_that_are_drained_first_then_those_that_stay_then_the_new_ones(
    answer: Answer,
) -> None:
    assert [lane.instance for lane in in_order(answer.variants[0].lanes)] == [GOES, STAYS, COMES]


def test_a_lane_says_in_words_what_its_colours_say(answer: Answer) -> None:
    first = fleet(answer.variants[0]).lanes[0]
    assert first.told == (
        "from 0s to go, not DRAINING yet; from 6s DRAINING: 1 task of legacy; from 10m stuck: 1 task of legacy; "
        "from 1h drained, let go; from 1h1m terminated"
    )
    assert [(bar.begins, bar.ends, bar.kind) for bar in first.bars[1:3]] == [
        (6, 600, "draining"),
        (600, 3600, "stuck"),
    ]
    (sign,) = first.signs
    assert (round(sign.x), sign.number, sign.is_calm) == (143, 0, False), "10 of 70 minutes"


def test_blockers_that_begin_together_have_one_mark_of_the_most_urgent(answer: Answer) -> None:
    first = answer.variants[0]
    (held,) = first.blockers
    calm = replace(held, resolves_itself=True, subject="service web")
    later = replace(calm, first_seen_at=after(30))
    drawn = fleet(replace(first, blockers=(calm, held, later)))
    assert [(sign.number, sign.is_calm, sign.told) for sign in drawn.lanes[0].signs] == [
        (0, False, f"{held.headline}: service legacy, and 1 blocker more"),
        (2, True, f"{held.headline}: service web"),
    ]


def test_a_service_says_for_how_long_it_is_below_its_minimum(answer: Answer) -> None:
    web, legacy = fleet(answer.variants[0]).curves
    assert web.told == "web: never below its minimum (minimum 2, maximum 4)"
    assert legacy.told == (
        "legacy: 1 time below its minimum for 1m in all, 0 healthy at the worst, at 1h1m (minimum 1, maximum 1)"
    )
    assert [(bar.begins, bar.ends, bar.kind) for bar in legacy.steps] == [
        (0, 3660, "fine"),
        (3660, 3720, "below"),
        (3720, 4200, "fine"),
    ]


def test_every_lane_touches_the_next_and_none_leaves_the_picture(answer: Answer) -> None:
    for variant in answer.variants:
        drawn = fleet(variant)
        for lane in drawn.lanes:
            assert all(0 <= bar.x <= 1000 and 0 < bar.width <= 1000 for bar in lane.bars)
            assert all(one.ends == other.begins for one, other in zip(lane.bars, lane.bars[1:], strict=False))
        assert all(0 <= moment <= drawn.seconds for moment in drawn.moments)


def test_nothing_is_lost_on_those_who_read_tables(answer: Answer) -> None:
    page = render(answer)
    for lane in answer.variants[0].lanes:
        assert page.count(f'<th scope="row">{lane.instance}</th>') >= len(lane.spans)
    assert "0 healthy of 1 desired (minimum 1), 0 running, 1 pending" in page
    for blocker in answer.variants[0].blockers:
        assert blocker.remedy in page


def test_a_large_fleet_makes_a_page_that_a_browser_opens(answer: Answer) -> None:
    spans = answer.variants[0].lanes[0].spans
    lanes = tuple(Lane(f"i-{number:017x}", "eu-west-1a", False, spans * 10) for number in range(300))
    points = tuple(Point(after(minute / 60), 3, 3, 0, 3) for minute in range(2_000))
    services = (ServiceSeries("web", False, 2, 4, points),)
    page = render(with_first(answer, lanes=lanes, services=services))
    assert len(page) < 8_000_000
    assert f"And {300 * 10 * len(spans) - ROWS_AT_MOST} more, in the JSON." in page


def test_how_long_it_takes_has_a_range_where_runs_were_drawn() -> None:
    five, four, nine = (timedelta(minutes=each) for each in (5, 4, 9))
    assert lasts_told(Lasts(five, four, nine, runs=20)) == "5 min (4 min to 9 min in 20 runs)"
    assert lasts_told(Lasts(five, five, five, runs=1)) == "5 min"


def test_the_command_writes_it_and_says_what_is_no_answer(tmp_path: Path) -> None:
    def run(*given: str | Path) -> tuple[int, str]:
        ran = CliRunner().invoke(app, ["rehearsal-page", *map(str, given)], prog_name="ecs-drainer")
        return ran.exit_code, ran.output

    page = tmp_path / "page.html"
    code, said = run(FILE, "--html", page)
    assert (code, "it works offline" in said) == (ExitCode.OK, True)
    assert "<!doctype html>" in page.read_text(encoding="utf-8")
    bad = tmp_path / "bad.json"
    for text in (
        "{",
        "[]",
        '{"format": "another"}',
        '{"format": "ecs-drainer rehearsal", "version": 1}',
        "\xff",
    ):
        bad.write_text(text, encoding="latin-1")
        code, said = run(bad, "--html", page)
        assert code == ExitCode.USAGE, said
        assert f"{bad} is no answer of a rehearsal" in said.replace("\n", "")
    nowhere = tmp_path / "nowhere" / "page.html"
    early = CliRunner().invoke(app, ["rehearse", "any.json", "--scale-in", "1", "--html", str(nowhere)])
    assert (early.exit_code, "there is no folder" in early.output) == (ExitCode.USAGE, True), (
        "before it takes minutes"
    )
    code, said = run(FILE, "--html", nowhere)
    assert (code, "can't be written" in said) == (ExitCode.FAILED, True)


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "answer.json").write_text("{}", encoding="utf-8")
    (tmp_path / "one" / "notes.txt").write_text("-", encoding="utf-8")
    found = rehearsals_in([tmp_path / "one", tmp_path / "two" / "answer.json"])
    assert {name: file.parent.name for name, file in found.items()} == {"answer": "one", "answer-2": "two"}
    with pytest.raises(Halt, match="can't be read"):
        read_answer(tmp_path / "gone.json")
