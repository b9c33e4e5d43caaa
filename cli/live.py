"""The live table of followed drains, for terminals."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from chalicelib.common.model import stamp
from chalicelib.common.wording import one_line
from chalicelib.explain.words import spell
from cli.changes import Change
from cli.desk import Desk
from cli.followed import Followed, told

KEPT_LINES = 8

COLOURS = {
    "RUNNING": "yellow",
    "DEACTIVATING": "cyan",
    "STOPPING": "cyan",
    "DEPROVISIONING": "cyan",
    "STOPPED": "green",
}


class LiveTable:
    """Draws the tasks of every followed drain, and the latest changes below."""

    def __init__(self, desk: Desk, drains: Sequence[Followed]) -> None:
        self._desk = desk
        self._drains = drains
        self._lines: list[str] = []
        # No thread of its own: it is drawn anew after each reading.
        self.live = Live(console=Console(), auto_refresh=False, transient=False)

    def show(self, followed: Followed, changes: Sequence[Change]) -> None:
        """Draw what one reading brought."""
        self._lines += [
            one_line(f"{stamp(each.at)} {followed.instance_id} {told(followed, each)}") for each in changes
        ]
        del self._lines[:-KEPT_LINES]
        self.live.update(self.picture(), refresh=True)

    def picture(self) -> Group:
        """Return what stands on the terminal."""
        hint = "Ctrl-C stops watching and leaves the drains alone"
        parts = [self._one(each) for each in self._drains]
        return Group(*parts, Text("\n".join(self._lines), style="dim"), Text(hint, style="dim italic"))

    def _one(self, followed: Followed) -> Group:
        known, now = followed.known, self._desk.now()
        table = Table(box=None, pad_edge=False)
        for column in ("task", "id", "status", "for"):
            table.add_column(column)
        for arn, status in sorted(known.tasks.items()):
            since = spell(now - known.since[arn]) if arn in known.since else ""
            name = followed.names.get(arn, "task")
            table.add_row(
                Text(one_line(name)),
                arn.rsplit("/", 1)[-1][:8],
                Text(status, style=COLOURS.get(status, "")),
                since,
            )
        title = Text(one_line(self._title(followed)), style="bold")
        return Group(title, table) if known.tasks else Group(title)

    def _title(self, followed: Followed) -> str:
        known = followed.known
        if known.outcome:
            return f"{followed.instance_id}: {known.outcome}"
        left = f", {spell(known.deadline_at - self._desk.now())} left" if known.deadline_at else ""
        return f"{followed.instance_id}: {known.summary or 'starting'}{left}"
