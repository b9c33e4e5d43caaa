"""How a demo is shown: live on a terminal, or a line a change in a pipe and in a transcript."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from stories.demo.picture import picture
from stories.demo.scene import Entry, Scene, minutes

STYLES = {
    "aws": "bold",
    "drain": "cyan",
    "task": "yellow",
    "elsewhere": "bright_black",
    "good": "green",
    "bad": "bold red",
    "held": "magenta",
}
STEP_WIDTH = 16
STAMP_WIDTH = 7
INDENT = " " * (STAMP_WIDTH + 2)
LABEL = "remedy: "
"""What stands before the reasons and the remedies of an explanation."""

Done = Callable[[str], None]
"""Says what came of a step."""


class Show(Protocol):
    """What an act needs of its audience's seats."""

    def doing(self, step: str) -> AbstractContextManager[Done]:
        """Show that a step goes on until the block ends."""

    def say(self, text: str = "", style: str = "") -> None:
        """Show a line or some."""

    def frame(self, scene: Scene, now: datetime, entries: Sequence[Entry]) -> None:
        """Show what has become of the scene."""

    def rest(self, seconds: float) -> None:
        """Give people so many real seconds to read."""

    def close(self) -> None:
        """Take the picture down to its last frame, for text to follow."""


def line(entry: Entry, scene: Scene) -> str:
    """Return an entry as a line, stamped with the time since its drain began."""
    own = scene.drains.get(entry.instance_id) or next(iter(scene.drains.values()), None)
    stamp = minutes(entry.at - own.began_at) if own else "0:00"
    whose = f"{entry.instance_id}: " if entry.instance_id and len(scene.drains) > 1 else ""
    first, *more = f"{whose}{entry.text}".splitlines()
    return "\n".join([f"{stamp:>{STAMP_WIDTH}}  {first}", *(f"{INDENT}{each}" for each in more)])


def fitted(text: str, width: int) -> str:
    """Return lines that fit a width, each broken one going on under its own beginning."""
    return "\n".join(part for each in text.splitlines() for part in _broken(each, width))


def _broken(text: str, width: int) -> list[str]:
    own = len(text) - len(text.lstrip(" "))
    hanging = own + len(LABEL) if text[own:].startswith(("why:", "remedy:")) else max(own, len(INDENT))
    return wrap(text, width, subsequent_indent=" " * hanging, break_on_hyphens=False) or [""]


@dataclass
class Lines:
    """Plain lines, each once: for pipes, logs and documents."""

    out: TextIO
    is_timed: bool = True
    """Whether steps say how many real seconds they took."""
    rename: Callable[[str], str] = str

    @contextmanager
    def doing(self, step: str) -> Iterator[Done]:
        """Print a line when the step is done."""
        began, said = time.monotonic(), [""]
        yield lambda text: said.__setitem__(0, text)
        took = f" ({time.monotonic() - began:.1f} s)" if self.is_timed else ""
        self.say(f"{step:<{STEP_WIDTH}}{said[0]}{took}")

    def say(self, text: str = "", style: str = "") -> None:
        """Print it."""
        del style
        print(self.rename(text), file=self.out, flush=True)

    def frame(self, scene: Scene, now: datetime, entries: Sequence[Entry]) -> None:
        """Print the entries."""
        del now
        for entry in entries:
            self.say(line(entry, scene))

    def rest(self, seconds: float) -> None:
        """Go on at once."""

    def close(self) -> None:
        """Leave all as it is."""


@dataclass
class Screen:
    """A picture that moves, and above it the lines as they come."""

    console: Console
    speed: float
    live: Live | None = None

    @contextmanager
    def doing(self, step: str) -> Iterator[Done]:
        """Show a spinner, then a line."""
        began, said = time.monotonic(), [""]
        with self.console.status(step):
            yield lambda text: said.__setitem__(0, text)
        took = f"{time.monotonic() - began:.1f} s"
        parts = (("✔ ", "green"), (f"{step:<{STEP_WIDTH}}", "bold"), said[0], (f"  {took}", "bright_black"))
        self.console.print(Text.assemble(*parts))

    def say(self, text: str = "", style: str = "") -> None:
        """Print it, above the picture while there is one."""
        self.console.print(Text(text, style=style))

    def frame(self, scene: Scene, now: datetime, entries: Sequence[Entry]) -> None:
        """Draw the picture anew, and print the entries above it."""
        if self.live is None:
            self.live = Live(console=self.console, auto_refresh=False)
            self.live.start()
        for entry in entries:
            self.say(fitted(line(entry, scene), self.console.width), STYLES.get(entry.tone, ""))
        self.live.update(picture(scene, now, self.console.width, self.speed), refresh=True)

    def rest(self, seconds: float) -> None:
        """Stand still for so long."""
        time.sleep(seconds)

    def close(self) -> None:
        """Leave the last frame where it is."""
        if self.live is not None:
            self.live.stop()
            self.live = None
