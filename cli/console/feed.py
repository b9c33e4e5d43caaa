"""What the console knows of the drains: read from the ledger and from Step Functions, little by little. Never from ECS.

ECS's events reach a laptop by way of the ledger: the function `wake` takes each STOPPED task out of the row of the
drain that waits for it, and counts what it hears. So a reading asks for the running executions, for those rows, and for
the histories of the drains whose rows changed; a drain that waits for an event costs nothing but its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.common.errors import DrainerError
from chalicelib.common.ledger import Record
from chalicelib.gateways.ledger import read_record, read_records
from chalicelib.gateways.waiting import Waiting, all_waiting
from cli import executions
from cli.changes import Change, Known
from cli.desk import Desk
from cli.drains import instance_in
from cli.executions import Event
from cli.followed import Followed, in_order
from cli.following import fold, unread
from cli.problems import Problem, is_of_something_absent, problem_of

HISTORIES_AT_ONCE = 10
"""In one reading, so that a thousand drains leave the account's GetExecutionHistory to others: 20 a second at most.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""
READ_ANYWAY_AFTER = timedelta(seconds=60)
"""A drain that records a heartbeat, or waits out an outage, shows it nowhere but in its history."""
ENDED_KEPT = 20


@dataclass
class Tracked:
    """One drain as the console has read it."""

    followed: Followed
    record: Record | None = None
    """What the ledger says; None in the first seconds, before the plan."""
    rows: tuple[Waiting, ...] = ()
    """Its rows in the ledger, where its events arrive."""
    changes: list[Change] = field(default_factory=list)
    events: list[Event] | None = None
    """Its whole history, once somebody has opened its page; None before."""
    read_at: datetime | None = None
    """When its history was read last."""
    is_given_up: bool = False
    """Whether nobody wrote down who took it over, for so long that nobody will."""

    @property
    def name(self) -> str:
        """The name of its execution."""
        return self.followed.execution.rsplit(":", 1)[-1]

    @property
    def known(self) -> Known:
        """What its history told."""
        return self.followed.known


@dataclass
class Feed:
    """All that was read. Not safe among threads: whoever uses it takes turns (`pulse.Pulse.turn`)."""

    desk: Desk
    open: dict[str, Tracked] = field(default_factory=dict)
    """By the execution's name, latest first."""
    ended: dict[str, Tracked] = field(default_factory=dict)
    """Those whose end this console saw, latest first."""
    past: list[Record] | None = None
    """The ledger's records as they were at the first reading: of drains that ended before."""
    is_deployed: bool = True
    problem: Problem | None = None
    """Why the last reading failed; what was read before stands."""
    read_at: datetime | None = None

    def read(self) -> None:
        """Read what is new; what goes wrong is kept as a problem for people, and the next reading tries again."""
        try:
            self._read()
        except Exception as error:
            self.is_deployed = not (isinstance(error, DrainerError) and is_of_something_absent(error))
            self.problem = problem_of(error) or Problem(
                f"ecs-drainer itself failed: {type(error).__name__}: {error}", "report that"
            )
        else:
            self.is_deployed, self.problem, self.read_at = True, None, self.desk.now()

    def follow_whole(self, name: str) -> Tracked | None:
        """Read a drain's history from its beginning, for its page; returns None where none of this name is followed."""
        tracked = self.open.get(name) or self.ended.get(name)
        if tracked and tracked.events is None:
            events = self.desk.ask(executions.history_after, tracked.followed.execution)
            tracked.followed.known, tracked.changes, tracked.events = Known(), [], []
            self._take(tracked, events)
        return tracked

    def _read(self) -> None:
        ledger = self.desk.installation.ledger
        if self.past is None:
            self.past = self.desk.ask(read_records, ledger)
        running = self.desk.ask(executions.running, self.desk.installation.state_machine)
        self._begin(running)
        rows = by_execution(self.desk.ask(all_waiting, ledger)) if running else {}
        for tracked in self._to_read(rows):
            self._take(tracked, unread(self.desk, tracked.followed))
        self._end(running)
        self._name_successors()

    def _begin(self, running: Iterable[str]) -> None:
        """Take up the drains that are new."""
        known, found = self.open, dict[str, Tracked]()
        records = {record.execution: record for record in self.past or ()}
        for arn in running:
            name = arn.rsplit(":", 1)[-1]
            record = records.get(arn)
            found[name] = known.get(name) or Tracked(
                Followed(instance_in(self.desk, arn, record), arn), record
            )
        left = {name: tracked for name, tracked in known.items() if name not in found}
        self.open = {**found, **left}

    def _to_read(self, rows: Mapping[str, tuple[Waiting, ...]]) -> Iterator[Tracked]:
        """Yield the drains that may have moved, those first that were read longest ago; not too many at once."""
        now, moved = self.desk.now(), list[Tracked]()
        for tracked in self.open.values():
            own = rows.get(tracked.followed.execution, ())
            is_waiting = own == tracked.rows and any(row.token for row in own)
            is_fresh = tracked.read_at is not None and now - tracked.read_at < READ_ANYWAY_AFTER
            tracked.rows = own
            if not (is_waiting and is_fresh):
                moved.append(tracked)
        moved.sort(key=lambda each: (each.read_at is not None, each.read_at or now))
        yield from moved[:HISTORIES_AT_ONCE]

    def _take(self, tracked: Tracked, events: list[Event]) -> None:
        changes = fold(self.desk, tracked.followed, events)
        tracked.changes += in_order(tracked.followed, changes)
        if tracked.events is not None:
            tracked.events += events
        if tracked.record is None:
            tracked.record = self._record(tracked)
        tracked.read_at = self.desk.now()

    def _record(self, tracked: Tracked) -> Record | None:
        return self.desk.ask(read_record, self.desk.installation.ledger, tracked.name)

    def _end(self, running: Iterable[str]) -> None:
        """Put the drains that have ended beside, with what the ledger says of their end."""
        still = {arn.rsplit(":", 1)[-1] for arn in running}
        for name in [name for name in self.open if name not in still]:
            tracked = self.open[name]
            if tracked.known.outcome is None:
                self._take(tracked, unread(self.desk, tracked.followed))
            tracked.record, tracked.rows = self._record(tracked) or tracked.record, ()
            if tracked.known.outcome is not None:
                self.ended = dict([(name, self.open.pop(name)), *self.ended.items()][:ENDED_KEPT])

    def _name_successors(self) -> None:
        """Read who took over a drain, which is written down after it was stopped."""
        for tracked in self.ended.values():
            is_named = tracked.record is not None and tracked.record.taken_over_by is not None
            if tracked.known.outcome == "taken-over" and not is_named and not tracked.is_given_up:
                tracked.record = self._record(tracked) or tracked.record
                tracked.is_given_up = (
                    self.desk.now() - (tracked.read_at or self.desk.now()) > READ_ANYWAY_AFTER
                )


def by_execution(rows: Iterable[Waiting]) -> dict[str, tuple[Waiting, ...]]:
    """Return the rows of each execution, by its ARN."""
    found: dict[str, tuple[Waiting, ...]] = {}
    for row in rows:
        found[row.execution] = (*found.get(row.execution, ()), row)
    return found
