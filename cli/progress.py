"""A line of progress on standard error, where a person sees it; nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.desk import Desk


@contextmanager
def telling(desk: Desk, title: str) -> Iterator[Callable[[str], object]]:
    """Give what is told which step is under way; a spinner shows it."""
    with _bar(desk) as bar:
        task = bar.add_task(title, total=None)
        yield lambda step: bar.update(task, description=f"{title}: {step}")


@contextmanager
def counting(desk: Desk, title: str) -> Iterator[Callable[[int, int], object]]:
    """Give what is told how many of how many are done."""
    with _bar(desk) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _bar(desk: Desk) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=not desk.edge.shows_live,
        transient=True,
    )
