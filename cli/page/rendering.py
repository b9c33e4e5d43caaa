"""Puts the page together: figures from the audit, words escaped by the template engine, one string out."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from chalicelib.common.model import stamp
from chalicelib.common.wording import harmless
from chalicelib.explain.words import count, some, spell
from chalicelib.policy.deadline import deadline_record
from chalicelib.tell.notice import ENDINGS
from cli.audit import Audit
from cli.changes import WELL_ENDED, ending
from cli.page.graph import light, style
from cli.page.lanes import timeline
from cli.page.scale import SCALE
from cli.page.states import runs

FOLDER = Path(__file__).parent


def _harmless(value: object) -> object:
    """Spell out what turns or hides other text; what is markup already is the page's own."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def digest(text: str) -> str:
    """Return what a content security policy says of a text within the page: that it, to the byte, is allowed."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def environment(*folders: Path) -> Environment:
    """Return the template engine for pages of these folders, and of this one."""
    made = Environment(
        loader=FileSystemLoader([*folders, FOLDER]),
        autoescape=True,  # names, reasons and causes come from outside
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["stamp"] = stamp
    made.filters["digest"] = lambda text: Markup(digest(text))  # noqa: S704  # base64
    made.globals |= {"some": some, "spell": spell, "scale": SCALE}
    return made


@cache
def _environment() -> Environment:
    return environment()


@cache
def read_shared(name: str) -> str:
    """Return a style sheet or a script of this folder."""
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def sheet() -> str:
    """Return the style of a drain's page, the machine's picture included."""
    return style() + read_shared("page.css")


def render(audit: Audit, now: datetime) -> str:
    """Return the page about a drain as it stood at an instant, whole in itself."""
    page, steps = _environment().get_template("page.html.j2"), runs(audit.visits, audit.execution.started_at)
    return page.render(**sections(audit, now), runs=steps, css=sheet())


def sections(audit: Audit, now: datetime, steps_at: str = "") -> dict[str, object]:
    """Return what the templates of a drain's sections show of it, but for its states one by one (`runs`).

    `steps_at`: the address of the page that has those, where it is another.
    """
    return {
        "audit": audit,
        "verdict": verdict(audit),
        "facts": facts(audit, now),
        "story": [change for change in audit.changes if change.kind != "task"],
        "timeline": timeline(audit, now),
        "graph": light(audit.visits, is_open=audit.execution.ended_at is None, steps_at=steps_at),
        "steps_at": steps_at,
        "began_at": audit.execution.started_at,
        "now": now,
    }


def verdict(audit: Audit) -> tuple[str, str]:
    """Return how the drain stands: a word for its colour (`good`, `open`, `bad`), and a sentence."""
    outcome = audit.known.outcome or (
        audit.record.status if audit.record and not audit.record.is_open else None
    )
    if outcome is None:
        return "open", audit.known.summary or "being planned"
    colour = "good" if outcome in WELL_ENDED else "bad"
    # Of a drain that was stopped from outside, the newest notice is not about its end.
    return colour, ending(audit.state, outcome) if outcome in ENDINGS else outcome


def facts(audit: Audit, now: datetime) -> list[tuple[str, str]]:
    """Return what the summary tells, as pairs."""
    execution, record, drain = audit.execution, audit.record, audit.state.get("drain", {})
    deadline = deadline_record(audit.state) if drain else {}
    ended = stamp(execution.ended_at) if execution.ended_at else "still open"
    looks = int(audit.state.get("look", {}).get("memory", {}).get("looks", 0))
    return [
        ("Asked for by", record.who if record else str(drain.get("who", "-"))),
        ("Trigger", record.trigger if record else str(drain.get("trigger", "-"))),
        ("Why", record.reason if record else str(drain.get("reason", "-"))),
        ("Auto Scaling group", str(drain.get("auto_scaling_group") or "none")),
        ("Began", stamp(execution.started_at)),
        ("Ended", ended),
        ("Took", spell((execution.ended_at or now) - execution.started_at)),
        ("Deadline", f"{deadline.get('at', '-')}, then {deadline.get('action', '-')}"),
        ("Tasks", f"{len(audit.tasks)}, {count(len(record.forced_stops) if record else 0, 'forced stop')}"),
        ("Looks", f"{looks}, {audit.events:,} events of history"),
    ]
