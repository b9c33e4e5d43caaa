"""Stands for the functions of a release before: today's, whose answers lack whatever that release did not answer.

What it answered is recorded (payloads.jsonl). A state that such an execution is in holds nothing that came later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chalicelib import steps

HERE = Path(__file__).parent
BY_NAME = ("tasks", "groups", "kinds", "sources", "message", "settings", "policy")
"""Whose keys are no fields: ARNs, services, settings."""
FUNCTIONS = ("plan_drain", "look", "explain", "stop_tasks", "compose_notice")

Changes = Mapping[str, Any]


def shapes_of(release: str) -> dict[str, Any]:
    """Return for each function every field that it answered, as far as it was recorded."""
    found: dict[str, Any] = {}
    for line in (HERE / release / "payloads.jsonl").read_text(encoding="utf-8").splitlines():
        call = json.loads(line)
        found[call["function"]] = _merged(found.get(call["function"], {}), call["answer"])
    return found


def _merged(one: Any, other: Any) -> Any:
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return one if isinstance(one, Mapping) else other
    return {key: _merged(one.get(key), other.get(key)) for key in one.keys() | other.keys()}


def as_answered_before(answer: Any, shape: Any, name: str = "") -> Any:
    """Return an answer without the fields that the shape lacks."""
    if not (isinstance(answer, Mapping) and isinstance(shape, Mapping)) or name in BY_NAME:
        return answer
    return {key: as_answered_before(value, shape[key], key) for key, value in answer.items() if key in shape}


@contextmanager
def functions_of(release: str, is_upgraded: Callable[[], bool], planned: Changes) -> Iterator[None]:
    """Let the functions be those of a release, until they are upgraded.

    `planned`: what that release's plan said otherwise.
    """
    shapes = shapes_of(release)
    with ExitStack() as stack:
        for name in FUNCTIONS:
            step = getattr(steps, name)
            today = getattr(step, name)
            changes = planned if name == "plan_drain" else {}
            answer = partial(_answer, today, shapes.get(name, {}), is_upgraded, changes)
            stack.enter_context(patch.object(step, name, answer))
        yield


def _answer(
    today: Callable[..., Any], shape: Any, is_upgraded: Callable[[], bool], changes: Changes, *given: Any
) -> Any:
    is_today = is_upgraded()  # asked before: the call itself is what the state waits for
    said = today(*given) | changes
    return said if is_today else as_answered_before(said, shape)
