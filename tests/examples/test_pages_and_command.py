"""The pages tell the truth, and the command answers people: green where it ran, plain in a pipe, never a trace."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from examples.__main__ import main
from examples.catalogue import EXAMPLES, HERE, Example, example_named
from examples.document import pages
from examples.report import show
from statemachine.checks.machine import all_states
from statemachine.definition_check import ROOT, functions_in


@pytest.fixture(params=EXAMPLES, ids=lambda example: example.name)
def example(request: pytest.FixtureRequest) -> Example:
    found: Example = request.param
    return found


def test_every_folder_is_an_example_and_every_example_a_folder() -> None:
    assert {path.parent.name for path in HERE.glob("*/*.asl.json")} == {example.name for example in EXAMPLES}


def test_pictures_table_and_transcript_are_what_is_generated_now() -> None:
    """`python -m examples document` writes them; the transcript is a real run."""
    for page, text in pages().items():
        assert page.read_text(encoding="utf-8") == text, page


def test_the_page_shows_each_bad_input(example: Example) -> None:
    page = (example.folder / "README.md").read_text(encoding="utf-8")
    bad = [name for name in example.inputs() if name.startswith("bad-input")]
    assert bad
    assert all(f"`{name}`" in page for name in bad)


def test_the_page_names_something_that_the_drainer_has(example: Example) -> None:
    """Names in quotes are states of the drain, names in code its functions or settings."""
    page = (example.folder / "README.md").read_text(encoding="utf-8")
    line = page.split("**In the drainer:**")[1]
    drain = json.loads((ROOT / "statemachine" / "drain.asl.json").read_text(encoding="utf-8"))
    named = set(re.findall(r'"([^"]+)"', line)) | (set(re.findall(r"`(start_\w+)`", line)))
    known = {state.name for state in all_states(drain)} | functions_in(ROOT / "app.py")
    assert named
    assert named <= known


def test_list_says_what_each_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        each.name for each in EXAMPLES
    ]


def test_a_run_shows_input_path_and_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["run", "transactions_over_sqs", "--input", '{"TransactionId": "t-2", "Type": "REFUND"}']) == 0
    )
    printed = capsys.readouterr().out
    assert 'own input  {"TransactionId": "t-2", "Type": "REFUND"}' in printed
    assert "● 00:00  Compose the transaction       Pass\n" in printed
    assert "○        not entered: Incomplete, Not sent" in printed
    assert 'in Transactions: {"TransactionId": "t-2", "Type": "REFUND"}' in printed
    assert "\x1b" not in printed


def test_executed_states_are_green_on_a_terminal() -> None:
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system="standard", width=100, highlight=False
    )
    show(console, example_named("transactions_over_sqs"), {"TransactionId": "t-2"})
    printed = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above
    assert re.search(r"\x1b\[32mIncomplete\s*\x1b\[0m", printed)
    assert not re.search(r"\x1b\[32mSend it", printed)


def test_an_own_input_may_stand_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"TransactionId": "t-3"}')
    assert main(["run", "transactions_over_sns", "--input", str(path)]) == 1
    assert "FAILED after 0 s: IncompleteTransaction" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "helo_world"], "there is no example 'helo_world': did you mean 'hello_world'"),
        (["run", "goodbye"], "it is one of hello_world, transaction_processor"),
        (["run", "hello_world", "--input", "{"], "--input isn't JSON"),
        (["run", "hello_world", "--input", "gone.json"], "no file that can be read: No such file"),
        (["run", "--input", "{}"], "--input is for one example: name it"),
    ],
)
def test_a_request_that_cannot_be_read_is_answered_with_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
