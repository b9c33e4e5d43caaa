"""The transcripts in docs/install: each command is run again and compared; APPROVE=1 writes them anew."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded_aws.server import Server
from stories.world import Service, World

pytestmark = [pytest.mark.deploy, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "install"
TRANSCRIPT = re.compile(
    r"(<!-- transcript of [^>]*-->\n```text\n)(.*?)(```\n<!-- end of transcript -->)", re.S
)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)", re.M)
NOT_TOLD = re.compile(r"^(?:.*\r)?Uploading to .*\n?", re.M)
"""The AWS CLI's progress, which has the template's hash."""


@pytest.fixture
def folder(released: Path, tmp_path: Path, aws: Server) -> Path:
    """A folder with a release in dist/, an account with a group, and a bucket of the operator's."""
    where = {"LocationConstraint": "eu-west-1"}
    aws.client("s3").create_bucket(Bucket="mine", CreateBucketConfiguration=where)
    shutil.copytree(released, tmp_path / "dist")
    return tmp_path


def run(command: str, folder: Path, aws: Server) -> str:
    """Run a command of a page and return all that it prints, as a terminal would show it."""
    program, *arguments = shlex.split(command.replace("\\\n", " "))
    if program == "ecs-drainer":
        start = [sys.executable, "-m", "cli"]
        arguments += ["--from", str(folder / "dist")] if arguments[0] == "install" else []
    else:
        start = [str(Path(sys.executable).with_name(program))]
    ran = subprocess.run(  # noqa: S603  # a command of our own pages
        [*start, *arguments],
        cwd=folder,
        env={**os.environ, **aws.environment, "PYTHONPATH": str(ROOT), "AWS_PAGER": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout
    return NOT_TOLD.sub("", ran.stdout)


def told(transcript: str, folder: Path, aws: Server) -> Iterator[str]:
    """Yield each command of a transcript with what it says now."""
    for command in COMMAND.findall(transcript):
        yield f"$ {command}\n{run(command, folder, aws)}"


@pytest.mark.parametrize("name", ["README.md", "command.md", "cloudformation.md"])
def test_a_page_says_what_its_commands_say(name: str, folder: Path, aws: Server) -> None:
    if name != "cloudformation.md":
        World(aws.client, aws.advance).build((Service(),), None)
    page = PAGES / name
    before = page.read_text(encoding="utf-8")
    (found,) = TRANSCRIPT.finditer(before)
    now = "\n".join(told(found[2], folder, aws))
    if os.environ.get("APPROVE") == "1":
        page.write_text(before[: found.start(2)] + now + before[found.end(2) :], encoding="utf-8")
    assert now == TRANSCRIPT.findall(page.read_text(encoding="utf-8"))[0][1]


def test_every_page_is_listed_with_its_way() -> None:
    listed = set(re.findall(r"^\| \[[^]]*\]\((\w+\.md)\)", (PAGES / "README.md").read_text(), re.M))
    assert listed == {path.name for path in PAGES.glob("*.md")} - {"README.md"}
