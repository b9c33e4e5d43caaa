"""What a terminal shows: the lines as they come, a picture below them, and its last frame at the end."""

from __future__ import annotations

import io
import re

from rich.console import Console

from stories.demo.scene import Entry
from stories.demo.show import Screen
from tests.demo.happened import LEAVING, at, at_the_end, in_mid_drain

CONTROLS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def screen(width: int = 80) -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    return Screen(Console(file=out, force_terminal=True, width=width, height=30, highlight=False), 10), out


def plain(out: io.StringIO) -> list[str]:
    return [line.rstrip() for line in CONTROLS.sub("", out.getvalue()).splitlines()]


def test_a_line_stands_above_the_picture() -> None:
    show, out = screen()
    show.frame(in_mid_drain(), at(70), [])
    show.frame(in_mid_drain(), at(71), [Entry(at(70), f"{LEAVING} is watched", "good", LEAVING)])
    show.close()
    lines = plain(out)
    said = lines.index(f"   1:10  {LEAVING} is watched")
    assert "1:11 after scale-in" in "".join(lines[said:])
    assert "\x1b[32m" in out.getvalue(), "good news are green"


def test_a_long_line_keeps_clear_of_the_stamps() -> None:
    show, out = screen()
    show.frame(in_mid_drain(), at(70), [Entry(at(70), "held:\n* a headline\n    why: " + "word " * 20)])
    show.close()
    lines = plain(out)
    first = lines.index("   1:10  held:")
    assert lines[first + 1] == "         * a headline"
    assert all(line.startswith("         ") for line in lines[first + 1 : first + 4])


def test_text_follows_the_last_frame() -> None:
    show, out = screen()
    with show.doing("chalice deploy") as done:
        done("all of it")
    show.frame(at_the_end(), at(230), [])
    show.close()
    show.close()
    show.say("What it came to")
    lines = plain(out)
    assert any(line.startswith("✔ chalice deploy  all of it  0.") for line in lines)
    assert lines.index("What it came to") > max(n for n, line in enumerate(lines) if "ended: drained" in line)
