"""What crosses the state machine comes back as it was, and a drain of the release before goes on with the defaults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.common.carried import Carried
from chalicelib.common.errors import InvalidInput
from chalicelib.events.request import DrainRequest, LifecycleAction
from chalicelib.explain.blocker import Blocker
from chalicelib.fleet.request import FleetRequest
from chalicelib.gates.gate_memory import GateMemory, QueueRun, Slot
from chalicelib.look.awaiting import Told
from chalicelib.look.decide import Look
from chalicelib.look.memory import Memory
from chalicelib.plan.drain import Drain
from chalicelib.policy import DrainPolicy
from tests.builders import a_memory

AT = "2026-03-02T10:00:00Z"
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001  # aware in the next line
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
DURATIONS = st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds))
JSON: st.SearchStrategy[Any] = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)

BY_RULE = (Memory, QueueRun, Slot, GateMemory, Blocker, Told)
"""Those that are read and written by the rule alone."""

st.register_type_strategy(datetime, INSTANTS)
st.register_type_strategy(timedelta, DURATIONS)


def subclasses(kind: type) -> Iterator[type]:
    each: type
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


@pytest.mark.parametrize("kind", BY_RULE, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_it_comes_back_as_it_was(kind: type[Carried], data: st.DataObject) -> None:
    """By way of the JSON text that Step Functions keeps."""
    st.register_type_strategy(object, st.text(max_size=3))
    one = data.draw(st.builds(kind))
    assert kind.from_state(json.loads(json.dumps(one.to_state()))) == one


@pytest.mark.parametrize("kind", BY_RULE, ids=lambda kind: kind.__name__)
def test_a_release_before_that_knows_nothing_of_a_field_gets_its_default(kind: type[Carried]) -> None:
    needed = [name for name, default in defaults_of(kind).items() if default is MISSING]
    example = {
        "started_at": AT,
        "changed_at": AT,
        "since": AT,
    }
    state = {name: example.get(name, "stuck-behind") for name in needed} | {"kind": "moving"}
    read = kind.from_state(state)
    assert {name: getattr(read, name) for name in defaults_of(kind) if name not in needed} == {
        name: default for name, default in defaults_of(kind).items() if name not in needed
    }


def defaults_of(kind: Any) -> dict[str, Any]:
    return {
        each.name: each.default if each.default_factory is MISSING else each.default_factory()
        for each in fields(kind)
    }


def test_durations_are_seconds_and_their_keys_say_so() -> None:
    state = a_memory(wait=timedelta(minutes=1), safety_wait=None).to_state()
    assert state["wait_seconds"] == 60
    assert state["safety_wait_seconds"] is None
    assert "wait" not in state


def test_a_request_is_written_whole_and_read_with_care() -> None:
    """Whoever may start an execution writes its input: requests are checked where the rest is trusted."""
    written = DrainRequest.from_state({"instance_id": "i-0123456789abcdef0"}).to_state()
    assert written["trigger"] == "manual"
    assert set(written) == {each.name for each in fields(DrainRequest)}
    assert DrainRequest.from_state(written).to_state() == written


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"changed_at": AT}, "Memory in the machine's state lacks `started_at`"),
        (
            {"started_at": "soon", "changed_at": AT},
            "`started_at` of Memory in the machine's state is 'soon'",
        ),
        (
            {"started_at": AT, "changed_at": None},
            "`changed_at` of Memory in the machine's state is None",
        ),
    ],
)
def test_what_is_wrong_is_named(state: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Memory.from_state(state)


def test_every_class_that_is_carried_is_listed_here() -> None:
    """Three are read or written in their own way: the policy by its table, the drain and the look with derived keys."""
    own = {DrainPolicy, Drain, Look, DrainRequest, LifecycleAction, FleetRequest}
    named = {kind.__name__ for kind in (*BY_RULE, *own)}
    assert {
        kind.__name__ for kind in subclasses(Carried) if kind.__module__.startswith("chalicelib.")
    } == named
