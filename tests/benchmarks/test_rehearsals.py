"""How long a rehearsal takes is measured on the command itself, and told as a ratio of virtual to real time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import rehearsals
from benchmarks.document import part


def test_a_small_world_is_grown_rehearsed_and_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two instances bear a task of each service and two of the daemon; their refresh takes minutes, and CPU seconds."""
    assert rehearsals.main(["2", "--keep", str(tmp_path)]) == 0
    heads, _, row = (line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines())
    assert tuple(heads) == rehearsals.HEADS
    found = dict(zip(heads, row, strict=True))
    assert (found["instances"], found["tasks"]) == ("2", str(rehearsals.SERVICES + 2))
    assert float(found["CPU seconds"]) > 1
    assert int(found["virtual seconds a CPU second"]) > 10
    snapshot = json.loads((tmp_path / "2-instances.json").read_text(encoding="utf-8"))
    assert len(snapshot["container_instances"]) == 2


def test_the_document_has_the_table_of_the_last_run() -> None:
    """What it says of 20 and 200 instances has the form of today's figures."""
    rows = part(rehearsals.PAGE.read_text(encoding="utf-8"), rehearsals.PART).splitlines()
    assert tuple(rows[0].strip("| ").split(" | ")) == rehearsals.HEADS
    assert [row.strip("| ").split(" | ")[0] for row in rows[2:]] == ["20", "200"]
