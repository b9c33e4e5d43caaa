"""Blockers as text and as state: grouped, bounded, and the same for the same circumstances."""

from __future__ import annotations

import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.explain import Blocker, BlockerKind, explain, group, one_line, render_text, to_state
from chalicelib.explain.words import clip, count, some, spell
from docs.gallery.worlds import NOW, a_service, a_task, a_world

WRITTEN = st.text(alphabet=st.characters(categories=("L", "N")), max_size=600)

BLOCKERS = st.lists(
    st.builds(
        Blocker,
        kind=st.sampled_from(BlockerKind),
        subject=WRITTEN,
        reason=WRITTEN,
        remedy=WRITTEN,
        tasks=st.tuples(st.text(max_size=4)),
        ends_at=st.sampled_from([None, NOW]),
    ),
    max_size=60,
)


def deadlocked(number: int) -> Blocker:
    return Blocker(BlockerKind.DEADLOCK, f"service s{number}", "no room", "widen", (f"t{number}",))


def test_at_most_three_examples_and_how_many_more() -> None:
    (found,) = group(deadlocked(number) for number in range(7))
    assert [one.subject for one in found.examples] == ["service s0", "service s1", "service s2"]
    assert (found.more, found.tasks) == (4, 7)


def test_three_are_shown_without_a_rest() -> None:
    (found,) = group(deadlocked(number) for number in range(3))
    assert (len(found.examples), found.more) == (3, 0)
    assert "more" not in render_text([found])


def test_what_needs_a_person_comes_first() -> None:
    stopping = Blocker(BlockerKind.STOPPING, "task 1", "SIGTERM", "nothing to do")
    assert [one.kind for one in group([stopping, deadlocked(1)])] == [
        BlockerKind.DEADLOCK,
        BlockerKind.STOPPING,
    ]


def test_the_text_for_people() -> None:
    groups = group(deadlocked(number) for number in range(4))
    assert render_text(groups, unread=["target groups: denied"]).splitlines() == [
        "* Minimum healthy percent and maximum percent leave no room to move a task (4 tasks)",
        *(
            line
            for number in range(3)
            for line in (f"    service s{number}", "        why:    no room", "        remedy: widen")
        ),
        "    and 1 more",
        "* Not read: target groups: denied",
    ]


def test_a_remedy_stays_on_one_line_to_be_pasted() -> None:
    lines = render_text(group(explain(a_world(a_service(maximum_percent=100)), NOW))).splitlines()
    assert all(len(line) <= 110 for line in lines if "remedy:" not in line)
    assert sum("remedy:" in line and "maximumPercent=150" in line for line in lines) == 1


def test_one_line_for_logs() -> None:
    assert (
        one_line(group(deadlocked(n) for n in range(4)))
        == "deadlock: service s0, service s1, service s2 and 1 more"
    )
    assert one_line(()) == "nothing holds the drain"


@given(BLOCKERS)
def test_the_state_is_json_and_small_however_much_holds_the_drain(blockers: list[Blocker]) -> None:
    """A state may hold 256 KiB, and most of it is the drain's memory."""
    state = to_state(blockers, unread=["x" * 1000] * 9)
    assert len(json.dumps(state, ensure_ascii=False)) < 45_000
    assert state["blockers"] == len(blockers)
    shown = sum(len(one["examples"]) + one["more"] for one in state["groups"])
    assert shown == len(blockers) or state["more_groups"] > 0


def test_the_state_tells_whether_to_wake_a_person() -> None:
    begun = a_world(drain_began_at=NOW - timedelta(minutes=1))
    assert to_state(explain(begun, NOW))["needs_a_person"] is False
    assert to_state(explain(a_world(tasks=(a_task(group="family:job"),)), NOW))["needs_a_person"] is True
    assert to_state(()) == {
        "blockers": 0,
        "needs_a_person": False,
        "summary": "nothing holds the drain",
        "groups": [],
        "more_groups": 0,
        "unread": [],
    }


def test_every_kind_has_its_headline() -> None:
    headlines = [kind.headline for kind in BlockerKind]
    assert len(set(headlines)) == len(headlines)


def test_words() -> None:
    assert [count(n, "task") for n in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
    assert spell(timedelta(days=1, hours=2, minutes=3)) == "1 d 2 h"
    assert spell(timedelta(seconds=-5)) == "0 s"
    assert some(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert clip("abcdef", 4) == "abc…"
