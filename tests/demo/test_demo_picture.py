"""The picture on a terminal, as people see it: at 80 columns and at 120."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console

from stories.demo.picture import axis, picture
from stories.demo.scene import Scene
from tests.demo.happened import at, at_the_end, entered, in_mid_drain, looked, told

MID_DRAIN = """\
────── 1:10 after scale-in · 10:01:10 UTC · time passes 10 times as fast ───────
i-0aaaaaaaaaaaaaaaa  eu-west-1a  DRAINING, Terminating:Wait  ■ ■ ■
i-0bbbbbbbbbbbbbbbb  eu-west-1b  ACTIVE                      ■ □

                                     0:00     1:00      2:00     3:00     4:00
web 00000002            DEACTIVATING ━━━━━━━╍╍╍
report 00000003         RUNNING      ━━━━━━━━━━
log-router 00000001     RUNNING      ━━━━━━━━━━
ecs-drainer             2 looks       ╵  ♥    ╵

▸ Wait for events (without any, the next look is at 3:10)
  Stores a token.
  3 tasks hold the drain
"""

THE_END = """\
────────────────────── 3:50 after scale-in · 10:03:50 UTC ──────────────────────
i-0aaaaaaaaaaaaaaaa  eu-west-1a  terminated
i-0bbbbbbbbbbbbbbbb  eu-west-1b  ACTIVE      ■ □

                                     0:00     1:00      2:00     3:00     4:00
web 00000002            STOPPED      ━━━━━━━╍╍╍╍╍╍╍╍╍┅┅┅✔
report 00000003         STOPPED      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━✔
log-router 00000001     STOPPED      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━✔
ecs-drainer             2 looks       ╵  ♥    ╵                         ▶

▸ ended: drained
  Stores a token.
  3 tasks hold the drain
"""


def drawn(scene: Scene, seconds: float, width: int, speed: float | None = None) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(picture(scene, at(seconds), width, speed))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def test_in_mid_drain() -> None:
    assert drawn(in_mid_drain(), 70, 80, 10) == MID_DRAIN


def test_at_the_end() -> None:
    assert drawn(at_the_end(), 230, 80) == THE_END


def test_a_drain_that_polls_says_how_long_its_wait_still_is() -> None:
    scene = in_mid_drain()
    told(scene, looked(61, "3 tasks hold the drain"), entered("Wait before the next look", 61))
    assert "▸ Wait before the next look (7 s left)\n" in drawn(scene, 70, 80)


def test_a_wait_that_is_over_says_no_more_of_its_end() -> None:
    assert "▸ Wait for events\n" in drawn(in_mid_drain(), 191, 80)


def test_a_wide_terminal_has_room_to_say_why_each_task_is_still_there() -> None:
    wide = drawn(in_mid_drain(), 70, 120)
    for note in ("its targets deregister", "nothing stops it but its own end", "ECS stops daemons last"):
        assert note in wide
    assert all(len(line) <= 120 for line in wide.splitlines())


def test_before_the_event_has_arrived() -> None:
    assert "0:00 after scale-in" in drawn(Scene(), 0, 80)


@pytest.mark.parametrize("seconds", [70, 300, 7200, 48 * 3600])
def test_however_long_it_lasts_it_fits(seconds: float) -> None:
    assert all(len(line) <= 80 for line in drawn(in_mid_drain(), seconds, 80).splitlines())


@pytest.mark.parametrize(
    ("what", "seconds_a_cell", "room", "expected"),
    [
        ("a minute apart", 6, 42, "0:00      1:00      2:00      3:00"),
        ("where a minute has no room, two", 10, 30, "0:00        2:00        4:00"),
        ("two days", 4000, 44, "0:00       12:00:00   24:00:00  36:00:00"),
    ],
)
def test_times_along_the_bars(what: str, seconds_a_cell: int, room: int, expected: str) -> None:
    assert axis(timedelta(seconds=seconds_a_cell), room) == expected, what
