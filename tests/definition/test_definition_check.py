"""The check as a command and as a function: what it reads beside a file, and that nothing makes it stumble."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statemachine.definition_check import check, main
from tests.definition.a_machine import FUNCTIONS, GOOD, changed

JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 2.5, "", "$", "States.Format(", [], [[]], [None], {}, {"Type": []}]
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, inner in items for each in [(*at, key), *places(inner, (*at, key))]]


PLACES = places(GOOD)


@given(place=st.sampled_from(PLACES), junk=JUNK)
@settings(max_examples=400, deadline=None)
def test_junk_anywhere_is_answered_with_sentences_never_with_a_stack_trace(
    place: tuple[Any, ...], junk: Any
) -> None:
    machine: Any = copy.deepcopy(GOOD)
    inner = machine
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = junk
    assert all(
        sentence.startswith("junk: ") and sentence.endswith(".") for sentence in check(machine, "junk")
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = "class Refused(Exception):\n    pass\n\n\ndef tell(event, context):\n    raise Refused\n"
    (tmp_path / "functions.py").write_text(source)
    return tmp_path


def written(folder: Path, definition: Any) -> str:
    path = folder / "machine.asl.json"
    path.write_text(json.dumps(definition))
    return str(path)


def test_a_good_file_is_answered_with_zero(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([written(folder, GOOD)]) == 0
    assert capsys.readouterr().out == "1 checked, nothing to say\n"


def test_a_broken_file_is_answered_with_one_and_its_sentences(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([written(folder, changed("Tell/Next", "Don"))]) == 1
    said = 'machine.asl.json: No state found named "Don", referenced at States.Tell.Next.\n'
    assert capsys.readouterr().out == said


def test_functions_and_error_classes_are_read_from_the_module_beside_the_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([written(folder, changed("Tell/Retry/0/ErrorEquals", ["Refused"]))]) == 0
    assert main([written(folder, changed("Tell/Parameters/FunctionName", "${LookFunctionArn}"))]) == 1
    assert "add the function, or use one of TellFunctionArn" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "said"), [("{", "can't be read as JSON"), ("[]", "holds no object")])
def test_a_file_that_is_no_definition_is_refused(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.asl.json"
    path.write_text(text)
    assert main([str(path)]) == 1
    assert said in capsys.readouterr().out


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "gone.asl.json")]) == 1
    assert "gone.asl.json" in capsys.readouterr().out


def test_no_file_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().err


def test_any_function_will_do_where_none_are_known() -> None:
    assert check(changed("Tell/Parameters/FunctionName", "${SomeFunctionArn}"), "any") == []
    assert check(changed("Tell/Parameters/FunctionName", "${SomeFunctionArn}"), "any", FUNCTIONS) != []
