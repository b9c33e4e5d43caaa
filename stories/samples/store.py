"""A quorum store: every few seconds a client writes, and a majority of in-sync members must take the write."""

from __future__ import annotations

from datetime import timedelta

from embedded_aws.aws import EmbeddedAws
from stories.samples.running import Running, Sample


class Store(Sample):
    """A store whose members copy their state for a while after they start, and serve until SIGTERM."""

    def __init__(
        self, aws: EmbeddedAws, service: str = "store", members: int = 3, sync_seconds: float = 40
    ) -> None:
        super().__init__(aws, service)
        self.members = members
        self.sync = timedelta(seconds=sync_seconds)
        self.fewest = members
        """The fewest members that were in sync at any time."""
        self.refused = 0
        """Writes that found no majority."""
        self.in_sync: tuple[Running, ...] = ()

    @property
    def majority(self) -> int:
        """How many members must take a write."""
        return self.members // 2 + 1

    def turn(self) -> None:
        """Take a write."""
        before = len(self.in_sync)
        self.in_sync = tuple(
            one for one in self.running() if not one.is_leaving and one.running_for >= self.sync
        )
        now = len(self.in_sync)
        self.fewest = min(self.fewest, now)
        if now < self.majority:
            self.refused += 1
        if now != before:
            verdict = "quorum holds" if now >= self.majority else "QUORUM IS LOST"
            self.tell(f"{self.service}: {now} of {self.members} members in sync, {verdict}")
