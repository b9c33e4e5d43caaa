"""What is made of asl-validator's words; the program itself runs in CI (`make asl-validator`)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from statemachine.asl_validator import main, problems

DEFINITION = {"States": {"Plan it": {"Assign": {"subject": "", "list": [{"told": ""}], "number": 1}}}}
INVALID = '✕ State machine definition "a.asl.json" is invalid:'
FALSE_ALARM = (
    "SCHEMA_VALIDATION_FAILED: /States/Plan it/Assign/subject is invalid. "
    "must match exactly one schema in oneOf"
)


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    path = tmp_path / "a.asl.json"
    path.write_text(json.dumps(DEFINITION), encoding="utf-8")
    return path


def program(folder: Path, says: str, code: int = 1) -> Path:
    """A program that says this, whatever it is asked."""
    path = folder / "validator"
    (folder / "says").write_text(says, encoding="utf-8")
    path.write_text(f"#!/bin/sh\ncat '{folder}/says'\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("story", "answer", "told"),
    [
        ("a good one", ("✓ it is valid", 0), []),
        (
            "a fault",
            (f"{INVALID}\n MISSING_TARGET: no such state", 1),
            ["a.asl.json: MISSING_TARGET: no such state"],
        ),
        ("an empty text", (f"{INVALID}\n {FALSE_ALARM}", 1), []),
        (
            "an empty text in a list",
            (f"{INVALID}\n {FALSE_ALARM.replace('subject', 'list/0/told')}", 1),
            [],
        ),
        (
            "a number",
            (f"{INVALID}\n {FALSE_ALARM.replace('subject', 'number')}", 1),
            [f"a.asl.json: {FALSE_ALARM.replace('subject', 'number')}"],
        ),
        ("a crash", ("node: not found", 127), ["a.asl.json: node: not found"]),
        ("nothing at all", ("", 1), ["a.asl.json: it failed"]),
    ],
)
def test_what_is_told(
    story: str, answer: tuple[str, int], told: list[str], definition: Path, tmp_path: Path
) -> None:
    assert problems(program(tmp_path, *answer), definition) == told, story


def test_the_command(definition: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(program(tmp_path, "", 0)), str(definition)]) == 0
    assert main([str(program(tmp_path, "", 1)), str(definition)]) == 1
    assert main([]) == 2
    assert "1 checked by asl-validator" in capsys.readouterr().out
