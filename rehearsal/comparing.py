"""Where two rehearsals, or a rehearsal and what then happened live, don't tell the same."""

from __future__ import annotations

import re
from difflib import unified_diff

from rehearsal.result import Rehearsal

TASK = re.compile(r"\b[0-9a-f]{8}\b(?!-)")
INSTANCE = re.compile(r"\bi-[0-9a-f]{8,17}\b")


def differences(rehearsed: Rehearsal, live: Rehearsal) -> list[str]:
    """Return what one timeline has and the other hasn't, to the second; ids of what was made meanwhile don't count."""
    told = unified_diff(_lines(rehearsed), _lines(live), "rehearsed", "live", lineterm="", n=0)
    return list(told)


def _lines(rehearsal: Rehearsal) -> list[str]:
    """Return the timeline; of one second in alphabetical order, new instances numbered in order of appearance."""
    names = {lane.instance: lane.instance for lane in rehearsal.lanes if not lane.is_new}
    lines = []
    for event in rehearsal.events:
        for found in [*INSTANCE.findall(event.text), *([event.instance] if event.instance else [])]:
            names.setdefault(found, f"new-{len(names)}")
        text = INSTANCE.sub(lambda found: names[found[0]], TASK.sub("(task)", event.text))
        passed = int((event.at - rehearsal.began_at).total_seconds())
        lines.append(f"{passed:>6} s  {names.get(event.instance or '', '-')}  {text}")
    return sorted(lines)
