"""Every door is knocked at with some hundred seeded cases; `make hostile` knocks ten thousand times at each.

Each answer is a refusal that names field, value and what was expected, or a drain on the next lower value; never a
traceback, and never a thing started or stopped that nobody asked for in right words.
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import chalicelib
from app import app
from chalicelib.events.parse import KINDS
from chalicelib.gates.declared import TAGS
from chalicelib.policy import sources
from chalicelib.policy.table import BY_NAME
from chalicelib.wake.parse import PARSERS
from statemachine.definitions import PLACEHOLDER
from tests.hostile import of_cli, of_events, of_policy, of_rows
from tests.hostile.doors import DOORS
from tests.hostile.knocking import Door, knock

CASES = int(os.environ.get("HOSTILE_CASES", "200"))
DEAR = {"command line": 60}
"""Doors at which a case costs a hundred times what it does at others."""

GATEWAYS = Path(chalicelib.__file__).parent / "gateways"
KEYS = re.compile(r'"([a-z-]+)#')

ROOT = Path(__file__).parents[2]
NAMES = {door.name for door in DOORS}


@pytest.mark.parametrize("door", DOORS, ids=[door.name for door in DOORS])
def test_nobody_gets_a_traceback_or_what_they_may_not(door: Door) -> None:
    tally = knock(door, min(CASES, DEAR.get(door.name, CASES)))
    assert tally.faults == []
    assert tally.cases > 0
    assert tally.accepted + tally.passed_over > 0, "a door that refuses everything was never tried"


BY_THE_MACHINE = {
    "look", "explain", "stop_tasks", "tell", "compose_notice", "plan_drain", "plan_fleet",
}  # fmt: skip
"""Handlers that a state machine invokes with its own state; of a person's words it holds what the plans let in."""
BY_THE_CLOCK = {"reconcile"}
"""What a schedule invokes: nothing of its event but the instant is read."""
OF_EVENTS = {"start_drain": "event: ", "wake": "ECS event: "}


def test_every_handler_is_a_door() -> None:
    every: list[Any] = [*app.pure_lambda_functions, *app.event_sources]
    handlers = {function.name for function in every}
    doors = {name.removeprefix("handler: ") for name in NAMES if name.startswith("handler: ")}
    assert all(any(name.startswith(kind) for name in NAMES) for kind in OF_EVENTS.values())
    assert handlers == doors | BY_THE_MACHINE | BY_THE_CLOCK | OF_EVENTS.keys()


def test_handlers_of_the_machine_are_those_that_it_names() -> None:
    definitions = [ROOT / "statemachine" / f"{name}.asl.json" for name in ("drain", "fleet")]
    placeholders = {
        name for file in definitions for name in PLACEHOLDER.findall(file.read_text(encoding="utf-8"))
    }
    named = {name.removesuffix("FunctionArn") for name in placeholders if name.endswith("FunctionArn")}
    ours = {"".join(word.capitalize() for word in name.split("_")) for name in BY_THE_MACHINE}
    assert named == ours - {"ComposeNotice"}, "which serves executions of the release before alone"


def test_every_kind_of_event_and_shape_of_a_hooks_message_is_a_door() -> None:
    assert of_events.KINDS.keys() == KINDS.keys()
    assert of_events.ECS_EVENTS.keys() == PARSERS.keys()
    shapes = {
        file.stem.removeprefix("terminate-") for file in (ROOT / "tests" / "events").glob("terminate-*.json")
    }
    assert set(of_events.SHAPES) == shapes - {"eventbridge-oldest"}


def test_every_source_of_settings_is_a_door() -> None:
    """A source is what `chalicelib.policy.sources` reads; a Spot interruption's is our own."""
    readers = {name for name in vars(sources) if name.endswith("_source") and not name.startswith("_")}
    doors = {
        "tag_source": "tags of Auto Scaling groups",
        "metadata_source": "metadata of lifecycle hooks",
        "environment_source": "environment of the stage",
        "manual_source": "handler: start_manual_drain",
    }
    assert readers - {"spot_source", "unknown_setting"} == doors.keys()
    assert set(doors.values()) <= NAMES
    assert of_policy.RIGHT_TAGS.keys() == TAGS.keys()
    assert of_events.RIGHT.keys() == BY_NAME.keys()


def test_every_kind_of_row_is_a_door() -> None:
    """Keys are written `<kind>#...`; `turn#` is a counter that no one reads."""
    gateways = [import_module(f"chalicelib.gateways.{each.name}") for each in iter_modules([str(GATEWAYS)])]
    texts = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in gateways)
    texts += (GATEWAYS.parent / "gates" / "leases.py").read_text(encoding="utf-8")
    kinds = set(KEYS.findall(texts)) - {"turn", "turns"}
    assert kinds == of_rows.ROWS.keys()


def test_every_command_and_every_option_is_a_door_or_says_why_not() -> None:
    names = {words for words, _ in of_cli.commands()}
    assert of_cli.NOT_KNOCKED_AT.keys() <= names
    assert {words for words, _ in of_cli.KNOCKED_AT} == names - of_cli.NOT_KNOCKED_AT.keys()
    options = {param.name for _, command in of_cli.commands() for param in command.params}
    assert of_cli.UNTRIED.keys() <= options


def test_a_door_draws_the_same_cases_again() -> None:
    door = next(door for door in DOORS if door.name == "tags of Auto Scaling groups")
    assert knock(door, 50) == knock(door, 50)
    assert knock(door, 50).refused + knock(door, 50).passed_over > 0
