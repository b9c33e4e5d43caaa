"""`make demo-stateful`: an instance refresh in which the gates keep a quorum store and a queue whole."""

from __future__ import annotations

import pytest

from stories import demo_stateful


@pytest.mark.slow
def test_quorum_holds_and_no_job_is_lost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its exit code says whether it went right; the drawing says what happened when."""
    for name in ("POWERTOOLS_LOG_LEVEL", "POWERTOOLS_METRICS_DISABLED"):
        monkeypatch.setenv(name, "CRITICAL" if name.endswith("LEVEL") else "true")
    assert demo_stateful.main([]) == 0
    drawn = capsys.readouterr().out
    assert "5 drains ended: drained. The store had 2 of 3 members in sync at the least" in drawn
    assert "600 jobs were handled, 0 are left; 0 tasks were killed" in drawn
    most = max(line.count("◐") for line in drawn.splitlines() if " jobs " in line)
    assert most == 1, "one instance at a time was DRAINING"
    assert '"_aws"' not in drawn, "metrics belong into the log"
