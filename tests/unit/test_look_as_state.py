"""What the machine keeps of a look, name by name: its Choice states compare these, and find nothing by another."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.look.decide import Look, decide
from chalicelib.look.observation import remember
from tests.builders import START, a_memory, a_policy, a_task, after, an_observation, timers


def a_look(**fields: object) -> Look:
    seen = an_observation(a_task("STOPPED"))
    look = decide(remember(a_memory(), seen), seen, a_policy(), timers())
    given = {name: getattr(look, name) for name in Look.__slots__}
    return Look(**{**given, **fields})


def test_a_look_is_told_to_the_machine_by_these_names() -> None:
    look = a_look(
        at=START,
        drained=True,
        taken_back=False,
        agent_lost=True,
        heartbeat_due=False,
        stop_now=("arn:one", "arn:two"),
        explain="stuck",
        holding=3,
        kinds={"service": 2},
        wait=timedelta(seconds=59.9),
        summary="in a sentence",
    )
    assert look.to_state() == {
        "at": "2026-03-02T10:00:00Z",
        "drained": True,
        "taken_back": False,
        "agent_lost": True,
        "heartbeat_due": False,
        "stop_now": ["arn:one", "arn:two"],
        "tasks_to_stop": 2,
        "explain": "stuck",
        "holding": 3,
        "kinds": {"service": 2},
        "wait_seconds": 59,
        "summary": "in a sentence",
        "memory": look.memory.to_state(),
        "may_drain": False,
        "set_by_another": False,
        "gates_closed": False,
    }


@pytest.mark.parametrize(
    ("stop_now", "agent_lost", "deadline_at", "deeds"),
    [
        ((), False, after(seconds=1), False),
        ((), False, START, True),
        ((), False, after(seconds=-1), True),
        (("arn:one",), False, after(seconds=1), True),
        ((), True, after(seconds=1), True),
    ],
)
def test_deeds_follow_where_tasks_are_stopped_or_left(
    stop_now: tuple[str, ...], agent_lost: bool, deadline_at: datetime, deeds: bool
) -> None:
    look = a_look(at=START, stop_now=stop_now, agent_lost=agent_lost)
    assert look.is_followed_by_deeds(deadline_at) is deeds
