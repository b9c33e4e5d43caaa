"""An execution's history as visits, and how a long one is folded into a few lines."""

from __future__ import annotations

from cli.audit import Visit, tasks_of, visits_of
from cli.audit_text import folded
from cli.changes import Change
from cli.executions import Event
from tests.builders import START, after, task_arn


def entered(number: int, name: str, previous: int, kind: str = "Task") -> Event:
    """Return the event of entering a state."""
    return Event(
        number, f"{kind}StateEntered", after(seconds=number), {"name": name, "input": "{}"}, previous
    )


def exited(number: int, name: str, previous: int, kind: str = "Task") -> Event:
    """Return the event of leaving a state."""
    return Event(
        number, f"{kind}StateExited", after(seconds=number), {"name": name, "output": '{"a": 1}'}, previous
    )


def test_an_entry_is_paired_with_its_exit_through_the_attempts_between() -> None:
    (visit,) = visits_of(
        [
            Event(1, "ExecutionStarted", START),
            entered(2, "Look", 1),
            Event(3, "TaskScheduled", after(seconds=3), {}, 2),
            Event(4, "TaskFailed", after(seconds=4), {"error": "Throttled", "cause": "Rate exceeded"}, 3),
            Event(5, "TaskScheduled", after(seconds=5), {}, 4),
            exited(6, "Look", 5),
        ]
    )
    assert (visit.name, visit.type) == ("Look", "Task")
    assert (visit.entered_at, visit.exited_at) == (after(seconds=2), after(seconds=6))
    assert visit.errors == ("Throttled: Rate exceeded",)
    assert visit.output == '{"a": 1}'


def test_what_an_expression_refused_is_an_error_of_its_state() -> None:
    (visit,) = visits_of(
        [
            entered(1, "Update the container instances", 0),
            Event(2, "TaskSucceeded", after(seconds=2), {}, 1),
            Event(
                3,
                "EvaluationFailed",
                after(seconds=2),
                {"error": "States.QueryEvaluationError", "cause": "no"},
                2,
            ),
        ]
    )
    assert visit.errors == ("States.QueryEvaluationError: no",)


def test_iterations_of_a_map_that_run_at_once_keep_their_own() -> None:
    """Two iterations interleave: only the chain of events tells which exit belongs to which entry."""
    visits = visits_of(
        [
            entered(1, "Drain each", 0, "Map"),
            entered(2, "Drain one", 1),
            entered(3, "Drain one", 1),
            exited(4, "Drain one", 2),
            exited(6, "Drain one", 3),
            exited(7, "Drain each", 6, "Map"),
        ]
    )
    assert [(visit.name, visit.exited_at) for visit in visits] == [
        ("Drain each", after(seconds=7)),
        ("Drain one", after(seconds=4)),
        ("Drain one", after(seconds=6)),
    ]


def test_a_state_that_was_never_left() -> None:
    (visit,) = visits_of([entered(1, "Wait before the next look", 0, "Wait")])
    assert (visit.exited_at, visit.output) == (None, "")


def test_what_repeats_is_one_line() -> None:
    names = [
        "Plan",
        *["Look", "Choose", "Wait"] * 4,
        "Heartbeat",
        *["Look", "Choose", "Wait"] * 2,
        "Look",
        "Done",
    ]
    visits = [Visit(name, "Task", after(seconds=n), after(seconds=n + 1)) for n, name in enumerate(names)]
    lines = [([visit.name for visit in turn], times) for turn, times in folded(visits)]
    assert lines == [
        (["Plan"], 1),
        (["Look", "Choose", "Wait"], 4),
        (["Heartbeat"], 1),
        (["Look", "Choose", "Wait"], 2),
        (["Look"], 1),
        (["Done"], 1),
    ]
    assert sum(len(turn) * times for turn, times in folded(visits)) == len(visits), "none is lost"


def test_a_folded_run_begins_with_its_first_and_ends_with_its_last() -> None:
    visits = [Visit("Look", "Task", after(seconds=n), after(seconds=n + 1)) for n in range(3)]
    (((visit,), times),) = folded(visits)
    assert (visit.entered_at, visit.exited_at, times) == (after(seconds=0), after(seconds=3), 3)


def test_a_tasks_statuses_in_time() -> None:
    def change(seconds: float, status: str) -> Change:
        return Change(after(seconds=seconds), "task", "", {"task": task_arn(1), "to": status})

    (task,) = tasks_of(
        [change(0, "RUNNING"), change(65, "DEACTIVATING"), change(130, "STOPPED")], {task_arn(1): "web"}
    )
    assert task.name == "web"
    assert [(span.status, span.ends_at) for span in task.spans] == [
        ("RUNNING", after(seconds=65)),
        ("DEACTIVATING", after(seconds=130)),
        ("STOPPED", None),
    ]
