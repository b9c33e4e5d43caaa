"""`ecs-drainer show --html`: from the embedded AWS to a file."""

from __future__ import annotations

from pathlib import Path

from cli.exit_codes import ExitCode
from stories.world import Service
from tests.cli.shell import shell


def test_a_drain_becomes_a_page(tmp_path: Path) -> None:
    file = tmp_path / "drain.html"
    with shell(Service(desired=6, has_target_group=False), instances=3) as told:
        told.quietly(f"drain {told.ids[1]} --yes -m '<b>new disks</b>'")
        wrote = told.quietly(f"show {told.ids[1]} --html {file}")
        assert wrote.exit_code == ExitCode.OK
        assert "it works offline" in wrote.output
        page = file.read_text(encoding="utf-8")
        assert "&lt;b&gt;new disks&lt;/b&gt;" in page
        assert 'class="state Map visited" data-name="Set DRAINING"' in page
        assert "not in the picture" not in page
        refused = told.quietly(f"show {told.ids[1]} --html {tmp_path / 'nowhere' / 'drain.html'}")
        assert refused.exit_code == ExitCode.FAILED
        assert "can't be written" in refused.output
