"""Every definition in the repository, held against our check, statelint, cfn-lint and moto's own parser.

No validator alone sees enough: of 28 faults tried, each of the others let at least four pass.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]  # cfn-lint ships no types
from moto.stepfunctions.parser.asl.static_analyser.static_analyser import StaticAnalyser
from statelint.linter import Linter

from embedded_aws.stepfunctions.backend import definition_faults
from statemachine.checks.grammar import check_grammar, deployed
from statemachine.definition_check import ROOT, check_file
from tests.definition.a_machine import GOOD, changed

DEFINITIONS = sorted([*(ROOT / "statemachine").glob("*.asl.json"), *(ROOT / "examples").glob("*/*.asl.json")])


EXPRESSION_FOR_A_NUMBER = re.compile(r"'\{%.*%\}' is not of type '(number|integer)'", re.DOTALL)
"""cfn-lint 1.58.0 wants a number where Step Functions takes an expression too (TimeoutSeconds: recorded 2025-07-22)."""


def said_by_cfn_lint(definition: dict[str, Any]) -> list[str]:
    """What its rule of state machines says of a definition in a template, its false alarms left out."""
    role = "arn:aws:iam::123456789012:role/machine"
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": role, "Definition": definition},
    }
    found = lint(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Machine": machine}}))
    return [match.message for match in found if not EXPRESSION_FOR_A_NUMBER.search(match.message)]


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


def test_cfn_lint_has_nothing_to_say(path: Path) -> None:
    assert said_by_cfn_lint(deployed(json.loads(path.read_text(encoding="utf-8")))) == []


def test_the_embedded_aws_takes_it_as_aws_does(path: Path) -> None:
    """Required fields, targets, unreachable states, end states, timestamps, escapes: in AWS's own words."""
    assert definition_faults(json.dumps(deployed(json.loads(path.read_text(encoding="utf-8"))))) == []


def test_it_fits_into_an_inline_template(path: Path) -> None:
    """CreateStateMachine takes a definition of at most 1 MiB."""
    assert path.stat().st_size <= 1_048_576


def test_the_good_machine_of_these_tests_pleases_them_all() -> None:
    filled = deployed(GOOD)
    assert Linter.validate(filled) == []
    assert said_by_cfn_lint(filled) == []
    assert definition_faults(json.dumps(filled)) == []
    parse_as_moto_does(filled)


def test_cfn_lint_sees_a_fault() -> None:
    assert said_by_cfn_lint(deployed(changed("Tell/Retry/0/MaxAttempts", -1))) != []


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
