"""What every act has in hand: the stage, who watches it, the audience, and the pace at which time passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from stories.demo import command
from stories.demo.scene import Drain, Scene
from stories.demo.show import Show
from stories.demo.stage import ACCOUNT, APP, STAGE, Stage, stage
from stories.demo.summary import WIDTH
from stories.demo.watch import Watch

AFTERWARDS = 3
"""Virtual seconds in which the last events arrive."""


@dataclass
class Play:
    """A deployed drainer, watched."""

    stage: Stage
    watch: Watch
    show: Show
    speed: float | None = None
    """Virtual seconds a real second; None: as fast as it goes."""

    @property
    def scene(self) -> Scene:
        """What is known so far."""
        return self.watch.scene

    @property
    def drain(self) -> Drain | None:
        """The first drain, once it began."""
        return next(iter(self.scene.drains.values()), None)

    def run(self, aws_command: str) -> None:
        """Show an `aws` command and run it."""
        self.show.say(f"\n$ {command.shown(aws_command, WIDTH)}", "bold")
        command.run(self.stage.aws.client, aws_command)

    def follow(self, until: Callable[[], bool], limit: int) -> bool:
        """Let time pass second by second, showing it, until something is so; False after `limit` seconds."""
        for _ in range(limit):
            if until():
                return True
            self._pass_a_second()
        return until()

    def end(self) -> None:
        """Show what is still to be told, and take the picture down."""
        self.stage.wait(AFTERWARDS)
        self.show.frame(self.scene, self.stage.aws.now(), self.watch.read())
        self.show.close()

    def _pass_a_second(self) -> None:
        began = time.monotonic()
        now = self.stage.aws.advance(1)
        self.show.frame(self.scene, now, self.watch.read(now))
        if self.speed:
            time.sleep(max(0.0, 1 / self.speed - (time.monotonic() - began)))


@contextmanager
def play(show: Show, speed: float | None, start: datetime | None, daemons: frozenset[str]) -> Iterator[Play]:
    """Set the stage before the audience's eyes: the embedded AWS, and the real `chalice deploy` into it.

    Args:
        show: where it is shown.
        speed: virtual seconds a real second; None: as fast as it goes.
        start: when the embedded AWS's time begins; None: now.
        daemons: the names of the daemon services that the act will make.
    """
    with ExitStack() as stack:
        with show.doing("embedded AWS") as done:
            ready = stack.enter_context(stage(start))
            done(f"account {ACCOUNT}, in a process of its own")
        with show.doing("chalice deploy") as done:
            ready.deploy()
            done(deployed(ready))
        stack.callback(show.close)
        yield Play(ready, Watch(ready, Scene(daemons)), show, speed)


def deployed(ready: Stage) -> str:
    """Say what stands in the account."""
    functions = len(ready.aws.client("lambda").list_functions()["Functions"])
    rules = len(ready.aws.client("events").list_rules()["Rules"])
    return f"{functions} functions, {rules} rules, stack {APP}-{STAGE}"
