"""One service whose tasks hold the drain: what most questions of this package are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.common.model import Task
from chalicelib.common.services import Service
from chalicelib.explain.arithmetic import Standing, can_never_move, standing_of
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.circumstances import Circumstances
from chalicelib.explain.placement import Match, best_elsewhere
from chalicelib.explain.words import short, some


@dataclass(frozen=True, slots=True)
class Case:
    """A service, its tasks that ECS hasn't told to stop, and the world around them at an instant."""

    world: Circumstances
    service: Service
    held: tuple[Task, ...]
    at: datetime

    @property
    def subject(self) -> str:
        """The service with its tasks on the instance: "service api (tasks 0a1b2c3d, 4e5f6071)"."""
        noun = "task" if len(self.held) == 1 else "tasks"
        return f"service {self.service.name} ({noun} {some([short(task.id) for task in self.held])})"

    @property
    def standing(self) -> Standing:
        """Where the service stands between its bounds."""
        return standing_of(self.world, self.service, self.at)

    @property
    def is_deadlocked(self) -> bool:
        """Whether the percents forbid both steps, now and for as long as they stay."""
        return can_never_move(self.service) and self.service.running <= self.service.desired

    @property
    def best_place(self) -> Match | None:
        """The other container instance that comes closest to taking a replacement."""
        return best_elsewhere(self.world, self.service)

    def blocker(self, kind: BlockerKind, reason: str, remedy: str) -> Blocker:
        """Return a blocker about this service."""
        return Blocker(kind, self.subject, reason, remedy, tuple(task.id for task in self.held))
