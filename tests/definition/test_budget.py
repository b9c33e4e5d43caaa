"""How large the machines may be, so that a person reads them in one sitting and the console draws them.

What counts is what `chalice package` emits, which a template in the clear may hold at most 460,800 bytes of:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from statemachine import template
from statemachine.checks.machine import all_states
from statemachine.definition_check import ROOT, functions_in
from statemachine.definitions import STATE_MACHINE, inlined
from statemachine.graph import TEMPLATE


@pytest.fixture(scope="module")
def emitted() -> dict[str, str]:
    """Each machine's definition as the template carries it, by the machine's logical id."""
    path = ROOT / TEMPLATE
    document = inlined(template.load(path), path.parent, functions_in(ROOT / "app.py"))
    machines = {name: each for name, each in document["Resources"].items() if each["Type"] == STATE_MACHINE}
    return {name: machine["Properties"]["DefinitionString"] for name, machine in machines.items()}


@pytest.mark.parametrize(
    ("machine", "most"),
    [("DrainStateMachine", 55), ("FleetStateMachine", 20)],
)
def test_states_are_few_those_within_a_map_among_them(
    emitted: dict[str, str], machine: str, most: int
) -> None:
    definition: dict[str, Any] = json.loads(emitted[machine])
    assert len(all_states(definition)) <= most


@pytest.mark.parametrize(("machine", "most"), [("DrainStateMachine", 45_000)])
def test_bytes_are_few(emitted: dict[str, str], machine: str, most: int) -> None:
    assert len(emitted[machine].encode()) <= most


@pytest.mark.parametrize("machine", ["DrainStateMachine", "FleetStateMachine"])
def test_the_query_language_is_jsonata(emitted: dict[str, str], machine: str) -> None:
    """One language for what every state does: variables need it."""
    assert json.loads(emitted[machine])["QueryLanguage"] == "JSONata"
