"""Every definition in the repository, held against our check, statelint and moto's own parser.

No validator alone sees enough: of 28 faults tried, each of the others let at least four pass.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.static_analyser.static_analyser import StaticAnalyser
from statelint.linter import Linter

from statemachine.checks.grammar import check_grammar, deployed
from statemachine.definition_check import ROOT, check_file
from tests.definition.a_machine import GOOD, changed

DEFINITIONS = sorted([*(ROOT / "statemachine").glob("*.asl.json"), *(ROOT / "examples").glob("*/*.asl.json")])


def parse_as_moto_does(definition: dict[str, Any]) -> None:
    StaticAnalyser().analyse(json.dumps(definition))


@pytest.fixture(params=DEFINITIONS, ids=lambda path: f"{path.parent.name}/{path.name}")
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_there_are_definitions_to_check() -> None:
    assert len(DEFINITIONS) >= 2


def test_our_check_has_nothing_to_say(path: Path) -> None:
    assert check_file(path) == []


def test_statelint_has_nothing_to_say(path: Path) -> None:
    assert list(check_grammar(json.loads(path.read_text(encoding="utf-8")))) == []


def test_moto_runs_it(path: Path) -> None:
    parse_as_moto_does(deployed(json.loads(path.read_text(encoding="utf-8"))))


def test_it_fits_into_an_inline_template(path: Path) -> None:
    """CreateStateMachine takes a definition of at most 1 MiB."""
    assert path.stat().st_size <= 1_048_576


def test_the_good_machine_of_these_tests_pleases_all_three() -> None:
    filled = deployed(GOOD)
    assert Linter.validate(filled) == []
    parse_as_moto_does(filled)


def test_statelints_false_alarm_on_a_whole_backoff_rate_is_ours_to_avoid() -> None:
    """`"BackoffRate": 2` is a good number to AWS, and "should be a Float" to statelint: we write 2.0 everywhere."""
    whole = deployed(changed("Tell/Retry/0/BackoffRate", 2))
    assert any("Float" in problem for problem in Linter.validate(whole))


@pytest.mark.parametrize(
    ("story", "at", "value"),
    [
        ("an aws-sdk action that isn't", "List the tasks/Resource", "arn:aws:states:::aws-sdk:ecs:listTask"),
        ("a misspelt parameter", "List the tasks/Parameters", {"Clustr": "a"}),
        ("an unguarded path", "Is any task left?/Choices/0/Variable", "$.tasks.urgent"),
    ],
)
def test_what_neither_statelint_nor_moto_sees(story: str, at: str, value: Any) -> None:
    """Why there is a check of our own; should a new release of either see one of these, this test says so."""
    broken = deployed(changed(at, value))
    parse_as_moto_does(broken)
    assert Linter.validate(broken) == [], story
