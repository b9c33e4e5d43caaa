"""Follows drains to their end: reads what is new in each execution's history, shows it, waits, and so on.

In a pipe only changes are printed, a line each, stamped with RFC 3339; on a terminal `cli.live` draws a table.
Ctrl-C detaches: a drain runs in AWS and needs nobody who watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

from chalicelib.common.model import stamp
from chalicelib.gateways.ecs import describe_tasks
from chalicelib.gateways.ledger import read_record
from cli import executions
from cli.changes import Change, Known, step
from cli.desk import Desk
from cli.executions import Event
from cli.exit_codes import ExitCode
from cli.followed import Followed, View, in_order, told
from cli.live import LiveTable
from cli.naming import by_cluster, names_of

LOOK_EVERY = 5.0
"""Seconds between two readings; GetExecutionHistory allows an account 20 a second."""
EVENTS_BEFORE = 1_000
"""How far back the first reading goes: a drain of days has thousands of events."""


class Lines:
    """A line a change, for pipes, logs and programs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def show(self, followed: Followed, changes: Sequence[Change]) -> None:
        """Print each change."""
        for change in changes:
            document = {
                "at": change.at,
                "instance_id": followed.instance_id,
                "kind": change.kind,
                **change.facts,
            }
            text = told(followed, change)
            self._desk.report_line(
                f"{stamp(change.at)} {followed.instance_id} {text}", {**document, "text": text}
            )


def follow(
    desk: Desk,
    drains: Sequence[Followed],
    view: View | None = None,
    goes_on: Callable[[bool], bool] = bool,
) -> ExitCode:
    """Show all changes until every drain has ended; returns the worst of their exit codes.

    `goes_on` is asked after each reading whether to read again, given whether a drain is open.
    """
    shown, around = (view, nullcontext()) if view else _view(desk, drains)
    try:
        with around:
            while goes_on(_read_all(desk, drains, shown)):
                desk.edge.sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        return _detached(desk, drains)
    return max((each.known.exit_code for each in drains), default=ExitCode.OK)


def _view(desk: Desk, drains: Sequence[Followed]) -> tuple[View, AbstractContextManager[object]]:
    if desk.edge.shows_live and not desk.is_json:
        live = LiveTable(desk, drains)
        return live, live.live
    return Lines(desk), nullcontext()


def _read_all(desk: Desk, drains: Sequence[Followed], view: View) -> bool:
    """Read what is new of every open drain; returns whether one is still open."""
    for each in drains:
        if each.known.outcome is None:
            view.show(each, _news(desk, each))
    return any(each.known.outcome is None for each in drains)


def _news(desk: Desk, followed: Followed) -> list[Change]:
    changes = fold(desk, followed, unread(desk, followed))
    if followed.known.outcome == "taken-over":
        _go_on_with_successor(desk, followed)
    return in_order(followed, changes)


def unread(desk: Desk, followed: Followed) -> list[Event]:
    """Return the events of a drain's history that were not folded yet; at first the newest thousand."""
    most = EVENTS_BEFORE if followed.known.last_id == 0 else None
    return desk.ask(executions.history_after, followed.execution, followed.known.last_id, most)


def fold(desk: Desk, followed: Followed, events: Iterable[Event]) -> list[Change]:
    """Take events into what is known of a drain, and return what they changed; asks ECS what new tasks are called."""
    changes: list[Change] = []
    for event in events:
        followed.known, more = step(followed.known, event)
        changes += more
    _name_tasks(desk, followed, changes)
    return changes


def _name_tasks(desk: Desk, followed: Followed, changes: Sequence[Change]) -> None:
    """Learn what new tasks are called; ECS forgets STOPPED tasks after an hour, which then stay nameless."""
    arns = {str(change.facts["task"]) for change in changes if change.kind == "task"} - followed.names.keys()
    followed.names |= read_names(desk, arns)


def read_names(desk: Desk, arns: Iterable[str]) -> dict[str, str]:
    """Return what tasks are called, by ARN, as far as ECS still knows them."""
    found: dict[str, str] = {}
    for cluster, those in by_cluster(set(arns)).items():
        found |= names_of(desk.ask(describe_tasks, cluster, sorted(those)).tasks)
    return found


def _go_on_with_successor(desk: Desk, followed: Followed) -> None:
    record = desk.ask(read_record, desk.installation.ledger, followed.execution.rsplit(":", 1)[-1])
    if record and record.taken_over_by:
        followed.execution, followed.known = record.taken_over_by, Known()


def _detached(desk: Desk, drains: Sequence[Followed]) -> ExitCode:
    still = [each.instance_id for each in drains if each.known.outcome is None]
    ids = " ".join(still)
    goes = "the drain goes" if len(still) == 1 else f"{len(still)} drains go"
    desk.warn(
        f"\nDetached: {goes} on in AWS. `ecs-drainer watch {ids}` attaches again, `ecs-drainer cancel {ids}` ends it."
    )
    return ExitCode.DETACHED
