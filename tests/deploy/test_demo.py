"""`make demo` and `make demo-stuck` from end to end: what a newcomer sees in a pipe, and what is left afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.generate import with_excerpt, with_transcript

ROOT = Path(__file__).parents[2]
ENDS_WITHIN = 300
STOPPED = re.compile(r" task (\S+) [0-9a-f]{8} \w+ -> STOPPED$", re.MULTILINE)

pytestmark = pytest.mark.deploy


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real account's `.chalice/deployed` must never be touched, and no folder may stay."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = checkout()
    yield
    assert checkout() == before
    assert list(tmp_path.iterdir()) == []


def checkout() -> set[tuple[str, int]]:
    """Return what stands where a deployment writes, and when it was written."""
    return {(str(path), path.stat().st_mtime_ns) for path in (ROOT / ".chalice").rglob("*")}


def begin(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-m", "stories.demo", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that its processes can be told from ours
    )


def played(*arguments: str) -> tuple[int, str, str]:
    """Run a demo to its end in a pipe; returns exit code, stdout and stderr."""
    demo = begin(*arguments)
    said, complained = demo.communicate(timeout=ENDS_WITHIN)
    assert no_process_is_left(demo)
    return demo.returncode, said, complained


def no_process_is_left(demo: subprocess.Popen[str]) -> bool:
    """Say whether everything that the demo started is gone."""
    try:
        os.killpg(demo.pid, 0)
    except ProcessLookupError:
        return True
    return False


def figure(said: str, name: str) -> str:
    (value,) = re.findall(rf"^  {name} +(\S+(?: s\b)?)", said, re.MULTILINE)
    return str(value)


@pytest.mark.slow  # a quarter of a minute; `make demo` is the same
def test_the_demo_shows_a_drain_in_which_no_task_dies(tmp_path: Path) -> None:
    """docs/demo.md shows the same run, word for word, and the README a part of it."""
    transcript = tmp_path / "transcript"
    code, _, complained = played("--transcript", str(transcript))
    said = transcript.read_text(encoding="utf-8")
    transcript.unlink()
    assert (code, complained) == (0, "")
    for page, as_it_should_be in (with_transcript(said), with_excerpt(said)):
        assert page.read_text(encoding="utf-8") == as_it_should_be, "run `make docs`"
    assert figure(said, "tasks not STOPPED at CONTINUE") == "0"
    delay = re.fullmatch(r"(\d+) s", figure(said, "last STOPPED to CONTINUE"))
    assert delay is not None
    assert int(delay[1]) <= 15
    assert int(figure(said, "looks")) > 3
    assert 0 < float(figure(said, "cost at list price").removeprefix("$")) < 0.01
    assert "\x1b" not in said, "no colours in a pipe"
    assert STOPPED.findall(said) == ["api", "web", "web", "nightly-report", "log-router"]
    assert said.index("task log-router") < said.index("the lifecycle action is completed")
    assert "\n03:39  the lifecycle action is completed with CONTINUE\n" in said


@pytest.mark.slow
def test_the_stuck_demo_is_freed_by_the_remedy_that_the_notice_gives(tmp_path: Path) -> None:
    transcript = tmp_path / "transcript"
    code, _, complained = played("stuck", "--transcript", str(transcript))
    said = transcript.read_text()
    transcript.unlink()
    assert (code, complained) == (0, "")
    in_order = [
        "this holds the drain:",
        "    service billing (task ",
        "        remedy: aws ecs update-service --cluster web --service billing ",
        "$ aws ecs update-service --cluster web --service billing \\",
        "the lifecycle action is completed",
        "somebody changes service billing",
    ]
    assert sorted(in_order, key=said.index) == in_order
    assert figure(said, "tasks not STOPPED at CONTINUE") == "0"
    assert " s)" not in said.partition("$ aws")[0], "how long this machine took is no part of a transcript"


@pytest.mark.slow
def test_quorum_holds_and_no_job_is_lost_while_five_instances_are_replaced() -> None:
    code, said, complained = played("stateful")
    assert (code, complained) == (0, "")
    assert "5 instances were replaced. The store had 2 of 3 members in sync at the least" in said
    assert " and refused 0 writes" in said
    assert "0 are left." in said
    assert figure(said, "tasks not STOPPED at CONTINUE") == "0"
    assert said.count("the container instance is set DRAINING") == 5


@pytest.mark.slow
def test_a_drain_that_goes_wrong_is_no_success() -> None:
    code, said, complained = played("--fail", "ecs:DescribeTasks=AccessDeniedException")
    assert code == 1
    assert "The demo went wrong. The execution ended as FAILED: AccessDenied: DescribeTasks" in complained
    assert figure(said, "tasks not STOPPED at CONTINUE") == "none", "no CONTINUE was sent"
    assert "The drain went right" not in said


def test_a_fault_must_be_written_as_expected() -> None:
    code, _, complained = played("--fail", "ecs")
    assert code == 2
    assert "expected SERVICE:OPERATION=CODE" in complained


@pytest.mark.parametrize("ending", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_ending_it_halfway_leaves_nothing_behind(ending: signal.Signals) -> None:
    demo = begin()
    assert demo.stdout is not None
    lines = iter(demo.stdout.readline, "")
    assert any(line.startswith("embedded AWS") for line in lines), "the server runs now, and chalice deploys"
    if ending == signal.SIGINT:
        os.killpg(demo.pid, ending)  # a terminal tells everything that runs in it
    else:
        demo.send_signal(ending)
    _, complained = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert complained.splitlines()[-1] == "Stopped; nothing is left behind."
    assert "Traceback" not in complained
    deadline = time.monotonic() + 10
    while not no_process_is_left(demo) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert no_process_is_left(demo)
