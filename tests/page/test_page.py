"""The page itself: whole, safe and made of nothing but itself."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from cli.page import render
from cli.page.lanes import timeline
from cli.page.states import MOST_DATA, runs
from tests.page.samples import BEGAN_AT, NASTY, History, audit_of, drained, task_arn

NOW = BEGAN_AT + timedelta(hours=1)
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Outline(HTMLParser):
    """Checks that tags nest, and notes what a reader of the page would meet."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [given["href"] or ""] if "href" in given else []
        self.loads += [value or "" for name, value in attrs if name in ("src", "srcset", "data", "action")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_asks_nobody_for_anything() -> None:
    page = render(drained(), NOW)
    outline = Outline(page)
    assert outline.loads == []
    assert all(link.startswith("#") for link in outline.links)
    assert not outline.tags & {"script", "link", "img", "iframe", "object"}
    assert not re.search(r"url\((?!#)|@import", page)
    assert "default-src 'none'" in page


def test_its_links_lead_somewhere_and_its_ids_are_unique() -> None:
    outline = Outline(render(drained(), NOW))
    assert len(outline.ids) == len(set(outline.ids))
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)


def test_what_comes_from_outside_is_only_ever_text() -> None:
    """Names, reasons and causes are anybody's; so are the data of the states."""
    audit = drained(reason=NASTY, names=NASTY)
    page = render(audit, NOW)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    Outline(page)


def test_every_state_is_there_with_its_input_and_output() -> None:
    audit = drained(tasks=3)
    page = render(audit, NOW)
    steps = [step for run in runs(audit.visits, BEGAN_AT) for step in run.steps]
    assert [step.name for step in steps] == [visit.name for visit in audit.visits]
    assert all(f'id="step-{number}"' in page for number in range(len(steps)))
    for step, visit in zip(steps, audit.visits, strict=True):
        assert json.loads(step.output) == json.loads(visit.assigned or visit.output)
        assert not step.input or json.loads(step.input) == json.loads(visit.input)


def test_input_that_the_state_before_left_is_not_written_twice() -> None:
    first, *others = [step for run in runs(drained().visits, BEGAN_AT) for step in run.steps]
    assert first.input
    assert not any(step.input for step in others)


def test_repeated_looks_are_one_line_until_it_is_opened() -> None:
    (run,) = [run for run in runs(drained(tasks=5).visits, BEGAN_AT) if run.times > 1]
    assert run.title == "Look → What is due? → Wait before the next look"
    assert (run.times, len(run.steps)) == (6, 18)


def test_a_page_stays_small_enough_for_a_browser() -> None:
    """A drain of days has thousands of states, each with tasks by the hundred: from some point on, changes alone."""
    told = History()
    told.visit("Plan the drain", ballast="x" * 20_000)
    for _ in range(1000):
        told.look(dict.fromkeys(range(1, 101), "RUNNING")).visit(
            "Wait before the next look", "Wait", seconds=60
        )
    steps = [step for run in runs(audit_of(told).visits, BEGAN_AT) for step in run.steps]
    assert sum(len(step.input) + len(step.output) for step in steps) < 2 * MOST_DATA
    assert not steps[0].is_cut
    assert steps[-3].is_cut
    assert len(render(audit_of(told), NOW)) < 4 * MOST_DATA


def test_the_lanes_say_what_the_looks_saw() -> None:
    drawn = timeline(drained(tasks=2), NOW)
    (group,) = drawn.groups
    first, second = group.lanes
    assert [bar.status for bar in first.bars] == ["STOPPING"]
    assert [(bar.status, bar.x, bar.width) for bar in second.bars] == [
        ("RUNNING", 0, 333.3),
        ("STOPPING", 333.3, 333.4),
    ]
    assert first.stopped_at == 333.3
    assert second.told == "RUNNING at 0s, STOPPING at 10s, STOPPED at 20s"
    assert (
        drawn.curve == "M0.0 100L0.0 0.0L333.3 0.0L333.3 50.0L666.7 50.0L666.7 100.0L1000.0 100.0L1000.0 100Z"
    )
    assert drawn.statuses == ("RUNNING", "STOPPING", "STOPPED")


@pytest.mark.parametrize(("tasks", "is_open"), [(44, True), (200, False)])
def test_large_groups_are_closed_where_there_are_many_lanes(tasks: int, is_open: bool) -> None:
    drawn = timeline(drained(tasks=tasks), NOW)
    assert drawn.groups[0].is_open is is_open
    assert sum(len(group.lanes) for group in drawn.groups) == tasks


def test_a_drain_that_is_open_says_so_and_runs_until_now() -> None:
    told = History().visit("Plan the drain", verdict="drain").look({1: "RUNNING"})
    audit = audit_of(told, {task_arn(1): "web"})
    (group,) = timeline(audit, NOW).groups
    assert group.told == "1 not STOPPED"
    assert group.lanes[0].bars[0].width == 1000
    page = render(audit, NOW)
    assert "still open" in page
    assert 'class="verdict open"' in page


def test_the_verdict_is_what_the_closing_notice_says() -> None:
    """A drain whose instance went with tasks on it is not shown as one whose tasks are all STOPPED."""
    deadline = {"at": "2026-03-02T11:00:00Z", "action": "continue"}
    told = History().visit("Plan the drain", drain={"instance_id": "i-1"}, deadline=deadline)
    told.look({1: "RUNNING"})
    told.visit(
        "Compose the closing notice", notice={"subject": "ecs-drainer: i-1 gone before it was drained"}
    )
    page = render(audit_of(told.end()), NOW)
    assert "gone before it was drained" in page
    assert "every task is STOPPED" not in page


def test_a_drain_that_never_looked_has_a_page_too() -> None:
    page = render(audit_of(History()), NOW)
    assert "No look has seen a task." in page
    Outline(page)


def test_two_hundred_tasks_are_two_hundred_lanes() -> None:
    page = render(drained(tasks=200), NOW)
    assert page.count('<li class="lane">') == 200


def test_the_same_drain_gives_the_same_page() -> None:
    assert render(drained(), NOW) == render(drained(), NOW)
