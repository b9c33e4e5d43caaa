"""The console's pages, and the parts of them that are sent anew when something has moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment

from chalicelib.gateways.ledger import read_records
from cli import drains
from cli.audit import Audit, tasks_of, visits_of
from cli.changes import WELL_ENDED
from cli.commands.plan import read_prospects
from cli.commands.show import read_audit
from cli.console import board
from cli.console.feed import Feed, Tracked
from cli.desk import Desk
from cli.drains import find_drain, instance_id_of
from cli.executions import Execution
from cli.exit_codes import ExitCode
from cli.explained import read_explanation
from cli.inventory import clusters, read_candidates, read_stage
from cli.page.rehearsed.files import read_answer
from cli.page.rehearsed.rendering import shown as rehearsed
from cli.page.rendering import environment, facts, sections
from cli.page.states import runs
from cli.plan_view import render as plan_text
from cli.problems import Halt
from cli.prospects import with_gates_now
from cli.requests import Wishes
from rehearsal.result import Answer

TEMPLATES = Path(__file__).parent / "templates"
MOST_CARDS = 100
"""How many open drains one page shows, those first that somebody should look at."""
MOST_PAST = 200
OF_ALL = ("status", "drains", "ended")
OF_ONE = ("status", "now", "holds", "tasks", "machine", "timeline", "story")
"""The parts of the page of all drains, and of the page of one, in the order in which they are sent."""


@dataclass
class Pages:
    """Makes every page, of what was read, or of what is read for it. Whoever uses it takes turns, as with the feed."""

    desk: Desk
    feed: Feed
    root: str
    """What every address begins with."""
    allows_actions: bool = False
    rehearsals: Mapping[str, Path] = field(default_factory=dict)
    """Files with the answers of rehearsals, by the name in their addresses."""

    @cached_property
    def _templates(self) -> Environment:
        made = environment(TEMPLATES)
        place = self.desk.installation
        made.globals |= {
            "root": self.root,
            "allows_actions": self.allows_actions,
            "well_ended": WELL_ENDED,
            "place": f"Stage {place.stage} in {place.region}, account {place.account}",
            "rehearsal_links": ("Rehearsals",) if self.rehearsals else (),
        }
        made.filters["drain_url"] = lambda name: f"{self.root}/drains/{name}"
        return made

    def render(self, template: str, /, **given: Any) -> str:
        """Return a template with what it is given."""
        shown = {"now": self.desk.now(), "speed": self.desk.edge.speed, "feed": self.feed}
        return self._templates.get_template(f"{template}.html.j2").render(**shown, **given)

    def all_drains(self) -> str:
        """Return the page of all drains."""
        if self.feed.read_at is None:
            self.feed.read()
        return self.render("drains", parts=self.parts_of_all())

    def parts_of_all(self) -> dict[str, str]:
        """Return the parts of that page which move, by name."""
        cards = board.most_urgent(map(board.card, self.feed.open.values()))
        given = {
            "cards": cards[:MOST_CARDS],
            "more": len(cards) - MOST_CARDS,
            "ended": [board.card(each) for each in self.feed.ended.values()],
            "past": [each for each in self.feed.past or () if not each.is_open][:5],
        }
        return {name: self.render(f"part_{name}", **given) for name in OF_ALL}

    def one_drain(self, name: str) -> str:
        """Return the page of one drain: live where it is open or this console saw its end, else what is on record.

        Raises Halt where there is none of this name.
        """
        tracked = self._tracked(name)
        if tracked is None:
            return self.audit(name)
        given = {"card": board.card(tracked), "parts": self._parts_of(tracked)}
        return self.render("drain", **given)

    def parts_of_one(self, name: str) -> dict[str, str]:
        """Return the parts of that page which move, by name; none of a drain that isn't followed."""
        tracked = self.feed.follow_whole(name)
        return self._parts_of(tracked) if tracked else {}

    def _tracked(self, name: str) -> Tracked | None:
        if self.feed.read_at is None or (name not in self.feed.open and name not in self.feed.ended):
            self.feed.read()
        return self.feed.follow_whole(name)

    def _parts_of(self, tracked: Tracked) -> dict[str, str]:
        audit, now = audit_of(tracked), self.desk.now()
        given = {
            **sections(audit, now, steps_at=f"{self.root}/drains/{tracked.name}/audit"),
            "card": board.card(tracked),
            "facts": facts(audit, now),
            "tasks": board.task_lines(tracked),
            "explained_at": max(
                (each.at for each in audit.changes if each.kind == "explanation"), default=None
            ),
            "story": [change for change in reversed(audit.changes) if change.kind != "task"],
        }
        del given["now"]
        return {name: self.render(f"part_{name}", **given) for name in OF_ONE}

    def audit(self, name: str) -> str:
        """Return the page of everything that happened in one drain, as `show --html` writes it; raises Halt."""
        found = self.feed.follow_whole(name)
        audit = audit_of(found) if found else read_audit(self.desk, find_drain(self.desk, name))
        given = sections(audit, self.desk.now())
        del given["now"]
        return self.render(
            "audit", **given, runs=runs(audit.visits, audit.execution.started_at), name=audit.execution.name
        )

    def history(self, instance: str = "") -> str:
        """Return the page of past drains, of all or of one instance; reads the ledger anew."""
        instance_id = instance_id_of(self.desk, instance) if instance else None
        records = self.desk.ask(read_records, self.desk.installation.ledger, instance_id)
        past = [record for record in records if not record.is_open]
        rows = [(record, drains.past_row(record)) for record in past[:MOST_PAST]]
        return self.render(
            "history", rows=rows, header=drains.PAST_HEADER, instance=instance, more=len(past) - MOST_PAST
        )

    def instances(self) -> str:
        """Return the page of all container instances; asks ECS once."""
        stage = self.desk.ask(read_stage, self.desk.installation)
        found = self.desk.ask(read_candidates, clusters(self.desk, None, stage.settings))
        found.sort(key=lambda each: (each.cluster, each.status != "DRAINING", each.instance_id))
        open_by_instance = {each.followed.instance_id: each.name for each in self.feed.open.values()}
        return self.render("instances", found=found, open=open_by_instance, notice=stage.notice)

    def all_rehearsals(self) -> str:
        """Return the page that lists the rehearsals; each file is read anew."""
        answers = {name: self._rehearsal(name) for name in self.rehearsals}
        return self.render("rehearsals", answers=answers)

    def rehearsal(self, name: str) -> str:
        """Return the page of one rehearsal; raises Halt where none has this name, or it is none."""
        return self.render("rehearsal_page", **rehearsed(self._rehearsal(name)))

    def _rehearsal(self, name: str) -> Answer:
        file = self.rehearsals.get(name)
        if file is None:
            raise Halt(f"The console was given no rehearsal {name!r}", code=ExitCode.NOT_FOUND)
        return read_answer(file)

    def explanation(self, instance: str) -> str:
        """Return what holds an instance, read anew: asks ECS."""
        explained = read_explanation(self.desk, instance)
        holds = tuple(board.holds_of(explained.document["blockers"] or {}))
        return self.render("explanation", explained=explained, holds=holds)

    def plan(self, instance: str) -> str:
        """Return what draining an instance would do; asks ECS, and touches nothing."""
        stage = self.desk.ask(read_stage, self.desk.installation)
        (prospect,) = read_prospects(self.desk, [instance], Wishes(), stage)
        if stage.is_deployed:
            prospect = self.desk.ask(with_gates_now, prospect, self.desk.installation.ledger, self.desk.now())
        return self.render("plan", text=plan_text(prospect), instance=instance)


def audit_of(tracked: Tracked) -> Audit:
    """Return the audit of a drain whose whole history was read."""
    known, events = tracked.known, tracked.events or []
    began_at = known.started_at or (events[0].at if events else None)
    if began_at is None:
        raise ValueError(f"no history of {tracked.name} was read")
    ended_at = events[-1].at if known.outcome is not None else None
    status = "RUNNING" if ended_at is None else "SUCCEEDED"
    execution = Execution(tracked.followed.execution, status, began_at, ended_at)
    return Audit(
        instance_id=tracked.followed.instance_id,
        execution=execution,
        record=tracked.record,
        visits=visits_of(events),
        tasks=tasks_of(tracked.changes, tracked.followed.names),
        changes=tuple(tracked.changes),
        known=known,
        events=len(events),
    )


def moved(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield the parts that are otherwise than they were sent."""
    return ((name, html) for name, html in after.items() if before.get(name) != html)
