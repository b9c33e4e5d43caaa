"""What the console reads, and how little: of many drains those that may have moved; and what is said when it can't."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from chalicelib.wake.row import NOTHING, Waiting
from cli.changes import Known
from cli.commands import console as command
from cli.console import feed as feeding
from cli.console.app import Console
from cli.console.board import Card, Hold, card, heard_stopped, most_urgent, tasks_seen
from cli.console.feed import Feed, Tracked, by_execution
from cli.console.pulse import Pulse
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.followed import Followed
from cli.main import app
from stories.world import Service
from tests.cli.shell import Shell, shell
from tests.page.samples import BEGAN_AT, task_arn

STUCK = Service(name="legacy", desired=4, minimum_percent=100, maximum_percent=100, has_target_group=False)
ARN = "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:i-1-manual-1"


@pytest.fixture
def world() -> Iterator[Shell]:
    """Four drains that are held."""
    with shell(STUCK, instances=4) as made:
        for instance in made.ids:
            made.quietly(f"drain {instance} --yes --detach --force")
        made.sleep(60)
        yield made


def histories(world: Shell) -> int:
    return sum(call.operation == "GetExecutionHistory" for call in world.aws.requests.calls)


def test_only_so_many_histories_are_read_at_once_and_each_in_its_turn(
    world: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GetExecutionHistory allows an account 20 requests a second, and 400 at once, whoever asks."""
    monkeypatch.setattr(feeding, "HISTORIES_AT_ONCE", 2)
    feed, read = Feed(Desk(world.edge())), []
    for _ in range(3):
        world.aws.requests.clear()
        feed.read()
        read.append(histories(world))
    assert read == [2, 2, 0]
    assert all(each.known.variables for each in feed.open.values())


def test_a_drain_that_only_waits_is_read_once_a_minute_all_the_same(world: Shell) -> None:
    """A heartbeat, or an outage, shows nowhere but in its history."""
    feed = Feed(Desk(world.edge()))
    feed.read()
    world.aws.requests.clear()
    world.sleep(30)
    feed.read()
    assert histories(world) == 0
    world.sleep(31)
    feed.read()
    assert histories(world) == 4


def test_what_goes_wrong_is_said_and_what_was_read_stands(world: Shell) -> None:
    feed = Feed(Desk(world.edge()))
    feed.read()
    world.aws.requests.fail_next(
        "stepfunctions", "ListExecutions", "ThrottlingException", "Rate exceeded", status=400, times=5
    )
    feed.read()
    assert feed.problem
    assert "throttles" in feed.problem.sentence
    assert len(feed.open) == 4
    feed.read()
    assert feed.problem is None


def test_a_fault_of_its_own_is_said_too_and_the_next_reading_tries_again(
    world: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(Desk(world.edge()))
    with monkeypatch.context() as broken:
        broken.setattr(feeding, "all_waiting", lambda _table: 1 / 0)
        feed.read()
    assert feed.problem
    assert feed.problem.sentence == "ecs-drainer itself failed: ZeroDivisionError: division by zero"
    feed.read()
    assert feed.problem is None
    assert len(feed.open) == 4


def test_a_page_whose_history_cannot_be_read_is_told_so(world: Shell) -> None:
    desk = Desk(world.edge())
    console = Console(desk, "/token")
    console.feed.read()
    world.aws.requests.fail_next(
        "stepfunctions",
        "GetExecutionHistory",
        "AccessDeniedException",
        "not authorized",
        status=400,
        times=1,
    )
    name = next(iter(console.feed.open))
    parts = console._parts_or_problem(lambda: console.pages.parts_of_one(name))
    assert list(parts) == ["status"]
    assert "You may not do this" in parts["status"]
    assert "What holds it" in console.pages.parts_of_one(name)["holds"], "the next time it is read"


def tracked(rows: tuple[Waiting, ...] = (), *, looks: int = 1, awaits: tuple[int, ...] = (1, 2)) -> Tracked:
    """Return a drain whose last look waits for these tasks."""
    tasks = {task_arn(number): "RUNNING" for number in (1, 2, 3)}
    waited = [task_arn(number) for number in awaits] or [NOTHING]
    look = {"memory": {"looks": looks, "tasks": tasks}, "await": {"tasks": waited}}
    known = Known(tasks=tasks, variables={"look": look}, summary="3 tasks hold the drain")
    return Tracked(Followed("i-1", ARN, known), rows=rows)


def row(*tasks: int, looks: int = 1) -> Waiting:
    return Waiting(
        instance="ci",
        execution=ARN,
        cluster="c",
        looks=looks,
        token="t",
        tasks=frozenset(map(task_arn, tasks)),
    )


@pytest.mark.parametrize(
    ("story", "given", "stopped"),
    [
        ("no event has come", tracked((row(1, 2),)), []),
        ("one was taken out of the row", tracked((row(2),)), [1]),
        ("all were", tracked((row(),)), [1, 2]),
        ("the row is of an earlier look", tracked((row(2, looks=1),), looks=2), []),
        ("it polls: there is no row", tracked(), []),
        ("it waits at closed gates, for no task", tracked((row(),), awaits=()), []),
        ("a row that was just made says nothing", tracked((row(looks=0),), looks=0), []),
    ],
)
def test_what_events_said_since_the_last_look(story: str, given: Tracked, stopped: list[int]) -> None:
    assert heard_stopped(given) == {task_arn(number) for number in stopped}, story
    assert card(given).left == 3 - len(stopped)


def test_the_sentence_is_the_looks_until_events_say_more() -> None:
    assert card(tracked((row(1, 2),))).verdict == "3 tasks hold the drain"
    said = card(tracked((row(2),))).verdict
    assert said == (
        "2 tasks left, as events say since the last look: task 00000000 RUNNING, task 00000000 RUNNING"
    )
    everything = tracked((row(),), awaits=(1, 2, 3))
    assert card(everything).verdict == "an event said that its last task is STOPPED: the next look decides"


def test_rows_are_found_by_their_execution() -> None:
    other = replace(row(1), execution="other")
    assert by_execution([row(1), other, row(2)]) == {ARN: (row(1), row(2)), "other": (other,)}


def test_who_should_look_first() -> None:
    urgent = (Hold("Deadlock", 1, 0, (), needs_a_person=True),)
    base = card(tracked())
    cards: list[Card] = [
        replace(base, name="no deadline yet"),
        replace(base, name="late", deadline_at=BEGAN_AT + timedelta(hours=2)),
        replace(base, name="soon", deadline_at=BEGAN_AT + timedelta(hours=1)),
        replace(base, name="held", deadline_at=BEGAN_AT + timedelta(hours=9), holds=urgent),
        replace(
            base,
            name="held by itself",
            deadline_at=BEGAN_AT,
            holds=(replace(urgent[0], needs_a_person=False),),
        ),
    ]
    names = [each.name for each in most_urgent(cards)]
    assert names == ["held", "held by itself", "soon", "late", "no deadline yet"]


def test_nobody_watches_and_nothing_is_read() -> None:
    read: list[int] = []

    async def play() -> None:
        pulse = Pulse(lambda: read.append(1), speed=100.0)
        pulse.start()
        await asyncio.sleep(1.2)
        assert read == []
        beats = pulse.beats()
        await anext(beats)
        await asyncio.wait_for(anext(beats), 10)
        await beats.aclose()
        seen = len(read)
        assert seen >= 1
        await asyncio.sleep(1.2)
        assert len(read) <= seen + 1
        await pulse.stop()

    asyncio.run(play())


def run(*given: str) -> Any:
    return CliRunner().invoke(app, ["console", *given], prog_name="ecs-drainer")


def test_what_is_missing_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "NEEDED", ("starlette", "no_such_package"))
    ran = run()
    assert ran.exit_code == ExitCode.FAILED
    assert "no_such_package" in ran.stderr
    assert "install `ecs-drainer[console]`" in ran.stderr


def test_a_port_that_is_taken_is_said() -> None:
    with shell(STUCK, instances=1) as world, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = world.quietly(f"console --port {taken.getsockname()[1]}")
        assert ran.exit_code == ExitCode.FAILED
        assert "Nothing can listen on 127.0.0.1" in ran.stderr
        assert "name another --port" in ran.stderr


def test_tasks_are_counted_at_their_most() -> None:
    with shell(STUCK, instances=2) as world:
        world.quietly(f"drain {world.ids[0]} --yes --detach --force")
        world.sleep(60)
        feed = Feed(Desk(world.edge()))
        feed.read()
        (one,) = feed.open.values()
        assert tasks_seen(one) == 2
