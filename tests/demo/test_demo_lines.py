"""What a pipe shows: only changes, a line each, with the time since the scale-in."""

from __future__ import annotations

import io
import json

from stories.demo.scene import Entry, Scene
from stories.demo.show import Lines, line
from stories.demo.steady import Steady
from tests.demo.happened import (
    LEAVING,
    STAYING,
    action_begins,
    at,
    at_the_end,
    entered,
    execution_starts,
    exited,
    in_mid_drain,
    instance,
    looked,
    task,
    the_drain,
    told,
)


def lines(scene: Scene, *events: dict[str, object]) -> list[str]:
    return [line(entry, scene) for entry in told(scene, *events)]


def test_the_beginning_of_a_drain() -> None:
    scene = Scene(daemons=frozenset({"log-router"}))
    assert lines(scene, instance(LEAVING), instance(STAYING), task(1, "service:web", "RUNNING", -90)) == []
    assert lines(scene, action_begins(), execution_starts(), exited("Set DRAINING", 0.2)) == [
        f"   0:00  Auto Scaling takes {LEAVING}; hook ecs-drain holds it",
        "   0:00  EventBridge invokes start_drain, which starts the drain",
        "   0:00  the container instance is set DRAINING: ECS places nothing more on it",
    ]


def test_an_event_that_comes_twice_is_told_once() -> None:
    scene = Scene()
    assert len(lines(scene, action_begins(), action_begins(1))) == 1
    assert lines(scene, instance(LEAVING), task(1, "service:web", "RUNNING", 1))
    assert lines(scene, task(1, "service:web", "RUNNING", 2)) == []


def test_a_task_of_each_kind_says_why_it_is_still_there() -> None:
    scene = in_mid_drain()
    assert lines(
        scene,
        task(2, "service:web", "STOPPING", 105),
        task(2, "service:web", "DEPROVISIONING", 125),
        task(2, "service:web", "STOPPED", 128),
    ) == [
        "   1:45  web 00000002  DEACTIVATING -> STOPPING: SIGTERM is sent",
        "   2:05  web 00000002  STOPPING -> DEPROVISIONING: ECS tidies up",
        "   2:08  web 00000002  DEPROVISIONING -> STOPPED",
    ]


def test_steps_in_the_same_instant_are_one() -> None:
    """A task that ends by itself passes DEACTIVATING and STOPPING in no time."""
    steps = (
        task(3, "family:report", status, 190) for status in ("DEACTIVATING", "STOPPING", "DEPROVISIONING")
    )
    assert lines(in_mid_drain(), *steps) == [
        "   3:10  report 00000003  RUNNING -> DEPROVISIONING: ECS tidies up"
    ]


def test_replacements_elsewhere_are_told_when_they_begin_and_when_they_run() -> None:
    steps = (task(6, "service:web", status, 5, STAYING) for status in ("PROVISIONING", "PENDING", "RUNNING"))
    assert lines(in_mid_drain(), *steps) == [
        f"   0:05  a new task of web is placed on {STAYING}: 00000006",
        f"   0:05  web 00000006  RUNNING on {STAYING}",
    ]


def test_that_events_are_waited_for_is_told_once() -> None:
    """And until when, so that nobody takes silence for a drain that hangs."""
    scene = Scene()
    told(
        scene, instance(LEAVING), task(1, "service:web", "RUNNING", -90), action_begins(), execution_starts()
    )
    waits = (looked(10, "1 task holds the drain", 190), entered("Wait for events", 10))
    assert lines(scene, *waits) == [
        "   0:10  the drain waits for events of ECS; without any it looks again at 3:10"
    ]
    assert lines(scene, looked(190, "1 task holds the drain", 550), entered("Wait for events", 190)) == []


def test_looks_that_change_nothing_are_not_told() -> None:
    for wait in ("Wait before the next look", "Wait for events"):
        assert lines(in_mid_drain(), looked(75, "3 tasks hold the drain"), entered(wait, 75)) == [], wait


def test_a_wait_that_runs_out_meets_no_error() -> None:
    """What is due by the clock comes up by a States.Timeout."""
    scene = in_mid_drain()
    assert lines(scene, met("TaskTimedOut", 190, "States.Timeout")) == []
    assert lines(scene, exited("Wait for events", 190), looked(190, "3 tasks hold the drain", 550)) == []


def test_an_explanation_is_told_once_in_full() -> None:
    scene = in_mid_drain()
    explained = {"explanation": {"text": "* a headline\n    why: a reason"}}
    assert lines(scene, exited("Explain", 600, **explained)) == [
        "  10:00  this holds the drain:\n         * a headline\n             why: a reason"
    ]
    assert lines(scene, exited("Explain", 900, **explained)) == []


def test_a_failure_says_its_cause() -> None:
    scene = in_mid_drain()
    failed = {"type": "ExecutionFailed", "timestamp": at(70)}
    failed["executionFailedEventDetails"] = {"error": "AccessDenied", "cause": "no " * 500}
    (said,) = lines(scene, failed)
    assert said.startswith("   1:10  the drain ends as FAILED: AccessDenied: no no")
    assert len(said) < 400
    assert the_drain(scene).is_over


def test_a_failed_function_says_its_message_and_not_its_stack() -> None:
    scene = in_mid_drain()
    cause = json.dumps({"errorMessage": "not allowed", "stackTrace": ["line 1"]})
    failed = {"type": "ExecutionFailed", "timestamp": at(70)}
    failed["executionFailedEventDetails"] = {"error": "AccessDenied", "cause": cause}
    assert lines(scene, failed) == ["   1:10  the drain ends as FAILED: AccessDenied: not allowed"]


def met(kind: str, seconds: float, error: str) -> dict[str, object]:
    return {"type": kind, "timestamp": at(seconds), f"t{kind[1:]}EventDetails": {"error": error}}


def test_an_error_is_told_once_however_often_it_is_tried_again() -> None:
    scene = in_mid_drain()
    tries = (met("TaskFailed", seconds, "Throttled") for seconds in (70, 72, 75))
    assert lines(scene, entered("Look", 70), *tries) == ["   1:10  «Look» meets Throttled"]


def test_a_state_that_is_left_by_its_catch_has_not_done_its_deed() -> None:
    scene = in_mid_drain()
    name = "Complete the lifecycle action"
    failed = (entered(name, 70), met("TaskFailed", 70, "AccessDenied"), exited(name, 70))
    assert lines(scene, *failed) == [f"   1:10  «{name}» meets AccessDenied"]
    assert the_drain(scene).continued_at is None
    assert lines(scene, entered(name, 71), {"type": "TaskSucceeded"}, exited(name, 71)) == [
        "   1:11  the lifecycle action is completed with CONTINUE"
    ]


def test_the_scene_knows_what_the_drain_was_about() -> None:
    scene = at_the_end()
    drain = the_drain(scene)
    assert [task.name for task in scene.tasks_of(drain)] == ["web", "report", "log-router"]
    delay = scene.delay(drain)
    assert delay is not None
    assert delay.total_seconds() == 5
    assert (drain.outcome, drain.is_over, len(drain.looks), len(drain.heartbeats)) == ("drained", True, 2, 1)


def test_with_two_drains_each_line_names_its_instance() -> None:
    scene = at_the_end()
    other = action_begins(300)
    other["detail"] = {**other["detail"], "EC2InstanceId": STAYING}
    told(scene, other)
    assert line(Entry(at(301), "said", instance_id=STAYING), scene) == f"   0:01  {STAYING}: said"


def test_a_transcript_has_the_same_names_in_every_run() -> None:
    out, rename = io.StringIO(), Steady()
    show = Lines(out, is_timed=False, rename=rename)
    with show.doing("a cluster") as done:
        done("made")
    show.say(
        "web 5338d5aa on i-83ec66d0725680163, web 0001beef, then 5338d5aa again; 2026-03-02, 12345678901"
    )
    show.frame(Scene(), at(0), [Entry(at(0), "i-0123456789abcdef0 is terminated")])
    assert out.getvalue().splitlines() == [
        "a cluster       made",
        "web 00000001 on i-0aaaaaaaaaaaaaaaa, web 00000002, then 00000001 again; 2026-03-02, 12345678901",
        "   0:00  i-0bbbbbbbbbbbbbbbb is terminated",
    ]


def test_a_step_in_a_pipe_says_how_long_it_took() -> None:
    out = io.StringIO()
    with Lines(out).doing("chalice deploy") as done:
        done(json.dumps("all"))
    assert out.getvalue().startswith('chalice deploy  "all" (0.')
