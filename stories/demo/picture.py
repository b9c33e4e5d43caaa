"""The picture on a terminal: who is where, the tasks' statuses over time, and what the machine does. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from stories.demo.events import note_on
from stories.demo.scene import WAITS_FOR_EVENTS, Drain, Instance, Scene, Task, minutes

NAME_WIDTH, STATUS_WIDTH, NOTE_WIDTH = 23, 12, 34
WIDE = 110
"""Columns from which there is room for a note on each task."""
EXPECTED = timedelta(minutes=4, seconds=30)
"""How much time the picture shows at first; it grows with the drain."""
TICKS = (30, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 12 * 3600, 24 * 3600, 7 * 24 * 3600)
"""Seconds between two times on the axis: the first for which there is room."""

LABEL_WIDTH = 9
"""`36:00:00` and a space."""

GLYPHS = {
    "RUNNING": ("━", "yellow"),
    "DEACTIVATING": ("╍", "cyan"),
    "STOPPING": ("┅", "blue"),
    "DEPROVISIONING": ("·", "magenta"),
    "STOPPED": ("✔", "bold green"),
}
"""How a task of a leaving instance is drawn; every other status means that it starts."""
STARTING = ("┈", "bright_black")


def picture(scene: Scene, now: datetime, width: int, speed: float | None = None) -> RenderableType:
    """Return what stands on the terminal while drains go on."""
    drains = list(scene.drains.values())
    began_at = min((drain.began_at for drain in drains), default=now)
    parts: list[RenderableType] = [_rule(now, began_at, speed), _instances(scene)]
    for drain in drains:
        parts += [Text(), _chart(scene, drain, now, width), Text(), *_machine(scene, drain, now, width)]
    return Group(*parts)


def _rule(now: datetime, began_at: datetime, speed: float | None) -> Rule:
    pace = f" · time passes {speed:g} times as fast" if speed else ""
    said = f"{minutes(now - began_at)} after scale-in · {now:%H:%M:%S} UTC{pace}"
    return Rule(Text(said, style="bold"), style="bright_black")


def _instances(scene: Scene) -> Table:
    table = Table.grid(padding=(0, 2))
    for instance in scene.instances.values():
        drain = scene.drains.get(instance.instance_id)
        state, style = _standing(instance, drain)
        tasks = Text(" ").join(_dots(scene, instance, drain))
        table.add_row(
            Text(instance.instance_id, style="bold" if drain else ""),
            Text(instance.zone, style="bright_black"),
            Text(state, style=style),
            tasks,
        )
    return table


def _standing(instance: Instance, drain: Drain | None) -> tuple[str, str]:
    if drain is None:
        return instance.status, "green" if instance.status == "ACTIVE" else "yellow"
    if drain.terminated_at:
        return "terminated", "bright_black"
    if drain.continued_at:
        return "CONTINUE is sent", "bold green"
    # ECS announces DRAINING with the next change of a task; the machine knows at once.
    return f"{'DRAINING' if drain.draining_at else instance.status}, Terminating:Wait", "yellow"


def _dots(scene: Scene, instance: Instance, drain: Drain | None) -> Iterator[Text]:
    for task in scene.tasks_on(instance.instance_id):
        if not task.is_stopped:
            style = GLYPHS.get(task.status, STARTING)[1] if drain else "green"
            full = task.status == "RUNNING" or drain is not None
            yield Text("■" if full else "□", style=style)


def _chart(scene: Scene, drain: Drain, now: datetime, width: int) -> Table:
    notes = width >= WIDE
    room = width - NAME_WIDTH - STATUS_WIDTH - 3 - (NOTE_WIDTH + 1 if notes else 0)
    scale = max(EXPECTED, now - drain.began_at) / max(10, room)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=NAME_WIDTH, no_wrap=True)
    table.add_column(width=STATUS_WIDTH, no_wrap=True)
    table.add_column(width=room, no_wrap=True)
    if notes:
        table.add_column(width=NOTE_WIDTH, no_wrap=True)
    table.add_row("", "", Text(axis(scale, room), style="bright_black"))
    for task in scene.tasks_of(drain):
        bar = _bar(task, drain, now, scale)
        note = [Text(note_on(scene, task), style="bright_black")] if notes else []
        table.add_row(_name(task), _status(task), bar, *note)
    table.add_row(
        Text("ecs-drainer", style="bold"),
        Text(f"{len(drain.looks)} looks", style="bright_black"),
        _marks(drain, scale),
    )
    return table


def _name(task: Task) -> Text:
    return Text.assemble((task.name, "bold"), " ", (task.id, "bright_black"))


def _status(task: Task) -> Text:
    short = "DEPROVISION." if task.status == "DEPROVISIONING" else task.status
    return Text(short, style=GLYPHS.get(task.status, STARTING)[1])


def _bar(task: Task, drain: Drain, now: datetime, scale: timedelta) -> Text:
    """Draw a task's statuses over time, a cell each; its end is one mark."""
    bar = Text()
    ends_at = task.since("STOPPED") or now
    for cell in range(_cell(ends_at, drain, scale)):
        status = task.status_at(drain.began_at + scale * (cell + 0.5)) or ""
        glyph, style = GLYPHS.get(status, STARTING)
        bar.append(glyph if status != "STOPPED" else "·", style=style)
    if task.is_stopped:
        bar.append(*GLYPHS["STOPPED"])
    return bar


def _marks(drain: Drain, scale: timedelta) -> Text:
    """Draw each look, each heartbeat and CONTINUE over time."""
    cells: dict[int, tuple[str, str]] = {}
    for at in drain.looks:
        cells[_cell(at, drain, scale)] = ("╵", "white")
    for at in drain.heartbeats:
        cells[_cell(at, drain, scale)] = ("♥", "red")
    if drain.continued_at:
        cells[_cell(drain.continued_at, drain, scale)] = ("▶", "bold green")
    marks = Text()
    for cell in range(max(cells, default=-1) + 1):
        marks.append(*cells.get(cell, (" ", "")))
    return marks


def _cell(at: datetime, drain: Drain, scale: timedelta) -> int:
    return max(0, int((at - drain.began_at) / scale))


def axis(scale: timedelta, room: int) -> str:
    """Return the times along the bars, as far apart as they need."""
    tick = next((tick for tick in TICKS if timedelta(seconds=tick) / scale >= LABEL_WIDTH), TICKS[-1])
    cells = [" "] * room
    for number in range(room):
        label, at = minutes(timedelta(seconds=tick * number)), round(timedelta(seconds=tick * number) / scale)
        if at + len(label) > room:
            break
        cells[at : at + len(label)] = label
    return "".join(cells).rstrip()


def _machine(scene: Scene, drain: Drain, now: datetime, width: int) -> Iterator[Text]:
    if not drain.state:
        yield Text("▸ EventBridge brings the event to start_drain", style="bold")
        return
    ended = drain.outcome or (drain.cause and f"failed: {drain.cause}")
    doing = f"ended: {ended}" if ended else f"{drain.state}{_until(drain, now)}"
    yield Text(f"▸ {doing}", style="bold", no_wrap=True)
    yield _line(scene.comments.get(drain.state, ""), width, "italic bright_black")
    yield _line(drain.summary, width)


def _until(drain: Drain, now: datetime) -> str:
    """Return how long a wait lasts: a poll by the clock, one for events at most."""
    if drain.wait_ends_at is None or drain.wait_ends_at <= now:
        return ""
    if drain.state == WAITS_FOR_EVENTS:
        return f" (without any, the next look is at {minutes(drain.wait_ends_at - drain.began_at)})"
    return f" ({int((drain.wait_ends_at - now).total_seconds()) + 1} s left)"


def _line(text: str, width: int, style: str = "") -> Text:
    line = Text(f"  {text}", style=style, no_wrap=True)
    line.truncate(width, overflow="ellipsis")
    return line
