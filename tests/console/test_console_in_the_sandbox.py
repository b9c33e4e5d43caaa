"""A drain from its start to CONTINUE, seen in a browser: the console, the sandbox and the app as anybody runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.sandbox import Server
from stories.world import GROUP
from tests.chromium import SLOW, browser, needs_chromium, tab

ROOT = Path(__file__).parents[2]
MACHINE = "svg.machine g.state"


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A sandbox of its own, ten times as fast as this machine."""
    made = {**os.environ, "DRAINER_SANDBOX_FOLDER": str(tmp_path), "DRAINER_SANDBOX": "1"}
    command(made, "sandbox", "up", "--speed", "10")
    yield made
    command(made, "sandbox", "down")


def command(environment: dict[str, str], *arguments: str) -> str:
    """Run the command in a process of its own."""
    ran = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@contextmanager
def console(environment: dict[str, str]) -> Iterator[str]:
    """Give the address of a console."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "console", "--allow-actions", "-o", "json"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        yield str(json.loads(process.stdout.readline())["address"])
    finally:
        process.send_signal(2)
        _, said = process.communicate(timeout=60)
        assert "Traceback" not in said, said


@pytest.mark.deploy
@pytest.mark.slow
@needs_chromium
def test_a_drain_is_seen_from_its_start_to_continue(environment: dict[str, str], tmp_path: Path) -> None:
    server = Server(**json.loads((tmp_path / "server.json").read_text(encoding="utf-8")))
    group = server.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
    held, doomed = (each["InstanceId"] for each in group["AutoScalingGroups"][0]["Instances"][:2])
    with console(environment) as address, browser() as made, tab(made) as (page, complaints):
        page.goto(address)
        assert page.get_by_role("heading", name="0 open").is_visible()
        for instance in (held, doomed):
            server.client("autoscaling").terminate_instance_in_auto_scaling_group(
                InstanceId=instance, ShouldDecrementDesiredCapacity=True
            )
        page.get_by_role("heading", name="2 open").wait_for()
        page.get_by_role("link", name=doomed).click()
        page.locator(f"{MACHINE}.current[data-name='Wait for events']").wait_for()
        assert page.locator(f"{MACHINE}.visited[data-name='Set DRAINING']").count() == 1
        assert re.match(r"5\d min", page.locator("[data-until]").inner_text())
        page.locator("h2.verdict.good").wait_for(timeout=3 * SLOW)
        assert "drained: every task is STOPPED" in page.locator("h2.verdict").inner_text()
        assert page.locator(f"{MACHINE}.visited[data-name='Complete the lifecycle action']").count() == 1
        assert "0 of" in page.locator(".progress").first.inner_text()
        assert page.locator("#part-story").get_by_text("the lifecycle action is completed").is_visible()
        _extend(page, held)
        assert complaints == []
    assert server.killed_tasks() == []
    completed = server.calls(operation="CompleteLifecycleAction")
    assert [each["parameters"]["LifecycleActionResult"] for each in completed] == ["CONTINUE"]


def _extend(page: object, instance: str) -> None:
    """Extend the deadline of the drain that is held, from its page, with a confirmation."""
    from playwright.sync_api import Page, expect  # noqa: PLC0415  # only where it can run

    assert isinstance(page, Page)
    page.get_by_role("link", name="ecs-drainer").click()
    page.get_by_role("link", name=instance).first.click()
    page.get_by_role("heading", name=re.compile("leave no room to move a task")).wait_for()
    page.get_by_role("button", name="Extend the deadline …").click()
    dialog = page.get_by_role("dialog", name="Extend the deadline?")
    dialog.get_by_label("By", exact=True).fill("20m")
    dialog.get_by_label("Why").fill("a long batch")
    dialog.get_by_role("button", name="Extend the deadline").click()
    expect(page.get_by_role("dialog", name="Done")).to_contain_text("its deadline is", timeout=SLOW)
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name=re.compile("-extended-")).click(timeout=SLOW)
    expect(page.locator("[data-until]")).to_contain_text(re.compile(r"1 h \d+ min"), timeout=SLOW)
