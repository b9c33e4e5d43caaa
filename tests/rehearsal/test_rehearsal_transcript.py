"""docs/rehearse.md shows a rehearsal as it is: a snapshot, a scale-in that is stuck, and what would free it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from stories.naming import named
from stories.world import Service
from tests.cli.shell import compare_with_approved, shell
from tests.rehearsal.worlds import STUCK

PAGE = Path(__file__).parents[2] / "docs" / "rehearse.md"
SHOWN = re.compile(
    r"(<!-- transcript of a rehearsal -->\n```text\n)(.*?)(```\n<!-- end of transcript -->)", re.DOTALL
)


@pytest.mark.slow  # 10 s: twenty instances
def test_the_page_shows_a_rehearsal_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with shell(Service(), STUCK) as told:
        told.run("snapshot --cluster web -o cluster.json")
        before = told.transcript
    line = "rehearse cluster.json --scale-in 2 --once --what-if legacy:max=200"
    answered = CliRunner().invoke(app, line.split(), prog_name="ecs-drainer")
    assert answered.exit_code == 6
    after = f"$ ecs-drainer {line}\n{answered.output}exit code 6\n"
    transcript = named(f"{before}\n{after}")
    compare_with_approved("rehearsed-before-a-scale-in", transcript)
    page = PAGE.read_text(encoding="utf-8")
    shown = SHOWN.search(page)
    assert shown
    if os.environ.get("APPROVE") == "1":
        PAGE.write_text(page.replace(shown[0], shown[1] + transcript + shown[3]), encoding="utf-8")
    assert SHOWN.search(PAGE.read_text(encoding="utf-8"))[2] == transcript  # type: ignore[index]  # found above
