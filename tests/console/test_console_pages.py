"""The console's pages, from the embedded AWS to HTML: what is open, what holds it, what happened."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from stories.world import Service
from tests.cli.shell import Shell
from tests.console.visitors import Visitor, visitor
from tests.page.test_page import Outline

STUCK = Service(name="legacy", desired=3, minimum_percent=100, maximum_percent=100, has_target_group=False)


@pytest.fixture(scope="module")
def stuck() -> Iterator[Visitor]:
    """A console beside a drain that a service holds."""
    with visitor(STUCK) as made:
        made.begin(0, "-m '<b>new disks</b>'")
        made.world.sleep(900)
        made.console.feed.read()
        yield made


def ecs_calls(world: Shell) -> int:
    return sum(call.service == "ecs" for call in world.aws.requests.calls)


def test_an_open_drain_is_shown_with_its_countdown_its_tasks_and_what_holds_it(stuck: Visitor) -> None:
    page = stuck.get().text
    Outline(page)
    assert "1 open" in page
    assert re.search(r'data-until="[^"]+Z"[^>]*>4\d min', page)
    assert "1 of 1 task left" in page
    assert "leave no room to move a task" in page
    assert "&lt;b&gt;new disks&lt;/b&gt;" in page
    assert "<b>new" not in page


def test_the_page_of_a_drain_has_blockers_with_remedies_and_the_machine_lit(stuck: Visitor) -> None:
    name = next(iter(stuck.console.feed.open))
    page = stuck.get(f"/drains/{name}").text
    outline = Outline(page)
    assert len(outline.ids) == len(set(outline.ids))
    assert "aws ecs update-service --cluster web --service legacy" in page
    assert re.search(r"As it was explained at 2026-03-02T10:0\d:\d\dZ", page), "tasks may have moved since"
    assert 'class="state Task visited current" data-name="Wait for events"' in page
    assert f"/drains/{name}/audit#step-0" in page
    assert "Extend the deadline" not in page, "read-only"


def test_no_page_has_a_script_or_a_style_within(stuck: Visitor) -> None:
    """The content security policy would refuse them: pages must do without."""
    name = next(iter(stuck.console.feed.open))
    for path in ("/", f"/drains/{name}", f"/drains/{name}/audit", "/history", "/instances", "/nothing"):
        page = stuck.get(path).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! defer src=)|javascript:", page), path


def test_the_audit_has_every_state_with_its_input_and_output(stuck: Visitor) -> None:
    name = next(iter(stuck.console.feed.open))
    page = stuck.get(f"/drains/{name}/audit").text
    outline = Outline(page)
    assert {link.removeprefix("#") for link in outline.links if link.startswith("#")} <= set(outline.ids)
    assert 'aria-label="Output of Plan the drain"' in page


def test_a_reading_asks_ecs_nothing(stuck: Visitor) -> None:
    """The console polls the ledger and Step Functions; ECS's reads are the drains'."""
    stuck.get()
    before, calls = ecs_calls(stuck.world), len(stuck.world.aws.requests.calls)
    for _ in range(5):
        stuck.console.feed.read()
        stuck.console.pages.parts_of_all()
        stuck.console.pages.parts_of_one(next(iter(stuck.console.feed.open)))
    assert ecs_calls(stuck.world) == before
    asked = [call.operation for call in stuck.world.aws.requests.calls[calls:]]
    assert asked.count("GetExecutionHistory") == 0, "its row did not change"
    assert len(asked) == 5 * 3, "the executions that run, the rows' keys, the rows"


def test_an_instance_is_planned_and_explained_when_somebody_asks(stuck: Visitor) -> None:
    first, second = stuck.world.ids[:2]
    assert f'aria-label="Explain {first}"' in stuck.get("/instances").text
    explained = stuck.get(f"/instances/{first}/explanation").text
    assert "1 task not STOPPED" in explained
    assert "Remedy" in explained
    assert "would" in stuck.get(f"/instances/{second}/plan").text
    unknown = stuck.get("/instances/i-00000000000000000/plan")
    assert unknown.status_code == 404
    assert "is no container instance of cluster web" in unknown.text
    assert "<html" not in unknown.text, "it goes into the dialog"


def test_what_is_not_there_is_said(stuck: Visitor) -> None:
    answer = stuck.get("/drains/i-0123456789abcdef0")
    assert answer.status_code == 404
    assert "No drain of i-0123456789abcdef0 is known" in answer.text
    assert stuck.get("/nothing").status_code == 404
    assert stuck.get("/static/../guard.py").status_code == 404


def test_what_is_kept_of_other_projects_is_as_it_was_published(stuck: Visitor) -> None:
    for name in ("htmx.min.js", "sse.min.js", "idiomorph-ext.min.js"):
        assert stuck.get(f"/static/vendor/{name}").status_code == 200
