"""What the console shows of a drain, from what was read of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.common.ledger import Record
from chalicelib.common.model import instant
from chalicelib.explain import BlockerKind
from chalicelib.explain.words import count, some
from chalicelib.policy.deadline import action_then
from chalicelib.tell.notice import ENDINGS
from chalicelib.wake.row import NOTHING
from cli.asking import asker
from cli.changes import WELL_ENDED, Known, ending
from cli.console.feed import Tracked

HEARD = "STOPPED"
NEED_A_PERSON = frozenset(kind.value for kind in BlockerKind if not kind.resolves_itself)
LATEST_OF_ALL = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Example:
    """One thing that holds the drain."""

    subject: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Hold:
    """What holds the drain, of one kind."""

    title: str
    tasks: int
    more: int
    examples: tuple[Example, ...]
    needs_a_person: bool
    """Whether it goes on for ever unless somebody acts."""


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task, as it was seen last."""

    arn: str
    id: str
    name: str
    status: str
    since: datetime | None
    by_event: bool
    """Whether an event said it, and no look has yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One drain at a glance."""

    name: str
    instance_id: str
    colour: str
    """`good`, `open` or `bad`."""
    verdict: str
    asked: str
    """Who asked for it, by what, and why."""
    state: str
    """The state that the machine is in."""
    since: datetime | None
    ended_at: datetime | None
    deadline_at: datetime | None
    on_deadline: str
    left: int
    most: int
    """How many tasks were ever left at once."""
    holds: tuple[Hold, ...]
    successor: str | None
    """The name of the drain that took it over."""

    @property
    def urgent(self) -> tuple[Hold, ...]:
        """What holds it until somebody acts."""
        return tuple(hold for hold in self.holds if hold.needs_a_person)

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None and self.colour == "open"

    @property
    def done(self) -> int:
        """How many of a hundred parts of its tasks are STOPPED."""
        return 100 - round(100 * self.left / self.most) if self.most else 0


def card(tracked: Tracked) -> Card:
    """Return a drain at a glance."""
    known, record = tracked.known, tracked.record
    lines, deadline = task_lines(tracked), deadline_of(known)
    left = sum(line.status != HEARD for line in lines)
    return Card(
        name=tracked.name,
        instance_id=tracked.followed.instance_id,
        colour=colour(known),
        verdict=verdict(known, lines),
        asked=_asked(known, record),
        state=known.state,
        since=known.started_at or (record.started_at if record else None),
        ended_at=_ended_at(tracked),
        deadline_at=deadline[0] if deadline else record.deadline_at if record else None,
        on_deadline=deadline[1] if deadline else "",
        left=left,
        most=max(left, tasks_seen(tracked)),
        holds=holds(known) if left and known.outcome is None else (),
        successor=record.taken_over_by.rsplit(":", 1)[-1] if record and record.taken_over_by else None,
    )


def colour(known: Known) -> str:
    """Return the word for how a drain stands."""
    if known.outcome is None:
        return "open"
    return "good" if known.outcome in WELL_ENDED else "bad"


def verdict(known: Known, lines: Sequence[TaskLine]) -> str:
    """Return how a drain stands, in a sentence: the last look's own, unless events have said more since."""
    if known.outcome is not None:
        return ending(known.variables, known.outcome) if known.outcome in ENDINGS else known.outcome
    if not known.variables:
        return "being planned"
    if not any(line.by_event for line in lines):
        return known.summary or "being planned"
    left = [f"{line.name} {line.id[:8]} {line.status}" for line in lines if not line.by_event]
    if not left:
        return "an event said that its last task is STOPPED: the next look decides"
    return f"{count(len(left), 'task')} left, as events say since the last look: {some(left)}"


def task_lines(tracked: Tracked) -> tuple[TaskLine, ...]:
    """Return every task that the last look showed, and what events have said since."""
    known, stopped = tracked.known, heard_stopped(tracked)
    lines = [
        TaskLine(
            arn=arn,
            id=arn.rsplit("/", 1)[-1],
            name=tracked.followed.names.get(arn, "task"),
            status=HEARD if arn in stopped else status,
            since=None if arn in stopped else known.since.get(arn),
            by_event=arn in stopped,
        )
        for arn, status in known.tasks.items()
    ]
    return tuple(sorted(lines, key=lambda line: (line.status == HEARD, line.name, line.id)))


def heard_stopped(tracked: Tracked) -> frozenset[str]:
    """Return the tasks that events took out of the drain's row since its last look.

    The row has what the look said is waited for, until events say otherwise; one of an older look says nothing.
    """
    look = tracked.known.variables.get("look", {})
    awaited = {arn for arn in look.get("await", {}).get("tasks", ()) if arn != NOTHING}
    rows = [row for row in tracked.rows if row.looks == look.get("memory", {}).get("looks")]
    if not rows or not rows[0].looks:
        return frozenset()
    return frozenset(awaited.difference(*(row.tasks for row in rows)))


def tasks_seen(tracked: Tracked) -> int:
    """Return how many tasks were left at most, by what was told of it."""
    most, now = 0, set[str]()
    for change in tracked.changes:
        if change.kind == "task":
            (now.discard if change.facts["to"] == HEARD else now.add)(str(change.facts["task"]))
            most = max(most, len(now))
    return most


def holds(known: Known) -> tuple[Hold, ...]:
    """Return what holds the drain, as it was explained last; before its gates, what keeps those closed."""
    explained = (known.variables.get("explanation") or {}).get("blockers") or {}
    return tuple(holds_of(explained)) if isinstance(explained, Mapping) else ()


def holds_of(explained: Mapping[str, Any]) -> Iterator[Hold]:
    """Yield the groups of an explanation's JSON."""
    for group in explained.get("groups", ()):
        examples = (Example(each["subject"], each["reason"], each["remedy"]) for each in group["examples"])
        needs_a_person = group["kind"] in NEED_A_PERSON
        yield Hold(group["title"], group["tasks"], group["more"], tuple(examples), needs_a_person)


def _asked(known: Known, record: Record | None) -> str:
    if record:
        return asker(record.who, record.trigger, record.reason)
    drain = known.variables.get("drain")
    return asker(drain["who"], drain["trigger"], drain["reason"]) if drain else ""


def _ended_at(tracked: Tracked) -> datetime | None:
    if tracked.known.outcome is None:
        return None
    ends = (change.at for change in reversed(tracked.changes) if change.kind == "ended")
    return next(ends, tracked.record.ended_at if tracked.record else None)


def deadline_of(known: Known) -> tuple[datetime, str] | None:
    """Return when waiting ends and what is done then; None before the plan."""
    deadline = known.variables.get("deadline")
    return (instant(deadline["at"]), action_then(known.variables)) if deadline else None


def most_urgent(cards: Iterable[Card]) -> list[Card]:
    """Return open drains in the order in which somebody should look: held ones, then by deadline."""
    return sorted(cards, key=lambda each: (not each.urgent, each.deadline_at or LATEST_OF_ALL, each.name))
