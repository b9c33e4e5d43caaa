"""The summary of a drain, as lines of text: what happened when, and the figures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from textwrap import wrap

from chalicelib.common.duration import in_words
from stories.demo.figures import LAMBDA_SECONDS, Figures
from stories.demo.scene import Drain, Scene, Task, minutes
from stories.prices import LAMBDA_GIGABYTES, cost, cost_by_item

WIDTH = 80

Row = tuple[str, str, str]
"""A figure: what it is, how much, and what is in it."""


def timeline(scene: Scene, drain: Drain) -> list[str]:
    """Return what happened when, a line a milestone."""
    found = sorted(_milestones(scene, drain), key=lambda one: one[0])
    return [f"{minutes(at - drain.began_at):>7}  {text}" for at, text in found]


def _milestones(scene: Scene, drain: Drain) -> Iterator[tuple[datetime, str]]:
    yield drain.began_at, f"Auto Scaling takes {drain.instance_id}; {drain.hook} holds it"
    if drain.draining_at:
        yield drain.draining_at, "the container instance is DRAINING"
    tasks = scene.tasks_of(drain)
    services = [task for task in tasks if not task.is_standalone and task.name not in scene.daemons]
    if leaves := [at for task in services if (at := task.since("DEACTIVATING"))]:
        yield min(leaves), "replacements are healthy: the first service task begins to leave"
    for what, those in _kinds(scene, tasks, services):
        stopped = [at for task in those if (at := task.since("STOPPED"))]
        if those and len(stopped) == len(those):
            yield max(stopped), what
    if drain.explained_at:
        yield drain.explained_at, "nothing moves: the drain says what holds it"
    if drain.continued_at:
        delay = scene.delay(drain)
        after = f", {in_words(delay)} after the last STOPPED" if delay is not None else ""
        yield drain.continued_at, f"CONTINUE{after}"
    if drain.terminated_at:
        yield drain.terminated_at, f"{drain.instance_id} is terminated"


def _kinds(scene: Scene, tasks: list[Task], services: list[Task]) -> Iterator[tuple[str, list[Task]]]:
    yield "the last service task is STOPPED", services
    yield "the standalone task is STOPPED", [task for task in tasks if task.is_standalone]
    yield "the daemon's task is STOPPED, last of all", [task for task in tasks if task.name in scene.daemons]


def rows(figures: Figures) -> list[Row]:
    """Return the figures, the most important first."""
    return [
        ("tasks not STOPPED at CONTINUE", _alive(figures), "by the embedded AWS's own record"),
        ("last STOPPED to CONTINUE", _words(figures.delay), ""),
        ("looks", str(figures.looks), _plural(figures.heartbeats, "heartbeat")),
        ("state transitions", str(figures.transitions), ""),
        ("Lambda invocations", str(figures.invocations.total()), _parts(figures.invocations)),
        ("API calls", str(figures.calls.total()), _parts(figures.calls) + _refused(figures.refused)),
        ("cost at list price", f"${cost(figures.usage):.5f}", _cost(figures)),
    ]


def text(figures: Figures) -> list[str]:
    """Return the figures as aligned lines."""
    found = rows(figures)
    widths = [max(len(row[column]) for row in found) for column in (0, 1)]
    heads = [f"  {what:<{widths[0]}}  {much:>{widths[1]}}  " for what, much, _ in found]
    return [
        line.rstrip()
        for head, (_, _, rest) in zip(heads, found, strict=True)
        for line in wrap(rest, WIDTH, initial_indent=head, subsequent_indent=" " * len(head)) or [head]
    ]


def footnote() -> str:
    """Return what the cost is reckoned with."""
    milliseconds, megabytes = int(LAMBDA_SECONDS * 1000), int(LAMBDA_GIGABYTES * 1024)
    return f"us-east-1, no free tier; {milliseconds} ms of {megabytes} MB on arm64 for each invocation"


def _alive(figures: Figures) -> str:
    return str(len(figures.killed)) if figures.continued or figures.killed else "none sent"


def _words(duration: timedelta | None) -> str:
    return "none" if duration is None else in_words(duration)


def _parts(counted: Counter[str]) -> str:
    parts = sorted(counted.items(), key=lambda part: (-part[1], part[0]))
    return ", ".join(f"{name} {number}" for name, number in parts)


def _refused(number: int) -> str:
    return f"; {number} answered with an error" if number else ""


def _cost(figures: Figures) -> str:
    costs = cost_by_item(figures.usage)
    functions = costs["lambda_requests"] + costs["lambda_gb_seconds"]
    return f"transitions ${costs['transitions']:.5f}, Lambda ${functions:.5f}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
