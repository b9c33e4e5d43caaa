"""How long tasks take to start and to stop: given, measured of what ran lately, or reckoned from the settings."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.snapshot import Snapshot
from rehearsal.start_ups import read_start_ups
from rehearsal.timings import Timings, boot_seconds_of, drawn, timings_of
from tests.rehearsal.a_snapshot import TASK, a_snapshot


def event(at: str, message: str) -> dict[str, Any]:
    return {"createdAt": f"2026-03-02T09:{at}.000Z", "message": f"(service web) {message}"}


def of_web(snapshot: Snapshot, *said: str) -> Timings:
    return timings_of(snapshot, read_start_ups(said, ["web"]))["web"]


def test_without_events_the_health_checks_come_on_top_of_the_measured_start() -> None:
    found = of_web(a_snapshot())
    assert (found.running.usual, found.running.source, found.running.samples) == (12, "measured", 1)
    assert (found.healthy.usual, found.healthy.source) == (12 + 3 * 10, "assumed")


def test_from_has_started_to_steady_while_nothing_else_happened() -> None:
    """ECS writes the events; what was stopped meanwhile would make the state steady later than the tasks are."""
    events = [
        event("40:50", "has reached a steady state."),
        event("40:00", "has started 2 tasks: (task a) (task b)."),
        event("31:00", "has reached a steady state."),
        event("30:20", "has stopped 1 running tasks: (task c)."),
        event("30:00", "has started 1 tasks: (task d)."),
        event("20:30", "has reached a steady state."),
        event("20:00", "has started 1 tasks: (task e)."),
    ]
    healthy = of_web(a_snapshot(events=events)).healthy
    assert (healthy.least, healthy.usual, healthy.most) == (30, 40, 50)
    assert (healthy.source, healthy.samples) == ("measured", 2)


def test_what_was_given_goes_before_what_was_measured() -> None:
    healthy = of_web(a_snapshot(), "web=90").healthy
    assert (healthy.usual, healthy.least, healthy.most, healthy.source) == (90, 90, 90, "given")


def test_a_stop_is_measured_without_the_deregistration_delay() -> None:
    """DEACTIVATING lasts as long as the target group says; SIGTERM follows, and SIGKILL after the stop timeout."""
    snapshot = a_snapshot()
    stopped = {
        **TASK,
        "taskArn": f"{TASK['taskArn'][:-1]}9",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": "ServiceSchedulerInitiated",
        "stoppingAt": "2026-03-02T09:50:00.000Z",
        "executionStoppedAt": "2026-03-02T09:50:37.000Z",
    }
    assert of_web(snapshot).stopping.source == "assumed"
    assert of_web(snapshot).stopping.most == 90
    snapshot.document["tasks"].append(stopped)
    assert of_web(snapshot).stopping.usual == 7


def test_new_instances_take_as_long_as_the_others_did() -> None:
    seconds = boot_seconds_of(a_snapshot(), a_snapshot().groups[0])
    assert seconds is not None
    assert seconds.usual == 90


@pytest.mark.parametrize(("pace", "expected"), [("usual", 40), ("least", 30), ("most", 50)])
def test_a_pace_fixes_all_of_them(pace: str, expected: float) -> None:
    events = [
        event("40:50", "has reached a steady state."),
        event("40:00", "has started 2 tasks."),
        event("20:30", "has reached a steady state."),
        event("20:00", "has started 1 tasks."),
    ]
    assert of_web(a_snapshot(events=events)).at(pace).healthy.usual == expected


def test_a_range_that_was_given_has_its_middle_as_the_usual() -> None:
    known = of_web(a_snapshot(), "web=20s..90s")
    assert (known.healthy.least, known.healthy.usual, known.healthy.most) == (20, 55, 90)
    assert (known.healthy.source, known.at("least").healthy.usual, known.at("most").healthy.usual) == (
        "given",
        20,
        90,
    )


@pytest.mark.parametrize("pace", ["usual", "least", "most", *drawn(1, 5)])
def test_no_task_is_healthy_before_it_runs(pace: str) -> None:
    """It was measured that tasks run after 12 s: who says that they are healthy after 5 s says so of that as well."""
    known = of_web(a_snapshot(), "web=5..30").at(pace)
    assert known.running.usual <= known.healthy.usual


def test_what_is_drawn_is_between_the_two_and_the_same_for_the_same_seed() -> None:
    known = of_web(a_snapshot(), "web=20..90")
    found = [known.at(pace).healthy.usual for pace in drawn(7, 200)]
    assert found == [known.at(pace).healthy.usual for pace in drawn(7, 200)]
    assert found != [known.at(pace).healthy.usual for pace in drawn(8, 200)]
    assert all(20 <= each <= 90 for each in found)
    assert min(found) < 30
    assert max(found) > 80
    assert 45 < sum(found) / len(found) < 65, "the usual, 55, is the likeliest"
