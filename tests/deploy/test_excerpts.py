"""What an excerpt may leave out, and that it can't tell what was never said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.deploy.excerpts import Terminal, differing

SAID = ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    "told",
    [
        ["one", "two", "three", "four"],
        ["…"],
        ["one", "…"],
        ["…", "four"],
        ["…", "two", "three", "…"],
        ["one", "…", "three", "…", "four"],
    ],
)
def test_what_was_said_may_be_told_in_parts(told: list[str]) -> None:
    assert differing(SAID, told) is None


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ([], "nothing more"),
        (["one"], "one"),
        (["…", "three"], "three"),
        (["two", "…"], "two"),
        (["…", "two", "four", "…"], "two\nfour"),
        (["…", "three", "…", "two", "…"], "two"),
        (["…", "five", "…"], "five"),
    ],
)
def test_what_was_not_said_there_is_named(told: list[str], wrong: str) -> None:
    assert differing(SAID, told) == wrong


def test_a_folder_and_a_variable_hold_for_the_next_command(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    terminal = Terminal(tmp_path, {"PATH": os.environ["PATH"]}, tmp_path)
    terminal.run("cd inner && export NAME=web", "")
    terminal.run('basename "$PWD"; echo $NAME', "inner\nweb\n")
    assert terminal.type("false") == 1
