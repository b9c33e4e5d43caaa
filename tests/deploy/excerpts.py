"""Excerpts on the pages of docs/install: commands as a person types them, and parts of what they say.

A line `…` stands for what is left out; all other lines are what the command says, one after another.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.other_tools import ROOT

PAGES = ROOT / "docs" / "install"
EXCERPT = re.compile(r"<!-- excerpt of [^>]*-->\n```text\n(.*?)```\n<!-- end of excerpt -->", re.S)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.M)
LEFT_OUT = "…"
WITHIN_SECONDS = 400
AFTERWARDS = '\nstatus=$?; pwd >"$STATE/cwd"; env -0 >"$STATE/env"; exit $status\n'


@dataclass
class Terminal:
    """A shell that a person types into: `cd` and `export` hold for the next command."""

    folder: Path
    environment: dict[str, str]
    state: Path
    """A folder for what a command leaves behind of the shell."""
    said: list[str] = field(default_factory=list)
    """What the last command said, line by line, without the empty ones."""

    def type(self, command: str) -> int:
        """Run a command and keep what it says; returns its status."""
        ran = subprocess.run(  # noqa: S603  # a command of our own pages
            ["/bin/bash", "-c", command + AFTERWARDS],
            cwd=self.folder,
            env={**self.environment, "STATE": str(self.state)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=WITHIN_SECONDS,
        )
        self.folder = Path((self.state / "cwd").read_text().strip())
        pairs = (self.state / "env").read_text().split("\0")
        self.environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        self.said = [line.rstrip() for line in re.split(r"[\r\n]+", ran.stdout) if line.strip()]
        return ran.returncode

    def run(self, command: str, told: str) -> None:
        """Run a command of a page, which must succeed and say what the page tells of it."""
        status = self.type(command)
        whole = "\n".join(self.said)
        assert status == 0, f"$ {command}\n{whole}"
        wrong = differing(self.said, [line.rstrip() for line in told.splitlines() if line.strip()])
        assert wrong is None, f"$ {command}\nnever said where the page has it: {wrong}\n{whole}"


def commands(page: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a page's excerpt, with what is told of it."""
    (excerpt,) = EXCERPT.findall((PAGES / page).read_text(encoding="utf-8"))
    yield from COMMAND.findall(excerpt)


def differing(said: list[str], told: list[str]) -> str | None:
    """Return the first part of what is told that isn't said there; None where all is."""
    parts = [part.split("\n") if part else [] for part in _parts(told)]
    at = 0
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        ends = [len(said) - len(part)] if is_last else range(at, len(said) - len(part) + 1)
        places = ends if number else [0]
        found = [place for place in places if place >= at and said[place : place + len(part)] == part]
        if not found or (number == 0 and is_last and len(said) != len(part)):
            return "\n".join(part) or "nothing more"
        at = found[0] + len(part)
    return None


def _parts(told: list[str]) -> list[str]:
    """Split what is told where something is left out."""
    return [part.strip("\n") for part in re.split(rf"^{LEFT_OUT}$", "\n".join(told), flags=re.M)]


def shims(folder: Path) -> Path:
    """Make a folder for PATH with `ecs-drainer` and `aws` of this environment."""
    folder.mkdir()
    here = Path(sys.executable).parent
    for name, line in (
        ("ecs-drainer", f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m cli "$@"'),
        ("aws", f'exec "{here / "aws"}" "$@"'),
    ):
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return folder
