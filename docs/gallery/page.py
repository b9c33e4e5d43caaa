"""Write docs/blockers.md: every kind of blocker as an operator sees it.

python -m docs.gallery            write it
python -m docs.gallery --check    say whether it is as it would be written (exit status 1 if not)
"""

from __future__ import annotations

from pathlib import Path

from chalicelib.explain import forecast, group, render_forecast, render_text
from docs.gallery.capacity import CAPACITY
from docs.gallery.gates import GATES, AtTheGates
from docs.gallery.services import REPLACEMENTS, ROOM
from docs.gallery.tasks import INSTANCE, PLANNED, TASKS
from docs.gallery.worlds import NOW, World

PAGE = Path(__file__).parents[1] / "blockers.md"

EVERY: tuple[World | AtTheGates, ...] = (*INSTANCE, *ROOM, *CAPACITY, *REPLACEMENTS, *TASKS, *GATES)
STORIES = tuple(sorted(EVERY, key=lambda world: world.kind.importance))

INTRODUCTION = """\
# What can hold a drain

<!-- Written by `python -m docs.gallery`; a test compares. -->

ecs-drainer explains a drain when nothing has moved for `stuck_after`, when the deadline is near, and on request. Each
*blocker* has a subject, a reason with the numbers, and a remedy that can be pasted. These are all kinds, in
the order of importance: those up to "{last}" need a person, the others end by themselves.
Names, ids and times are invented; most of these drains of `i-0aaaaaaaaaaaaaaaa` began twenty minutes ago.
"""

FORECAST = """\
## Before anything is touched

The same questions are answered by `ecs-drainer plan`, which names every task's fate and the shortest time
the drain can take. Here a service moves, another is deadlocked and a job runs on.
"""


def page() -> str:
    """Return the whole page."""
    last = [world for world in STORIES if not world.kind.resolves_itself][-1]
    parts = [INTRODUCTION.format(last=last.kind.headline), *map(section, STORIES), forecast_section()]
    return "\n".join(parts)


def section(world: World | AtTheGates) -> str:
    """Return what the operator reads in one world."""
    groups = group(world.blockers)
    return f"## {world.kind.headline}\n\n{world.story} Kind: `{world.kind}`.\n\n```text\n{render_text(groups)}\n```\n"


def forecast_section() -> str:
    """Return a forecast as `ecs-drainer plan` shows it."""
    return f"{FORECAST}\n```text\n{render_forecast(forecast(PLANNED, NOW))}\n```\n"


def main(arguments: list[str]) -> int:
    """Write the page, or check it; returns the exit status."""
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/blockers.md is not what `python -m docs.gallery` writes: run it and read the difference")
    return 1
