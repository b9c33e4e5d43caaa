"""Where the command touches the world outside AWS: the one clock, the one sleep, the terminal. Tests hand in others."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Edge:
    """The world outside AWS."""

    now: Callable[[], datetime]
    """The present instant, aware; the only clock of the command."""
    sleep: Callable[[float], None]
    """Lets so many seconds pass."""
    shows_live: bool = False
    """Whether standard output is a terminal, where a table can be drawn again and again."""
    can_ask: bool = False
    """Whether a person can answer a question on standard input."""
    speed: float = 1.0
    """How many of its seconds a second of this machine's clock is: the sandbox's time runs faster, or (0) stands."""
    options: tuple[str, ...] = ()
    """Those of the command line that say where it asks, such as `--sandbox`: a hint's command needs them too."""


def the_real_one() -> Edge:
    """Return this process's own edge."""
    return Edge(_now, time.sleep, shows_live=sys.stdout.isatty(), can_ask=sys.stdin.isatty())


def _now() -> datetime:
    return datetime.now(UTC)
