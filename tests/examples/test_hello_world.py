"""Hello, then world."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from examples.laboratory import Laboratory

EXAMPLE = "hello_world"
HELLO = ["Is the name readable?", "Say hello", "Did hello succeed?"]


def test_a_name_is_greeted_after_a_wait(lab: Laboratory) -> None:
    run = lab.run({"name": "Ada"})
    assert run.output == {"greeting": "Hello, Ada!"}
    assert run.path == [*HELLO, "Let it sink in", "Is it for somebody?", "Greet by name", "Greeted"]
    assert run.started_at is not None
    assert run.ended_at is not None
    assert run.ended_at - run.started_at == timedelta(seconds=3)


def test_without_a_name_the_world_is_greeted(lab: Laboratory) -> None:
    run = lab.run({})
    assert run.output == {"greeting": "Hello, World!"}
    assert run.path[-3:] == ["Think of the world", "Greet by name", "Greeted"]


@pytest.mark.parametrize("name", [42, "", None, ["Ada"]])
def test_what_is_no_name_is_refused_before_anything_is_said(lab: Laboratory, name: Any) -> None:
    run = lab.run({"name": name})
    assert run.path == ["Is the name readable?", "Not a name"]
    assert run.error == "InvalidName"
    assert 'write {"name": "Ada"}' in run.cause


def test_a_hello_that_answers_no_ends_the_run(lab: Laboratory) -> None:
    run = lab.run({"name": "Ada", "greet": False})
    assert run.path == [*HELLO, "Hello was refused"]
    assert run.error == "HelloRefused"
